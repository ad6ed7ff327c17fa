"""What a run leaves behind in the device pool, for the report: devices used up and in quarantine."""

from __future__ import annotations

import pytest

from reports.plugin import is_worker, run_of
from target.session import TargetSession


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Put on record what became of the devices; the report is written after this."""
    from steps.plugin import open_target  # the plugin that has this one loaded

    run = run_of(session.config)
    target = None if is_worker(session.config) else open_target(session.config)
    if run is not None and target is not None:
        if not run.unfinished:  # what a scenario held that is gone on with stays for it
            target.restore_left_behind()
        run.add_devices(_what_became_of_devices(target))


def _what_became_of_devices(target: TargetSession) -> list[str]:
    """A sentence for each device that this run used up, and each that nobody can use until it is mended."""
    if target.ledger is None or target.run_directory is None:
        return []
    used_up = [each for each in target.ledger.consumed() if each.run_id == target.run_directory.run_id]
    in_quarantine = target.ledger.quarantined()
    return [each.describe() for each in used_up] + [each.describe() for each in in_quarantine]
