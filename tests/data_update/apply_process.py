"""`data-update apply` as a process of its own, and what a database holds in the end."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import MetaData, select

from data_update.certificate_list import load_certificate_list
from data_update.database import Database
from data_update.layout import Layout
from data_update.plan_file import Plan
from data_update.planning import PlanRequest, make_plan
from target.process import environment_of_children
from tests.data_update.databases import connected

PATIENCE_SECONDS = 60.0


def plan_of(database: str, certificate_folder: Path, path: Path, *, estate: str = "main") -> Plan:
    """Plan the update of a database."""
    at = datetime.now(UTC)
    shared = load_certificate_list(certificate_folder, at=at)
    with Database(database, read_only=True) as opened:
        make_plan(opened, PlanRequest(path, Layout(), estate, shared, at))
    return Plan(path)


WITHOUT_BYTE_CODE: Final = {"PYTHONDONTWRITEBYTECODE": "1"}
"""Environment of a process that may not let files grow: it would leave half a file of byte code behind, which
Python does not notice while it writes and no later process can read.
"""


class ApplyProcess:
    """The command, running."""

    def __init__(
        self, plan: Plan, database: str, *options: str, before: Callable[[], None] | None = None
    ) -> None:
        """Start it.

        Args:
            plan: the plan.
            database: what it is carried out in.
            options: of the command.
            before: called in the process before the command begins.
        """
        command = [sys.executable, "-m", "smets1_conformance", "data-update", "apply", str(plan.path)]
        self.process = subprocess.Popen(
            [*command, "--database", database, "--by", "tester", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment_of_children() | WITHOUT_BYTE_CODE,
            preexec_fn=before,
        )

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> bool:
        """`kill -9`; whether that is what ended it, and not its own good end."""
        self.process.kill()
        _, messages = self.process.communicate()
        assert self.process.returncode in (-signal.SIGKILL, 0), messages
        return self.process.returncode != 0

    def end(self) -> tuple[int, str, str]:
        """Wait for its end; its exit code, output and messages."""
        output, messages = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, output, messages


def apply(plan: Plan, database: str, *options: str) -> str:
    """Run the command to its end, which must be a good one; return its output."""
    code, output, messages = ApplyProcess(plan, database, *options).end()
    assert code == 0, messages
    return output


def contents(database: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of every table, but when something was done and how many attempts it took."""
    metadata = MetaData()
    with connected(database) as connection:
        metadata.reflect(connection)
        return {
            table.name: sorted(
                (
                    tuple(_comparable(table.name, row._mapping).items())
                    for row in connection.execute(select(table))
                ),
                key=repr,
            )
            for table in metadata.sorted_tables
        }


_WHEN = {
    "data_update_plans": {"started_at"},
    "data_update_batches": {"done_at", "attempts"},
    "data_update_audit": {"at"},
}


def _comparable(table: str, row: Any) -> dict[str, Any]:
    when = _WHEN.get(table, set())
    if table == "anchor_slots" and row["updated_by"].startswith("data-update "):
        when = {"updated_at"}
    return {name: value is not None if name in when else value for name, value in row.items()}
