"""A small population in a SQLite file and in PostgreSQL; each test has a copy of its own."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data_update.certificate_list import CertificateList, load_certificate_list
from duis.smki.testpki import TestPKI, mint
from emulators.incorrect_population import scaled
from emulators.population_database import Filled, fill_database
from emulators.unusual_slots import Exceptional
from tests.data_update.pki import list_of_test_pki
from tests.postgresql import NewDatabase, connection_to

SEED = 20
INCORRECT = 60
OF_EACH_KIND = 2
"""Exceptional devices, of each kind."""


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPKI:
    """The test PKI whose certificates are in the slots."""
    return mint(tmp_path_factory.mktemp("data-update") / "pki")


@pytest.fixture(scope="session")
def certificate_folder(pki: TestPKI, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificates its Network Operators shared, as a folder."""
    return list_of_test_pki(pki, tmp_path_factory.mktemp("data-update") / "shared")


@pytest.fixture(scope="session")
def certificate_list(certificate_folder: Path) -> CertificateList:
    """The same, read."""
    return load_certificate_list(certificate_folder, at=datetime.now(UTC))


def populate(url: str, pki: TestPKI) -> Filled:
    """Fill a database with the small population."""
    exceptional = dict.fromkeys(Exceptional, OF_EACH_KIND)
    return fill_database(url, SEED, scaled(INCORRECT), pki.directory, exceptional=exceptional)


@pytest.fixture(scope="session")
def _sqlite_template(pki: TestPKI, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data-update") / "s1sp.sqlite"
    populate(str(path), pki)
    return path


@pytest.fixture
def sqlite_database(_sqlite_template: Path, tmp_path: Path) -> str:
    """The path of a SQLite file with the small population."""
    return str(shutil.copy(_sqlite_template, tmp_path / "s1sp.sqlite"))


@pytest.fixture(scope="session")
def _new_postgresql_copy(pki: TestPKI, new_postgresql_database: NewDatabase) -> Callable[[], str]:
    template = new_postgresql_database()
    populate(template, pki)
    name = template.partition("?")[0].rpartition("/")[2]
    numbers = itertools.count(1)

    def copy() -> str:
        new = f"{name}_copy_{next(numbers)}"
        with connection_to(template.replace(f"/{name}?", "/postgres?")) as connection:
            connection.execute(f"CREATE DATABASE {new} TEMPLATE {name}".encode())
        return template.replace(f"/{name}?", f"/{new}?")

    return copy


@pytest.fixture
def postgresql_database(_new_postgresql_copy: Callable[[], str]) -> str:
    """The URL of a PostgreSQL database with the small population."""
    return _new_postgresql_copy()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_database(request: pytest.FixtureRequest) -> str:
    """A database with the small population; the test runs once on SQLite and once on PostgreSQL."""
    database: str = request.getfixturevalue(f"{request.param}_database")
    return database
