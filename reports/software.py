"""The software a run rests on, for whoever has to repeat it."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path

HARNESS = "smets1-conformance"
_GIT_SECONDS = 5.0
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def software() -> dict[str, str]:
    """Return the versions of the harness, Python and the platform, then of every package by name."""
    packages: dict[str, str] = {}
    for each in distributions():
        name = each.metadata["Name"]
        if name and name != HARNESS:
            packages.setdefault(name, each.version)  # the first one on the path is the one that is imported
    return {
        HARNESS: harness_version(),
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": platform.platform(),
        **dict(sorted(packages.items(), key=lambda item: item[0].lower())),
    }


def harness_version(root: Path = Path(__file__).parents[1]) -> str:
    """Return the version of the harness, and the commit when it runs from a checkout.

    Args:
        root: the folder its packages are in.
    """
    try:
        number = version(HARNESS)
    except PackageNotFoundError:
        number = ""
    if not (root / ".git").exists():
        return number or "not installed"
    commit = _commit(root)
    checkout = f"checkout at {commit}{_changes(root)}" if commit else "checkout at an unknown commit"
    return f"{number}, {checkout}" if number else checkout


def _commit(root: Path) -> str:
    """The commit of a checkout, from its files: git may be absent, or refuse a folder of someone else's."""
    try:
        git = root / ".git"
        if git.is_file():  # a worktree: "gitdir: <path>"
            git = root / git.read_text("utf-8").removeprefix("gitdir:").strip()
        head = (git / "HEAD").read_text("utf-8").strip()
        if head.startswith("ref:"):
            head = _resolved(git, head.removeprefix("ref:").strip())
    except (OSError, UnicodeDecodeError):
        return ""
    return head if _COMMIT.fullmatch(head) else ""


def _resolved(git: Path, reference: str) -> str:
    common = git / "commondir"
    folder = git / common.read_text("utf-8").strip() if common.is_file() else git
    if (folder / reference).is_file():
        return (folder / reference).read_text("utf-8").strip()
    for line in (folder / "packed-refs").read_text("utf-8").splitlines():
        commit, _, name = line.partition(" ")
        if name == reference:
            return commit
    return ""


def _changes(root: Path) -> str:
    """Whether files were changed since that commit, which only git can tell."""
    command = ("git", "-C", str(root), "status", "--porcelain", "--untracked-files=no")
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}  # leave the index to whoever works there
    try:
        answer = subprocess.run(  # noqa: S603  (a fixed command)
            command, env=environment, capture_output=True, timeout=_GIT_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return " (git does not tell whether it was changed)"
    return " with changes" if answer.stdout.strip() else ""
