"""The requirement ledger: every normative sentence of the sources, and what tests it.

The file is ``features/requirements.toml``, beside the features in a checkout and in a wheel. Reading it
(`load_ledger`) tells what is wrong with the file; `reports.ledger.checks` holds it against the features.
"""

from reports.ledger.coverage import Coverage, CoverageRow, coverage
from reports.ledger.file import LedgerError, features_of, load_ledger
from reports.ledger.missing import Missing, missing
from reports.ledger.model import Document, Exclusion, Kind, Ledger, Requirement

__all__ = [
    "Coverage",
    "CoverageRow",
    "Document",
    "Exclusion",
    "Kind",
    "Ledger",
    "LedgerError",
    "Missing",
    "Requirement",
    "coverage",
    "features_of",
    "load_ledger",
    "missing",
]
