"""The runs that are compared, read from a results folder or from a bundle of evidence."""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from reports.results import ScenarioResult, Status
from reports.results_folder import RESULTS_FILE, RUN_FILE, ResultsError, read_results
from reports.run_information import RunInformation

MOST_OCTETS = 1 << 30
"""How large a record in a bundle may be: more is no run of ours."""

_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError)
"""What reading an entry raises: damaged, cut short, encrypted, or packed in a way that is not known here."""

S1SP_PARAMETER = "s1sp"

Key = tuple[str, tuple[tuple[str, str], ...]]
"""Which scenario: its id, and its parameters by name."""


@dataclass(frozen=True)
class ComparedRun:
    """One side of a comparison.

    Attributes:
        name: how it was named by whoever compares.
        information: what holds for the whole run.
        results: of all its scenarios.
        s1sp: the only S1SP that is looked at; empty for all.
    """

    name: str
    information: RunInformation
    results: tuple[ScenarioResult, ...]
    s1sp: str = ""

    @cached_property
    def scenarios(self) -> dict[Key, ScenarioResult]:
        """What is compared, by id and parameters; without the S1SP where only one is looked at."""
        looked_at = (each for each in self.results if not self.s1sp or each.s1sp == self.s1sp)
        return {_key(each, without_s1sp=bool(self.s1sp)): each for each in looked_at}

    @property
    def s1sps(self) -> tuple[str, ...]:
        """The S1SPs of its scenarios."""
        return tuple(sorted({each.s1sp for each in self.results if each.s1sp}))

    @property
    def without_record(self) -> int:
        """How many scenarios were selected and left no record behind."""
        return max(0, self.information.selected - len(self.results))

    @property
    def incomplete(self) -> tuple[str, ...]:
        """Why the run says less than it was to say, a sentence each; none for a whole run."""
        run = self.information
        not_run = sum(each.status is Status.NOT_RUN for each in self.results)
        said = [
            "" if run.ended else "it is at work still, or was killed",
            f"it ended early: {run.ended_early}" if run.ended_early else "",
            f"selected scenarios that did not run: {not_run}" if not_run else "",
            f"selected scenarios without a record: {self.without_record}" if self.without_record else "",
            *(f"the harness met a problem: {problem}" for problem in run.problems),
        ]
        return tuple(sentence for sentence in said if sentence)


def _key(result: ScenarioResult, *, without_s1sp: bool) -> Key:
    parameters = dict(result.parameters)
    if without_s1sp:
        parameters.pop(S1SP_PARAMETER, None)
    test_case = result.scenario_id or f"{result.feature}: {result.written_title or result.title}"
    return test_case, tuple(sorted(parameters.items()))


def read_run(path: Path, s1sp: str = "") -> ComparedRun:
    """Read a run.

    Args:
        path: the results folder, the ``results.jsonl`` in it, or a bundle of evidence (zip).
        s1sp: the only S1SP to look at; empty for all.

    Raises:
        ResultsError: there is no run, it cannot be read, or it has no scenario of that S1SP; the message
            names the file.
        OSError: it cannot be opened.
    """
    run = ComparedRun(str(path), *_read(path), s1sp)
    if s1sp and not run.scenarios:
        known = ", ".join(run.s1sps) or "none"
        raise ResultsError(f"{path}: no scenario of {s1sp} (the S1SPs of this run: {known})")
    return run


def _read(path: Path) -> tuple[RunInformation, tuple[ScenarioResult, ...]]:
    if path.is_dir():
        information, results = read_results(path)
    elif path.name == RESULTS_FILE and path.is_file():
        information, results = read_results(path.parent)
    elif path.is_file() and zipfile.is_zipfile(path):
        information, results = _from_bundle(path)
    else:
        what = (
            "neither a results folder nor a bundle of evidence" if path.exists() else "there is no such run"
        )
        raise ResultsError(f"{path}: {what}; expected a folder that `run --output` wrote, or a bundle (zip)")
    return information, tuple(results)


def _from_bundle(path: Path) -> tuple[RunInformation, list[ScenarioResult]]:
    """Only the two records are read, and by name, so nothing a bundle holds can be written elsewhere."""
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(path) as bundle:
            for entry in bundle.infolist():
                name = PurePosixPath(entry.filename).name
                if name not in (RESULTS_FILE, RUN_FILE):
                    continue
                if entry.file_size > MOST_OCTETS:
                    raise ResultsError(f"{path}: {entry.filename} is too large for the record of a run")
                try:
                    Path(folder, name).write_bytes(bundle.read(entry))
                except _UNREADABLE as error:
                    raise ResultsError(f"{path}: {entry.filename} cannot be read: {error}") from error
        try:
            return read_results(Path(folder))
        except ResultsError as error:
            raise ResultsError(str(error).replace(folder, str(path))) from error
