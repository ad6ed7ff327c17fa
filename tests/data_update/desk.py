"""What a user of the command line has before them, to get something wrong with."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from duis.metering_points import mpan, mprn
from duis.smki.testpki import TestPKI
from smets1_conformance.cli import group
from tests.data_update.apply_process import contents
from tests.data_update.pki import write_csv

MPAN, MPRN = mpan("101234567890"), mprn("12345678")
PARTY = "02-53-31-00-00-00-00-11"
GOOD = f"{MPAN},ED,{PARTY},2021-06-30"
"""A row of Registration Data."""


@dataclass(frozen=True)
class Desk:
    """What a user has before them: a database, its plan, a certificate list and Registration Data.

    Attributes:
        folder: where all of it is.
        pki: of the parties in the database.
    """

    folder: Path
    pki: TestPKI

    @property
    def database(self) -> Path:
        return self.folder / "s1sp.sqlite"

    @property
    def plan(self) -> Path:
        return self.folder / "made.plan"

    @property
    def certificates(self) -> Path:
        return self.folder / "shared" / "list.csv"

    @property
    def registrations(self) -> Path:
        return self.folder / "registrations.csv"

    @property
    def layout(self) -> Path:
        return self.folder / "layout.toml"

    def make_plan(self, *options: object) -> list[object]:
        """The arguments to make a new plan; an option given here takes the place of the usual one."""
        usual = {"--database": self.database, "--certificates": self.certificates}
        rest = [each for name, value in usual.items() if name not in options for each in (name, value)]
        return ["plan", self.folder / "new.plan", *rest, *options]

    def apply(self, *options: object, plan: Path | None = None) -> list[object]:
        database = () if "--database" in options else ("--database", self.database)
        return ["apply", plan or self.plan, *database, *options]

    def sql(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    def list_row(self, **changed: str) -> dict[str, str]:
        """The only row of the certificate list, changed, is written; the row is returned."""
        party = self.pki.party("ed-north")
        row = {
            "network_operator": "North Networks",
            "entity_identifier": str(party.entity_identifier),
            "market_participant_id": "NRTH",
            "digital_signing": "ds.pem",
            "key_agreement": "ka.pem",
        } | changed
        write_csv(self.certificates, [row])
        return row

    def with_registrations(self, *lines: str, header: str = "mpxn,role,party,effective_from") -> list[object]:
        self.registrations.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
        return self.make_plan("--registrations", self.registrations)

    def with_layout(self, text: str) -> list[object]:
        self.layout.write_text(text, encoding="utf-8")
        return self.make_plan("--layout", self.layout)

    def everything(self) -> dict[str, Any]:
        """What there is: the rows of the database, and each other file by its digest."""
        found: dict[str, Any] = {
            str(each): hashlib.sha256(each.read_bytes()).hexdigest()
            for each in sorted(self.folder.rglob("*"))
            if each.is_file() and not each.name.startswith(self.database.name)
        }
        return found | {"rows": contents(str(self.database))}


def call(arguments: list[object]) -> tuple[int, str]:
    """Exit code and everything that was printed."""
    result = CliRunner().invoke(group, ["data-update", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    return result.exit_code, result.output


Arrange = Callable[[Desk], list[object]]
"""Gets one thing wrong, and returns the arguments of the command that is to tell of it."""

Case = tuple[Arrange, list[str]]
"""With parts of the message, which may name {folder}, {database} and the other files of a desk."""
