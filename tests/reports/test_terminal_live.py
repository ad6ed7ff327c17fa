"""The picture of a run at work: what it tells, and that it never outgrows the terminal."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from reports.results import ScenarioResult, Status
from reports.terminal.appearance import Appearance, Size
from reports.terminal.live_run import LiveRun, Picture, Running
from reports.terminal.live_view import about, live_lines, span
from reports.terminal.progress import Screen


@dataclass(frozen=True)
class Waiting:
    scenario: str
    what: str
    seconds: float
    within: float | None = None


ANSWER = Waiting("MP107-T04 S1SP3 ESME", "the result of SRV 6.24.1 of is-a", 4.2, 34.0)
DEVICE = Waiting("", "a free ESME of S1SP1", 12.0)
BUSY = Picture(
    selected=285,
    counts={
        "S1SP1": {"passed": 41, "not applicable": 3},
        "S1SP2": {"passed": 38, "failed": 2, "error": 1},
        "S1SP3": {"passed": 12},
    },
    running=(Running("MP107-T04 S1SP3 ESME", 7.4), Running("MP107-T11 S1SP1 GPF", 0.4)),
    waits=(DEVICE, ANSWER),
    elapsed=75.0,
    left=190.0,
)
MANY = replace(BUSY, running=tuple(Running(f"MP107-T{number} S1SP1 GPF", 3.0) for number in range(10, 26)))


def shown(picture: Picture, width: int, height: int) -> list[str]:
    return [line.plain.rstrip() for line in live_lines(picture, Size(width, height))]


def test_everything_is_told_where_there_is_room() -> None:
    assert shown(BUSY, 120, 40) == [
        "─" * 60,
        "        passed  failed  error   n/a  not run",
        "S1SP1       41       -      -     3        -",
        "S1SP2       38       2      1     -        -",
        "S1SP3       12       -      -     -        -",
        "all         91       2      1     3        -",
        "MP107-T04 S1SP3 ESME       7 s  waits 4 s of 34 s for the result of SRV 6.24.1 of is-a",
        "MP107-T11 S1SP1 GPF        0 s",
        "waits 12 s for a free ESME of S1SP1",
        "━" * 13 + "─" * 27 + "  97 of 285, 1 min 15 s, about 3 min left",
    ]


def test_on_forty_columns_waits_have_a_line_of_their_own_and_the_bar_too() -> None:
    assert shown(BUSY, 40, 20) == [
        "─" * 40,
        "       pass fail  err  n/a not run",
        "S1SP1    41    -    -    3       -",
        "S1SP2    38    2    1    -       -",
        "S1SP3    12    -    -    -       -",
        "all      91    2    1    3       -",
        "MP107-T04 S1SP3 ESME       7 s",
        "  waits 4 s of 34 s for the result of S…",
        "MP107-T11 S1SP1 GPF        0 s",
        "waits 12 s for a free ESME of S1SP1",
        "━" * 13 + "─" * 27,
        "97 of 285, 1 min 15 s, about 3 min left",
    ]


def test_where_rows_are_few_the_rest_is_counted() -> None:
    lines = shown(MANY, 80, 24)
    assert len(lines) == 16
    assert lines[-2] == "and 10 more"
    assert sum(line.startswith("MP107-T") for line in lines) == 8


def test_the_table_gives_way_to_its_sums_before_what_runs_does() -> None:
    assert shown(BUSY, 80, 9) == [
        "─" * 60,
        "91 passed, 2 failed, 1 error, 3 n/a",
        "MP107-T04 S1SP3 ESME       7 s  waits 4 s of 34 s for the result of SRV 6.24.1 …",
        "MP107-T11 S1SP1 GPF        0 s",
        "waits 12 s for a free ESME of S1SP1",
        "━" * 13 + "─" * 26 + "  97 of 285, 1 min 15 s, about 3 min left",
    ]


@pytest.mark.parametrize("picture", [BUSY, MANY, Picture(0, {}), Picture(3, {}, BUSY.running)])
@pytest.mark.parametrize("width", [1, 5, 20, 39, 40, 71, 72, 80, 200])
@pytest.mark.parametrize("height", [1, 2, 3, 5, 10, 24, 60])
def test_it_is_never_wider_nor_higher_than_the_terminal(picture: Picture, width: int, height: int) -> None:
    lines = live_lines(picture, Size(width, height))
    assert 0 < len(lines) <= max(1, height - 1)
    assert all(line.cell_len <= width for line in lines)


def test_known_issues_have_a_column_once_there_is_one() -> None:
    assert "known" not in shown(BUSY, 80, 40)[1]
    heading, row = shown(replace(BUSY, counts={"S1SP1": {"passed": 1, "known": 4}}), 80, 40)[1:3]
    assert heading.endswith("not run  known")
    assert row.endswith("-      4")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def scenario(number: int, status: Status = Status.PASSED, s1sp: str = "S1SP1") -> ScenarioResult:
    return ScenarioResult(f"MP107-T{number:02}", "", "", f"test[{number}]", s1sp, "ESME", status=status)


def test_a_run_is_followed_scenario_by_scenario() -> None:
    clock = Clock()
    run = LiveRun(clock)
    run.begin(4, [scenario(9)])
    assert not run.has_begun
    run.scenario_begun(scenario(1))
    clock.now += 5
    run.scenario_begun(scenario(2, s1sp="S1SP2"))
    clock.now += 2
    picture = run.picture()
    assert [(each.place, each.seconds) for each in picture.running] == [
        ("MP107-T01 S1SP1 ESME", 7.0),
        ("MP107-T02 S1SP2 ESME", 2.0),
    ]
    assert (picture.selected, picture.done, picture.elapsed, picture.left) == (4, 1, 7.0, None)
    run.scenario_ended(scenario(1))
    known = scenario(2, Status.FAILED, "S1SP2")
    known.known_issue = "DEF-7"
    run.scenario_ended(known)
    run.scenario_ended(scenario(3, Status.NOT_RUN, ""))
    picture = run.picture()
    assert picture.counts == {"S1SP1": {"passed": 2}, "S1SP2": {"known": 1}, "any": {"not run": 1}}
    assert (picture.done, picture.running) == (3, ())


def test_a_wait_that_outlives_its_scenario_is_not_shown() -> None:
    run = LiveRun(Clock())
    run.scenario_begun(scenario(1))
    waits = (Waiting("MP107-T01 S1SP1 ESME", "a result", 3.0), DEVICE)
    assert run.picture(waits).waits == waits
    run.scenario_ended(scenario(1))
    assert run.picture(waits).waits == (DEVICE,)


def test_the_time_left_is_estimated_once_there_is_enough_to_go_by() -> None:
    clock = Clock()
    run = LiveRun(clock)
    run.begin(15, [scenario(number) for number in range(20, 25)])  # taken over, which took no time
    for number in range(1, 5):
        run.scenario_begun(scenario(number))
        clock.now += 5
        run.scenario_ended(scenario(number))
    assert run.picture().left is None
    run.scenario_begun(scenario(5))
    clock.now += 5
    run.scenario_ended(scenario(5))
    assert run.picture().left == pytest.approx(25.0)
    run.ends_early()
    assert run.picture().left is None


def test_times_are_no_more_exact_than_a_reader_needs() -> None:
    assert [span(seconds) for seconds in (0.4, 59.4, 65, 3725)] == ["0 s", "59 s", "1 min 5 s", "1 h 2 min"]
    assert [about(seconds) for seconds in (2, 33, 95, 7230)] == [
        "about 5 s left",
        "about 35 s left",
        "about 2 min left",
        "about 2 h 0 min left",
    ]


@pytest.mark.parametrize(
    ("environment", "is_terminal", "is_live"),
    [
        ({"TERM": "xterm-256color"}, True, True),
        ({"TERM": "xterm-256color"}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({}, True, False),
        ({"TERM": "xterm", "CI": "true"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
    ],
)
def test_a_picture_is_drawn_only_where_somebody_watches(
    environment: dict[str, str], is_terminal: bool, is_live: bool
) -> None:
    appearance = Appearance.of(environment, is_terminal=is_terminal, has_markup=is_terminal)
    assert appearance == Appearance(is_live, is_live)


def test_the_picture_gives_way_to_what_is_printed_and_leaves_nothing_behind() -> None:
    screen, size = Screen(), Size(40, 20)
    lines = live_lines(Picture(3, {}, BUSY.running[:1]), size)
    assert screen.change(size, lines).count("\n") == len(lines)
    assert screen.change(size, lines) == ""
    printed = screen.change(size, lines, "a line\n")
    assert printed.startswith(f"\r\x1b[{len(lines)}A\x1b[Ja line\n")
    assert printed.endswith("\x1b[J")
    assert screen.change(Size(20, 20)) == f"\r\x1b[{2 * len(lines)}A\x1b[J"
    assert screen.change(size, (), "a line\n") == "a line\n"
