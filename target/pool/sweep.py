"""Mending devices outside of scenarios: what a killed run left behind, and what is in quarantine."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from duis.identifiers import EUI64
from target.errors import HarnessError
from target.management import ManagementClient
from target.pool.care import LeaseCare
from target.pool.ledger import Ledger
from target.pool.restoration import Caretaker


def restore_device(
    ledger: Ledger,
    device_id: EUI64,
    caretaker: Caretaker,
    management: Mapping[str, ManagementClient],
    *,
    purpose: str = "pool restore",
    tell: Callable[[str], None] = lambda _: None,
) -> bool:
    """Restore a device nobody uses, be it in quarantine or abandoned; the ledger records what comes of it.

    Args:
        ledger: The device pool.
        device_id: Which device.
        caretaker: Reads and restores slots.
        management: The management planes of the emulated systems, by name.
        purpose: Who does it, for those who wait for the device meanwhile.
        tell: Called with what becomes of it.

    Returns:
        Whether it is as it should be.

    Raises:
        NotArrangeable: The target file does not list it.
        PoolWaitOver: Somebody uses it.
        HarnessError: It could not be tried.
    """
    lease = ledger.take(device_id, purpose)
    care = LeaseCare(ledger, lease, caretaker, management, tell=tell)
    try:
        ledger.to_be_restored(device_id)
        return care.restore(lease.devices[0])
    finally:
        care.release()


def restore_abandoned(
    ledger: Ledger,
    caretaker: Caretaker,
    management: Mapping[str, ManagementClient],
    tell: Callable[[str], None] = lambda _: None,
) -> bool:
    """Restore what processes of this run that are dead have left behind: at the end of a run.

    Returns:
        Whether nothing of this run is left in the ledger; what could not be tried stays abandoned there.
    """
    for leased in ledger.leases():
        if leased.abandoned and leased.run_id == ledger.run_id:
            try:
                restore_device(
                    ledger, leased.device_id, caretaker, management, purpose=leased.scenario, tell=tell
                )
            except HarnessError as reason:  # another process was quicker, or it could not be tried
                tell(f"{leased.device_id} stays {leased.describe()}: {reason}")
    return not any(each.abandoned and each.run_id == ledger.run_id for each in ledger.leases())
