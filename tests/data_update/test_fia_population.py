"""The figures of the FIA: each incorrect slot is planned and replaced, on both databases [FIA 4.2.2]."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from data_update.applying import Options, apply
from data_update.database import Database
from duis.roles import NETWORK_OPERATORS, DeviceType
from duis.smki.testpki import TestPKI
from emulators.incorrect_population import FIA_FIGURES, CohortFigures
from emulators.population_database import fill_database
from tests.data_update.apply_process import plan_of
from tests.data_update.databases import query
from tests.postgresql import NewDatabase

INCORRECT = {
    ("S1SP1", "IOC", "ESME"): 9_024,
    ("S1SP1", "IOC", "GPF"): 18_905,
    ("S1SP2", "MOC", "ESME"): 125,
    ("S1SP2", "MOC", "GPF"): 1_226,
}
"""Written out, so that nothing but the FIA's text decides."""

FIGURES = (
    CohortFigures("IOC", "S1SP1", 18_950, {DeviceType.ESME: 9_024, DeviceType.GPF: 18_905}),
    CohortFigures("MOC", "S1SP2", 1_250, {DeviceType.ESME: 125, DeviceType.GPF: 1_226}),
    CohortFigures("FOC", "S1SP3", 50, {}),
)
"""As few sets as these figures allow, and some correct ones."""

HOLDERS = (
    "SELECT d.device_type, r.user_id, s.remote_party_id, s.digital_signing, s.key_agreement, count(*)"
    " FROM anchor_slots s"
    " JOIN devices d ON d.estate = s.estate AND d.device_id = s.device_id"
    " JOIN registrations r ON r.estate = d.estate AND r.mpxn = d.mpxn AND r.effective_to IS NULL"
    " AND r.role = CASE d.device_type WHEN 'ESME' THEN 'ED' ELSE 'GT' END"
    " WHERE s.remote_party_role = 'NetworkOperator'"
    " GROUP BY d.device_type, r.user_id, s.remote_party_id, s.digital_signing, s.key_agreement"
)
"""Who is registered, and what the slot holds, with the number of such slots."""


def test_the_figures_are_the_emulators_default() -> None:
    assert {
        (each.s1sp, each.cohort, kind.value): count
        for each in FIA_FIGURES
        for kind, count in each.incorrect.items()
    } == INCORRECT


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, pki: TestPKI, tmp_path: Path) -> str:
    """A database with as many incorrect slots as the FIA says."""
    if request.param == "sqlite":
        url = str(tmp_path / "s1sp.sqlite")
    else:
        new_database: NewDatabase = request.getfixturevalue("new_postgresql_database")
        url = new_database()
    fill_database(url, 2024, FIGURES, pki.directory)
    return url


def test_every_incorrect_slot_is_planned_and_replaced(
    database: str, pki: TestPKI, certificate_folder: Path, tmp_path: Path
) -> None:
    party_of = {
        certificate.sha256.hex(): str(party.entity_identifier)
        for party in pki.parties
        if NETWORK_OPERATORS.intersection(party.user_roles)
        for certificate in (party.digital_signing, party.key_agreement)
    }
    before = query(database, HOLDERS)
    wrong = [row for row in before if {row[2], party_of[row[3]], party_of[row[4]]} != {row[1]}]
    assert sum(row[-1] for row in wrong) == sum(INCORRECT.values())

    plan = plan_of(database, certificate_folder, tmp_path / "update.plan")
    planned = Counter[tuple[str, str, str]]()
    for group in plan.summary.groups:
        planned[group.s1sp, group.cohort, group.device_type] += group.devices
    assert planned == INCORRECT
    assert Counter((row.s1sp, row.cohort, row.device_type) for row in plan.rows()) == INCORRECT

    with Database(database) as opened:
        assert apply(opened, plan, Options("tester")).left == 0

    after = query(database, HOLDERS)
    assert sum(row[-1] for row in after) == sum(row[-1] for row in before)
    for _, registered, owner, signing, agreement, _ in after:
        assert (owner, party_of[signing], party_of[agreement]) == (registered,) * 3
    audit = query(
        database,
        "SELECT d.s1sp, d.cohort, d.device_type, count(*), count(DISTINCT a.device_id)"
        " FROM data_update_audit a JOIN devices d ON d.estate = 'main' AND d.device_id = a.device_id"
        " WHERE a.action = 'apply' AND a.outcome = 'replaced' GROUP BY d.s1sp, d.cohort, d.device_type",
    )
    assert {row[:3]: row[3:] for row in audit} == {key: (count, count) for key, count in INCORRECT.items()}
    assert query(database, "SELECT count(*) FROM data_update_audit") == [(sum(INCORRECT.values()),)]
