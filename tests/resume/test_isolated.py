"""Going on with a run against the bundled emulators that was killed or interrupted."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from reports.results import Status
from reports.resume import VERDICTS
from smets1_conformance.cli import group
from tests.resume.runs import Run, results_of, resume_file

SELECTION = ("--", "-p", "no:randomly", "-m", "MP107-T02")


def call(*arguments: str) -> tuple[int, str]:
    """`smets1-conformance run`, where it ends before anything is started: exit code, and what it says."""
    answer = CliRunner().invoke(group, ["run", *arguments])
    return answer.exit_code, answer.output


def test_a_killed_run_goes_on_with_what_it_had_not_reached(tmp_path: Path) -> None:
    """A failure before the interruption fails the whole, though what was left passes."""
    output = tmp_path / "out"
    first = Run(output, *SELECTION)
    first.wait_until(lambda: first.lines >= 2)
    first.kill()
    _, before = results_of(output)
    assert len(before) < 6, "the run was over before it was killed"
    with (output / "results.jsonl").open("ab") as results:
        results.write('{"title": "cut short in the middle of é'.encode()[:-1])
    assert results_of(output)[1] == before  # readable as it is
    lines = (output / "results.jsonl").read_bytes()
    (output / "results.jsonl").write_bytes(
        lines.replace(b'"status": "passed", "reason"', b'"status": "failed", "reason"', 1)
    )

    second = Run(output, "--resume")
    assert second.end() == 1, second.text
    run, after = results_of(output)
    assert (run.selected, run.executed, run.taken_over, run.exit_code) == (6, 6, len(before), 1)
    assert [result.status for result in after] == [Status.FAILED] + [Status.PASSED] * 5
    assert len({result.nodeid for result in after}) == 6
    taken = {result.nodeid for result in after if "verdict" in result.observations}
    assert taken == {result.nodeid for result in before}
    assert run.started <= after[0].started  # of the whole, not of its second part
    assert (output / "completion-report.html").exists()

    code, said = call("--output", str(output), "--resume")
    assert (code, "nothing was left undone" in said) == (2, True), said


def test_ctrl_c_tells_how_to_go_on_and_that_works(tmp_path: Path) -> None:
    output = tmp_path / "out"
    first = Run(output, *SELECTION)
    first.wait_until(lambda: first.lines >= 1)
    assert first.interrupt() == 3, first.text
    run, before = results_of(output)
    reached = [result for result in before if result.status in VERDICTS]
    assert len(reached) < 6, "the run was over before it was interrupted"
    assert f"smets1-conformance run --resume --output {output}" in first.text
    assert resume_file(output)["finished"] is None

    second = Run(output, "--resume")
    assert second.end() == 0, second.text
    run, after = results_of(output)
    assert (run.selected, run.executed, run.taken_over) == (6, 6, len(reached))
    assert [result.status for result in after] == [Status.PASSED] * 6


def test_what_cannot_be_resumed_is_told(tmp_path: Path) -> None:
    output = str(tmp_path / "out")
    code, said = call("--output", output, "--resume")
    assert (code, "no run to resume" in said) == (2, True), said
    code, said = call("--output", output, "--resume", "-n", "2")
    assert (code, "-n cannot be given with --resume" in said) == (2, True), said
