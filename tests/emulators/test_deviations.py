"""Deviations: each changes the rules it says, and some are seen at work over the wire."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from duis.requests import ReadInstantaneousImportRegistersBody
from duis.requests.body import Body
from duis.roles import RemotePartyRole
from duis.smki.testpki import Party
from emulators.deviations import DEVIATIONS, UnknownDeviation, dsp_rules, s1sp_rules
from emulators.dsp.rules import DSPRules
from emulators.s1sp.rules import S1SPRules
from tests.emulators.running import NETWORK_OPERATOR, Estate


@pytest.mark.parametrize("name", DEVIATIONS)
def test_it_changes_the_component_it_names_and_no_other(name: str) -> None:
    deviation = DEVIATIONS[name]
    assert (dsp_rules([name]) != DSPRules()) == (deviation.component in {"dsp", "both"})
    assert (s1sp_rules([name]) != S1SPRules()) == (deviation.component in {"s1sp", "both"})
    assert deviation.test_cases


def test_every_test_case_has_a_deviation() -> None:
    folder = Path(__file__).parents[2] / "features"
    features = "".join(path.read_text() for path in folder.rglob("*.feature"))
    in_features = set(re.findall(r"@MP107-(\S+\d\d)", features))
    assert in_features
    caught = {case for deviation in DEVIATIONS.values() for case in deviation.test_cases}
    assert in_features <= caught


def test_an_unknown_name() -> None:
    with pytest.raises(UnknownDeviation, match="no deviation 'dsp-is-perfect'"):
        dsp_rules(["dsp-is-perfect"])


def _replace(estate: Estate, sender: Party, device: dict[str, str], body: Body) -> str:
    """Send a 6.15.1; return the code of its rejection or alert, or `success`."""
    _, code = estate.send(sender, device, body)
    if code != "I99":
        return code
    result = estate.result()[1]
    return getattr(result, "s1sp_alert_code", "success")


@pytest.fixture
def deviating(new_estate: Callable[..., Estate]) -> Callable[[str], Estate]:
    return lambda name: new_estate(deviations=[name], settings={"credentials_alert": False})


def test_the_dsp_keeps_the_rdp_check(deviating: Callable[[str], Estate]) -> None:
    estate = deviating("dsp-keeps-rdp-check")
    device = estate.device()
    incorrect = estate.other(device, "ED")
    estate.put_slot(device, incorrect.entity_identifier)
    assert _replace(estate, incorrect, device, estate.replacement(incorrect)) == "E4"


def test_the_s1sp_keeps_the_rdp_check(deviating: Callable[[str], Estate]) -> None:
    estate = deviating("s1sp-keeps-rdp-check")
    device = estate.device()
    incorrect = estate.other(device, "ED")
    estate.put_slot(device, incorrect.entity_identifier)
    assert _replace(estate, incorrect, device, estate.replacement(incorrect)) == "S1VE4"


def test_the_switch_of_the_dsp_covers_one_s1sp_only(deviating: Callable[[str], Estate]) -> None:
    estate = deviating("dsp-switch-covers-only-s1sp1")
    for s1sp, expected in (("S1SP1", "success"), ("S1SP2", "E4")):
        device = estate.device("ESME", s1sp)
        incorrect = estate.other(device, "ED")
        estate.put_slot(device, incorrect.entity_identifier)
        assert _replace(estate, incorrect, device, estate.replacement(incorrect)) == expected


def test_an_operator_may_write_to_the_supplier_slot(deviating: Callable[[str], Estate]) -> None:
    estate = deviating("dsp-exempts-any-remote-party-role")
    device = estate.device()
    operator = estate.other(device, "ED")
    body = estate.replacement(operator, RemotePartyRole.SUPPLIER)
    assert _replace(estate, operator, device, body) == "success"
    assert estate.slot(device, RemotePartyRole.SUPPLIER)["party"] == operator.entity_identifier


@pytest.mark.parametrize(
    ("name", "signing", "agreement"),
    [
        ("dsp-skips-certificate-role", "is-a", "is-a"),
        ("dsp-skips-certificate-chain", "ed-south-ds-untrusted", "ed-south-ka-untrusted"),
        ("dsp-skips-certificate-validity", "ed-south-ds-expired", "ed-south-ka-expired"),
        ("dsp-skips-certificate-party", "ed-south", "ed-north"),
    ],
)
def test_unfit_certificates_are_placed(
    deviating: Callable[[str], Estate],
    new_estate: Callable[..., Estate],
    name: str,
    signing: str,
    agreement: str,
) -> None:
    for estate, expected in ((deviating(name), "success"), (new_estate(), "E1")):
        pki = estate.pki
        parties = {party.name: party for party in pki.parties}
        ds = parties[signing].digital_signing if signing in parties else pki.faulty(signing).certificate
        ka = parties[agreement].key_agreement if agreement in parties else pki.faulty(agreement).certificate
        device = estate.device()
        operator = estate.registered(device, "ED")
        body = type(estate.replacement(operator))(
            NETWORK_OPERATOR, ds.der, ka.der, certification_path=pki.certification_path
        )
        assert _replace(estate, operator, device, body) == expected


def test_documents_that_are_not_valid_are_acknowledged(deviating: Callable[[str], Estate]) -> None:
    estate = deviating("dsp-skips-schema")
    device = estate.device()
    operator = estate.registered(device, "ED")
    _, document = estate.request(operator, device, estate.replacement(operator))
    role = b"<sr:RemotePartyRole>NetworkOperator</sr:RemotePartyRole>"
    path = b"<sr:ReplacementCertificates>"
    assert document.count(role) == document.count(path) == 1
    disordered = document.replace(role, b"").replace(
        b"</sr:ReplacementCertificates>", b"</sr:ReplacementCertificates>" + role
    )
    answer = estate.post(operator.name, disordered)
    assert b"I99" in answer.content


@pytest.mark.parametrize(
    ("name", "owner_gets", "everybody_else_gets"),
    [
        ("dsp-routes-device-alerts-to-registered-operator", False, True),
        ("dsp-copies-device-alerts-to-both", True, True),
    ],
)
def test_device_alerts_go_astray(
    deviating: Callable[[str], Estate], name: str, owner_gets: bool, everybody_else_gets: bool
) -> None:
    estate = deviating(name)
    device = estate.device()
    correct, incorrect = estate.registered(device, "ED"), estate.other(device, "ED")
    estate.put_slot(device, incorrect.entity_identifier)
    estate.manage("S1SP1", "POST", f"/devices/{device['device_id']}/alerts", {})
    recipients = {estate.result()[0] for _ in range(owner_gets + everybody_else_gets)}
    assert (incorrect.name in recipients, correct.name in recipients) == (owner_gets, everybody_else_gets)


def test_the_answer_is_a_success_and_nothing_changes(deviating: Callable[[str], Estate]) -> None:
    estate = deviating("s1sp-reports-success-without-change")
    device = estate.device()
    operator = estate.registered(device, "ED")
    before = estate.slot(device)
    assert _replace(estate, operator, device, estate.replacement(estate.other(device, "ED"))) == "success"
    assert estate.slot(device) == before


def test_the_slot_changes_despite_the_rejection(deviating: Callable[[str], Estate]) -> None:
    estate = deviating("s1sp-changes-slot-despite-rejection")
    device = estate.device()
    incorrect = estate.other(device, "ED")
    assert _replace(estate, incorrect, device, estate.replacement(incorrect)) == "S1VE64"
    assert estate.slot(device)["party"] == incorrect.entity_identifier


def test_alerts_without_request_id_still_reach_the_sender(deviating: Callable[[str], Estate]) -> None:
    estate = deviating("s1sp-alert-without-request-id")
    device = estate.device()
    incorrect = estate.other(device, "ED")
    estate.send(incorrect, device, estate.replacement(incorrect))
    user, alert = estate.result()
    assert user == incorrect.name
    assert (alert.s1sp_alert_code, alert.request_id) == ("S1VE64", None)


def test_lost_alerts(deviating: Callable[[str], Estate]) -> None:
    estate = deviating("dsp-loses-s1sp-alerts")
    device = estate.device()
    correct, incorrect = estate.registered(device, "ED"), estate.other(device, "ED")
    estate.send(incorrect, device, estate.replacement(incorrect))
    request_id, _ = estate.send(correct, device, ReadInstantaneousImportRegistersBody())
    assert estate.next_message()[1].response.request_id == request_id
