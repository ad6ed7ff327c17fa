"""``smets1-conformance data-update``: Requirement 2, the one-off update in an S1SP's database."""

from __future__ import annotations

from smets1_conformance.commands.data_update.group import data_update

__all__ = ["data_update"]
