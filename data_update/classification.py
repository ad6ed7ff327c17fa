"""What is true of a Network Operator slot: rules in their order, the first that applies decides [FIA 4.2.2].

Each rule is one function with its reason. To leave more slots alone, or fewer, change this table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from data_update.certificate_list import CertificateList, Pair, Unusable
from data_update.layout import Words
from data_update.reasons import Reason, Verdict


class SlotRow(NamedTuple):
    """A device with its Network Operator slot, as the database has them.

    Attributes:
        has_slot: whether the device has such a slot.
        party: remote_party_id of the slot.
        digital_signing: SHA-256 of the certificate, in hexadecimal; None where there is none.
        key_agreement: likewise.
        registered: the parties registered as its Network Operator at the time of the plan.
    """

    device_id: str
    device_type: str
    device_status: str
    s1sp: str
    cohort: str
    mpxn: str | None
    has_slot: bool
    party: str | None
    digital_signing: str | None
    key_agreement: str | None
    registered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate that stands in slots.

    Attributes:
        party: its Entity Identifier; None when the certificate cannot be read.
        role: its role code, such as "03".
    """

    party: str | None
    role: str


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on one slot.

    Attributes:
        verdict: what is true of it.
        reason: why it is left alone; None otherwise.
        detail: the same in words, with names; empty where there is nothing to add.
        pair: what replaces the certificates; None unless they are replaced.
        former: the Entity Identifiers in the slot.
    """

    verdict: Verdict
    reason: Reason | None = None
    detail: str = ""
    pair: Pair | None = None
    former: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What a rule is asked with, beside the row.

    Attributes:
        words: what stands in the columns.
        certificates: every certificate of the database, by SHA-256.
        shared: the certificates the Network Operators shared.
    """

    words: Words
    certificates: Mapping[str, Held]
    shared: CertificateList

    def held(self, row: SlotRow) -> tuple[Held, ...]:
        """Return the certificates in the slot; one the database does not have is unreadable."""
        return tuple(
            self.certificates.get(each, _UNREADABLE)
            for each in (row.digital_signing, row.key_agreement)
            if each is not None
        )


_UNREADABLE: Final = Held(None, "")
Rule = Callable[[SlotRow, Known], str | None]
"""Says in words why its reason applies; None when it does not."""


def _no_slot(row: SlotRow, _known: Known) -> str | None:
    return None if row.has_slot else f"the {row.device_type} has none"


def _not_enrolled(row: SlotRow, known: Known) -> str | None:
    return None if row.device_status in known.words.enrolled else f"its status is {row.device_status}"


def _empty(row: SlotRow, _known: Known) -> str | None:
    return "" if row.digital_signing is None and row.key_agreement is None else None


def _unreadable(row: SlotRow, known: Known) -> str | None:
    lost = [each for each in (row.digital_signing, row.key_agreement) if each is not None]
    lost = [each for each in lost if known.certificates.get(each, _UNREADABLE).party is None]
    return f"SHA-256 {', '.join(lost)}" if lost else None


def _under_dcc_control(row: SlotRow, known: Known) -> str | None:
    roles = {held.role for held in known.held(row)}
    return "" if roles == {known.words.access_control_broker_role} else None


def _no_metering_point(row: SlotRow, _known: Known) -> str | None:
    return None if row.mpxn else ""


def _no_registration(row: SlotRow, _known: Known) -> str | None:
    return None if row.registered else f"no Network Operator is registered for {row.mpxn}"


def _ambiguous(row: SlotRow, known: Known) -> str | None:
    if len(row.registered) < 2:
        return None
    parties = {known.shared.entity_identifier(each) or each.upper() for each in row.registered}
    return f"registered for {row.mpxn}: {' and '.join(row.registered)}" if len(parties) > 1 else None


RULES: Final[tuple[tuple[Reason, Rule], ...]] = (
    (Reason.NO_SLOT, _no_slot),
    (Reason.NOT_ENROLLED, _not_enrolled),
    (Reason.EMPTY_SLOT, _empty),
    (Reason.UNREADABLE_CERTIFICATE, _unreadable),
    (Reason.UNDER_DCC_CONTROL, _under_dcc_control),
    (Reason.NO_METERING_POINT, _no_metering_point),
    (Reason.NO_REGISTRATION, _no_registration),
    (Reason.AMBIGUOUS, _ambiguous),
)
"""Why a slot is left alone, before it is asked whose certificates it holds."""


class Classifier:
    """Judges slots; what it found for the same certificates and the same party is remembered."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._remembered: dict[tuple[str | None, str | None, str], Judged] = {}

    def judge(self, row: SlotRow) -> Judged:
        """Return the verdict on one slot."""
        for reason, rule in RULES:
            detail = rule(row, self._known)
            if detail is not None:
                return Judged(Verdict.LEFT_ALONE, reason, detail)
        key = (row.digital_signing, row.key_agreement, row.registered[0])
        judged = self._remembered.get(key)
        if judged is None:
            judged = self._remembered[key] = self._holders(row)
        return judged

    def _holders(self, row: SlotRow) -> Judged:
        """Compare who holds the slot with who is registered: the parties, not the certificates."""
        former = tuple(dict.fromkeys(str(held.party) for held in self._known.held(row)))
        replacement = self._known.shared.replacement(row.registered[0])
        registered = self._known.shared.entity_identifier(row.registered[0])
        if former == (registered,):
            return Judged(Verdict.CORRECT, former=former)
        if isinstance(replacement, Unusable):
            return Judged(Verdict.LEFT_ALONE, replacement.reason, replacement.detail, former=former)
        return Judged(Verdict.REPLACE, pair=replacement, former=former)
