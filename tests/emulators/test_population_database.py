"""Databases with incorrect Network Operator slots, looked at with plain SQL."""

from __future__ import annotations

import hashlib
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from duis.identifiers import EUI64
from duis.roles import RemotePartyRole
from duis.smki.testpki import PARTIES, TestPKI, mint
from emulators.config import EstateOptions, Listen, S1SPConfig, Transport
from emulators.database import DatabaseError
from emulators.incorrect_population import FIA_FIGURES, scaled
from emulators.population_database import fill_database
from emulators.s1sp.program import S1SPEmulator
from emulators.unusual_slots import PARTY_WITHOUT_CERTIFICATES, Exceptional
from tests.data_update.databases import execute, query
from tests.postgresql import NewDatabase

SMALL = scaled(200)
ONE_OF_EACH = dict.fromkeys(Exceptional, 4)
TODAY = "2025-11-20T12:00:00+00:00"

HOLDERS = f"""
SELECT devices.cohort, devices.device_type, devices.device_id, devices.device_status,
       registrations.user_id AS registered, slots.remote_party_id AS holder,
       slots.digital_signing AS ds, slots.key_agreement AS ka
FROM devices
JOIN registrations ON registrations.estate = devices.estate AND registrations.mpxn = devices.mpxn
 AND registrations.role = CASE devices.device_type WHEN 'ESME' THEN 'ED' ELSE 'GT' END
 AND registrations.effective_from <= '{TODAY}'
 AND (registrations.effective_to IS NULL OR registrations.effective_to > '{TODAY}')
JOIN anchor_slots slots ON slots.estate = devices.estate AND slots.device_id = devices.device_id
 AND slots.remote_party_role = 'NetworkOperator'
WHERE devices.estate = 'main'
"""
"""Who is registered today beside who holds the slot."""

