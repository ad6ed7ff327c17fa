"""The wire: DUIS messages, XML signature, SMKI certificates and schema.

Knows nothing of tests or servers. Source tags such as [XSD] are those of `docs/sources.md`.
"""
