"""Who is registered: conditions on Registration Data, for the plan and for the check before it is applied."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, String, bindparam, case, or_

from data_update.layout import Tables, Words, as_column


def in_effect(tables: Tables, registrations: Any) -> list[ColumnElement[bool]]:
    """Return the conditions that a row is in effect at the bound time `now` (ISO 8601, UTC)."""
    now = bindparam("now", type_=String)
    begins = registrations.c.effective_from
    conditions = [*tables.in_scope(registrations), begins <= as_column(now, begins)]
    if "effective_to" in registrations.c:
        ends = registrations.c.effective_to
        conditions.append(or_(ends.is_(None), as_column(now, ends) < ends))
    return conditions


def network_operator_role(words: Words, device_type: ColumnElement[str]) -> ColumnElement[str]:
    """Return the Network Operator's role for a device type: Electricity Distributor or Gas Transporter."""
    return case(
        (device_type.in_(words.electricity_device_types), words.electricity_distributor),
        else_=words.gas_transporter,
    )
