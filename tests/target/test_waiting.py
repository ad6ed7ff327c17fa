"""What a process waits for is told to others while it lasts, and shown in one line."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from reports.terminal.progress import sentence
from target.waiting import Wait, waits_in

_WAITER = """
import sys
from pathlib import Path
from target.waiting import scenario, stop_telling, tell_waits_in, waiting
tell_waits_in(Path(sys.argv[1]))
with scenario("MP107-T10 S1SP2 ESME"), waiting("the result of SRV 6.15.1 of ed-north", 60.0):
    sys.stdin.readline()
print("through", flush=True)
sys.stdin.readline()
stop_telling()
"""


def told(directory: Path, number: int) -> tuple[Wait, ...]:
    """What is told, as soon as that are so many waits."""
    until = time.monotonic() + 30
    while len(found := waits_in(directory)) != number:
        assert time.monotonic() < until, found
        time.sleep(0.02)
    return found


def test_a_long_wait_of_another_process_is_told_until_it_is_over(tmp_path: Path) -> None:
    directory = tmp_path / "waiting"
    command = [sys.executable, "-c", _WAITER, str(directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        (wait,) = told(directory, 1)
        assert (wait.scenario, wait.what) == ("MP107-T10 S1SP2 ESME", "the result of SRV 6.15.1 of ed-north")
        assert wait.within == 60.0
        assert wait.seconds >= 1.0
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "through\n"
        told(directory, 0)
        process.stdin.write("\n")
    assert process.returncode == 0


def test_the_wait_of_a_killed_process_is_not_told(tmp_path: Path) -> None:
    directory = tmp_path / "waiting"
    command = [sys.executable, "-c", _WAITER, str(directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        told(directory, 1)
        process.kill()
        process.wait()
        assert list(directory.glob("*.json"))
        assert waits_in(directory) == ()


@dataclass
class Waiting:
    scenario: str
    what: str
    seconds: float
    within: float | None = None


def test_the_line_for_a_reader() -> None:
    first = Waiting("MP107-T10 S1SP2 ESME", "the result of SRV 6.15.1 of ed-north", 41.2, 60.0)
    second = Waiting("MP107-T11 S1SP1 ESME", "a free ESME of S1SP1", 12.0)
    assert sentence([]) == ""
    assert sentence([first]) == (
        "waiting: MP107-T10 S1SP2 ESME for the result of SRV 6.15.1 of ed-north, 41 s of 60 s"
    )
    assert sentence([first, second]).endswith("41 s of 60 s; 1 more waits 12 s")
    assert sentence([first, second, second]).endswith("; 2 more wait, longest 12 s")
