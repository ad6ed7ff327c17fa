"""DSPInventory: the devices SRV 8.2 is answered with [XSD DSPInventory, Device]."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from duis import values
from duis.identifiers import EUI64
from duis.requests.body import sr
from duis.requests.read_inventory import PropertyFilter
from duis.roles import DeviceStatus, DeviceType
from duis.values import child
from duis.xml import Children, Element, error_at


@dataclass(frozen=True, slots=True)
class InventoryDevice:
    """One device of the Smart Metering Inventory.

    Attributes:
        device_id: EUI-64.
        device_type: what it is.
        manufacturer: at most 30 characters.
        model: at most 30 characters.
        device_status: its status.
        smets_chts_version: version of the technical specification it meets.
        firmware_version: 1 to 8 characters.
        firmware_version_status: Active, Cancelled, Expired or Withdrawn.
        cpl_status: the same, of the entry in the Certified Products List.
        date_commissioned: day.
        import_mpxn: MPAN or MPRN.
        secondary_import_mpan: MPAN.
        export_mpan: MPAN.
        esme_variant: variant letters of an electricity meter.
        uprn: Unique Property Reference Number.
        property_filter: post code and address.
        csp_region: North, Central, South, ... or SMETS1.
        gbcs_version: version of GBCS.
        han_variant: variant of the home area network.
        s1sp: the SMETS1 Service Provider that serves it.
        connectivity: Cellular or Virtual.
    """

    device_id: EUI64
    device_type: DeviceType
    manufacturer: str
    model: str
    device_status: DeviceStatus | None = None
    smets_chts_version: str | None = None
    firmware_version: str | None = None
    firmware_version_status: str | None = None
    cpl_status: str | None = None
    date_commissioned: date | None = None
    import_mpxn: str | None = None
    secondary_import_mpan: str | None = None
    export_mpan: str | None = None
    esme_variant: str | None = None
    uprn: int | None = None
    property_filter: PropertyFilter | None = None
    csp_region: str | None = None
    gbcs_version: str | None = None
    han_variant: str | None = None
    s1sp: str | None = None
    connectivity: str | None = None


def _device_status(element: Element) -> DeviceStatus:
    return values.member_of(element, DeviceStatus)


def _device_type(element: Element) -> DeviceType:
    return values.member_of(element, DeviceType)


_ELEMENTS: Final[tuple[tuple[str, str, Callable[[Element], Any]], ...]] = (
    ("DeviceID", "device_id", values.eui64_of),
    ("DeviceType", "device_type", _device_type),
    ("DeviceStatus", "device_status", _device_status),
    ("DeviceManufacturer", "manufacturer", values.text_of),
    ("DeviceModel", "model", values.text_of),
    ("SMETSCHTSVersion", "smets_chts_version", values.text_of),
    ("DeviceFirmwareVersion", "firmware_version", values.text_of),
    ("DeviceFirmwareVersionStatus", "firmware_version_status", values.text_of),
    ("CPLStatus", "cpl_status", values.text_of),
    ("DateCommissioned", "date_commissioned", values.date_of),
    ("ImportMPxN", "import_mpxn", values.text_of),
    ("SecondaryImportMPAN", "secondary_import_mpan", values.text_of),
    ("ExportMPAN", "export_mpan", values.text_of),
    ("ESMEVariant", "esme_variant", values.text_of),
    ("UPRN", "uprn", values.integer_of),
    ("PropertyFilter", "property_filter", PropertyFilter.from_element),
    ("CSPRegion", "csp_region", values.text_of),
    ("DeviceGBCSVersion", "gbcs_version", values.text_of),
    ("HANVariant", "han_variant", values.text_of),
    ("S1SP", "s1sp", values.text_of),
    ("Connectivity", "connectivity", values.text_of),
)
"""Element, field and reader, in the order of the schema."""

_MANDATORY: Final = ("device_id", "device_type", "manufacturer", "model")


def device_text(device: InventoryDevice) -> str:
    """A Device element as text."""
    parts = []
    for element, field, _ in _ELEMENTS:
        value = getattr(device, field)
        parts.append(value.to_text() if isinstance(value, PropertyFilter) else child(f"sr:{element}", value))
    return f"<sr:Device>{''.join(parts)}</sr:Device>"


def device_from(element: Element) -> InventoryDevice:
    """Read a Device element; MessageError when it is not one."""
    children = Children(element)
    fields: dict[str, Any] = {}
    for name, field, read in _ELEMENTS:
        found = children.optional(sr(name))
        if found is not None:
            fields[field] = read(found)
    children.end()
    for name, field, _ in _ELEMENTS:
        if field in _MANDATORY and field not in fields:
            raise error_at(element, f"sr:{name} is missing")
    return InventoryDevice(**fields)


def inventory_text(devices: Iterable[InventoryDevice]) -> str:
    """A DSPInventory element as text; the schema allows 1 to 17 devices."""
    return f"<sr:DSPInventory>{''.join(map(device_text, devices))}</sr:DSPInventory>"


def inventory_from(element: Element) -> tuple[InventoryDevice, ...]:
    """Read a DSPInventory element; MessageError when it is not one."""
    children = Children(element)
    devices = tuple(device_from(device) for device in children.repeated(sr("Device")))
    children.end()
    return devices
