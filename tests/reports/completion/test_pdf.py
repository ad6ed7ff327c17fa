"""The completion report as a PDF: whole, or one message and nothing."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from reports.completion import write_completion_report
from reports.completion.pdf import COMPLETION_PDF_FILE, PDFUnavailable, find_browser, print_pdf
from reports.run_information import RunInformation
from smets1_conformance.commands.report import report
from tests.reports.completion import planted

PRINTS = """#!/bin/sh
for argument; do
  case "$argument" in
    --print-to-pdf=*) printf '%s' "$CONTENT" > "${argument#--print-to-pdf=}" ;;
    --user-data-dir=*) echo x > "${argument#--user-data-dir=}/profile" ;;
  esac
  echo "$argument" >> "$RECORD"
done
echo "it says this last" >&2
exit $ENDS
"""


@pytest.fixture
def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for a browser: it does as the environment says, and writes down how it was called."""
    program = tmp_path / "bin" / "chromium"
    program.parent.mkdir()
    program.write_text(PRINTS)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CONTENT", "%PDF-1.7 printed")
    monkeypatch.setenv("RECORD", str(tmp_path / "record"))
    monkeypatch.setenv("ENDS", "0")
    return program


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    write_completion_report(folder, RunInformation(), [])
    return folder


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_report_is_printed_beside_the_page(browser: Path, folder: Path, tmp_path: Path) -> None:
    assert find_browser() == browser
    path = print_pdf(folder, browser)
    assert path == folder / COMPLETION_PDF_FILE
    assert path.read_bytes() == b"%PDF-1.7 printed"
    called = (tmp_path / "record").read_text().splitlines()
    assert called[-1] == (folder / "completion-report.html").as_uri()
    assert "--host-resolver-rules=MAP * ~NOTFOUND" in called, "no network"
    assert ("--no-sandbox" in called) == (os.geteuid() == 0), "only root has to do without"
    (profile,) = (each.partition("=")[2] for each in called if each.startswith("--user-data-dir="))
    assert not Path(profile).exists()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CONTENT", "not a PDF", "it says this last"),
        ("ENDS", "3", "ended with 3"),
        ("CONTENT", "", "printed no PDF"),
    ],
    ids=["other-content", "exit-code", "empty"],
)
def test_what_goes_wrong_is_told_and_nothing_is_left(
    browser: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(PDFUnavailable, match=words):
        print_pdf(folder, browser)
    assert files(folder) == ["completion-report.html"]


def test_without_a_browser_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("reports.completion.pdf._ON_MACOS", ())
    with pytest.raises(PDFUnavailable, match="install Chromium, Google Chrome or Microsoft Edge"):
        find_browser()


def test_a_new_report_does_not_leave_the_print_of_an_older_one(browser: Path, folder: Path) -> None:
    print_pdf(folder, browser)
    write_completion_report(folder, RunInformation(), [])
    assert files(folder) == ["completion-report.html"]


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium here")
def test_a_real_browser_prints_it(folder: Path) -> None:
    document = print_pdf(folder, find_browser()).read_bytes()
    assert document.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in document, "tagged, for screen readers"


def test_the_command_prints_it_or_ends_with_one_message(
    browser: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "results"
    planted.write(folder)
    called = ["--output", str(folder), "--without-allure", "--pdf"]
    made = CliRunner().invoke(report, called)
    assert made.exit_code == 0, made.output
    assert str(folder / COMPLETION_PDF_FILE) in made.output
    monkeypatch.setenv("CONTENT", "")
    failed = CliRunner().invoke(report, called)
    assert failed.exit_code == 2
    assert failed.stderr.count("\n") == 1
    assert not (folder / COMPLETION_PDF_FILE).exists()
