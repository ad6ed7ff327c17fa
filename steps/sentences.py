"""`given`, `when`, `then`: pytest-bdd's decorators, which also list every sentence for a rehearsal.

A rehearsal (`steps.rehearsal`) carries the sentences of a scenario out without pytest and without sending
anything, to tell beforehand what the scenario needs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import pytest_bdd
from pytest_bdd.parsers import StepParser, get_parser

StepT = TypeVar("StepT", bound=Callable[..., None])


class Decorator(Protocol):
    """Registers a function and returns it as it is."""

    def __call__(self, function: StepT) -> StepT:
        """Register it."""


@dataclass(frozen=True)
class Sentence:
    """How sentences of one form are carried out.

    Attributes:
        type: `given`, `when` or `then`.
        parser: Which sentences.
        function: Carries them out; takes the scenario and what the parser found.
    """

    type: str
    parser: StepParser
    function: Callable[..., None]

    def carry_out(self, text: str, scenario: object) -> None:
        """Carry a sentence of this form out."""
        arguments: dict[str, Any] = dict(self.parser.parse_arguments(text) or {})
        wanted = inspect.signature(self.function).parameters
        known = {name: value for name, value in arguments.items() if name in wanted}
        self.function(scenario=scenario, **known)


class UnknownSentence(LookupError):
    """No step definition carries a sentence out."""


_SENTENCES: list[Sentence] = []


def given(sentence: str | StepParser) -> Decorator:
    """A precondition."""
    return _listed("given", sentence)


def when(sentence: str | StepParser) -> Decorator:
    """What somebody does."""
    return _listed("when", sentence)


def then(sentence: str | StepParser) -> Decorator:
    """What must hold."""
    return _listed("then", sentence)


def find(type_: str, text: str) -> Sentence:
    """The one that carries a sentence out; as with pytest-bdd the last one defined wins.

    Raises:
        UnknownSentence: There is none.
    """
    for sentence in reversed(_SENTENCES):
        if sentence.type == type_ and sentence.parser.is_matching(text):
            return sentence
    raise UnknownSentence(f"no step definition carries out: {type_.capitalize()} {text}")


def _listed(type_: str, sentence: str | StepParser) -> Decorator:
    def register(function: StepT) -> StepT:
        _SENTENCES.append(Sentence(type_, get_parser(sentence), function))
        # The fixture of pytest-bdd belongs into the module that defines the step: two frames up.
        decorator: Decorator = getattr(pytest_bdd, type_)(sentence, stacklevel=2)
        return decorator(function)

    return register
