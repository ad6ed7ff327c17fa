"""What a reader must know before anything else: the verdict, and whether it rests on everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.exit_codes import exit_sentence
from reports.matrix import counts
from reports.results import ExitCode, ScenarioResult, Status
from reports.run_information import RunInformation


@dataclass(frozen=True)
class State:
    """The verdict of a run.

    Attributes:
        word: in capitals, as the headline has it: "DOES NOT CONFORM".
        sentence: the same in a sentence, with the figures.
        kind: "passed", "failed", "error" or "not-run", for the colour.
        missing: why the run is incomplete, a sentence each; empty when it is complete.
        exit_sentence: what the exit code is and means.
    """

    word: str
    sentence: str
    kind: str
    missing: tuple[str, ...]
    exit_sentence: str

    @property
    def headline(self) -> str:
        """The word of the verdict, and that the run is incomplete where that is so."""
        if not self.missing or self.word == _INCOMPLETE:
            return self.word
        return f"{self.word}, {_INCOMPLETE}"


_INCOMPLETE = "INCOMPLETE"


def state_of(run: RunInformation, results: Sequence[ScenarioResult]) -> State:
    """Draw the conclusion from a run, which may be at work still or have been killed."""
    number = counts(results)
    known = sum(bool(result.known_issue) for result in results)
    missing = _missing(run, results)
    code = ExitCode(run.exit_code)
    new = number[Status.FAILED] - known
    so_far = "" if run.ended else " so far"
    figures = f"{_many(len(results), 'scenario')}{so_far}: " + (
        ", ".join(f"{count} {status}" for status, count in number.items() if count) or "none ran"
    )
    if known:
        figures += f"; of the failed {_are(known, 'known issue')}"
    if run.ended and code is ExitCode.DOES_NOT_CONFORM and not new:
        word, kind, sentence = "DOES NOT CONFORM", "failed", "What is listed as known issues is not so"
    elif (run.ended and code is ExitCode.DOES_NOT_CONFORM) or (not run.ended and new):
        word, kind, sentence = "DOES NOT CONFORM", "failed", "The target does not conform"
    elif run.ended and code is ExitCode.HARNESS_ERROR:
        word, kind = "NO VERDICT", "error"
        sentence = "No verdict on the target: harness or configuration error"
    elif run.ended and code is ExitCode.CONFORMS and not missing:
        word, kind, sentence = "CONFORMS", "passed", "The target conforms"
        if known:
            word, sentence = "CONFORMS BUT FOR KNOWN ISSUES", "The target conforms but for known issues"
    elif run.ended and code is ExitCode.CONFORMS:
        word, kind, sentence = _INCOMPLETE, "not-run", "The target conforms only as far as it was tested"
    else:
        word, kind, sentence = _INCOMPLETE, "not-run", "The run is incomplete, and no verdict on the target"
    told = f"Exit code {int(code)}: {exit_sentence(run)}." if run.ended else "There is no exit code yet."
    return State(word, f"{sentence}. {figures[0].upper()}{figures[1:]}.", kind, missing, told)


def _missing(run: RunInformation, results: Sequence[ScenarioResult]) -> tuple[str, ...]:
    not_run = sum(result.status is Status.NOT_RUN for result in results)
    reached = sum(result.status in (Status.PASSED, Status.FAILED) for result in results)
    sentences = []
    if not run.ended:
        sentences.append(
            "The run had not ended when this report was made: it is at work still, or it was killed."
        )
    if run.ended_early:
        sentences.append(f"The run ended early: {run.ended_early}")
    if not_run:
        sentences.append(f"{_many(not_run, 'selected scenario')} did not run; section 9 says why.")
    if run.selected > len(results):
        without = run.selected - len(results)
        sentences.append(f"{_many(without, 'selected scenario')} left no result behind.")
    if run.written > run.selected:
        left_out = run.written - run.selected
        sentences.append(
            f"Only {run.selected} of the {run.written} scenarios that are written were selected: nothing is "
            f"known of the other {left_out}."
        )
    if not reached:
        sentences.append("No scenario reached a verdict on the target.")
    return tuple(sentences)


def _are(number: int, what: str) -> str:
    return f"{number} is a {what}" if number == 1 else f"{number} are {what}s"


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
