"""Why no further scenario may start: one file that every process of a run looks at."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

HALT_FILE = "halt.json"
AT_ONCE_FILE = "halt-at-once"


class Cause(StrEnum):
    """What ended the run before its time."""

    ENDPOINT = "endpoint"
    BUDGET = "budget"
    INTERRUPT = "interrupt"


@dataclass(frozen=True)
class Reason:
    """Why a run ends before its time.

    Attributes:
        cause: What kind of reason.
        text: The reason, in a sentence.
        since: When it was seen first (UTC, ISO 8601).
    """

    cause: Cause
    text: str
    since: str


class Halt:
    """The halt of one run.

    Args:
        directory: State directory of the run, which all of its processes know.
    """

    def __init__(self, directory: Path) -> None:
        self._file = directory / HALT_FILE
        self._at_once = directory / AT_ONCE_FILE

    def clear(self) -> None:
        """Forget the halt of an earlier run in the same directory."""
        self._file.unlink(missing_ok=True)
        self._at_once.unlink(missing_ok=True)

    def because(self, cause: Cause, text: str) -> Reason:
        """End the run. The first reason counts, whichever process has it.

        Returns:
            The reason that counts.
        """
        reason = Reason(cause, text, datetime.now(UTC).isoformat(timespec="seconds"))
        own = self._file.with_name(f".{HALT_FILE}.{os.getpid()}")
        own.write_text(json.dumps(asdict(reason)), "utf-8")
        with suppress(FileExistsError):
            os.link(own, self._file)
        own.unlink()
        return self.reason or reason

    @property
    def reason(self) -> Reason | None:
        """Why no further scenario may start; `None` while they may."""
        try:
            content = json.loads(self._file.read_text("utf-8"))
        except FileNotFoundError:
            return None
        return Reason(Cause(content["cause"]), content["text"], content["since"])

    def end_at_once(self) -> None:
        """Have every process of the run end without cleaning up."""
        self._at_once.touch()

    @property
    def at_once(self) -> bool:
        """Whether every process is to end without cleaning up."""
        return self._at_once.exists()
