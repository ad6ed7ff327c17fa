"""Tables of checks: order, outcomes by setting, and the parts deviations are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from duis.roles import DeviceStatus, DeviceType
from emulators.checks import (
    Alert,
    Check,
    HTTPRefusal,
    Outcome,
    Rejection,
    UnsuccessfulResponse,
    first_failure,
    named,
    parse_outcome,
    with_outcome,
    with_removed,
    with_replaced,
    with_wrapped,
)
from emulators.dsp.checks import DSP_CHECKS
from emulators.estate_settings import EstateSettings
from emulators.registration_check import ExemptionReading
from emulators.s1sp.checks import EXECUTION_CHECKS, RECEIPT_CHECKS, S1SP_CHECKS
from emulators.settings import DEVICE_TYPES, SettingsError


@dataclass(frozen=True)
class Outcomes:
    outcomes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Number:
    value: int
    settings: Outcomes = field(default_factory=Outcomes)


def _must_be_asked_after_positive(number: Number) -> bool:
    assert number.value > 0, "asked although an earlier check failed"
    return number.value % 2 == 0


CHECKS: tuple[Check[Number], ...] = (
    Check("positive", "arithmetic 1", lambda number: number.value > 0, Rejection("E1")),
    Check(
        "even",
        "arithmetic 2",
        _must_be_asked_after_positive,
        lambda number: HTTPRefusal(400 + number.value),
        lambda number: f"{number.value} is odd",
    ),
)


def test_nothing_fails_when_all_checks_hold() -> None:
    assert first_failure(CHECKS, Number(2)) is None


def test_the_first_failure_decides_and_later_checks_are_not_asked() -> None:
    failure = first_failure(CHECKS, Number(-1))
    assert failure is not None
    assert (failure.check.name, failure.outcome) == ("positive", Rejection("E1"))
    assert failure.detail == "positive (arithmetic 1)"


def test_outcome_and_detail_may_depend_on_the_context() -> None:
    failure = first_failure(CHECKS, Number(3))
    assert failure is not None
    assert (failure.outcome, failure.detail) == (HTTPRefusal(403), "3 is odd")


def test_a_setting_replaces_an_outcome_by_name() -> None:
    number = Number(3, Outcomes({"even": "S1VE7", "positive": "E9"}))
    failure = first_failure(CHECKS, number)
    assert failure is not None
    assert failure.outcome == Alert("S1VE7")


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("E4", Rejection("E4")),
        ("HTTP 403", HTTPRefusal(403)),
        ("S1VE64", Alert("S1VE64")),
        ("status badCertificate", UnsuccessfulResponse("badCertificate")),
    ],
)
def test_outcomes_as_text(text: str, outcome: Outcome) -> None:
    assert parse_outcome(text) == outcome


@pytest.mark.parametrize(
    "text", ["", "I99", "E", "HTTP 500", "HTTP 4000", "403", "S1VE", "status", "e4", "E4 "]
)
def test_what_is_no_outcome_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an outcome"):
        parse_outcome(text)


def test_a_row_can_be_removed() -> None:
    assert [check.name for check in with_removed(CHECKS, "positive")] == ["even"]
    assert with_removed(CHECKS, "positive", "even") == ()


def test_a_row_can_be_replaced_in_its_place() -> None:
    lenient = Check[Number]("positive", "arithmetic 1", lambda number: number.value >= 0, Rejection("E1"))
    table = with_replaced(CHECKS, "positive", lenient)
    assert table[0] is lenient
    assert table[1:] == CHECKS[1:]


def test_a_condition_can_be_wrapped() -> None:
    table = with_wrapped(CHECKS, "even", lambda passes: lambda number: not passes(number))
    assert first_failure(table, Number(3)) is None
    failure = first_failure(table, Number(2))
    assert failure is not None
    assert failure.check.clause == "arithmetic 2"


def test_an_outcome_can_be_replaced() -> None:
    failure = first_failure(with_outcome(CHECKS, "positive", Rejection("E2")), Number(0))
    assert failure is not None
    assert failure.outcome == Rejection("E2")


def test_tables_are_never_changed_in_place() -> None:
    before = tuple(CHECKS)
    with_removed(CHECKS, "even")
    with_outcome(CHECKS, "even", Rejection("E2"))
    assert before == CHECKS


def test_an_unknown_name_is_refused_and_the_known_ones_are_listed() -> None:
    with pytest.raises(KeyError, match=r"odd.*positive, even"):
        named(CHECKS, "odd")
    with pytest.raises(KeyError):
        with_removed(CHECKS, "even", "odd")


def test_every_row_has_a_name_of_its_own_and_a_clause() -> None:
    rows = (*DSP_CHECKS, *S1SP_CHECKS)
    assert len({row.name for row in rows}) == len(rows)
    assert all(row.name.strip() and row.clause.strip() for row in rows)
    assert S1SP_CHECKS == RECEIPT_CHECKS + EXECUTION_CHECKS


def test_only_codes_with_a_public_meaning_are_used() -> None:
    """Meanings of E40 and above are not public, and S1VE4 and S1VE64 are the only documented Alert codes."""
    public = {"E1", "E2", "E3", "E4", "E5", "E11", "E12", "E13", "E19", "S1VE4", "S1VE64"}
    for row in (*DSP_CHECKS, *S1SP_CHECKS):
        if isinstance(row.outcome, Rejection):
            assert row.outcome.response_code in public
        if isinstance(row.outcome, Alert):
            assert row.outcome.s1sp_alert_code in public


def test_each_table_ends_only_in_what_its_server_can_answer() -> None:
    assert all(isinstance(row.outcome, Rejection | HTTPRefusal) for row in DSP_CHECKS)
    assert all(isinstance(row.outcome, HTTPRefusal) for row in RECEIPT_CHECKS)
    assert all(isinstance(row.outcome, Alert | UnsuccessfulResponse) for row in EXECUTION_CHECKS)


def test_settings_have_defaults_for_everything() -> None:
    settings = EstateSettings.parse({})
    assert settings.exemption_reading is ExemptionReading.SLOT
    assert settings.accepted_device_statuses == {DeviceStatus.COMMISSIONED}
    assert not settings.secmp0063


def test_settings_are_read_from_plain_values() -> None:
    settings = EstateSettings.parse(
        {
            "exemption_reading": "sender",
            "accepted_device_statuses": ["Commissioned", "Suspended"],
            "device_types": {"6.15.1": ["ESME"]},
            "outcomes": {"signature": "E1", "S1SP slot owner": "status other"},
        }
    )
    assert settings.exemption_reading is ExemptionReading.SENDER
    assert DeviceStatus.SUSPENDED in settings.accepted_device_statuses
    assert settings.device_types == {**DEVICE_TYPES, "6.15.1": {DeviceType.ESME}}


@pytest.mark.parametrize(
    ("fields", "named_field"),
    [
        ({"exemption": "slot"}, "settings.exemption"),
        ({"exemption_reading": "both"}, "settings.exemption_reading"),
        ({"command_variant": 0}, "settings.command_variant"),
        ({"outcomes": {"signatur": "E1"}}, "signatur"),
        ({"outcomes": {"signature": "S1VE4"}}, "Rejection or HTTPRefusal"),
        ({"outcomes": {"S1SP device": "S1VE4"}}, "HTTPRefusal"),
        ({"outcomes": {"S1SP slot owner": "E4"}}, "S1SP slot owner"),
        ({"outcomes": {"signature": "403"}}, "not an outcome"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(fields: dict[str, object], named_field: str) -> None:
    with pytest.raises(SettingsError, match=named_field):
        EstateSettings.parse(fields)
