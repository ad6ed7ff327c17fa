"""What a plan file says of the plan as a whole: what it was made from, and what was counted."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from data_update.layout import Layout
from data_update.records import PlannedPair

FORMAT: Final = "smets1-conformance data-update plan"
VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class PlanHeader:
    """What a plan was made from.

    Attributes:
        made_at: when, ISO 8601 in UTC; registrations and certificates are judged at this time.
        database: which database, without its password.
        scope: which population in it.
        layout: its tables.
        registrations: where Registration Data came from: "the database", or the name of a file.
        registrations_digest: SHA-256 of that file; None for the database.
        mprn_check_digits: whether its MPRNs had to have right check digits; None for the database.
        certificate_list: where the certificates came from.
        certificate_list_digest: what `CertificateList.digest` was.
        anchors: what their chains were checked against.
        device_types: the device types the plan was limited to; empty for all.
        pairs: the certificates that may be placed.
    """

    made_at: str
    database: str
    scope: str
    layout: Layout
    registrations: str
    registrations_digest: str | None
    mprn_check_digits: bool | None
    certificate_list: str
    certificate_list_digest: str
    anchors: str
    device_types: tuple[str, ...]
    pairs: tuple[PlannedPair, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the header as the first line has it."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "made_at": self.made_at,
            "database": self.database,
            "scope": self.scope,
            "layout": self.layout.model_dump(mode="json"),
            "registrations": self.registrations,
            "registrations_digest": self.registrations_digest,
            "mprn_check_digits": self.mprn_check_digits,
            "certificate_list": self.certificate_list,
            "certificate_list_digest": self.certificate_list_digest,
            "anchors": self.anchors,
            "device_types": list(self.device_types),
            "pairs": [
                {
                    "party": pair.party,
                    "market_participant_id": pair.market_participant_id,
                    "name": pair.name,
                    "not_after": pair.not_after,
                    "digital_signing": base64.b64encode(pair.digital_signing).decode(),
                    "key_agreement": base64.b64encode(pair.key_agreement).decode(),
                }
                for pair in self.pairs
            ],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> PlanHeader:
        """Read what `as_json` made; KeyError, TypeError or ValueError when it is something else."""
        if not isinstance(content, Mapping) or content.get("format") != FORMAT:
            raise ValueError("its first line is not the header of a plan")
        if content["version"] != VERSION:
            raise ValueError(f"version {VERSION} of the format is expected, found {content['version']}")
        pairs = []
        for pair in content["pairs"]:
            signing = base64.b64decode(pair["digital_signing"], validate=True)
            agreement = base64.b64decode(pair["key_agreement"], validate=True)
            pairs.append(
                PlannedPair(
                    pair["party"],
                    pair["market_participant_id"],
                    pair["name"],
                    signing,
                    agreement,
                    hashlib.sha256(signing).hexdigest(),
                    hashlib.sha256(agreement).hexdigest(),
                    pair["not_after"],
                )
            )
        return cls(
            made_at=content["made_at"],
            database=content["database"],
            scope=content["scope"],
            layout=Layout.model_validate(content["layout"]),
            registrations=content["registrations"],
            registrations_digest=content["registrations_digest"],
            mprn_check_digits=content["mprn_check_digits"],
            certificate_list=content["certificate_list"],
            certificate_list_digest=content["certificate_list_digest"],
            anchors=content["anchors"],
            device_types=tuple(content["device_types"]),
            pairs=tuple(pairs),
        )


@dataclass(frozen=True, slots=True)
class Group:
    """A count of slots with the same S1SP, cohort, device type, former and new Network Operator.

    Attributes:
        former: the Entity Identifier(s) of the certificates in the slot, joined by " + " where two differ.
        new: the Entity Identifier of the registered Network Operator.
    """

    s1sp: str
    cohort: str
    device_type: str
    former: str
    new: str
    devices: int


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """What was counted while the plan was made.

    Attributes:
        devices: slots to change.
        examined: devices looked at that have, or should have, a Network Operator slot.
        correct_slots: how many slots hold the registered Network Operator's certificates, by S1SP, cohort and
            device type.
        left_alone: how many there are for each reason, by S1SP, cohort, device type and reason.
        groups: how many slots change, by S1SP, cohort, device type, former and new Network Operator.
        baseline: SHA-256 of the baseline file made with the plan; None without one.
    """

    devices: int
    examined: int
    correct_slots: tuple[tuple[str, str, str, int], ...]
    left_alone: tuple[tuple[str, str, str, str, int], ...]
    groups: tuple[Group, ...]
    baseline: str | None = None

    @property
    def correct(self) -> int:
        """How many slots hold the registered Network Operator's certificates."""
        return sum(row[-1] for row in self.correct_slots)

    @property
    def left_alone_count(self) -> int:
        """How many slots are left alone."""
        return sum(row[-1] for row in self.left_alone)

    def as_json(self) -> dict[str, Any]:
        """Return the summary as its line has it."""
        return {
            "devices": self.devices,
            "examined": self.examined,
            "correct": [list(row) for row in self.correct_slots],
            "left_alone": [list(row) for row in self.left_alone],
            "groups": [
                [each.s1sp, each.cohort, each.device_type, each.former, each.new, each.devices]
                for each in self.groups
            ],
            "baseline": self.baseline,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> PlanSummary:
        """Read what `as_json` made; KeyError or TypeError when it is something else."""
        return cls(
            devices=content["devices"],
            examined=content["examined"],
            correct_slots=tuple((row[0], row[1], row[2], row[3]) for row in content["correct"]),
            left_alone=tuple((row[0], row[1], row[2], row[3], row[4]) for row in content["left_alone"]),
            groups=tuple(Group(*row) for row in content["groups"]),
            baseline=content["baseline"],
        )
