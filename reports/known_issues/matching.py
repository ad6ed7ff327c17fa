"""When a failure is the one that is listed, and when it is another."""

from __future__ import annotations

import re
from typing import Final

from reports.results import Reason
from reports.run_information import KnownIssue

WHOLE_BELOW: Final = 12
"""A listed observation of fewer characters says too little to be a part: it must be all that was observed."""


def is_as_listed(issue: KnownIssue, reason: Reason) -> bool:
    """Whether a failure is the one of an entry.

    What the entry lists must appear, as whole words, in what was observed; likewise in the requirement that
    was not met, where the entry names one. White space does not count, upper and lower case do, as codes
    differ in nothing else.
    """
    observed, actual = _spaced(issue.observed), _spaced(reason.actual)
    if len(observed) < WHOLE_BELOW and observed != actual:
        return False
    return _holds(actual, observed) and _holds(_spaced(reason.requirement), _spaced(issue.requirement))


def _holds(text: str, part: str) -> bool:
    return not part or re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text) is not None


def _spaced(text: str) -> str:
    return " ".join(text.split())
