"""Renders the Allure results of a run as one HTML file that makes no network call."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from reports.allure_report.configuration import write_configuration
from reports.allure_report.history import HISTORY_FILE, read_history
from reports.allure_report.node import ALLURE_VERSION, AllureUnavailable, generate
from reports.allure_report.results import write_allure_results
from reports.replacing import replace_file
from reports.results_folder import ALLURE_REPORT_DIRECTORY, RESULTS_FILE, ResultsError, read_results

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


def render(output: Path, say: Callable[[str], object] = print) -> Path:
    """Render the results folder `output` into ``allure-report/index.html``.

    The file ``allure-history.jsonl`` in that folder tells of earlier runs; a run that has ended is added.

    Args:
        output: folder that a run wrote.
        say: told what takes time.

    Returns:
        The path of the HTML file.

    Raises:
        AllureUnavailable: Node or Allure is missing and cannot be installed, or Allure failed.
        ResultsError: `output` holds no results, or its history cannot be read.
    """
    run, scenarios = read_results(output)
    if not scenarios:
        raise ResultsError(f"{output / RESULTS_FILE}: no scenario has ended; there is nothing to show")
    history = read_history(output / HISTORY_FILE, run)
    results = write_allure_results(output, run, scenarios)
    target = output / ALLURE_REPORT_DIRECTORY
    with tempfile.TemporaryDirectory(prefix="smets1-allure-") as temporary:
        folder = Path(temporary)
        lent = history.lend(folder)
        configuration = write_configuration(folder / "allurerc.mjs", run, lent)
        rendered = folder / "report"
        generate(
            ["--config", str(configuration), "--output", str(rendered), str(results)], folder=folder, say=say
        )
        page = next(iter(sorted(rendered.rglob("index.html"))), None)
        if page is None:
            raise AllureUnavailable("Allure wrote no index.html")
        html = without_network_calls(page.read_text(encoding="utf-8"))
        if run.ended:
            history.keep(lent, run)
    target.mkdir(parents=True, exist_ok=True)
    return replace_file(target / "index.html", html)


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
