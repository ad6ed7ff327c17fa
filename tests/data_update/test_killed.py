"""`apply` is killed, or loses its database: run again, it ends where an uninterrupted one ends [FIA 4.2.2].

SMETS1_KILLS sets how many kills there are on each database, SMETS1_KILL_SEED repeats a run.
"""

from __future__ import annotations

import itertools
import os
import random
import re
import resource
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine, insert

from data_update.audit import AUDIT, Action
from data_update.audit import METADATA as AUDIT_TABLES
from data_update.plan_file import Plan
from duis.smki.testpki import TestPKI
from emulators.incorrect_population import scaled
from emulators.population_database import fill_database
from tests.data_update.apply_process import ApplyProcess, apply, contents, plan_of
from tests.data_update.databases import query
from tests.emulators.running import until
from tests.postgresql import NewDatabase, connection_to, waiting_for_a_lock

KILLS = {"sqlite": 30, "postgresql": 8}
DEVICES = 300
BATCH = 5
OPTIONS = ("--batch", str(BATCH))
MOST_BATCHES_BEFORE = 4
MOST_SECONDS_AFTER = 0.015
"""A batch takes some milliseconds: the kill falls into one, between two, or into a commit."""
START_SECONDS = 1.5
"""About what the command needs until its first batch."""
START_SHARE = 0.2
PATIENCE_SECONDS = 60.0
KEPT = "; nothing of the batch at work was kept[:;] run the same command again\n"


@dataclass(frozen=True, slots=True)
class Populated:
    """A database with incorrect slots, and its plan.

    Attributes:
        system: sqlite or postgresql.
        copy: makes a copy and returns its URL.
        plan: for the database and every copy.
    """

    system: str
    copy: Callable[[], str]
    plan: Plan


