"""A real Chromium for tests: pages are opened as a reader opens them, and what they ask for is seen."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, NoReturn

import pytest

from reports.completion.pdf import PDFUnavailable, find_browser

REQUIRED: Final = "SMETS1_CHROMIUM_REQUIRED"
"""Set to 1, what would skip the tests in a browser fails them."""

WIDE: Final = 1280
NARROW: Final = 400
"""Widths in CSS pixels: a screen, and a telephone."""

_PATIENCE_MILLISECONDS: Final = 15_000

_ASKED_FOR = re.compile(r'"initiator":"(?!not an origin)[^"]*".*"url":"((?:https?|wss?)://[^"]+)"')
"""In a line of the network log. What Chromium asks for on its own account has no origin."""

_FLAGS = ("--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
"""No name is looked up: what Chromium asks for on its own account does not leave the machine either."""


@dataclass
class Opened:
    """A page that is open.

    Attributes:
        page: of Playwright.
        requests: addresses that the page has asked for.
        complaints: errors and warnings on its console, and exceptions that nobody caught.
    """

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def see(self, text: str, *, exact: bool = False) -> Any:
        """Wait until this text can be seen, and return where it is.

        Raises:
            playwright.sync_api.TimeoutError: it is not there.
        """
        found = self.page.get_by_text(text, exact=exact).first
        found.wait_for(state="visible", timeout=_PATIENCE_MILLISECONDS)
        return found

    @property
    def outside(self) -> list[str]:
        """Addresses other than the file and what is embedded in it."""
        return [url for url in self.requests if not url.startswith(("file:", "data:", "blob:"))]


class Chromium:
    """A browser without a window.

    Args:
        playwright: a running Playwright.
        program: path of Chromium.
        network_log: where Chromium writes all it does on the network, once it has ended.
    """

    def __init__(self, playwright: Any, program: Path, network_log: Path) -> None:
        self._network_log = network_log
        self._browser = playwright.chromium.launch(
            executable_path=program, args=[*_FLAGS, f"--log-net-log={network_log}"]
        )

    @contextmanager
    def open(
        self, file: Path, *, width: int = WIDE, scheme: Literal["light", "dark"] = "light", fragment: str = ""
    ) -> Iterator[Opened]:
        """Open a file, and close it in the end."""
        context = self._browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        try:
            opened = Opened(context.new_page())
            opened.page.on("request", lambda request: opened.requests.append(request.url))
            opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
            opened.page.on("console", lambda message: _listen(opened, message))
            opened.page.goto(file.as_uri() + fragment)
            yield opened
        finally:
            context.close()

    def close(self) -> list[str]:
        """End the browser.

        Returns:
            Every address on the network that a page or a worker of a page asked for.
        """
        self._browser.close()
        lines = self._network_log.read_text(errors="replace").splitlines()
        return sorted({found[1] for line in lines if (found := _ASKED_FOR.search(line))})


@contextmanager
def chromium(network_log: Path) -> Iterator[Chromium]:
    """Start Chromium; the tests are skipped, or fail where it is required, when there is none."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("the Python package playwright is missing (requirements-dev.lock)")
    try:
        program = find_browser()
    except PDFUnavailable as error:
        _missing(str(error))
    with sync_playwright() as playwright:
        yield Chromium(playwright, program, network_log)


def _listen(opened: Opened, message: Any) -> None:
    if message.type in ("error", "warning"):
        opened.complaints.append(f"{message.type}: {message.text}")


def _missing(reason: str) -> NoReturn:
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{reason}, and {REQUIRED}=1 asks for the tests in a browser")
    pytest.skip(reason)
