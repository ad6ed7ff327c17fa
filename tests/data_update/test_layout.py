"""A database whose tables are named otherwise, and lack what is optional, is updated by its layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data_update.databases import execute, query
from tests.data_update.desk import call

RENAMED = (
    "ALTER TABLE devices RENAME TO meters",
    "ALTER TABLE meters RENAME COLUMN mpxn TO point",
    "ALTER TABLE meters DROP COLUMN cohort",
    "ALTER TABLE meters DROP COLUMN s1sp",
    "ALTER TABLE anchor_slots DROP COLUMN updated_by",
    "ALTER TABLE anchor_slots DROP COLUMN remote_party_id",
    "ALTER TABLE anchor_slots RENAME COLUMN digital_signing TO ds",
)
LAYOUT = """
[devices]
table = "meters"
mpxn = "point"
s1sp = ""
cohort = ""
[slots]
digital_signing = "ds"
remote_party_id = ""
updated_by = ""
"""


@pytest.mark.parametrize("after", ["", "rollback"])
def test_other_names_and_no_optional_columns(
    any_database: str, certificate_folder: Path, tmp_path: Path, after: str
) -> None:
    for statement in RENAMED:
        execute(any_database, statement)
    slots = "SELECT device_id, remote_party_role, ds, key_agreement FROM anchor_slots ORDER BY 1, 2"
    before = query(any_database, slots)
    layout, plan = tmp_path / "layout.toml", tmp_path / "it.plan"
    layout.write_text(LAYOUT, encoding="utf-8")
    there = ["--database", any_database]
    shared = ["--certificates", certificate_folder]
    assert call(["plan", plan, *there, *shared, "--layout", layout])[0] == 0
    assert call(["apply", plan, *there])[0] == 0
    code, output = call(["verify", plan, *there])
    assert code == 0, output
    assert query(any_database, slots) != before
    if after:
        assert call([after, plan, *there])[0] == 0
        assert query(any_database, slots) == before
