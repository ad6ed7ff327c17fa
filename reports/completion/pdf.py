"""The completion report on paper: printed into a PDF by a browser that is on the machine."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from reports.replacing import replace_file
from reports.results_folder import COMPLETION_REPORT_FILE

COMPLETION_PDF_FILE: Final = "completion-report.pdf"
SECONDS: Final = 1800.0
"""How long a browser may take; a thousand scenarios, 2,000 pages, take it some minutes."""

_ON_PATH: Final = (
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
    "microsoft-edge-stable",
    "microsoft-edge",
    "msedge",
)
_ON_MACOS: Final = ("Chromium", "Google Chrome", "Microsoft Edge")
_PRINTS: Final = (
    "--headless",
    "--disable-gpu",
    "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
    "--export-tagged-pdf",
)
_STAYS_QUIET: Final = (
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-quic",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
)
"""The page asks for nothing from the network; what a browser asks for itself is switched off."""


class PDFUnavailable(Exception):
    """No PDF could be made; the message says why and how to mend it. Nothing half-written is left."""


def find_browser() -> Path:
    """The first Chromium, Chrome or Edge on the path; on macOS also among the applications.

    Raises:
        PDFUnavailable: there is none.
    """
    for name in _ON_PATH:
        found = shutil.which(name)
        if found:
            return Path(found)
    for name in _ON_MACOS:
        application = Path(f"/Applications/{name}.app/Contents/MacOS/{name}")
        if application.is_file():
            return application
    raise PDFUnavailable(
        "no browser to print the PDF with: install Chromium, Google Chrome or Microsoft Edge so that it is "
        "on the PATH (Debian and Ubuntu: apt-get install chromium), or open "
        f"{COMPLETION_REPORT_FILE} in any browser and print it from there"
    )


def print_pdf(directory: Path, browser: Path, seconds: float = SECONDS) -> Path:
    """Print the completion report of a results folder into a PDF beside it, in one step.

    The browser has a profile of its own, which is removed, and no network.

    Args:
        directory: the results folder, with the report in it.
        browser: the program (`find_browser`).
        seconds: how long it may take.

    Returns:
        The path of the PDF.

    Raises:
        PDFUnavailable: the browser did not print it.
        OSError: the file cannot be written.
    """
    page = (directory / COMPLETION_REPORT_FILE).resolve()
    with tempfile.TemporaryDirectory(prefix="completion-report-", ignore_cleanup_errors=True) as name:
        profile, printed = Path(name), Path(name) / COMPLETION_PDF_FILE
        command = [
            str(browser),
            *_PRINTS,
            *_STAYS_QUIET,
            f"--user-data-dir={profile}",
            f"--print-to-pdf={printed}",
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--no-sandbox")  # Chromium refuses to start as root with its sandbox
        said = _carry_out([*command, page.as_uri()], profile, seconds)
        document = printed.read_bytes() if printed.is_file() else b""
        if not document.startswith(b"%PDF-"):
            raise PDFUnavailable(f"{browser}: printed no PDF of {page}: {said or 'it said nothing'}")
        return replace_file(directory / COMPLETION_PDF_FILE, document)


def _carry_out(command: list[str], profile: Path, seconds: float) -> str:
    """Run a browser to its end, and return the last line it said; its helpers end with it."""
    # What a browser writes beside its profile, such as crash reports, goes there as well.
    environment = os.environ | {"XDG_CONFIG_HOME": str(profile), "XDG_CACHE_HOME": str(profile)}
    try:
        process = subprocess.Popen(  # noqa: S603 - a browser that was found, with arguments of ours
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        raise PDFUnavailable(f"{command[0]}: cannot be started: {error.strerror or error}") from None
    try:
        _, said = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise PDFUnavailable(f"{command[0]}: did not print the PDF within {seconds:g} s") from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    lines = said.decode("utf-8", errors="replace").strip().splitlines()
    if process.returncode:
        raise PDFUnavailable(f"{command[0]}: ended with {process.returncode}: {lines[-1] if lines else ''}")
    return lines[-1] if lines else ""
