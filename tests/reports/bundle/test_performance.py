"""A bundle of a large run is made in a few seconds and little memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.reports.bundle.conftest import ROOT, Folder

SCENARIOS, FILES, SIZE = 1000, 14, 4000
CPU_SECONDS, MEGABYTES = 10.0, 150
"""It takes less than 5 s on a core of its own; the seconds of one that is shared are longer."""
MEASURED = """
import resource, sys
from pathlib import Path
from reports.bundle import Contents, SigningKey, verify_bundle, write_bundle
path = Path(sys.argv[3])
write_bundle(path, Contents(Path(sys.argv[1]), Path(sys.argv[2])), SigningKey.throw_away(), {})
def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
made, memory = used()
assert verify_bundle(path).whole
verified, _ = used()
print(made, memory, verified - made)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux")
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
    assert seconds < CPU_SECONDS
    assert megabytes < MEGABYTES
