"""Deviations: an emulator that is wrong in one named way, to show that a test case can fail.

Each replaces or wraps one named part of the rules of the DSP, of an S1SP, or of both where one alone would
be caught by the other. An estate is given them by name; the launcher gives them to the main estate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from emulators.deviation_parts import Deviation
from emulators.deviations_of_dsp import DSP_DEVIATIONS
from emulators.deviations_of_registration_check import REGISTRATION_CHECK_DEVIATIONS
from emulators.deviations_of_s1sp import S1SP_DEVIATIONS
from emulators.deviations_of_slot_memory import SLOT_MEMORY_DEVIATIONS
from emulators.dsp.rules import DSPRules
from emulators.s1sp.rules import S1SPRules

__all__ = ["DEVIATIONS", "Deviation", "UnknownDeviation", "check_names", "dsp_rules", "s1sp_rules"]

DEVIATIONS: Mapping[str, Deviation] = MappingProxyType(
    {
        deviation.name: deviation
        for deviation in (
            *REGISTRATION_CHECK_DEVIATIONS,
            *DSP_DEVIATIONS,
            *S1SP_DEVIATIONS,
            *SLOT_MEMORY_DEVIATIONS,
        )
    }
)
"""Every deviation by its name."""


class UnknownDeviation(ValueError):
    """There is no deviation of that name."""


def check_names(names: Iterable[str]) -> None:
    """Check that each name is that of a deviation.

    Raises:
        UnknownDeviation: one is not; the text lists those there are.
    """
    for name in names:
        if name not in DEVIATIONS:
            raise UnknownDeviation(f"no deviation {name!r}; there are: {', '.join(DEVIATIONS)}")


def dsp_rules(names: Iterable[str]) -> DSPRules:
    """Return the rules of a DSP with these deviations; what concerns S1SPs only is left out.

    Raises:
        UnknownDeviation: a name is not that of a deviation.
    """
    names = tuple(names)
    check_names(names)
    rules = DSPRules()
    for name in names:
        change = DEVIATIONS[name].dsp
        rules = rules if change is None else change(rules)
    return rules


def s1sp_rules(names: Iterable[str]) -> S1SPRules:
    """Return the rules of an S1SP with these deviations; what concerns the DSP only is left out.

    Raises:
        UnknownDeviation: a name is not that of a deviation.
    """
    names = tuple(names)
    check_names(names)
    rules = S1SPRules()
    for name in names:
        change = DEVIATIONS[name].s1sp
        rules = rules if change is None else change(rules)
    return rules
