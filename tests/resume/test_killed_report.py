"""A run that is killed leaves its results, and a report that says that it is not the whole.

Moments are counted in results written, not in seconds; `KILLED_REPORT_SEED` in the environment seeds them.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

from click.testing import CliRunner
from lxml import etree

from reports.results_folder import EVIDENCE_DIRECTORY
from smets1_conformance.cli import group
from tests.resume.runs import Run, results_of

SEED = int(os.environ.get("KILLED_REPORT_SEED", "1"))
SELECTION = ("--", "-p", "no:randomly", "-m", "MP107-T02")
SELECTED = 6
_UNKNOWN_TO_LIBXML2 = "HTML_UNKNOWN_TAG"  # it knows the elements of HTML 4


def assert_whole(page: Path) -> str:
    """The text of a page that was written to its end, and is HTML."""
    document = page.read_bytes()
    assert document.rstrip().endswith(b"</html>")
    parser = etree.HTMLParser(encoding="utf-8")
    root = etree.fromstring(document, parser)
    wrong = [each for each in parser.error_log if each.type_name != _UNKNOWN_TO_LIBXML2]
    assert not wrong, wrong
    return " ".join(" ".join(root.itertext()).split())


def test_a_killed_run_leaves_a_report_that_says_incomplete(tmp_path: Path) -> None:
    moments = random.Random(SEED)
    for number, kill in enumerate((Run.kill, Run.kill_with_workers)):
        lines = moments.randrange(SELECTED - 1)
        print(f"seed {SEED}: kill {number + 1} when {lines} results are written")
        output = tmp_path / f"out{number}"
        run = Run(output, *SELECTION)
        page = output / "completion-report.html"
        run.wait_until(lambda: page.exists() and run.lines >= lines)  # noqa: B023
        kill(run)

        information, results = results_of(output)
        assert lines <= len(results) < SELECTED, "the run was over before it was killed"
        assert (information.ended, information.exit_code) == (False, 3)
        for result in results:
            files = [each.file for step in result.steps for each in step.attachments]
            assert files
            assert all((output / EVIDENCE_DIRECTORY / file).stat().st_size for file in files)
        assert "incomplete" in assert_whole(page).lower()

        answer = CliRunner().invoke(group, ["report", "--without-allure", "--output", str(output)])
        assert answer.exit_code == 0, answer.output
        anew = assert_whole(page)
        assert "incomplete" in anew.lower()
        for result in results:
            assert result.steps[-1].attachments[-1].file in page.read_text("utf-8")
