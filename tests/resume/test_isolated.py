"""Going on with a run against the bundled emulators that was killed or interrupted."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from reports.results import Status
from reports.resume import VERDICTS
from tests.resume.runs import Run, results_of, resume_file

SELECTION = ("--", "-p", "no:randomly", "-m", "MP107-T02")


def test_a_killed_run_goes_on_with_what_it_had_not_reached(tmp_path: Path) -> None:
    output = tmp_path / "out"
    first = Run(output, *SELECTION)
    first.wait_until(lambda: first.lines >= 2)
    first.kill()
    _, before = results_of(output)
    assert len(before) < 6, "the run was over before it was killed"
    with (output / "results.jsonl").open("ab") as results:
        results.write('{"title": "cut short in the middle of é'.encode()[:-1])
    assert results_of(output)[1] == before  # readable as it is

    assert Run(output, "--resume").end() == 0
    run, after = results_of(output)
    assert (run.selected, run.executed, run.taken_over, run.exit_code) == (6, 6, len(before), 0)
    assert [result.status for result in after] == [Status.PASSED] * 6
    assert len({result.nodeid for result in after}) == 6
    taken = {result.nodeid for result in after if "verdict" in result.observations}
    assert taken == {result.nodeid for result in before}
    assert run.started <= after[0].started  # of the whole, not of its second part
    assert (output / "summary.html").exists()

    ended = Run(output, "--resume")
    assert ended.end() == 2
    assert "nothing was left undone" in ended.text


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_ctrl_c_tells_how_to_go_on_and_that_works(tmp_path: Path, workers: tuple[str, ...]) -> None:
    output = tmp_path / "out"
    first = Run(output, *workers, *SELECTION)
    first.wait_until(lambda: first.lines >= 1)
    assert first.interrupt() in (2, 3)
    run, before = results_of(output)
    reached = [result for result in before if result.status in VERDICTS]
    assert len(reached) < 6, "the run was over before it was interrupted"
    assert f"smets1-conformance run --resume --output {output}" in first.text
    assert resume_file(output)["finished"] is None

    assert Run(output, "--resume").end() == 0
    run, after = results_of(output)
    assert (run.selected, run.executed, run.taken_over) == (6, 6, len(reached))
    assert sorted(result.status for result in after) == [Status.PASSED] * 6


def test_verdicts_of_the_first_part_count_for_the_exit_code(tmp_path: Path) -> None:
    """A failure before the interruption fails the whole, though what was left passes."""
    output = tmp_path / "out"
    first = Run(output, *SELECTION)
    first.wait_until(lambda: first.lines >= 1)
    first.kill()
    lines = (output / "results.jsonl").read_text()
    (output / "results.jsonl").write_text(
        lines.replace('"status": "passed", "reason"', '"status": "failed", "reason"', 1)
    )
    assert results_of(output)[1][0].status is Status.FAILED
    assert Run(output, "--resume").end() == 1
    assert results_of(output)[0].exit_code == 1


def test_what_cannot_be_resumed_is_told(tmp_path: Path) -> None:
    nothing = Run(tmp_path / "out", "--resume")
    assert nothing.end() == 2
    assert "no run to resume" in nothing.text
    assert "Traceback" not in nothing.text
    other = Run(tmp_path / "out", "--resume", "-n", "2")
    assert other.end() == 2
    assert "-n cannot be given with --resume" in other.text


def test_an_interrupted_run_that_ended_by_a_signal_is_still_readable(tmp_path: Path) -> None:
    output = tmp_path / "out"
    run = Run(output, *SELECTION)
    run.wait_until(lambda: (output / "resume.json").exists())
    run.process.send_signal(signal.SIGTERM)
    run.process.wait(60)
    information, results = results_of(output)
    assert information.written > 0
    assert len(results) <= 6
