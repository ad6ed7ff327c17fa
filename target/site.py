"""The site of a pooled target: the private directory of what outlives a run.

```
<site>/pool.sqlite  counters.sqlite  inbox.sqlite  inbox.json  inbox.ready.json  inbox.log  inbox.*.lock
<site>/emulators/       what is emulated in a mixed target
<site>/runs/<run id>/   session.json  journal.sqlite  run.json  lock  workers.lock
```
"""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from target.errors import HarnessError
from target.file import TargetFile
from target.run_lock import RunLock
from target.run_record import RECORD_FILE, RunRecord


class RunDirectory:
    """What one run leaves behind in the site."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = RunLock(path)

    @property
    def run_id(self) -> str:
        """Names the run: UTC time and a random part; later runs sort after earlier ones."""
        return self.path.name

    @property
    def journal(self) -> Path:
        """Database of what was sent."""
        return self.path / "journal.sqlite"

    @property
    def record(self) -> RunRecord | None:
        """How the run was called, once that is written down."""
        path = self.path / RECORD_FILE
        return RunRecord.read(path) if path.exists() else None


class Site:
    """The site of one target.

    Args:
        target: A pooled target.
    """

    def __init__(self, target: TargetFile) -> None:
        self.path = target.site_state
        self._target_file = target.path

    @property
    def pool(self) -> Path:
        """Ledger of the device pool."""
        return self.path / "pool.sqlite"

    @property
    def counters(self) -> Path:
        """Database of the Originator Counters."""
        return self.path / "counters.sqlite"

    @property
    def inbox_database(self) -> Path:
        """Database of the inbox."""
        return self.path / "inbox.sqlite"

    @property
    def emulators(self) -> Path:
        """What is emulated in a mixed target: its databases outlive a run, as a real system would."""
        return self.path / "emulators"

    def open(self) -> None:
        """Make the directory, or see that it is ours, and keep it private (0700).

        Raises:
            HarnessError: It cannot be used, or holds other files.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if any(self.path.iterdir()) and not self._runs.is_dir():
                raise HarnessError(
                    f"the site directory {self.path} holds other files; name an empty or a new one in "
                    "site.state, because it is made private to this user"
                )
            if self.path.stat().st_uid != os.geteuid():
                raise HarnessError(
                    f"the site directory {self.path} belongs to another user; name one of your own in "
                    "site.state"
                )
            self.path.chmod(0o700)
            self._runs.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise HarnessError(f"the site directory {self.path} cannot be used: {error.strerror}") from None

    def new_run(self) -> RunDirectory:
        """Make the directory of a new run."""
        self.open()
        now = datetime.now(UTC)
        path = self._runs / f"{now:%Y%m%dT%H%M%S}.{now.microsecond // 1000:03d}Z-{secrets.token_hex(2)}"
        path.mkdir(mode=0o700)
        return RunDirectory(path)

    def runs(self) -> tuple[RunDirectory, ...]:
        """The runs there have been, in the order of their start."""
        if not self._runs.is_dir():
            return ()
        return tuple(RunDirectory(path) for path in sorted(self._runs.iterdir()) if path.is_dir())

    def run(self, run_id: str) -> RunDirectory:
        """The run of that id.

        Raises:
            HarnessError: There is none.
        """
        for run in self.runs():
            if run.run_id == run_id:
                return run
        known = ", ".join(run.run_id for run in self.runs()[-3:]) or "none"
        raise HarnessError(f"{self.path} holds no run {run_id}; the latest: {known}")

    def latest_unfinished(self) -> RunDirectory | None:
        """The latest run of this target file that did not come to its end, going on still or interrupted.

        Target files may share a site.
        """
        for run in reversed(self.runs()):
            record = run.record
            if record is not None and record.finished is None and record.target_file == self._target_file:
                return run
        return None

    @property
    def _runs(self) -> Path:
        return self.path / "runs"
