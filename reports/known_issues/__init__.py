"""The ledger of known issues: failures that are tolerated for now, each of them listed strictly.

An entry that does not fail any more, or fails in another way, fails the run (docs/known-issues.md).
"""

from reports.known_issues.file import KnownIssuesError, read_known_issues
from reports.known_issues.ledger import KnownIssueLedger
from reports.known_issues.matching import is_as_listed
from reports.known_issues.sentences import outcome

__all__ = ["KnownIssueLedger", "KnownIssuesError", "is_as_listed", "outcome", "read_known_issues"]
