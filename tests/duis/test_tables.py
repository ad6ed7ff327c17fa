"""The tables of the package against the official ones."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from lxml import etree

from duis.codes import DCC_ALERT_CODES, RESPONSE_CODES, S1SP_ALERT_CODES
from duis.request import ServiceRequest
from duis.requests import BODIES, UnknownBody
from duis.roles import DeviceStatus, DeviceType, RemotePartyRole, UserRole
from duis.schema import Schema
from duis.service_references import SERVICE_REFERENCE_VARIANTS
from duis.xml import SR, parse

XS = {"xs": "http://www.w3.org/2001/XMLSchema"}


@pytest.fixture(scope="session")
def duis_xsd(spec: Path) -> etree._ElementTree:
    return etree.parse(str(spec / "duis-5.4" / "DUIS Schema V5.4.xsd"))


def enumeration(xsd: etree._ElementTree, name: str) -> list[str]:
    found = xsd.xpath(f"//xs:simpleType[@name='{name}']//xs:enumeration/@value", namespaces=XS)
    assert isinstance(found, list)
    return [str(value) for value in found]


def test_6_15_1_is_the_only_critical_request_open_to_a_network_operator() -> None:
    networks = {UserRole.ELECTRICITY_DISTRIBUTOR, UserRole.GAS_TRANSPORTER}
    critical = [
        srv
        for srv, row in SERVICE_REFERENCE_VARIANTS.items()
        if row.critical and row.eligible_user_roles & networks
    ]
    assert critical == ["6.15.1"]
    assert SERVICE_REFERENCE_VARIANTS["6.15.1"].eligible_user_roles == networks | {
        UserRole.IMPORT_SUPPLIER,
        UserRole.GAS_SUPPLIER,
    }
    assert SERVICE_REFERENCE_VARIANTS["8.2"].eligible_user_roles == set(UserRole)


def test_roles_and_criticality_are_those_of_the_official_table(spec: Path) -> None:
    with (spec / "service_reference_variants.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["srv"] for row in rows] == list(SERVICE_REFERENCE_VARIANTS)
    for row in rows:
        ours = SERVICE_REFERENCE_VARIANTS[row["srv"]]
        roles = {role for role in row["eligible_user_roles"].split(",") if role}
        assert ours.eligible_user_roles == roles, row["srv"]
        assert ours.critical == (row["critical"] == "Yes"), row["srv"]
        assert ours.non_device == (row["non_device"] == "Yes"), row["srv"]
        assert ours.future_dated == row["future_dated_response_pattern"], row["srv"]


def test_every_srv_and_body_element_is_that_of_the_official_schema(duis_xsd: etree._ElementTree) -> None:
    assert enumeration(duis_xsd, "ServiceReferenceVariant") == list(SERVICE_REFERENCE_VARIANTS)
    references = {row.service_reference for row in SERVICE_REFERENCE_VARIANTS.values()}
    assert set(enumeration(duis_xsd, "ServiceReference")) == references
    bodies = duis_xsd.xpath("//xs:complexType[@name='Request']//xs:choice/xs:element/@name", namespaces=XS)
    assert isinstance(bodies, list)
    ours = [row.body_element for row in SERVICE_REFERENCE_VARIANTS.values()]
    assert [body for body in map(str, bodies) if body != "SignedPreCommand"] == ours


def test_command_variants_are_those_the_official_schema_remarks_on(spec: Path) -> None:
    text = (spec / "duis-5.4" / "DUIS Schema V5.4.xsd").read_text()
    remarks = dict(re.findall(r'<xs:enumeration value="([\d.]+)"/>\s*<!--\s*CV = ([\d, ]*\d)\s*-->', text))
    ours = {
        srv: ", ".join(map(str, row.command_variants_smets2))
        for srv, row in SERVICE_REFERENCE_VARIANTS.items()
    }
    assert remarks == ours


def test_every_body_type_belongs_to_its_srv() -> None:
    for tag, body in BODIES.items():
        assert tag == f"{{{SR}}}{SERVICE_REFERENCE_VARIANTS[body.SRV].body_element}"


def test_codes_are_those_of_the_official_schema(duis_xsd: etree._ElementTree) -> None:
    assert enumeration(duis_xsd, "ResponseCode") == list(RESPONSE_CODES)
    alerts = duis_xsd.xpath("//xs:complexType[@name='DCCAlertMessage']//xs:enumeration/@value", namespaces=XS)
    assert isinstance(alerts, list)
    assert set(map(str, alerts)) == set(DCC_ALERT_CODES)


def test_there_is_no_n32() -> None:
    assert "N32" not in DCC_ALERT_CODES
    assert len(DCC_ALERT_CODES) == 66


def test_no_meaning_is_invented() -> None:
    for code in RESPONSE_CODES.values():
        if code.meaning is not None:
            assert code.source == "WEB"
            assert int(code.code[1:]) < 40 or code.code == "I99"
    assert set(S1SP_ALERT_CODES) == {"S1VE4", "S1VE64"}


@pytest.mark.parametrize("enum", [RemotePartyRole, DeviceType, DeviceStatus])
def test_enumerations_are_those_of_the_official_schema(
    enum: type[RemotePartyRole] | type[DeviceType] | type[DeviceStatus], duis_xsd: etree._ElementTree
) -> None:
    assert set(enumeration(duis_xsd, enum.__name__)) == set(enum)


def test_the_reference_samples_are_valid_known_and_read_back_equal(spec: Path, bundled: Schema) -> None:
    files = sorted((spec / "rtds").iterdir())
    assert files
    for file in files:
        document = file.read_bytes()
        bundled.validate(document)
        request = ServiceRequest.parse(document)
        assert not isinstance(request.body, UnknownBody), file.name
        assert request.srv == request.body.SRV
        assert ServiceRequest.parse(request.to_xml()) == request
        row = SERVICE_REFERENCE_VARIANTS[request.srv]
        assert request.command_variant in row.command_variants_smets2
        assert parse(document).find(f".//{{{SR}}}{row.body_element}") is not None
