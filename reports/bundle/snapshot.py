"""The results of a run at one moment, while it may go on."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reports.bundle.errors import BundleError
from reports.bundle.manifest import COMPLETE, RunSummary
from reports.exit_codes import exit_sentence
from reports.results import ScenarioResult, Status
from reports.results_folder import EVIDENCE_DIRECTORY, RESULTS_FILE, RUN_FILE, ResultsError, read_results
from reports.run_information import RunInformation


@dataclass(frozen=True)
class Snapshot:
    """What was there.

    Attributes:
        run: the run.
        results: its scenarios.
        run_octets: ``run.json``.
        result_octets: ``results.jsonl``, without a last line that was cut short.
        evidence: the files below ``evidence``, in order.
        missing: files the results name and that are not there.
        unnamed: files that no record names.
    """

    run: RunInformation
    results: list[ScenarioResult]
    run_octets: bytes
    result_octets: bytes
    evidence: tuple[str, ...]
    missing: tuple[str, ...]
    unnamed: tuple[str, ...]

    @classmethod
    def take(cls, directory: Path) -> Snapshot:
        """Read a results folder.

        Raises:
            ResultsError: there are no readable results.
            BundleError: something below ``evidence`` is no plain file.
        """
        with tempfile.TemporaryDirectory() as temporary:
            # Copies: what is read and what is bundled are then the same, whatever the run adds meanwhile.
            copies = Path(temporary)
            for name in (RESULTS_FILE, RUN_FILE):
                if not (directory / name).is_file():
                    raise ResultsError(f"{directory / name}: no results here; run the features first")
                shutil.copyfile(directory / name, copies / name)
            run, results = read_results(copies)
            run_octets = (copies / RUN_FILE).read_bytes()
            result_octets = (copies / RESULTS_FILE).read_bytes()
        result_octets = result_octets[: result_octets.rfind(b"\n") + 1]
        named = set(_named(run, results))
        present = set(_plain_files(directory / EVIDENCE_DIRECTORY))
        return cls(
            run,
            results,
            run_octets,
            result_octets,
            tuple(sorted(present)),
            missing=tuple(sorted(named - present)),
            unnamed=tuple(sorted(present - named)),
        )

    def result_lines(self) -> Iterator[bytes]:
        """``results.jsonl``, line by line."""
        start = 0
        while start < len(self.result_octets):
            end = self.result_octets.index(b"\n", start) + 1
            yield self.result_octets[start:end]
            start = end

    @property
    def summary(self) -> RunSummary:
        """What a manifest tells of the run."""
        run = self.run
        counts = Counter(str(result.status) for result in self.results)
        return RunSummary(
            target=run.environment.get("target", ""),
            started=run.started,
            finished=run.finished,
            state=self._state(),
            verdict=exit_sentence(run),
            exit_code=run.exit_code,
            scenarios={str(status): counts[status] for status in Status if counts[status]},
        )

    def _state(self) -> str:
        run = self.run
        with_verdict = sum(result.status is not Status.NOT_RUN for result in self.results)
        done = f"{with_verdict} of {run.selected} selected scenarios have a verdict"
        if not run.ended:
            return f"incomplete: the run was killed, or is still at work; {done}"
        if run.ended_early:
            return f"incomplete: ended early: {run.ended_early}; {done}"
        if with_verdict < run.selected or not with_verdict:
            return f"incomplete: {done}"
        return COMPLETE


def _named(run: RunInformation, results: list[ScenarioResult]) -> Iterator[str]:
    """The files that the records name."""
    for check in run.sanity:
        yield from (attachment.file for attachment in check.attachments)
    for result in results:
        yield from (attachment.file for attachment in result.all_attachments)


def _plain_files(folder: Path, below: str = "") -> Iterator[str]:
    """The files of a folder and of those in it, by their path from there."""
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False):
                yield below + entry.name
            elif entry.is_dir(follow_symlinks=False):
                yield from _plain_files(Path(entry.path), f"{below}{entry.name}/")
            else:
                raise BundleError(f"{entry.path}: a link or device, no message that was kept here; remove it")