BY_COHORT = f"""
SELECT cohort, device_type, count(*) FROM ({HOLDERS}) AS held WHERE registered <> holder
GROUP BY cohort, device_type
"""


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPKI:
    return mint(tmp_path_factory.mktemp("incorrect-population") / "pki")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that is not there yet."""
    if request.param == "sqlite":
        return str(tmp_path / "s1sp.db")
    new_database: NewDatabase = request.getfixturevalue("new_postgresql_database")
    return new_database()


def test_the_figures_of_the_fia_exactly(pki: TestPKI, tmp_path: Path) -> None:
    path = str(tmp_path / "s1sp.db")
    filled = fill_database(path, 1, FIA_FIGURES, pki.directory)
    assert {(cohort, kind): count for cohort, kind, count in query(path, BY_COHORT)} == {
        ("IOC", "ESME"): 9_024,
        ("IOC", "GPF"): 18_905,
        ("MOC", "ESME"): 125,
        ("MOC", "GPF"): 1_226,
    }
    assert filled.incorrect == 9_024 + 18_905 + 125 + 1_226
    for table, count in (
        ("devices", filled.devices),
        ("registrations", filled.registrations),
        ("anchor_slots", filled.slots),
    ):
        assert query(path, f"SELECT count(*) FROM {table}") == [(count,)]
    by_cohort = query(
        path, "SELECT cohort, s1sp, count(*) FROM devices WHERE device_type = 'GPF' GROUP BY 1, 2"
    )
    assert sorted(by_cohort) == [("FOC", "S1SP3", 400), ("IOC", "S1SP1", 26_000), ("MOC", "S1SP2", 2_600)]


def test_slots_hold_both_certificates_of_a_network_operator(pki: TestPKI, url: str) -> None:
    filled = fill_database(url, 3, SMALL, pki.directory)
    assert filled.incorrect == 200
    assert sum(count for _, _, count in query(url, BY_COHORT)) == 200
    pairs = {
        str(party.entity_identifier): (party.digital_signing, party.key_agreement)
        for party in pki.parties
        if {"ED", "GT"} & set(party.user_roles)
    }
    held = {row[5:8] for row in query(url, HOLDERS)}
    assert held == {
        (party, hashlib.sha256(ds.der).hexdigest(), hashlib.sha256(ka.der).hexdigest())
        for party, (ds, ka) in pairs.items()
    }
    certificates = {sha: bytes(der) for sha, der in query(url, "SELECT sha256, der FROM certificates")}
    assert all(hashlib.sha256(der).hexdigest() == sha for sha, der in certificates.items())
    in_slots = "SELECT digital_signing FROM anchor_slots UNION SELECT key_agreement FROM anchor_slots"
    assert {sha for (sha,) in query(url, in_slots)} <= certificates.keys()


def test_a_few_incorrect_certificates_are_of_the_other_fuel(pki: TestPKI, tmp_path: Path) -> None:
    path = str(tmp_path / "s1sp.db")
    fill_database(path, 1, scaled(5_000), pki.directory)
    transporters = {str(each.entity_identifier) for each in PARTIES if "GT" in each.user_roles}
    other_fuel = sum(
        (row[5] in transporters) == (row[1] == "ESME") for row in query(path, HOLDERS) if row[4] != row[5]
    )
    assert 20 <= other_fuel <= 100  # about 1 %


def test_incorrect_devices_are_scattered_over_the_whole_range_of_keys(pki: TestPKI, tmp_path: Path) -> None:
    path = str(tmp_path / "s1sp.db")
    fill_database(path, 1, scaled(6_000), pki.directory)
    for device_type, share in (("ESME", 9_024 / 26_000), ("GPF", 18_905 / 26_000)):
        rows = sorted(row[2:6] for row in query(path, HOLDERS) if row[:2] == ("IOC", device_type))
        parts = [rows[start : start + 500] for start in range(0, len(rows) - 499, 500)]
        assert len(parts) >= 10
        for part in parts:
            incorrect = sum(registered != holder for _, _, registered, holder in part)
            assert 0.7 * share < incorrect / 500 < 1.3 * share


def test_a_seed_gives_the_same_database_and_another_seed_another(pki: TestPKI, tmp_path: Path) -> None:
    def content(name: str, seed: int) -> dict[str, list[tuple[Any, ...]]]:
        path = str(tmp_path / name)
        fill_database(path, seed, SMALL, pki.directory, exceptional=ONE_OF_EACH)
        tables = ("estates", "certificates", "devices", "registrations", "anchor_slots")
        return {table: sorted(query(path, f"SELECT * FROM {table}"), key=repr) for table in tables}

    one, again, other = content("one.db", 5), content("again.db", 5), content("other.db", 6)
    assert one == again
    assert one["certificates"] == other["certificates"]
    for table in ("devices", "registrations", "anchor_slots"):
        assert not set(one[table]) & set(other[table])


def test_exceptional_devices_are_there_as_often_as_asked_for(pki: TestPKI, url: str) -> None:
    filled = fill_database(url, 2, SMALL, pki.directory, exceptional=ONE_OF_EACH)
    assert filled.incorrect == 204  # two parties in a slot are incorrect
    counts = Counter[Exceptional]()
    for share in filled.shares:
        counts.update(share.exceptional)
    assert counts == ONE_OF_EACH
    # A registration is that of the GSME with the same MPRN too: only ESME and GPF are counted.
    held = [row for row in query(url, HOLDERS) if row[1] in ("ESME", "GPF")]
    rows_of = Counter(row[2] for row in held)
    (dcc,) = {str(each.entity_identifier) for each in PARTIES if each.kind == "dsp"}
    enrolled = query(url, "SELECT device_status, count(*) FROM devices GROUP BY 1")
    slots = dict(
        query(
            url,
            "SELECT devices.device_id, slots.device_id FROM devices LEFT JOIN anchor_slots slots"
            " ON slots.device_id = devices.device_id AND slots.remote_party_role = 'NetworkOperator'"
            " WHERE device_type IN ('ESME', 'GPF')",
        )
    )
    assert sum(row[3] != "Commissioned" and row[4] != row[5] for row in held) == 4
    assert sum(count for status, count in enrolled if status != "Commissioned") == 4
    assert sum(count == 2 for count in rows_of.values()) == 4  # two are registered
    assert sum(row[5] == dcc for row in held) == 4
    assert sum(row[4] == PARTY_WITHOUT_CERTIFICATES for row in held) == 4
    assert sum(row[5:8] == (None, None, None) for row in held) == 4
    assert sum(slot is None for slot in slots.values()) == 4
    assert sum(slot is not None and device not in rows_of for device, slot in slots.items()) == 4
    mixed = [row for row in held if row[7] is not None and _has_ka_of_another(row, pki)]
    assert len(mixed) == 4
    assert all(row[4] == row[5] for row in mixed)


def test_an_s1sp_emulator_serves_the_estate_as_it_is(pki: TestPKI, tmp_path: Path) -> None:
    path = tmp_path / "s1sp.db"
    fill_database(path, 4, SMALL, pki.directory)
    before = query(str(path), "SELECT * FROM anchor_slots ORDER BY device_id, remote_party_role")
    device_id, holder = next(
        (EUI64(row[2]), row[5]) for row in query(str(path), HOLDERS) if row[0] == "IOC" and row[4] != row[5]
    )
    emulator = S1SPEmulator(
        S1SPConfig(
            name="S1SP1",
            listen=Listen(port=1, management_port=2),
            transport=Transport(mode="plain-http"),
            pki=pki.directory,
            database=f"sqlite:///{path}",
            estate=EstateOptions(seed=4, sets_per_s1sp=max(each.sets for each in SMALL)),
            party="s1sp1",
            dsp="http://127.0.0.1:3",
        )
    )
    try:
        with emulator.database.transaction() as transaction:
            estate = emulator.estates.get(transaction, "main")
            slot = emulator.slots.slot(transaction, "main", device_id, RemotePartyRole.NETWORK_OPERATOR)
    finally:
        emulator.database.close()
    assert estate.device(device_id).cohort == "IOC"
    assert slot is not None
    assert slot.owner() == holder
    assert query(str(path), "SELECT * FROM anchor_slots ORDER BY device_id, remote_party_role") == before


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_fill_that_fails_keeps_nothing(pki: TestPKI, url: str, error: type[BaseException]) -> None:
    def fail(_written: int, _sets: int) -> None:
        raise error

    with pytest.raises(error):
        fill_database(url, 1, SMALL, pki.directory, progress=fail)
    if "://" in url:
        for table in ("estates", "certificates", "devices", "registrations", "anchor_slots"):
            assert query(url, f"SELECT count(*) FROM {table}") == [(0,)]
    else:
        assert list(Path(url).parent.iterdir()) == []
    assert fill_database(url, 1, SMALL, pki.directory).incorrect == 200


def test_a_fill_that_is_killed_leaves_no_database(pki: TestPKI, url: str) -> None:
    program = """
