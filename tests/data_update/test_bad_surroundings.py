"""What the machine or the database does not permit: one clear message, exit code 2, nothing half-written."""

from __future__ import annotations

import ctypes
import itertools
import re
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from target.process import environment_of_children
from tests.data_update.apply_process import WITHOUT_BYTE_CODE, contents, plan_of
from tests.data_update.databases import query
from tests.data_update.desk import call
from tests.postgresql import connection_to

GUIDE = Path(__file__).parents[2] / "docs" / "data-update.md"
_NUMBERS = itertools.count(1)
OURS = re.compile(r"data_update_\w+")


def process(*arguments: object, before: Callable[[], None] | None = None) -> tuple[int, str]:
    """The command as a process of its own; exit code and everything it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "smets1_conformance", "data-update", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment_of_children() | WITHOUT_BYTE_CODE,
        preexec_fn=before,
        check=False,
    )
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout


def as_who_must_ask() -> None:
    """The permissions of files hold for root too, without CAP_DAC_OVERRIDE; others have no need of this."""
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)  # PR_CAPBSET_DROP; it counts when the program is started


def with_small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


def as_user(url: str, user: str) -> str:
    return url.replace("postgres@", f"{user}@")


def without_wal(database: str) -> None:
    """A database whose reader writes no file beside it."""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)


def names(folder: Path) -> set[str]:
    """The files there, but for those that SQLite keeps beside a database."""
    return {each.name for each in folder.iterdir() if not each.name.endswith(("-wal", "-shm"))}


@pytest.mark.skipif(sys.platform != "linux", reason="capabilities are Linux's")
class TestFilesThatMayNotBeWritten:
    def test_a_read_only_database(
        self, sqlite_database: str, certificate_folder: Path, tmp_path: Path
    ) -> None:
        plan = plan_of(sqlite_database, certificate_folder, tmp_path / "it.plan")
        before = contents(sqlite_database)
        Path(sqlite_database).chmod(0o444)
        code, told = process("apply", plan.path, "--database", sqlite_database, before=as_who_must_ask)
        Path(sqlite_database).chmod(0o644)
        assert code == 2
        assert f"Error: database {sqlite_database}: " in told
        assert "the file or its folder may not be written; run as the owner of the database" in told
        assert contents(sqlite_database) == before

    def test_a_folder_for_no_plan(
        self, sqlite_database: str, certificate_folder: Path, tmp_path: Path
    ) -> None:
        folder = tmp_path / "closed"
        folder.mkdir(mode=0o555)
        plan = folder / "it.plan"
        code, told = process(
            *("plan", plan, "--database", sqlite_database, "--certificates", certificate_folder),
            before=as_who_must_ask,
        )
        assert code == 2
        assert f"Error: {plan}: cannot be written: Permission denied; give another folder" in told
        assert names(folder) == set()


def test_no_room_for_the_plan(sqlite_database: str, certificate_folder: Path, tmp_path: Path) -> None:
    without_wal(sqlite_database)
    before = names(tmp_path)
    plan = tmp_path / "it.plan"
    code, told = process(
        *("plan", plan, "--database", sqlite_database, "--certificates", certificate_folder, "--no-baseline"),
        before=with_small_files,
    )
    assert code == 2
    assert f"Error: {plan}: cannot be written: File too large; " in told
    assert names(tmp_path) == before


def test_no_room_for_the_report(sqlite_database: str, certificate_folder: Path, tmp_path: Path) -> None:
    plan = plan_of(sqlite_database, certificate_folder, tmp_path / "it.plan")
    without_wal(sqlite_database)
    before = names(tmp_path)
    code, told = process("report", plan.path, "--database", sqlite_database, before=with_small_files)
    assert code == 2
    assert f"Error: {plan.path}.html: cannot be written: File too large; give another path" in told
    assert names(tmp_path) == before


def test_no_driver(monkeypatch: pytest.MonkeyPatch, certificate_folder: Path, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    url = "postgresql://me:s3cret@server/s1sp"
    code, told = call(["plan", tmp_path / "it.plan", "--database", url, "--certificates", certificate_folder])
    assert code == 2
    assert "me:***@server/s1sp: the driver is missing" in told
    assert "pip install 'smets1-conformance[postgresql]'" in told
    assert names(tmp_path) == set()


class TestPostgreSQL:
    @pytest.fixture
    def updater(self, postgresql_database: str) -> str:
        """A new user without any right."""
        name = f"updater_{next(_NUMBERS)}"
        with connection_to(postgresql_database) as connection:
            connection.execute(f"CREATE ROLE {name} LOGIN".encode())
        return name

    def test_a_user_that_is_not_there(
        self, postgresql_database: str, certificate_folder: Path, tmp_path: Path
    ) -> None:
        url = postgresql_database.replace("postgres@", "nobody:s3cret@")
        code, told = call(["plan", tmp_path / "it.plan", "-d", url, "--certificates", certificate_folder])
        assert code == 2
        assert 'role "nobody" does not exist; see the user and the database of the URL' in told
        assert "s3cret" not in told
        assert names(tmp_path) == set()

    def test_a_user_without_rights(
        self, updater: str, postgresql_database: str, certificate_folder: Path, tmp_path: Path
    ) -> None:
        url = as_user(postgresql_database, updater)
        code, told = call(["plan", tmp_path / "it.plan", "-d", url, "--certificates", certificate_folder])
        assert code == 2
        assert "permission denied for table " in told
        assert "; grant the user what docs/data-update.md lists" in told
        assert names(tmp_path) == set()

    def test_a_user_who_may_only_read(
        self, updater: str, postgresql_database: str, certificate_folder: Path, tmp_path: Path
    ) -> None:
        with connection_to(postgresql_database) as connection:
            connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {updater}".encode())
        url = as_user(postgresql_database, updater)
        plan = plan_of(url, certificate_folder, tmp_path / "it.plan")
        before = contents(postgresql_database)
        code, told = call(["apply", plan.path, "-d", url])
        assert code == 2
        assert "permission denied for schema public; grant the user what docs/data-update.md lists" in told
        assert contents(postgresql_database) == before

    def test_the_documented_rights_are_enough(
        self, updater: str, postgresql_database: str, certificate_folder: Path, tmp_path: Path
    ) -> None:
        name = query(postgresql_database, "SELECT current_database()")[0][0]
        grants = re.findall(r"^GRANT .*?;", GUIDE.read_text("utf-8"), re.MULTILINE)
        assert len(grants) == 6
        with connection_to(postgresql_database) as connection:
            for grant in grants:
                named = grant.replace("DATABASE s1sp", f"DATABASE {name}").replace(
                    "TO updater", f"TO {updater}"
                )
                connection.execute(named.encode())
        url = as_user(postgresql_database, updater)
        plan = plan_of(url, certificate_folder, tmp_path / "it.plan")
        before = contents(postgresql_database)
        there = ("--database", url)
        for command in ("apply", "verify", "report", "rollback"):
            options = ("--no-baseline",) if command == "verify" else ()
            code, told = call([command, plan.path, *there, *options])
            assert code == 0, told
        after = contents(postgresql_database)
        assert {table: rows for table, rows in after.items() if not OURS.fullmatch(table)} == before
