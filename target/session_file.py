"""What the process that opened a session tells those that attach to it."""

from __future__ import annotations

import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from target.deadline import Deadline
from target.errors import HarnessError
from target.private import make_private

_NAME = "session.json"
_POLL_SECONDS = 0.01


class SessionFile(BaseModel):
    """`session.json` in the state directory.

    Attributes:
        target_file: The target file.
        inbox_database: Database of the inbox.
        inbox_port: Port of the inbox.
        callback_url: Base URL of the callbacks, as the DSP is told.
        counters: Database of the Originator Counters.
        bundled: Whether the bundled emulators are the target.
        deviations: Named deviations of every estate.
        run_directory: Directory of the run in the site of a pooled target.
        resuming: Scenarios the run was interrupted in; the device pool keeps for them what they held.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    target_file: Path
    inbox_database: Path
    inbox_port: int
    callback_url: str
    counters: Path
    bundled: bool
    deviations: tuple[str, ...] = ()
    run_directory: Path | None = None
    resuming: tuple[str, ...] = ()

    def write(self, state_dir: Path) -> None:
        """Write it in one step."""
        temporary = state_dir / f".{_NAME}"
        make_private(temporary).write_text(self.model_dump_json(indent=1), "utf-8")
        temporary.replace(state_dir / _NAME)

    @classmethod
    def remove(cls, state_dir: Path) -> None:
        """Remove the one of an earlier session."""
        (state_dir / _NAME).unlink(missing_ok=True)

    @classmethod
    def wait(cls, state_dir: Path, seconds: float) -> SessionFile:
        """Read it, waiting until it is there.

        Raises:
            HarnessError: No session is open there in time.
        """
        limit = Deadline(seconds)
        while not (state_dir / _NAME).exists() and not limit.passed:
            time.sleep(_POLL_SECONDS)
        return cls.read(state_dir)

    @classmethod
    def read(cls, state_dir: Path) -> SessionFile:
        """Read it.

        Raises:
            HarnessError: No session is open there.
        """
        path = state_dir / _NAME
        try:
            return cls.model_validate_json(path.read_text("utf-8"))
        except OSError:
            raise HarnessError(f"no session is open in {state_dir}") from None
        except ValidationError as error:
            raise HarnessError(f"{path} cannot be used: {error}") from None
