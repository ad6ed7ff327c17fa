"""Entries and results for tests: everything is MP107-T10 for an ESME."""

from __future__ import annotations

from reports.results import Reason, ScenarioResult, Status
from reports.run_information import KnownIssue

LISTED = "a synchronous rejection with response code E4"
REASON = Reason(requirement="the DSP accepts SRV 6.15.1 of ed-north [FIA 4.1]", actual=LISTED)


def issue(
    observed: str = LISTED, *, s1sp: str = "", requirement: str = "", review_by: str = "2030-01-31"
) -> KnownIssue:
    return KnownIssue(
        "MP107-T10", s1sp, "", observed, "a reason", "DEF-12", "3", review_by, requirement=requirement
    )


def result(
    status: Status = Status.FAILED, *, s1sp: str = "S1SP1", reason: Reason | None = REASON
) -> ScenarioResult:
    return ScenarioResult(
        "MP107-T10",
        "title",
        "feature",
        f"nodeid-{s1sp}",
        s1sp=s1sp,
        device_type="ESME",
        status=status,
        reason=reason if status in (Status.FAILED, Status.ERROR) else None,
    )
