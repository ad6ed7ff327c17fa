"""``smets1-conformance pool``: the devices of a target with endpoints, and mending them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smets1_conformance.errors import UserError
from smets1_conformance.target_file import loaded, target_option

if TYPE_CHECKING:
    from duis.identifiers import EUI64
    from target.file import TargetFile
    from target.pool import Ledger
    from target.pool.records import Consumed, Leased, Quarantined

_PLAIN_WIDTH = 120

_target_option = target_option("Target file whose devices these are.")
_devices_argument = click.argument("devices", nargs=-1, metavar="[DEVICE]...")


@click.group()
def pool() -> None:
    """See and mend the devices of a target with endpoints.

    A scenario that ends without having put a slot back leaves its device in quarantine, and a 6.21 uses a
    device under DCC control up. Neither is leased again until it is mended.
    """


@pool.command("list", short_help="Show every device, its state and what mends it.")
@_target_option
@_devices_argument
def list_devices(target_file: Path, devices: tuple[str, ...]) -> None:
    """Show every device: free, leased, in quarantine or used up; since when, why, and what mends it."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    with _pool_of(target_file) as (target, ledger):
        chosen = _chosen(target, devices)
        state = _State(ledger)
        table = Table(
            box=box.SIMPLE_HEAD, title=f"Device pool of {escape(target.name)}", title_justify="left"
        )
        for heading in ("device", "type", "S1SP", "state", "since, why"):
            table.add_column(heading, overflow="fold")
        mends: list[str] = []
        for device in target.device:
            if device.device_id not in chosen:
                continue
            word, why, mend = state.of(device.device_id)
            kind = f"{device.device_type}{' (DCC control)' if device.is_consumable else ''}"
            table.add_row(device.device_id, kind, device.s1sp, word, escape(why))
            if mend:
                mends += ["", f"To mend {device.device_id}, one of:", *(f"  {step}" for step in mend)]
        console = Console(highlight=False, emoji=False)
        if not console.is_terminal:
            console.width = _PLAIN_WIDTH
        console.print(table)
        if mends:
            click.echo("\n".join(mends[1:]))


@pool.command(short_help="Put the slots of devices back.")
@_target_option
@_devices_argument
def restore(target_file: Path, devices: tuple[str, ...]) -> None:
    """Put the slots of devices back by SRV 6.15.1 of the parties they hold.

    Without DEVICE: those in quarantine, and those that a run which was killed has left behind. Exit code 1
    where a device could not be restored.
    """
    from target.errors import HarnessError
    from target.pool.sweep import restore_device
    from target.pool.workshop import open_workshop

    with _pool_of(target_file) as (target, ledger):
        chosen = _chosen(target, devices) if devices else _to_restore(ledger)
        if not chosen:
            click.echo("nothing to restore")
            return
        failed = False
        with open_workshop(target, lambda line: click.echo(f"{line} ...", err=True)) as workshop:
            for device_id in chosen:
                try:
                    restored = restore_device(
                        ledger, device_id, workshop.caretaker, workshop.management, tell=click.echo
                    )
                except HarnessError as reason:
                    click.echo(f"{device_id} was not restored: {reason}")
                    restored = False
                if restored:
                    click.echo(f"{device_id} is as it should be")
                failed |= not restored
        if failed:
            raise SystemExit(1)


@pool.command(short_help="Lease devices again that were mended in another way.")
@_target_option
@click.argument("devices", nargs=-1, required=True, metavar="DEVICE...")
def free(target_file: Path, devices: tuple[str, ...]) -> None:
    """Lease devices again that were mended in another way: out of quarantine, or under DCC control again.

    The next scenario reads their slots before it uses them.
    """
    with _pool_of(target_file) as (target, ledger):
        for device_id in _chosen(target, devices):
            was_out = ledger.free(device_id)
            click.echo(f"{device_id} is free again" if was_out else f"{device_id} was free already")


@contextmanager
def _pool_of(target_file: Path) -> Iterator[tuple[TargetFile, Ledger]]:
    """The target and its pool; what goes wrong is told in one message."""
    from target.errors import HarnessError, NotArrangeable
    from target.file import TargetFileError
    from target.pool.workshop import open_ledger

    target = loaded(target_file)
    if target.isolated:
        raise UserError(
            f"{target_file}: everything is emulated, so scenarios make devices of their own and there is no "
            "device pool"
        )
    try:
        ledger = open_ledger(target)
        try:
            yield target, ledger
        finally:
            ledger.close()
    except (TargetFileError, HarnessError, NotArrangeable) as error:
        raise UserError(str(error)) from None


def _chosen(target: TargetFile, devices: tuple[str, ...]) -> list[EUI64]:
    """The devices named on the command line; every one where none is."""
    from duis.identifiers import EUI64

    listed = [device.device_id for device in target.device]
    chosen = []
    for text in devices:
        try:
            device_id = EUI64(text)
        except ValueError:
            raise UserError(f"{text}: expected the EUI-64 of a device, such as {listed[0]}") from None
        if device_id not in listed:
            raise UserError(f"{text}: {target.path} lists no such device; see smets1-conformance pool list")
        chosen.append(device_id)
    return chosen or listed


def _to_restore(ledger: Ledger) -> list[EUI64]:
    left = [each.device_id for each in ledger.leases() if each.abandoned]
    return list(dict.fromkeys([*(each.device_id for each in ledger.quarantined()), *left]))


class _State:
    """How devices are, in words."""

    def __init__(self, ledger: Ledger) -> None:
        self._leased: dict[EUI64, Leased] = {each.device_id: each for each in ledger.leases()}
        self._quarantined: dict[EUI64, Quarantined] = {each.device_id: each for each in ledger.quarantined()}
        self._consumed: dict[EUI64, Consumed] = {each.device_id: each for each in ledger.consumed()}

    def of(self, device_id: EUI64) -> tuple[str, str, tuple[str, ...]]:
        """State, reason, and what mends it."""
        from target.pool.records import time_text

        if device_id in self._leased:
            lease = self._leased[device_id]
            word = "abandoned" if lease.abandoned else "leased"
            why = f"{time_text(lease.since)}, by {lease.scenario} of run {lease.run_id}"
            return word, why, ()
        if device_id in self._quarantined:
            held = self._quarantined[device_id]
            by = f", after {held.scenario} of run {held.run_id}" if held.scenario else ""
            return "quarantine", f"{time_text(held.since)}{by}: {held.reason}", held.mend
        if device_id in self._consumed:
            used = self._consumed[device_id]
            return "used up", f"{time_text(used.since)}, by {used.scenario}: {used.what}", ()
        return "free", "", ()
