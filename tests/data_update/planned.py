"""A plan whose certificates are new to the database, and a database but for the update's own tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from data_update import rolling_back
from data_update.applying import Applied, Options, Progress, apply
from data_update.database import Database
from data_update.pace import Stop
from data_update.plan_file import Plan
from duis.roles import NETWORK_OPERATORS
from duis.smki.issuing import Validity
from duis.smki.testpki import TestPKI
from tests.data_update.apply_process import contents
from tests.data_update.pki import Smki, write_folder


def new_certificates(pki: TestPKI, folder: Path) -> Path:
    """Write a list with other certificates of the Network Operators than those that are in slots."""
    smki = Smki()
    now = datetime.now(UTC)
    validity = Validity(now - timedelta(days=1), now + timedelta(days=100))
    certificates = [*smki.authorities]
    for party in pki.parties:
        if NETWORK_OPERATORS.intersection(party.user_roles):
            certificates += smki.pair(party.entity_identifier, validity)
    return write_folder(folder, certificates)


def applied(database: str, plan: Plan, *, batch_size: int = 25, batches: int | None = None) -> Applied:
    """Apply a plan, or so many batches of it."""
    stop = Stop()
    done = 0

    def count(_progress: Any) -> None:
        nonlocal done
        if done == batches:
            stop.request("enough")
        done += 1

    with Database(database) as opened:
        return apply(opened, plan, Options("tester", batch_size), stop=stop, progress=count)


def rolled_back(
    database: str,
    plan: Plan,
    *,
    devices: dict[str, str] | None = None,
    batch_size: int = 25,
    progress: Callable[[Progress], None] = lambda _: None,
    stop: Stop | None = None,
    remove_certificates: bool = True,
) -> rolling_back.RolledBack:
    options = rolling_back.Options("tester", batch_size, remove_certificates=remove_certificates)
    with Database(database) as opened:
        return rolling_back.rollback(
            opened, plan.plan_id, options, devices=devices, progress=progress, stop=stop
        )


def devices_of(plan: Plan) -> list[str]:
    return [row.device_id for row in plan.rows()]


def everything(database: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of every table but those of the update."""
    return {table: rows for table, rows in contents(database).items() if not table.startswith("data_update_")}
