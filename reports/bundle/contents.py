"""What goes into a bundle: from a results folder, the features that were run and the target file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reports.bundle import names
from reports.bundle.errors import BundleError
from reports.bundle.messages import as_csv, as_json, rows_of
from reports.bundle.redaction import Redaction
from reports.bundle.snapshot import Snapshot
from reports.gherkin_lint import lint
from reports.results_folder import EVIDENCE_DIRECTORY, OUTPUT_FILES, RESULTS_FILE, RUN_FILE
from reports.written import WrittenTests

_LEDGER = "requirements.toml"


@dataclass(frozen=True)
class Source:
    """One file to be: its path in the bundle and what yields its content."""

    name: str
    chunks: Callable[[], Iterable[bytes]]


@dataclass(frozen=True)
class Contents:
    """What a bundle is made of.

    Attributes:
        directory: the results folder.
        features: the folder with the features, the ledger of requirements beside them.
        target: the target file as data; `None` where the run had none.
        redaction: what knows the secrets.
        allow_missing: whether evidence that the results name may be missing; it is recorded then.
        remarks: what a reader must know besides, a sentence each.
    """

    directory: Path
    features: Path
    target: Mapping[str, Any] | None = None
    redaction: Redaction = field(default_factory=Redaction)
    allow_missing: bool = False
    remarks: tuple[str, ...] = ()

    def snapshot(self) -> Snapshot:
        """The results as they are now; a run may be at work in the folder.

        Raises:
            ResultsError: there are no readable results.
            BundleError: evidence is missing, or something there is no file of ours.
        """
        snapshot = Snapshot.take(self.directory)
        if snapshot.missing and not self.allow_missing:
            listed = "".join(f"\n  {EVIDENCE_DIRECTORY}/{name}" for name in snapshot.missing)
            raise BundleError(
                f"{self.directory}: the results name evidence that is not there; put it back, or bundle what "
                f"is left with --allow-missing, which records this:{listed}"
            )
        return snapshot

    def sources(self, snapshot: Snapshot) -> Iterator[Source]:
        """Every file but those that tell of the others, in the order of the bundle."""
        clean = self.redaction.clean
        # First of all, for its secrets must be known before they can be looked for elsewhere.
        target = self.redaction.target(self.target) if self.target is not None else None
        yield _text(RUN_FILE, clean(RUN_FILE, snapshot.run_octets))
        yield Source(RESULTS_FILE, lambda: (clean(RESULTS_FILE, line) for line in snapshot.result_lines()))
        for name in OUTPUT_FILES:
            if (self.directory / name).is_file():
                yield _text(name, clean(name, (self.directory / name).read_bytes()))
        yield _text(names.ENVIRONMENT, clean(names.ENVIRONMENT, _environment(snapshot).encode()))
        if target is not None:
            text = json.dumps(target, indent=1, ensure_ascii=False, default=str) + "\n"
            yield _text(names.TARGET, clean(names.TARGET, text.encode()))
        rows = list(rows_of(snapshot.run, snapshot.results, snapshot.unnamed))
        yield self._table(names.MESSAGES_CSV, as_csv(rows))
        yield self._table(names.MESSAGES_JSON, as_json(rows))
        for path in _feature_files(self.features):
            yield _text(f"{names.FEATURES}/{path.relative_to(self.features).as_posix()}", path.read_bytes())
        for name in snapshot.evidence:
            yield self._evidence(f"{EVIDENCE_DIRECTORY}/{name}")

    def _table(self, name: str, lines: Iterable[bytes]) -> Source:
        return Source(name, lambda: (self.redaction.clean(name, line) for line in lines))

    def _evidence(self, name: str) -> Source:
        def chunks() -> Iterator[bytes]:
            octets = (self.directory / name).read_bytes()
            self.redaction.check(name, octets)
            yield octets

        return Source(name, chunks)

    def all_remarks(self, snapshot: Snapshot) -> tuple[str, ...]:
        """What a reader must know besides, a sentence each."""
        remarks = list(self.remarks)
        changed = changed_features(snapshot, self.features)
        if changed:
            listed = ", ".join(changed[:5]) + (" …" if len(changed) > 5 else "")
            remarks.append(
                f"the feature files are not those that were run: {len(changed)} scenarios read otherwise "
                f"({listed})"
            )
        absent = [name for name in OUTPUT_FILES if not (self.directory / name).is_file()]
        if absent:
            remarks.append(f"not made for this run: {', '.join(absent)}")
        return tuple(remarks)


def changed_features(snapshot: Snapshot, features: Path) -> list[str]:
    """The scenarios whose sentences were others when they were run than they are in the feature files."""
    written = WrittenTests(lint(_gherkin_files(features)).scenarios)
    changed = []
    for result in snapshot.results:
        if result.steps:
            found = written.find(result.nodeid)
            sentences = [step.text for step in result.steps]
            if found is None or [text for _, text in found.steps] != sentences:
                changed.append(result.place)
    return changed


def _gherkin_files(features: Path) -> list[Path]:
    return sorted(features.rglob("*.feature"))


def _feature_files(features: Path) -> list[Path]:
    ledger = features / _LEDGER
    return [*([ledger] if ledger.is_file() else []), *_gherkin_files(features)]


def _text(name: str, octets: bytes) -> Source:
    return Source(name, lambda: (octets,))


def _environment(snapshot: Snapshot) -> str:
    """The target, what was assumed of it and the software, for a reader."""
    run = snapshot.run
    parts: Sequence[tuple[str, Sequence[str]]] = (
        ("Target", [f"{name}: {value}" for name, value in run.environment.items()]),
        ("Assumptions", run.assumptions),
        ("Software of the run", [f"{name}: {value}" for name, value in run.software.items()]),
    )
    return "\n".join(
        f"{title}\n" + "".join(f"  {line}\n" for line in lines or ["nothing is on record"])
        for title, lines in parts
    )
