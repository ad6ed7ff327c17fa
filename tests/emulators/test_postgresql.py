"""The emulators on PostgreSQL: a restart, and a second writer of the anchor slots."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from duis.roles import RemotePartyRole
from duis.smki.certificate import OrganisationCertificate
from duis.smki.testpki import Party, TestPKI
from emulators.database import Database, DatabaseError
from target.credentials import update_credentials
from target.estate import DeviceUnderTest, TestEstate
from target.observations import Acknowledged, S1SPRejection, SMETS1Result
from tests.emulators.running import until
from tests.postgresql import NewDatabase, connection_to, waiting_for_a_lock
from tests.resilience.rig import EMULATORS, Rig

SLOT = RemotePartyRole.NETWORK_OPERATOR


class PostgreSQLRig(Rig):
    """The rig with a PostgreSQL database for each emulator."""

    def __init__(self, state: Path, new_database: NewDatabase) -> None:
        self.databases = {name: new_database() for name in EMULATORS}
        super().__init__(state)

    def prepared(self, emulators: Path) -> None:
        self.pki = TestPKI.load(emulators / "pki")
        for name, url in self.databases.items():
            config = emulators / f"{name}.toml"
            text, count = re.subn(r"(?m)^database = .*$", f'database = "{url}"', config.read_text())
            assert count == 1
            config.write_text(text)


@pytest.fixture(scope="module")
def rig(
    new_postgresql_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PostgreSQLRig]:
    running = PostgreSQLRig(tmp_path_factory.mktemp("postgresql"), new_postgresql_database)
    yield running
    running.close()


class SecondWriter:
    """Another program that writes the slots of an S1SP, as the data update does."""

    def __init__(self, url: str, device: DeviceUnderTest, estate_prefix: str) -> None:
        self.connection = connection_to(url)
        (row,) = self.connection.execute(
            "SELECT name FROM estates WHERE starts_with(name, %s)", [estate_prefix]
        ).fetchall()
        self._slot = (row[0], device.device_id, SLOT.value)

    def put(self, party: Party) -> None:
        self.connection.execute(
            "UPDATE anchor_slots SET remote_party_id = %s, digital_signing = %s, key_agreement = %s,"
            " updated_by = 'test' WHERE estate = %s AND device_id = %s AND remote_party_role = %s",
            [
                party.entity_identifier,
                party.digital_signing.sha256.hex(),
                party.key_agreement.sha256.hex(),
                *self._slot,
            ],
        )

    def keep(self, *certificates: OrganisationCertificate) -> None:
        with self.connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO certificates VALUES (%s, %s) ON CONFLICT DO NOTHING",
                [(each.sha256.hex(), each.der) for each in certificates],
            )

    def close(self) -> None:
        self.connection.close()


def owner(estate: TestEstate, device: DeviceUnderTest) -> str | None:
    """Who owns the slot, by protocol."""
    (reading,) = estate.supplier_of(device).read_slots(device.device_id, (SLOT,), within=60)
    return reading.party


def test_a_repair_over_a_kill_of_every_emulator(rig: PostgreSQLRig) -> None:
    with rig.session.open_estate("postgresql") as estate:
        device = estate.device("S1SP2", "GPF")
        correct, incorrect = estate.network_operator_of(device), estate.other_network_operator(device)
        estate.arrange_slot(device, SLOT, incorrect)

        repair = incorrect.send(update_credentials(correct.credentials, SLOT), device.device_id)
        assert isinstance(repair.answer, Acknowledged)
        for name in EMULATORS:
            rig.kill(name)
            rig.start(name)
        rig.wait_until_all_answer()
        result = repair.result(60)
        assert isinstance(result, SMETS1Result)
        assert result.success
        assert owner(estate, device) == correct.user_id


def test_a_request_meets_the_slot_as_another_writer_leaves_it(rig: PostgreSQLRig) -> None:
    """Its owner check and its answer rest on what was committed meanwhile, which is not overwritten."""
    with rig.session.open_estate("second-writer") as estate:
        device = estate.device("S1SP1", "ESME")
        correct = estate.network_operator_of(device)
        incorrect, third = estate.other_network_operator(device), estate.other_network_operator(device, 1)
        estate.arrange_slot(device, SLOT, incorrect)
        party = rig.pki.party_of(correct.user_id)
        assert party is not None
        writer = SecondWriter(rig.databases["s1sp1"], device, "second-writer")
        with writer.connection.transaction():
            writer.put(party)
            writer.keep(party.digital_signing, party.key_agreement)
            assert owner(estate, device) == incorrect.user_id, "a read waits for nobody"
            request = incorrect.send(update_credentials(third.credentials, SLOT), device.device_id)
            assert isinstance(request.answer, Acknowledged)
            until(lambda: waiting_for_a_lock(rig.databases["s1sp1"]))
        writer.close()
        result = request.result(60)
        assert isinstance(result, S1SPRejection)
        assert result.alert_code == "S1VE64"
        assert owner(estate, device) == correct.user_id


def test_two_writers_of_the_same_certificates_do_not_wait_for_each_other(rig: PostgreSQLRig) -> None:
    party = rig.pki.party("es-a")  # nobody has put its certificates into a slot before
    with rig.session.open_estate("same-certificates") as estate:
        device = estate.device("S1SP1", "ESME")
        writer = SecondWriter(rig.databases["s1sp1"], device, "same-certificates")
        with ThreadPoolExecutor(1) as pool:
            with writer.connection.transaction():
                writer.put(party)
                arranged = pool.submit(estate.arrange_slot, device, SLOT, party.entity_identifier)
                until(lambda: waiting_for_a_lock(rig.databases["s1sp1"]))
                writer.keep(party.digital_signing, party.key_agreement)
            arranged.result(30)
        writer.close()
        assert owner(estate, device) == party.entity_identifier


@pytest.mark.parametrize("table", ["devices", "registrations"])
def test_a_database_of_an_earlier_version_is_refused(
    new_postgresql_database: NewDatabase, table: str
) -> None:
    url = new_postgresql_database()
    with connection_to(url) as connection:
        connection.execute(f"CREATE TABLE {table} (estate text PRIMARY KEY, document text)".encode())
        with pytest.raises(DatabaseError, match=f"table {table} has no column .*mpxn"):
            Database(url)
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert tables == [(table,)], "nothing has been added to it"
