"""The devices a rollback is limited to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sqlalchemy import and_, literal, or_, select

from data_update.audit import AUDIT, Action, Outcome
from data_update.database import Database
from data_update.errors import DataUpdateError
from data_update.statements import CHOSEN

_SHOWN: Final = 20


def read_devices(path: Path) -> dict[str, str]:
    """Read a file of devices, one on a line; blank lines count for nothing.

    Returns:
        Each device with where it stands, such as "devices.txt:12".

    Raises:
        DataUpdateError: it cannot be read, is no text, or names no device.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise DataUpdateError(
            f"{path}: cannot be read: {error.strerror}; give a file with one device on a line"
        ) from error
    except UnicodeDecodeError as error:
        raise DataUpdateError(f"{path}: not UTF-8; give a text file with one device on a line") from error
    devices: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            devices.setdefault(line.strip(), f"{path}:{number}")
    if not devices:
        raise DataUpdateError(f"{path}: names no device; give a file with one device on a line")
    return devices


def choose(database: Database, plan_id: str, devices: Mapping[str, str]) -> None:
    """Limit the rollback of this session to some devices.

    Raises:
        DataUpdateError: names the devices, up to twenty, whose slot the plan did not replace.
    """
    database.create_temporary(CHOSEN)
    of_apply = and_(
        AUDIT.c.plan == plan_id,
        AUDIT.c.device_id == CHOSEN.c.device_id,
        AUDIT.c.action == literal(Action.APPLY.value),
    )
    not_replaced = (
        select(CHOSEN.c.device_id, AUDIT.c.outcome)
        .select_from(CHOSEN.outerjoin(AUDIT, of_apply))
        .where(or_(AUDIT.c.outcome.is_(None), AUDIT.c.outcome != Outcome.REPLACED.value))
        .order_by(CHOSEN.c.device_id)
        .limit(_SHOWN + 1)
    )
    with database.explained("looking for the devices"), database.transaction() as connection:
        database.fill(CHOSEN, [(device,) for device in devices])
        rows = connection.execute(not_replaced).all()
    if rows:
        lines = [_told(devices[device], device, plan_id, outcome) for device, outcome in rows[:_SHOWN]]
        more = ["and more; mend these first"] if len(rows) > _SHOWN else []
        raise DataUpdateError("\n".join(lines + more))


def _told(where: str, device: str, plan_id: str, outcome: str | None) -> str:
    if outcome is None:
        return f"{where}: {device}: plan {plan_id} replaced nothing there; take it out, or correct it"
    return f"{where}: {device}: plan {plan_id} left this device as it was ({outcome}); take it out"
