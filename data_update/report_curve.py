"""The curve of devices done over time, as points of an SVG picture."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from data_update.report_history import Work

WIDTH: Final = 1000
HEIGHT: Final = 300
_MARKS: Final = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve that rises in steps: a batch is done at one instant.

    Attributes:
        line: the points of the line, as SVG has them, in a box of `WIDTH` by `HEIGHT`.
        area: the same, closed at the bottom.
        marks: when a quarter, half, three quarters and all of the devices were done: share, devices, time.
    """

    line: str
    area: str
    marks: tuple[tuple[str, int, datetime], ...]


def curve_of(work: Work, devices: int) -> Curve:
    """Draw the work.

    Args:
        work: what was done.
        devices: how many devices the plan has: the top of the picture.
    """
    span = (work.last - work.first).total_seconds() or 1.0
    corners = [(0.0, float(HEIGHT))]
    for at, done in work.curve:
        x = (at - work.first).total_seconds() / span * WIDTH
        corners.append((x, corners[-1][1]))
        corners.append((x, HEIGHT - done / devices * HEIGHT))
    corners.append((float(WIDTH), corners[-1][1]))
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    marks = []
    for share in _MARKS:
        reached = next(((at, done) for at, done in work.curve if done >= share * devices), None)
        if reached is not None:
            marks.append((f"{share:.0%}", reached[1], reached[0]))
    return Curve(line, f"0,{HEIGHT} {line} {WIDTH},{HEIGHT}", tuple(marks))
