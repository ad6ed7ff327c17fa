"""The data update against the same change by hand: what safety costs for each device.

By hand means one UPDATE … FROM of a table that holds what to place, and one INSERT … SELECT of the audit
rows, in one transaction: nobody else can write meanwhile, and nothing goes on after an interruption. `apply`
is timed as a real process, from its start to its exit, with reading and checking its plan. Each works on a
copy of its own of one populated database, by turns.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.data_update_databases import Databases, StagedRow, postgresql, sqlite
from benchmarks.light_population import fill_lightly
from data_update.plan_file import Plan
from duis.roles import NETWORK_OPERATORS
from duis.smki.testpki import TestPKI, mint
from emulators.incorrect_population import scaled
from emulators.population_database import fill_database

DEVICES = "BENCH_DEVICES"
"""Environment: incorrect devices of each population, with commas between."""
LIGHT = "BENCH_LIGHT_DEVICES"
"""Environment: likewise, of light populations, which show whether the cost of a device grows."""
_USUAL = "30000,1000000"
_USUAL_LIGHT = "30000,3000000"
_ROUNDS_UP_TO = 100_000
"""Populations of up to so many devices are measured several times, and the median counts."""
_ROUNDS = 3
_SEED = 1
_MOST_TIMES = 4.0
_MOST_MEBIBYTES = 200.0
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Process:
    """What a command took.

    Attributes:
        seconds: from its start to its exit.
        mebibytes: its peak resident set size; None where the system does not tell.
    """

    seconds: float
    mebibytes: float | None


@dataclass(frozen=True, slots=True)
class Result:
    """One population on one database.

    Attributes:
        database: the name of the database system.
        is_light: whether each device has one slot only.
        devices: incorrect devices, all of which are replaced.
        slots: anchor slots of all roles in the database.
        plan: the command `plan`.
        raw: seconds by hand.
        apply: the command `apply`.
    """

    database: str
    is_light: bool
    devices: int
    slots: int
    plan: Process
    raw: float
    apply: Process

    @property
    def times(self) -> float:
        """How many times as long as by hand `apply` takes."""
        return self.apply.seconds / self.raw

    def row(self) -> str:
        """One line for a reader."""
        return (
            f"{self.database:<11}{'light' if self.is_light else 'FIA':<6}{self.devices:>10,}"
            f"{self.slots:>12,}{self.plan.seconds:>9.1f}"
            f"{self.raw:>9.2f}{self.apply.seconds:>9.2f}{self.times:>7.2f}"
            f"{self.devices / self.apply.seconds:>11,.0f}{self.apply.seconds / self.devices * 1e6:>8.0f}"
            f"{_mebibytes(self.plan):>8}{_mebibytes(self.apply):>8}"
        )


_HEADER = (
    f"{'':<11}{'popu-':<6}{'incorrect':>10}{'':>12}{'plan':>9}{'by hand':>9}{'apply':>9}{'':>7}"
    f"{'devices':>11}{'us a':>8}{'peak MiB':>16}\n"
    f"{'database':<11}{'lation':<6}{'devices':>10}{'slots':>12}{'s':>9}{'s':>9}{'s':>9}{'times':>7}"
    f"{'a second':>11}{'device':>8}{'plan':>8}{'apply':>8}"
)


def command(*arguments: str) -> Process:
    """Run a command of the data update to its end.

    Raises:
        RuntimeError: it failed.
    """
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "smets1_conformance", "data-update", *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        peak: float | None = None
        while process.poll() is None:
            peak = _peak_mebibytes(process.pid) or peak
            time.sleep(_POLL_SECONDS)
        seconds = time.perf_counter() - started
        if process.returncode != 0:
            output.seek(0)
            raise RuntimeError(f"{' '.join(arguments)}: exit code {process.returncode}: {output.read()}")
    return Process(seconds, peak)


def _peak_mebibytes(process: int) -> float | None:
    """The peak so far, of the process alone (what `wait` tells includes its parent's at the fork)."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return None
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(found[0]) / 1024 if found else None


def _mebibytes(process: Process) -> str:
    return "?" if process.mebibytes is None else f"{process.mebibytes:.0f}"


def measure(databases: Databases, devices: int, folder: Path, *, is_light: bool) -> Result:
    """Populate a database, plan, and carry the plan out by hand and by `apply`, in turns."""
    pki = mint(folder / "pki")
    certificates = _shared_list(pki, folder / "list")
    if is_light:
        slots = fill_lightly(databases, devices, _SEED, pki.directory)
    else:
        slots = fill_database(databases.source, _SEED, scaled(devices), pki.directory).slots
    path = folder / "plan"
    planned = command("plan", str(path), "--database", databases.source, "--certificates", str(certificates))
    plan = Plan(path)
    if plan.summary.devices != devices:
        raise RuntimeError(f"{plan.summary.devices} devices are planned, not {devices}")
    by_hand, applied = [], []
    for _ in range(_ROUNDS if devices <= _ROUNDS_UP_TO else 1):
        by_hand.append(_by_hand(databases, plan))
        applied.append(_apply(databases, path, devices))
    return Result(
        databases.name,
        is_light,
        devices,
        slots,
        planned,
        statistics.median(by_hand),
        sorted(applied, key=lambda each: each.seconds)[len(applied) // 2],
    )


def _by_hand(databases: Databases, plan: Plan) -> float:
    url = databases.copy()
    databases.prepare_audit(url)
    databases.stage(url, _staged(plan))
    started = time.perf_counter()
    databases.raw(url)
    seconds = time.perf_counter() - started
    _check(databases, url, plan.summary.devices)
    return seconds


def _apply(databases: Databases, plan: Path, devices: int) -> Process:
    url = databases.copy()
    process = command("apply", str(plan), "--database", url)
    _check(databases, url, devices)
    return process


def _check(databases: Databases, url: str, devices: int) -> None:
    """Both must have done the same."""
    audited = databases.count(url, "SELECT count(*) FROM data_update_audit WHERE outcome = 'replaced'")
    written = databases.count(
        url,
        "SELECT count(*) FROM anchor_slots WHERE updated_by LIKE 'data-update %'",
    )
    if (audited, written) != (devices, devices):
        raise RuntimeError(f"{audited} devices have an audit row, {written} slots are changed, not {devices}")


def _staged(plan: Plan) -> Iterator[StagedRow]:
    pairs = plan.header.pairs
    for row in plan.rows():
        pair = pairs[row.pair]
        yield row.device_id, pair.party, pair.digital_signing_sha256, pair.key_agreement_sha256


def run() -> str:
    """Measure and return a table."""
    populations = [(False, size) for size in _sizes(DEVICES, _USUAL)]
    populations += [(True, size) for size in _sizes(LIGHT, _USUAL_LIGHT)]
    lines = [_HEADER]
    results = []
    for is_light, devices in populations:
        for system in (sqlite, postgresql):
            with tempfile.TemporaryDirectory(prefix="smets1-conformance-") as name:
                folder = Path(name)
                try:
                    with system(folder) as databases:
                        results.append(measure(databases, devices, folder, is_light=is_light))
                except pytest.skip.Exception as missing:
                    lines.append(f"{system.__name__}: not measured: {missing}")
                    continue
            lines.append(results[-1].row())
            print(results[-1].row(), file=sys.stderr, flush=True)  # the large ones take long
    return "\n".join([*lines, "", *_aims(results)])


def _sizes(name: str, usual: str) -> list[int]:
    return [int(word) for word in os.environ.get(name, usual).split(",") if word]


def _aims(results: list[Result]) -> Iterator[str]:
    times = max((each.times for each in results if not each.is_light), default=None)
    if times is not None:
        held = _held(times <= _MOST_TIMES)
        yield f"at most {_MOST_TIMES:.0f} times as long as by hand: {held} ({times:.2f})"
    peaks = [peak for each in results for peak in (each.plan.mebibytes, each.apply.mebibytes) if peak]
    if peaks:
        held = _held(max(peaks) < _MOST_MEBIBYTES)
        yield f"less than {_MOST_MEBIBYTES:.0f} MiB of memory: {held} ({max(peaks):.0f})"


def _held(is_held: bool) -> str:
    return "held" if is_held else "not held"


def _shared_list(pki: TestPKI, folder: Path) -> Path:
    """Write the list of the Network Operators' certificates [FIA 4.2.2], as a folder."""
    folder.mkdir()
    certificates = [pki.root, pki.issuing]
    for party in pki.parties:
        if NETWORK_OPERATORS.intersection(party.user_roles):
            certificates += [party.digital_signing, party.key_agreement]
    for number, certificate in enumerate(certificates):
        (folder / f"{number:03}.pem").write_bytes(certificate.pem())
    return folder
