"""A bundle of a large run is made in little memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.reports.bundle.conftest import ROOT, Folder

SCENARIOS, FILES, SIZE = 1000, 14, 4000
MEGABYTES = 150
MEASURED = """
import resource, sys
from pathlib import Path
from reports.bundle import Contents, SigningKey, verify_bundle, write_bundle
path = Path(sys.argv[3])
write_bundle(path, Contents(Path(sys.argv[1]), Path(sys.argv[2])), SigningKey.throw_away(), {})
def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
made = used()
assert verify_bundle(path).whole
# Not ru_maxrss, which counts what the parent had when it forked.
memory = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(made, int(memory.split()[1]) / 1024, used() - made)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the peak of a process")
def test_a_thousand_scenarios_are_bundled_within_limits(tmp_path: Path) -> None:
    folder = Folder(tmp_path, SCENARIOS, FILES, SIZE)
    answer = subprocess.run(
        [sys.executable, "-c", MEASURED, folder.results, folder.features, tmp_path / "large.zip"],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert answer.returncode == 0, answer.stderr
    seconds, megabytes, verification = map(float, answer.stdout.split())
    print(f"made {seconds:.1f} s CPU, {megabytes:.0f} MB; verified {verification:.1f} s CPU")
    assert megabytes < MEGABYTES
