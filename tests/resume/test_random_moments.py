"""A run that is killed again and again, at moments nobody chose, comes to the end it would have come to.

Moments are counted in documents sent, not in seconds. `RANDOM_KILLS` and `RANDOM_KILLS_SEED` in the
environment choose how often and with which seed; more than a few kills take a larger selection.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from pathlib import Path

from tests.any_target.vendor import vendor
from tests.resume.observed import Observed
from tests.resume.runs import Run, results_of

KILLS = int(os.environ.get("RANDOM_KILLS", "5"))
SEED = int(os.environ.get("RANDOM_KILLS_SEED", "1"))
FEW = 5
SMALL = "ESME and S1SP1 and (T01 or T02 or T10 or T12 or T34)"
LARGE = "S1SP1"


def verdicts(output: Path) -> dict[str, str]:
    """The verdict of each scenario."""
    _, results = results_of(output)
    assert len(results) == len({result.nodeid for result in results})
    return {result.nodeid: str(result.status) for result in results}


def test_a_run_killed_at_random_moments_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    print(f"seed {SEED}, {KILLS} kills")
    moments = random.Random(SEED)
    selected, further = (SMALL, 5) if KILLS <= FEW else (LARGE, 15)
    output, killed = tmp_path / "out", Counter[str]()
    with vendor(
        tmp_path / "vendor", ordinary=2, consumables=2, answer_after=0.2, deadline=6.0
    ) as environment:
        target = ("--target", str(environment.target_file))
        start = (*target, "--yes", "-n", "2", "--", "-p", "no:randomly", "-k", selected)
        if KILLS > FEW:
            reference = Observed(environment)
            undisturbed = Run(tmp_path / "undisturbed", *start)
            assert undisturbed.end() == 0, undisturbed.text
            expected, needed = verdicts(tmp_path / "undisturbed"), len(reference.consumed())
        seen, began = Observed(environment), time.monotonic()
        run = Run(output, *start)
        for number in range(KILLS):
            before, more = seen.sent(), moments.randint(0, further)
            answered = moments.random() < 0.5
            if not run.reaches(
                lambda: seen.begun and seen.sent(answered=answered) >= before + more  # noqa: B023
            ):
                break
            alone = number % 2 == 0
            run.kill() if alone else run.kill_with_workers()
            killed["of the controlling process" if alone else "of all processes"] += 1
            seen.look()
            print(f"kill {number + 1} after {seen.sent()} documents")
            run = Run(output, *target, "--resume")
        assert run.end() == 0, run.text
        seconds = time.monotonic() - began
        assert sum(killed.values()) == KILLS, "the run was over before"
        found = verdicts(output)
        if KILLS <= FEW:
            expected, needed = dict.fromkeys(found, "passed"), 1  # T01 uses one up
            assert len(found) == results_of(output)[0].selected == 5
        assert found == expected
        assert seen.sent_twice() == {}
        assert seen.left_behind() == ()
        assert len(seen.consumed()) == needed
        assert seen.changed() == {str(each) for each in seen.consumed()}
        anew = sum("new attempt" in result.observations for result in results_of(output)[1])
        print(
            f"kills {dict(killed)}; {len(found)} verdicts as expected {dict(Counter(found.values()))}; "
            f"{seen.came} requests came, none twice that was not meant to; {anew} scenarios begun anew; "
            f"{len(seen.consumed())} used up; no lease left; {seconds:.0f} s"
        )
