"""What a run prints: plain lines into a log, a picture on a terminal, which is left clean."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import sys
import termios
import threading
from types import SimpleNamespace

import pytest

from reports.terminal import Wait
from reports.terminal.appearance import Appearance
from reports.terminal.live_run import LiveRun
from reports.terminal.progress import Progress
from tests.reports.conftest import ROOT, Suite, outline

ROWS = [("S1SP1", "ESME", "right"), ("S1SP1", "GPF", "wrong"), ("S1SP2", "ESME", "right")]
WATCHED = """
import pytest
from reports.plugin import run_of

@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session):
    run = run_of(session.config)
    if run is not None and not hasattr(session.config, "workerinput"):
        run.show_waits(lambda: ())
"""


def watched(suite: Suite) -> None:
    """A suite whose run is shown while it lasts."""
    suite.feature(outline(*ROWS))
    with (suite.folder / "conftest.py").open("a") as conftest:
        conftest.write(WATCHED)


def on_a_terminal(suite: Suite, **environment: str) -> str:
    """What is written to a terminal of 60 columns and 24 rows."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(suite.folder)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "CI"))}
        kept.pop("NO_COLOR", None)
        kept |= {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", **environment}
        options = ["-p", "reports.plugin", "-p", "no:cacheprovider", "--strict-markers", "--output", "output"]
        plugins = ["-p", "no:randomly", "-p", "no:hypothesispytest"]
        command = [sys.executable, "-m", "pytest", "features", "--rootdir", str(suite.folder)]
        os.execve(sys.executable, [*command, *options, *plugins], kept)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    written = b""
    while True:
        try:
            octets = os.read(terminal, 4096)
        except OSError:  # Linux: the other end is closed
            break
        if not octets:
            break
        written += octets
    os.close(terminal)
    os.waitpid(process, 0)
    return written.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["alone", "two-workers"])
def test_a_log_holds_a_line_a_scenario_and_no_control_characters(
    suite: Suite, processes: tuple[str, ...]
) -> None:
    watched(suite)
    outcome = suite.run(*processes)
    assert not set(outcome.stdout) & {"\x1b", "\r", "\b"}
    lines = [line for line in outcome.stdout.splitlines() if "/3 MP107-T01 " in line]
    assert sorted(line.split()[0] for line in lines) == ["1/3", "2/3", "3/3"]
    assert {" ".join(line.split()[2:5]) for line in lines} == {
        "S1SP1 ESME passed",
        "S1SP1 GPF failed",
        "S1SP2 ESME passed",
    }
    assert not [line for line in outcome.stdout.splitlines() if line != line.rstrip()]


def test_a_terminal_shows_a_picture_that_is_gone_at_the_end(suite: Suite) -> None:
    watched(suite)
    written = on_a_terminal(suite)
    assert "1 of 3" in written
    assert "3 of 3" in written
    cleared = written.rindex("\x1b[J")
    assert "of 3," not in written[cleared:]
    assert "Exit code" in written[cleared:]
    assert "\x1b[?25l" not in written  # the cursor is never hidden, so nothing has to bring it back


def test_a_terminal_in_a_pipeline_gets_plain_lines(suite: Suite) -> None:
    watched(suite)
    written = on_a_terminal(suite, CI="true")
    assert "\x1b" not in written
    assert "Exit code 1" in written


def test_what_a_signal_handler_says_is_printed_even_when_it_ends_the_run() -> None:
    read, write = os.pipe()
    with open(read) as shown, open(write, "w") as file:  # noqa: PTH123 - descriptors
        reporter = SimpleNamespace(_tw=SimpleNamespace(_file=file, _current_line=""))

        def waits() -> tuple[Wait, ...]:
            if threading.current_thread() is threading.main_thread() and not said:
                said.append("Ctrl-C: ending at once\n")
                progress.print(said[0])
                raise KeyboardInterrupt
            return ()

        said: list[str] = []
        appearance = Appearance(is_live=True, is_coloured=True)
        progress = Progress(reporter, LiveRun(), waits, quiet=False, appearance=appearance)
        with pytest.raises(KeyboardInterrupt):
            progress.print("a scenario has ended\n")
        progress.print("and a last word\n")
        progress.end()
        file.close()
        # The line in the middle of which the signal came is left out.
        assert shown.read() == "Ctrl-C: ending at once\nand a last word\n"
