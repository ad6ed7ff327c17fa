"""The report path: verdicts, evidence, Allure results, the terminal and the self-contained summary.

Reads what pytest and pytest-bdd tell it; imports none of ``features``, ``steps``, ``target``, ``duis``
or ``emulators``.
"""
