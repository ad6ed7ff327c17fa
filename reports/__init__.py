"""The report path: verdicts, evidence, and everything that is made from them (docs/architecture.md).

Reads what pytest and pytest-bdd tell it; imports none of ``features``, ``steps``, ``target``, ``duis``
or ``emulators``.
"""