import os, signal, sys
from pathlib import Path
from emulators.incorrect_population import scaled
from emulators.population_database import fill_database
fill_database(sys.argv[1], 1, scaled(1500), Path(sys.argv[2]),
              progress=lambda written, sets: os.kill(os.getpid(), signal.SIGKILL))
"""
    done = subprocess.run([sys.executable, "-c", program, url, str(pki.directory)], check=False)
    assert done.returncode == -signal.SIGKILL
    if "://" in url:
        assert query(url, "SELECT count(*) FROM estates") == [(0,)]
    else:
        assert not Path(url).exists()
    assert fill_database(url, 1, SMALL, pki.directory).incorrect == 200


def test_progress_ends_with_all_sets(pki: TestPKI, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    fill_database(
        tmp_path / "s1sp.db", 1, scaled(1_500), pki.directory, progress=lambda *each: seen.append(each)
    )
    sets = sum(each.sets for each in scaled(1_500))
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert seen[-1] == (sets, sets)


def test_an_empty_file_is_filled_and_one_with_something_in_it_is_left(pki: TestPKI, tmp_path: Path) -> None:
    empty, full = tmp_path / "empty.db", tmp_path / "full.db"
    empty.touch()
    full.write_bytes(b"somebody's")
    fill_database(empty, 1, SMALL, pki.directory)
    assert query(str(empty), "SELECT count(*) FROM estates") == [(1,)]
    with pytest.raises(DatabaseError, match=r"full\.db: exists already; give another path"):
        fill_database(full, 1, SMALL, pki.directory)
    assert full.read_bytes() == b"somebody's"


def test_a_journal_that_another_database_left_is_not_taken_over(pki: TestPKI, tmp_path: Path) -> None:
    (tmp_path / "s1sp.db-wal").write_bytes(b"of a database that is gone")
    with pytest.raises(DatabaseError, match=r"s1sp\.db-wal: is left of another database; remove it"):
        fill_database(tmp_path / "s1sp.db", 1, SMALL, pki.directory)
    assert not (tmp_path / "s1sp.db").exists()


@pytest.mark.parametrize(
    ("database", "expected"),
    [
        ("missing/s1sp.db", r"there is no folder .*missing; make it first"),
        (
            "mysql://user:secret@host/name",
            r"mysql://user:\*\*\*@host/name: expected the path of a SQLite file",
        ),
        ("sqlite://", "expected the path of a SQLite file"),
        ("nonsense://", "expected"),
    ],
)
def test_a_database_that_cannot_be_made(pki: TestPKI, tmp_path: Path, database: str, expected: str) -> None:
    with pytest.raises(DatabaseError, match=expected):
        fill_database(database if "://" in database else tmp_path / database, 1, SMALL, pki.directory)


def test_a_pki_without_the_certificates_of_a_party(pki: TestPKI, tmp_path: Path) -> None:
    shutil.copytree(pki.directory, tmp_path / "pki")
    (tmp_path / "pki/parties/gt-south/ka.pem").unlink()
    with pytest.raises(ValueError, match=r"gt-south: ds\.pem and ka\.pem are not both there; mint"):
        fill_database(tmp_path / "s1sp.db", 1, SMALL, tmp_path / "pki")
    assert not (tmp_path / "s1sp.db").exists()


def test_postgresql_holds_several_estates_and_none_is_replaced(
    pki: TestPKI, new_postgresql_database: NewDatabase
) -> None:
    url = new_postgresql_database()
    fill_database(url, 1, SMALL, pki.directory)
    before = query(url, HOLDERS)
    fill_database(url, 2, SMALL, pki.directory, estate="second")
    with pytest.raises(DatabaseError, match="an estate main already; choose another name"):
        fill_database(url, 3, SMALL, pki.directory)
    assert sorted(query(url, HOLDERS)) == sorted(before)
    assert query(url, "SELECT name FROM estates ORDER BY name") == [("main",), ("second",)]


def test_postgresql_says_what_is_in_the_way(pki: TestPKI, new_postgresql_database: NewDatabase) -> None:
    """Rows of an estate that is not listed collide; nothing of the new ones is kept."""
    url = new_postgresql_database()
    fill_database(url, 1, SMALL, pki.directory)
    execute(url, "DELETE FROM estates")
    count = query(url, "SELECT count(*) FROM anchor_slots")
    with pytest.raises(DatabaseError, match=r"duplicate key .*; nothing has been kept"):
        fill_database(url, 1, SMALL, pki.directory)
    assert query(url, "SELECT count(*) FROM estates") == [(0,)]
    assert query(url, "SELECT count(*) FROM anchor_slots") == count


def _has_ka_of_another(row: tuple[Any, ...], pki: TestPKI) -> bool:
    """Whether the ka certificate is another party's than the holder's."""
    holder = pki.party_of(EUI64(row[5]))
    assert holder is not None
    return bool(row[7] != holder.key_agreement.sha256.hex())
