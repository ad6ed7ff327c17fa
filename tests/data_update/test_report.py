"""The report: what a reader who never saw the terminal is told, as HTML and as CSV."""

from __future__ import annotations

import csv
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from data_update.mends import MENDS
from data_update.plan_file import Plan
from data_update.reasons import Reason
from tests.data_update.apply_process import plan_of
from tests.data_update.databases import execute
from tests.data_update.desk import call
from tests.data_update.planned import applied

VOID = {"meta", "br", "path", "polygon", "polyline"}


class Page(HTMLParser):
    """The report as a reader of tables sees it.

    Attributes:
        tables: rows of cells, by table.
        text: everything that is said.
        addresses: whatever it refers to.
        elements: every element there is.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.elements: Counter[str] = Counter()
        self.addresses: list[str] = []
        self._words: list[str] = []
        self._open: list[str] = []
        self._in_cell = False
        self.feed(path.read_text("utf-8"))
        assert not self._open, "an element is not closed"
        self.text = " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.addresses += [str(value) for name, value in attrs if name in ("href", "src", "action")]
        if tag not in VOID:
            self._open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self._words.append(data)
        if self._in_cell:
            self.tables[-1][-1][-1] += data

    def rows_of(self, *heading: str) -> list[list[str]]:
        """The rows of the table with these columns among its first."""
        found = [table[1:] for table in self.tables if tuple(table[0][: len(heading)]) == heading]
        assert len(found) == 1, heading
        return [[" ".join(cell.split()) for cell in row] for row in found[0]]


def report(database: str, plan: Plan, *options: object) -> Page:
    output = plan.path.with_name("report.html")
    code, told = call(["report", plan.path, "--database", database, "-o", output, *options])
    assert code == 0, told
    assert str(output) in told
    return Page(output)


@pytest.fixture
def plan(any_database: str, certificate_folder: Path, tmp_path: Path) -> Plan:
    return plan_of(any_database, certificate_folder, tmp_path / "it.plan")


def change(database: str, device: str) -> None:
    """A Service User changes a slot after the plan was made."""
    execute(
        database,
        "UPDATE anchor_slots SET updated_by = 'a request <b>', key_agreement = digital_signing,"
        " updated_at = '2026-03-01T00:00:00+00:00'"
        " WHERE device_id = :device AND remote_party_role = 'NetworkOperator'",
        device=device,
    )


def number(text: str) -> int:
    return int(text.replace(",", ""))


def test_before_anything_is_applied(any_database: str, plan: Plan) -> None:
    page = report(any_database, plan)
    total = page.rows_of("S1SP", "Cohort", "Device type")[-1]
    summary = plan.summary
    assert [number(cell) for cell in total[1:]] == [
        summary.examined,
        summary.correct,
        summary.devices,
        0,
        0,
        summary.left_alone_count,
        summary.devices,
    ]
    assert "Planned, not yet applied; not verified" in page.text
    assert "svg" not in page.elements


def test_after_it_is_applied(any_database: str, plan: Plan) -> None:
    device = next(plan.rows()).device_id
    change(any_database, device)
    applied(any_database, plan)
    page = report(any_database, plan)
    devices = plan.summary.devices
    assert f"{devices - 1} of {devices} slots were replaced" in page.text
    assert "1 were left as somebody had changed them in the meantime" in page.text
    for row in page.rows_of("S1SP", "Cohort", "Device type"):
        examined, correct, to_replace, replaced, skipped, left_alone = map(number, row[-6:])
        assert examined == correct + to_replace + left_alone
        assert to_replace == replaced + skipped
    (skipped_row,) = page.rows_of("Device", "Held when planned")
    assert skipped_row[0] == device
    assert "written 2026-03-01 00:00:00 UTC by a request <b>" in skipped_row[2]
    assert page.rows_of("Share of the plan")[-1][:2] == ["100%", str(devices)]
    assert plan.digest in page.text
    assert "tester" in page.text
    assert page.elements["svg"] == 1


def test_who_held_and_who_is_registered(any_database: str, plan: Plan) -> None:
    page = report(any_database, plan)
    matrices = [table for table in page.tables if table[0][0] == "Slot held by"]
    assert sum(number(matrix[-1][-1]) for matrix in matrices) == plan.summary.devices
    for matrix in matrices:
        counts = [[0 if cell == "\N{EN DASH}" else number(cell) for cell in row[1:]] for row in matrix[1:]]
        for row in counts:
            assert sum(row[:-1]) == row[-1]
        for column in zip(*counts, strict=True):
            assert sum(column[:-1]) == column[-1]


def test_left_alone_with_what_mends_it(any_database: str, plan: Plan) -> None:
    rows = report(any_database, plan).rows_of("Reason", "Devices", "What mends it")
    found = {reason: (number(count), mend) for reason, count, mend in rows}
    expected: Counter[str] = Counter()
    for *_, reason, count in plan.summary.left_alone:
        expected[reason] += count
    assert found == {reason: (count, MENDS[Reason(reason)]) for reason, count in expected.items()}


def test_each_reason_has_what_mends_it_and_is_documented() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "data-update.md").read_text("utf-8")
    for reason in Reason:
        assert MENDS[reason]
        assert f"\n| {reason} |" in guide


def test_half_way_and_rolled_back(any_database: str, plan: Plan) -> None:
    applied(any_database, plan, batch_size=25, batches=1)
    page = report(any_database, plan)
    assert f"Partly applied; not verified 25 of {plan.summary.devices} slots were replaced" in page.text
    verified = plan.path.with_name("verified.json")
    assert (
        call(["verify", plan.path, "--database", any_database, "--no-baseline", "--json", verified])[0] == 1
    )
    page = report(any_database, plan, "--verified", verified)
    assert "Partly applied; verification failed" in page.text
    assert call(["rollback", plan.path, "--database", any_database])[0] == 0
    page = report(any_database, plan, "--verified", verified)
    assert "Rolled back; not verified since 25 of 25 replaced slots hold again" in page.text
    assert "Restored 25 of 25 replaced slots" in page.text


def test_it_takes_in_a_verification(any_database: str, plan: Plan) -> None:
    applied(any_database, plan)
    verified = plan.path.with_name("verified.json")
    assert (
        call(["verify", plan.path, "--database", any_database, "--no-baseline", "--json", verified])[0] == 0
    )
    page = report(any_database, plan, "--verified", verified)
    assert "Applied; verification passed" in page.text
    outcomes = {row[0]: row[2] for row in page.rows_of("Check", "Clause", "Outcome")}
    assert outcomes["the audit agrees with the plan"] == "ok"
    assert outcomes["nothing else changed"] == "not checked"


def test_one_file_that_refers_to_nothing(
    sqlite_database: str, certificate_folder: Path, tmp_path: Path
) -> None:
    page = report(sqlite_database, plan_of(sqlite_database, certificate_folder, tmp_path / "it.plan"))
    assert page.addresses == []
    assert page.elements["script"] == page.elements["img"] == page.elements["link"] == 0
    style = re.search(r"<style>(.*)</style>", (tmp_path / "report.html").read_text("utf-8"), re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]


def test_every_device_as_csv(any_database: str, plan: Plan, tmp_path: Path) -> None:
    first, second = (row.device_id for row in list(plan.rows())[:2])
    change(any_database, first)
    applied(any_database, plan)
    assert call(["rollback", plan.path, "--database", any_database, "--device", second])[0] == 0
    report(any_database, plan, "--csv", tmp_path / "it.csv")
    with (tmp_path / "it.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["device_id"]: row for row in csv.DictReader(file)}
    slots = [*plan.rows(), *plan.left_alone()]
    assert list(rows) == [slot.device_id for slot in slots]
    outcomes = Counter((row["verdict"], row["outcome"], row["rollback_outcome"]) for row in rows.values())
    assert outcomes == {
        ("replace", "replaced", ""): plan.summary.devices - 2,
        ("replace", "replaced", "restored"): 1,
        ("replace", "skipped: changed since", ""): 1,
        ("left alone", "", ""): plan.summary.left_alone_count,
    }
    assert rows[first]["found_updated_by"] == "a request <b>"
    assert rows[first]["after_key_agreement"] == rows[first]["found_key_agreement"]
    planned = next(row for row in plan.rows() if row.device_id == second)
    pair = plan.header.pairs[planned.pair]
    assert rows[second]["found_digital_signing"] == planned.before_digital_signing
    assert rows[second]["after_digital_signing"] == pair.digital_signing_sha256
    for slot in plan.left_alone():
        assert rows[slot.device_id]["reason"] == slot.reason