@pytest.fixture(scope="module")
def on_sqlite(pki: TestPKI, certificate_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Populated:
    folder = tmp_path_factory.mktemp("killed")
    url = str(folder / "s1sp.sqlite")
    numbers = itertools.count(1)
    fill_database(url, 1, scaled(DEVICES), pki.directory)
    plan = plan_of(url, certificate_folder, folder / "plan")
    return Populated("sqlite", lambda: str(shutil.copy(url, folder / f"copy-{next(numbers)}.sqlite")), plan)


@pytest.fixture(scope="module")
def on_postgresql(
    pki: TestPKI,
    certificate_folder: Path,
    new_postgresql_database: NewDatabase,
    tmp_path_factory: pytest.TempPathFactory,
) -> Populated:
    url = new_postgresql_database()
    name = url.partition("?")[0].rpartition("/")[2]
    numbers = itertools.count(1)
    fill_database(url, 1, scaled(DEVICES), pki.directory)

    def copy() -> str:
        new = f"{name}_killed_{next(numbers)}"
        with connection_to(url.replace(f"/{name}?", "/postgres?")) as connection:
            connection.execute(f"CREATE DATABASE {new} TEMPLATE {name}".encode())
        return url.replace(f"/{name}?", f"/{new}?")

    return Populated(
        "postgresql", copy, plan_of(url, certificate_folder, tmp_path_factory.mktemp("killed") / "plan")
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def populated(request: pytest.FixtureRequest) -> Populated:
    found: Populated = request.getfixturevalue(f"on_{request.param}")
    return found


def test_it_ends_as_if_it_had_not_been_killed(populated: Populated) -> None:
    seed = int(os.environ.get("SMETS1_KILL_SEED", random.SystemRandom().randrange(10**6)))
    kills = int(os.environ.get("SMETS1_KILLS", KILLS[populated.system]))
    print(f"SMETS1_KILL_SEED={seed} SMETS1_KILLS={kills}")  # shown when the test fails
    chance = random.Random(seed)
    uninterrupted = _uninterrupted(populated)

    done_at_kills: list[int] = []
    database = populated.copy()
    while len(done_at_kills) < kills:
        if _killed(populated.plan, database, chance):
            done_at_kills.append(_done(database))
        else:  # it came to its end first
            assert contents(database) == uninterrupted
            database = populated.copy()
    apply(populated.plan, database, *OPTIONS)

    assert contents(database) == uninterrupted
    _check_one_audit_row_each(populated.plan, database)
    print(f"batches done when it was killed: {done_at_kills}")
    assert len(set(done_at_kills)) > kills // 4, "the moments lie all over the run"


def _uninterrupted(populated: Populated) -> dict[str, list[tuple[Any, ...]]]:
    database = populated.copy()
    apply(populated.plan, database, *OPTIONS)
    return contents(database)


def _check_one_audit_row_each(plan: Plan, database: str) -> None:
    rows = Counter(query(database, "SELECT device_id, outcome FROM data_update_audit"))
    assert rows == Counter((row.device_id, "replaced") for row in plan.rows())


def _killed(plan: Plan, database: str, chance: random.Random) -> bool:
    """Start `apply`, and kill it: while it starts, or at an instant after some batches."""
    in_start = chance.random() < START_SHARE
    batches, seconds = chance.randint(0, MOST_BATCHES_BEFORE), chance.uniform(0, MOST_SECONDS_AFTER)
    before = _done(database)
    process = ApplyProcess(plan, database, *OPTIONS)
    if in_start:
        time.sleep(chance.uniform(0, START_SECONDS))
    else:
        with closing(_Watch(database)) as watch:
            until(lambda: watch.done() >= before + batches or not process.running, PATIENCE_SECONDS)
        time.sleep(seconds)
    return process.kill()


def _done(database: str) -> int:
    with closing(_Watch(database)) as watch:
        return watch.done()


class _Watch:
    """Counts the batches that are committed, holding nobody up."""

    def __init__(self, database: str) -> None:
        self._connection: sqlite3.Connection | psycopg.Connection[tuple[object, ...]]
        if "://" in database:
            self._connection = connection_to(database)
        else:
            self._connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, isolation_level=None)

    def done(self) -> int:
        """How many there are; none while there is no table."""
        try:
            row = self._connection.execute(
                "SELECT count(*) FROM data_update_batches WHERE done_at IS NOT NULL"
            ).fetchone()
        except (sqlite3.OperationalError, psycopg.errors.UndefinedTable):
            return 0
        assert row is not None
        assert isinstance(row[0], int)
        return row[0]

    def close(self) -> None:
        self._connection.close()


def test_a_full_disk_in_the_middle_leaves_whole_batches(on_sqlite: Populated) -> None:
    """The process may not let a file grow any further: its write fails as on a full disk."""
    plan, database = on_sqlite.plan, on_sqlite.copy()
    limit = Path(database).stat().st_size

    def nothing_grows_further() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    code, _, messages = ApplyProcess(plan, database, *OPTIONS, before=nothing_grows_further).end()

    assert code == 2
    assert re.fullmatch(rf"Error: database {database}: .*{KEPT}", messages)
    assert 0 < _check_only_whole_batches(plan, database) < DEVICES // BATCH
    apply(plan, database, *OPTIONS)
    assert contents(database) == _uninterrupted(on_sqlite)


def test_a_lost_connection_in_mid_batch_leaves_whole_batches(on_postgresql: Populated) -> None:
    plan, database = on_postgresql.plan, on_postgresql.copy()
    engine = create_engine(database)
    AUDIT_TABLES.create_all(engine)
    (in_the_middle,) = plan.rows(DEVICES // 2, DEVICES // 2 + 1)
    with engine.connect() as somebody_else:
        # Its audit row cannot be written before it is known what becomes of ours.
        row = {"plan": plan.plan_id, "device_id": in_the_middle.device_id, "action": Action.APPLY}
        somebody_else.execute(insert(AUDIT).values(**row, outcome="", batch=0, at="", by=""))
        process = ApplyProcess(plan, database, *OPTIONS)
        until(lambda: waiting_for_a_lock(database) == 1, PATIENCE_SECONDS)
        with connection_to(database) as administrator:
            administrator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        code, _, messages = process.end()
        somebody_else.rollback()
    engine.dispose()

    assert code == 2
    assert re.fullmatch(rf"Error: database \S+: .*{KEPT}", messages)
    assert _check_only_whole_batches(plan, database) == DEVICES // 2 // BATCH
    apply(plan, database, *OPTIONS)
    assert contents(database) == _uninterrupted(on_postgresql)


def _check_only_whole_batches(plan: Plan, database: str) -> int:
    """Slots, audit rows and batches tell the same; return how many batches are done."""
    done = _done(database)
    planned = [row.device_id for row in plan.rows(0, done * BATCH)]
    audited = query(database, "SELECT device_id FROM data_update_audit ORDER BY device_id")
    written = query(
        database,
        "SELECT device_id FROM anchor_slots WHERE updated_by LIKE 'data-update %' ORDER BY device_id",
    )
    assert [device for (device,) in audited] == planned
    assert [device for (device,) in written] == planned
    return done
