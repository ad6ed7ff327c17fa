"""The table `[assurance]`: what test assurance has agreed on, from the target file to the run's record."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.criteria import LIMITS
from reports.results_folder import read_results
from reports.run_information import Assurance as RecordedAssurance
from target.file import TargetFile, TargetFileError, load_target
from target.file_assurance import Assurance, Limits
from tests.cli.test_cli import call
from tests.cli.test_plan_and_run import emulators

AGREED = """
[assurance]
title = "SIT of release 27"
phase = "SIT"
scope = ["S1SP1 only."]
entry_criteria = ["The PIT report is signed."]
exit_criteria = ["Defects are triaged."]
sign_off = ["DCC Test Assurance", "S1SP1"]

[assurance.limits]
failed_normal = 2
"""


def loaded(folder: Path, target_text: str, table: str, **environment: str) -> TargetFile:
    path = folder / "target.toml"
    path.write_text(f"{target_text}\n{table}")
    return load_target(path, environment=environment)


def problem(folder: Path, target_text: str, table: str) -> str:
    with pytest.raises(TargetFileError) as raised:
        loaded(folder, target_text, table)
    (found,) = raised.value.problems
    assert found.line is not None
    line = (folder / "target.toml").read_text().splitlines()[found.line - 1]
    return f"{line.split(' = ')[0]} | {found.field}: {found.message}"


def test_what_was_agreed_is_read(tmp_path: Path, target_text: str) -> None:
    assurance = loaded(tmp_path, target_text, AGREED).assurance
    assert assurance == Assurance(
        title="SIT of release 27",
        phase="SIT",
        scope=("S1SP1 only.",),
        entry_criteria=("The PIT report is signed.",),
        exit_criteria=("Defects are triaged.",),
        limits=Limits(failed_normal=2),
        sign_off=("DCC Test Assurance", "S1SP1"),
    )


def test_the_record_of_a_run_takes_every_key_and_no_other(tmp_path: Path, target_text: str) -> None:
    content = loaded(tmp_path, target_text, AGREED).assurance.model_dump(mode="json")
    recorded = RecordedAssurance(**content)
    assert (recorded.phase, recorded.sign_off) == ("SIT", ["DCC Test Assurance", "S1SP1"])
    assert recorded.limits == {name: 2 if name == "failed_normal" else 0 for name in LIMITS}


def test_the_limits_are_those_of_the_criteria_with_their_defaults() -> None:
    assert Limits().model_dump() == {name: limit.default for name, limit in LIMITS.items()}


def test_without_the_table_nothing_is_agreed_and_the_default_limits_apply(
    tmp_path: Path, target_text: str
) -> None:
    assert loaded(tmp_path, target_text, "").assurance == Assurance()


def test_a_limit_can_come_from_the_environment(tmp_path: Path, target_text: str) -> None:
    variable = {"SMETS1_CONFORMANCE__ASSURANCE__LIMITS__KNOWN_ISSUES": "4"}
    assert loaded(tmp_path, target_text, "", **variable).assurance.limits.known_issues == 4


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (
            "[assurance.limits]\nfailed_blockers = 1\n",
            "[assurance.limits] | assurance.limits: 'failed_blockers': no such limit; correct or remove it "
            "(known here: failed_blocker, failed_critical, failed_normal, errors, not_run, not_selected, "
            "known_issues, known_issues_past_review)",
        ),
        (
            "[assurance.limits]\nerrors = -1\n",
            "errors | assurance.limits.errors: input should be greater than or equal to 0, found -1",
        ),
        (
            '[assurance]\nlimits = "none"\n',
            "limits | assurance.limits: expected a table, found 'none'",
        ),
        (
            '[assurance]\nscope = "S1SP1"\n',
            "scope | assurance.scope: expected a list, such as [ ... ], found 'S1SP1'",
        ),
        (
            '[assurance]\nentry_criteria = ["  "]\n',
            "entry_criteria | assurance.entry_criteria[0]: string should have at least 1 character, "
            "found '  '",
        ),
        (
            '[assurance]\nsign_off = ["DSP", "DSP"]\n',
            "sign_off | assurance.sign_off: 'DSP' is there twice; name each role that signs once",
        ),
        (
            '[assurance.links]\ndefect = "https://defects.example/"\n',
            "defect | assurance.links.defect: expected an address that begins with https:// and has {id} "
            "once, where the id belongs; found 'https://defects.example/'",
        ),
        (
            "[assurance]\nexit_criterion = []\n",
            "exit_criterion | assurance.exit_criterion: this key is not known here; remove it or correct it "
            "(docs/target.md lists every key)",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, target_text: str, table: str, told: str) -> None:
    assert problem(tmp_path, target_text, table) == told


def test_a_run_puts_on_record_what_was_agreed_and_how_emulators_deviate(tmp_path: Path) -> None:
    with emulators(tmp_path / "emulators", "--plain-http") as target:
        target.write_text(f"{target.read_text()}\n{AGREED}")
        selection = ("--", "-m", "MP107-T30", "-k", "S1SP1")
        deviation = ("--deviation", "dsp-wrong-rejection-code")
        call("run", "--target", str(target), "--output", "out", *deviation, *selection, folder=tmp_path)
    run, _results = read_results(tmp_path / "out")
    assert (run.assurance.title, run.assurance.sign_off) == (
        "SIT of release 27",
        ["DCC Test Assurance", "S1SP1"],
    )
    assert run.assurance.limits["failed_normal"] == 2
    assert run.environment["deviations"] == "dsp-wrong-rejection-code"
