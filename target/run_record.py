"""How a run was called, and how far it came: what `run --resume` needs to go on with it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from target.errors import HarnessError

RECORD_FILE = "run.json"
"""Name of the record in the directory of a run."""

RESUME_FILE = "resume.json"
"""Name of the record in the folder for results."""


class RunRecord(BaseModel):
    """One run, from its start to its end, over all interruptions.

    Attributes:
        run_id: Names the run; later runs of one target sort after earlier ones.
        arguments: What pytest was called with.
        folder: Where it was called: relative paths in `arguments` start there.
        output: Folder for results.
        target_file: The target file; `None` for the bundled emulators.
        target_digest: SHA-256 of the target file, in hexadecimal digits.
        directory: Holds the locks of the run.
        site_run: The same directory, where the run belongs to the site of a pooled target.
        seed: Of the order of scenarios, where they were shuffled.
        started: When it was first started (UTC).
        resumed: When it was resumed (UTC).
        finished: When nothing was left to do (UTC); `None` before that, and after an interruption.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    run_id: str
    arguments: tuple[str, ...]
    folder: Path
    output: Path
    target_file: Path | None
    target_digest: str | None
    directory: Path
    site_run: Path | None = None
    seed: int | None = None
    started: datetime
    resumed: tuple[datetime, ...] = ()
    finished: datetime | None = None

    @property
    def begun(self) -> datetime:
        """When it was last started or resumed."""
        return self.resumed[-1] if self.resumed else self.started

    def after_resumption(self, directory: Path) -> RunRecord:
        """The record of the run when it goes on."""
        now = datetime.now(UTC)
        return self.model_copy(
            update={"resumed": (*self.resumed, now), "finished": None, "directory": directory}
        )

    def after_end(self) -> RunRecord:
        """The record of the run when nothing is left to do."""
        return self.model_copy(update={"finished": datetime.now(UTC)})

    def save(self) -> None:
        """Write it to the folder for results and, where there is one, to the directory of the site."""
        text = self.model_dump_json(indent=1)
        self.output.mkdir(parents=True, exist_ok=True)
        _replace(self.output / RESUME_FILE, text)
        if self.site_run is not None:
            _replace(self.site_run / RECORD_FILE, text)

    def check_target(self) -> None:
        """See that the target file is still the one the verdicts were reached with.

        Raises:
            HarnessError: It was changed, or is gone.
        """
        if self.target_file is None:
            return
        if digest_of(self.target_file) != self.target_digest:
            raise HarnessError(
                f"{self.target_file} has changed since the run {self.run_id} was started, so its verdicts "
                "cannot be put beside new ones; put the file back as it was, or start a new run without "
                "--resume"
            )

    @classmethod
    def read(cls, path: Path) -> RunRecord:
        """Read a record.

        Args:
            path: The file, or the directory it lies in.

        Raises:
            HarnessError: There is none, or it is not one of ours.
        """
        if path.is_dir():
            names = (RESUME_FILE, RECORD_FILE)
            path = next((path / name for name in names if (path / name).exists()), path / RESUME_FILE)
        try:
            return cls.model_validate_json(path.read_text("utf-8"))
        except OSError as error:
            raise HarnessError(f"{path}: no run to resume: {error.strerror}") from None
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise HarnessError(f"{path}: {place}: {first['msg']}; it cannot be resumed") from None


def digest_of(target_file: Path) -> str:
    """SHA-256 of a target file, in hexadecimal digits.

    Raises:
        HarnessError: It cannot be read.
    """
    try:
        return hashlib.sha256(target_file.read_bytes()).hexdigest()
    except OSError as error:
        raise HarnessError(f"{target_file}: the target file cannot be read: {error.strerror}") from None


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}")
    temporary.write_text(text, "utf-8")
    temporary.replace(path)
