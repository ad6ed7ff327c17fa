"""How often the report is made anew while a run is at work; a clock of the test counts the seconds."""

from __future__ import annotations

from reports.refresh import Refresh


class Clock:
    """Stands still unless it is told to go on."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Report:
    """A report that takes so long to make."""

    def __init__(self, clock: Clock, seconds: float, error: Exception | None = None) -> None:
        self.clock = clock
        self.seconds = seconds
        self.error = error
        self.made = 0

    def __call__(self) -> None:
        self.clock.seconds += self.seconds
        if self.error is not None:
            raise self.error
        self.made += 1


def test_the_report_is_made_at_once_and_then_not_before_five_seconds() -> None:
    clock = Clock()
    report = Report(clock, 0.01)
    refresh = Refresh(report, print, clock)
    assert refresh.if_due()
    clock.seconds += 4.9
    assert not refresh.if_due()
    clock.seconds += 0.2
    assert refresh.if_due()
    assert report.made == 2


def test_a_report_that_takes_long_is_left_alone_for_twenty_times_as_long() -> None:
    clock = Clock()
    report = Report(clock, 3.0)
    refresh = Refresh(report, print, clock)
    refresh.now()
    clock.seconds += 59.9
    assert not refresh.if_due()
    clock.seconds += 0.2
    assert refresh.if_due()
    assert refresh.seconds == 6.0


def test_a_run_spends_less_than_a_twentieth_of_its_time_on_a_report_that_grows() -> None:
    clock = Clock()
    report = Report(clock, 0.1)
    refresh = Refresh(report, print, clock)
    began = clock.seconds
    for _ in range(2000):  # scenarios of one second
        clock.seconds += 1.0
        report.seconds += 0.003  # each adds to it
        refresh.if_due()
    spent, whole = refresh.seconds, clock.seconds - began
    assert report.made > 20
    assert 0.02 < spent / whole <= 0.05


def test_trouble_is_told_once_and_never_breaks_the_run() -> None:
    clock, told = Clock(), list[str]()
    report = Report(clock, 1.0, OSError(28, "No space left on device"))
    refresh = Refresh(report, told.append, clock)
    refresh.now()
    report.error = ValueError("a template is wrong")
    refresh.now()
    (sentence,) = told
    assert "No space left on device; the run goes on" in sentence
    report.error = None
    refresh.now()
    assert report.made == 1
