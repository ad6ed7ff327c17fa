"""A process that ends between two documents leaves none whose answer it could have written down."""

from __future__ import annotations

import threading

from target.departures import Departures


def test_what_has_left_is_waited_for_and_nothing_more_leaves() -> None:
    departures, on_its_way, answered = Departures(), threading.Event(), threading.Event()
    left: list[str] = []

    def send(name: str) -> None:
        with departures.one():
            left.append(name)
            on_its_way.set()
            answered.wait(30)

    first = threading.Thread(target=send, args=("first",))
    first.start()
    assert on_its_way.wait(30)
    assert departures.close(within=0.01) is False, "the first has no answer yet"
    threading.Thread(target=send, args=("second",), daemon=True).start()
    answered.set()
    assert departures.close(within=30) is True
    first.join(30)
    assert left == ["first"]
