"""What a deviation is made of: a change to the rules of the DSP, of an S1SP, or of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from emulators.checks import with_removed, with_wrapped
from emulators.dsp.checks import DSPContext
from emulators.dsp.rules import DSPRules
from emulators.registration_check import RegistrationException, RegistrationQuestion
from emulators.s1sp.checks import S1SPContext
from emulators.s1sp.rules import S1SPRules

REPAIRS = (
    *("T01", "T02", "T03", "T04", "T05", "T10", "T20", "T23"),
    *(f"T{number}" for number in range(30, 43)),
)
"""The test cases in which the incorrect Network Operator's 6.15.1 must be carried out, be it as a valid twin
of a refusal: whatever keeps a target from that turns all of them red."""

REPAIRS_BESIDE_THE_UPDATE = ("R2-01", "R2-04", "R2-12", "R2-13", "R2-21")
"""Those of Requirement 2 in which that 6.15.1 must come as far as the slot."""

ALERTS = ("T02", "T04", "T20", "T22", "T43", "R2-01", "R2-04", "R2-20", "R2-21")
"""The test cases in which an S1SP Alert must reach the sender."""

DSPChange: TypeAlias = Callable[[DSPRules], DSPRules]
S1SPChange: TypeAlias = Callable[[S1SPRules], S1SPRules]


@dataclass(frozen=True, slots=True)
class Deviation:
    """One named way to be wrong.

    Attributes:
        name: unique; estates and the launcher are given it.
        description: what an observer would call the defect.
        test_cases: the test cases that are to catch it.
        dsp: what it changes at the DSP; None when nothing.
        s1sp: what it changes at an S1SP; None when nothing.
    """

    name: str
    description: str
    test_cases: tuple[str, ...]
    dsp: DSPChange | None = None
    s1sp: S1SPChange | None = None

    @property
    def component(self) -> str:
        """Where it changes something: "dsp", "s1sp" or "both"."""
        if self.dsp is not None and self.s1sp is not None:
            return "both"
        return "dsp" if self.dsp is not None else "s1sp"

    def as_json(self) -> dict[str, Any]:
        """Return what the management plane shows."""
        return {
            "name": self.name,
            "component": self.component,
            "description": self.description,
            "test_cases": list(self.test_cases),
        }


def dsp_without(*names: str) -> DSPChange:
    """The DSP lacks these checks."""
    return lambda rules: replace(rules, checks=with_removed(rules.checks, *names))


def dsp_also_passes(condition: Callable[[DSPContext], bool], *names: str) -> DSPChange:
    """These checks of the DSP pass under a further condition."""

    def change(rules: DSPRules) -> DSPRules:
        checks = rules.checks
        for name in names:
            checks = with_wrapped(checks, name, lambda passes: lambda each: condition(each) or passes(each))
        return replace(rules, checks=checks)

    return change


def s1sp_without(*names: str) -> S1SPChange:
    """The S1SP lacks these checks, of receipt or of execution."""

    def change(rules: S1SPRules) -> S1SPRules:
        receipt = {check.name for check in rules.receipt_checks}
        return replace(
            rules,
            receipt_checks=with_removed(rules.receipt_checks, *(each for each in names if each in receipt)),
            execution_checks=with_removed(
                rules.execution_checks, *(each for each in names if each not in receipt)
            ),
        )

    return change


def s1sp_also_passes(condition: Callable[[S1SPContext], bool], *names: str) -> S1SPChange:
    """These execution checks of the S1SP pass under a further condition."""

    def change(rules: S1SPRules) -> S1SPRules:
        checks = rules.execution_checks
        for name in names:
            checks = with_wrapped(checks, name, lambda passes: lambda each: condition(each) or passes(each))
        return replace(rules, execution_checks=checks)

    return change


def exempting(applies: Callable[[RegistrationQuestion], bool]) -> RegistrationException:
    """A wrong version of exception 6.2(d)."""
    return RegistrationException("MP107", "SRPD 6.2(d)", applies)
