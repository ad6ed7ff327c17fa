"""The software on record: the harness first, with the commit when it runs from a checkout."""

from __future__ import annotations

import subprocess
from importlib import metadata
from pathlib import Path

import pytest

from reports import software as module
from reports.software import harness_version, software

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def checkout(folder: Path, head: str, **files: str) -> Path:
    git = folder / ".git"
    git.mkdir(parents=True)
    (git / "HEAD").write_text(head)
    for name, text in files.items():
        path = git / name.replace("__", "/").replace("_", "-")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_the_harness_comes_first_then_python_the_platform_and_packages_by_name() -> None:
    found = software()
    names = list(found)
    assert names[:3] == ["smets1-conformance", "Python", "platform"]
    assert found["pytest"] == metadata.version("pytest")
    assert names[3:] == sorted(names[3:], key=str.lower)
    assert names.count("smets1-conformance") == 1


def test_an_installed_harness_has_the_version_of_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "version", lambda name: {"smets1-conformance": "4.5.6"}[name])
    assert harness_version(tmp_path) == "4.5.6"
    assert harness_version(checkout(tmp_path / "c", COMMIT)).startswith(f"4.5.6, checkout at {COMMIT}")


@pytest.mark.parametrize(
    ("head", "files"),
    [
        (f"{COMMIT}\n", {}),
        ("ref: refs/heads/main\n", {"refs__heads__main": f"{COMMIT}\n"}),
        ("ref: refs/heads/main\n", {"packed_refs": f"# pack-refs\n{COMMIT} refs/heads/main\n"}),
    ],
)
def test_a_checkout_is_told_by_its_commit_even_where_git_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: str, files: dict[str, str]
) -> None:
    monkeypatch.setattr(module, "version", not_installed)
    monkeypatch.setenv("PATH", "")
    root = checkout(tmp_path, head, **files)
    assert harness_version(root) == f"checkout at {COMMIT} (git does not tell whether it was changed)"


def test_a_checkout_that_cannot_be_read_and_no_checkout_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "version", not_installed)
    assert harness_version(tmp_path) == "not installed"
    assert harness_version(checkout(tmp_path, "ref: refs/heads/none")) == "checkout at an unknown commit"


def test_a_checkout_that_was_changed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "version", not_installed)
    identity = ["-c", "user.name=A Tester", "-c", "user.email=tester@example.org"]

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "--quiet")
    (tmp_path / "a.feature").write_text("Feature: A")
    git("add", "a.feature")
    git("commit", "--quiet", "--message", "first")
    commit = git("rev-parse", "HEAD")
    assert harness_version(tmp_path) == f"checkout at {commit}"
    (tmp_path / "a.feature").write_text("Feature: B")
    assert harness_version(tmp_path) == f"checkout at {commit} with changes"
    git("worktree", "add", "--quiet", str(tmp_path / "other"))
    assert harness_version(tmp_path / "other") == f"checkout at {commit}"


def not_installed(name: str) -> str:
    raise metadata.PackageNotFoundError(name)
