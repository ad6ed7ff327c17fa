"""The part of the pytest plugin that carries out anew what an interruption cut short.

A scenario whose attempt was interrupted is carried out once more; what it had sent is recalled, not sent.
Where that cannot be done the attempt is abandoned, and the scenario runs again with new RequestIDs.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from reports.plugin import forget_record, is_scenario, run_of
from reports.resume import VERDICTS
from steps.resume import ATTEMPTS, RECORD
from target.errors import FateUnknown
from target.journal_courier import NotReplayable

_ABANDONED = pytest.StashKey[str]()
_NEW_ATTEMPT = "new attempt"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Write down that nothing is left to do, if that is so."""
    record, run = config.stash.get(RECORD, None), run_of(config)
    if record is not None and run is not None and not run.unfinished:
        record.after_end().save()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the verdict into the journal, or find out that an interrupted attempt cannot be replayed."""
    report = yield
    attempts = item.stash.get(ATTEMPTS, None)
    if attempts is None:
        return report
    exception = call.excinfo.value if call.excinfo is not None else None
    if isinstance(exception, NotReplayable | FateUnknown):
        item.stash[_ABANDONED] = str(exception)
    record = getattr(report, "conformance_result", None)
    if record is not None:
        if _ABANDONED in item.stash:
            attempts.abandon(item.stash[_ABANDONED])
        elif record["status"] in VERDICTS:
            attempts.conclude(record)
        else:  # it was left or broke, and its devices were restored: the next one is another attempt
            attempts.abandon(f"it ended without a verdict: {record['status']}")
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> object | None:
    """In a resumed run: carry a scenario out again whose interrupted attempt could not be replayed."""
    if item.config.getoption("conformance_resume") is None or not is_scenario(item):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    why = ""
    while True:
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        if why:
            for report in reports:
                _put_on_record(report, why)
        why = item.stash.get(_ABANDONED, "")
        if not why:
            break
        del item.stash[_ABANDONED]
        forget_record(item)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _put_on_record(report: pytest.TestReport, why: str) -> None:
    record = getattr(report, "conformance_result", None)
    if record is not None:
        record["observations"].setdefault(_NEW_ATTEMPT, []).append(why)
