"""Results of the ordinary reads, SRVs 4.1.1 and 4.10, as far as the harness needs them [XSD].

Of a 4.10 the voltage data of a single-phase meter and the gas network data log are represented; reading those
of a polyphase meter raises MessageError.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from duis import values
from duis.execution_outcome import ra
from duis.smets1_results import Result, message_success_of, opening
from duis.values import child
from duis.xml import Children, Element, error_at


@dataclass(frozen=True, slots=True)
class ElectricityRegisters:
    """Import registers of an electricity meter.

    Attributes:
        active_import: Wh.
        reactive_import: varh.
        secondary_active_import: Wh.
    """

    active_import: int | None = None
    reactive_import: int | None = None
    secondary_active_import: int | None = None


@dataclass(frozen=True, slots=True)
class GasRegister:
    """Consumption register of a gas meter.

    Attributes:
        consumption: m3, as the text of a decimal number.
    """

    consumption: str | None = None


@dataclass(frozen=True, slots=True)
class ReadInstantaneousImportRegistersRsp(Result):
    """The result of SRV 4.1.1.

    Attributes:
        message_success: whether it was carried out.
        reading: what the meter shows.
    """

    message_success: bool | None
    reading: ElectricityRegisters | GasRegister

    SRV: ClassVar[str] = "4.1.1"
    ELEMENT: ClassVar[str] = "ReadInstantaneousImportRegistersRsp"

    def to_text(self) -> str:
        """The element as text."""
        reading = self.reading
        if isinstance(reading, GasRegister):
            content = (
                f"<ra:Gas>{_register('ConsumptionRegister', reading.consumption, 'Unit', 'm3')}</ra:Gas>"
            )
        else:
            content = (
                f"<ra:Electricity>{_register('ActiveImportRegister', reading.active_import)}"
                + _register("ReactiveImportRegister", reading.reactive_import, "ReactiveEnergyUnit", "varh")
                + _register("SecondaryActiveImportRegister", reading.secondary_active_import)
                + "</ra:Electricity>"
            )
        return f"{opening(self.ELEMENT, self.message_success)}{content}</ra:{self.ELEMENT}>"

    @classmethod
    def from_element(cls, element: Element) -> ReadInstantaneousImportRegistersRsp:
        """Read the element; MessageError when it is not one."""
        children = Children(element, "MessageSuccess")
        content = Children(children.any())
        children.end()
        reading: ElectricityRegisters | GasRegister
        if content.element.tag == ra("Gas"):
            register = content.optional(ra("ConsumptionRegister"))
            reading = GasRegister(None if register is None else _value(register, "Unit", "m3"))
        elif content.element.tag == ra("Electricity"):
            reading = ElectricityRegisters(
                _energy(content.optional(ra("ActiveImportRegister"))),
                _energy(content.optional(ra("ReactiveImportRegister")), "ReactiveEnergyUnit", "varh"),
                _energy(content.optional(ra("SecondaryActiveImportRegister"))),
            )
        else:
            raise error_at(content.element, "neither ra:Gas nor ra:Electricity")
        content.end()
        return cls(message_success_of(children), reading)


def _register(
    element: str, value: int | str | None, unit: str = "ActiveEnergyUnit", label: str = "Wh"
) -> str:
    if value is None:
        return ""
    return f"<ra:{element}>{child('ra:Value', value)}{child('ra:' + unit, label)}</ra:{element}>"


def _energy(register: Element | None, unit: str = "ActiveEnergyUnit", label: str = "Wh") -> int | None:
    if register is None:
        return None
    return values.integer_from(register, _value(register, unit, label))


def _value(register: Element, unit: str, label: str) -> str:
    children = Children(register)
    value = values.decimal_of(children.required(ra("Value")))
    labelled = children.optional(ra(unit))
    children.end()
    if labelled is not None and values.text_of(labelled) != label:
        raise error_at(labelled, f"{label} was expected here")
    return value


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A value with its time.

    Attributes:
        value: the text of a decimal number: V for electricity, m3 for gas.
        timestamp: when.
    """

    value: str
    timestamp: datetime


@dataclass(frozen=True, slots=True)
class VoltageData:
    """Voltage data of a single-phase electricity meter.

    Attributes:
        over_voltage_counter: times the average voltage was too high.
        under_voltage_counter: times the average voltage was too low.
        profile: average voltages, at most 4,320.
        measurement_period: seconds each average is taken over.
    """

    over_voltage_counter: int | None = None
    under_voltage_counter: int | None = None
    profile: tuple[LogEntry, ...] = ()
    measurement_period: int | None = None


@dataclass(frozen=True, slots=True)
class GasNetworkData:
    """Network data log of a gas meter.

    Attributes:
        log: consumption, at most 41 entries.
    """

    log: tuple[LogEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadNetworkDataRsp(Result):
    """The result of SRV 4.10.

    Attributes:
        message_success: whether it was carried out.
        data: what the meter recorded.
    """

    message_success: bool | None
    data: VoltageData | GasNetworkData

    SRV: ClassVar[str] = "4.10"
    ELEMENT: ClassVar[str] = "ReadNetworkDataRsp"

    def to_text(self) -> str:
        """The element as text."""
        data = self.data
        if isinstance(data, GasNetworkData):
            content = f"<ra:Gas><ra:NetworkDataLog>{_log_text(data.log)}</ra:NetworkDataLog></ra:Gas>"
        else:
            period = child("ra:MeasurementPeriod", data.measurement_period)
            profile = ""
            if data.profile or period:
                profile = (
                    f"<ra:AvgRMSVoltageProfileDataLog>{_log_text(data.profile)}{period}"
                    "</ra:AvgRMSVoltageProfileDataLog>"
                )
            content = (
                "<ra:Electricity><ra:SinglePhaseESME>"
                f"{_counter_text('AvgRMSOverVoltageCounter', data.over_voltage_counter)}"
                f"{_counter_text('AvgRMSUnderVoltageCounter', data.under_voltage_counter)}"
                f"{profile}</ra:SinglePhaseESME></ra:Electricity>"
            )
        return f"{opening(self.ELEMENT, self.message_success)}{content}</ra:{self.ELEMENT}>"

    @classmethod
    def from_element(cls, element: Element) -> ReadNetworkDataRsp:
        """Read the element; MessageError when it is not one."""
        children = Children(element, "MessageSuccess")
        fuel = Children(children.any())
        children.end()
        data: VoltageData | GasNetworkData
        if fuel.element.tag == ra("Gas"):
            log = fuel.optional(ra("NetworkDataLog"))
            data = GasNetworkData(() if log is None else _entries(Children(log)))
        elif fuel.element.tag == ra("Electricity"):
            meter = fuel.optional(ra("SinglePhaseESME"))
            data = VoltageData() if meter is None else _voltage_data(meter)
        else:
            raise error_at(fuel.element, "neither ra:Gas nor ra:Electricity")
        fuel.end()
        return cls(message_success_of(children), data)


def _voltage_data(meter: Element) -> VoltageData:
    children = Children(meter)
    over = children.optional(ra("AvgRMSOverVoltageCounter"))
    under = children.optional(ra("AvgRMSUnderVoltageCounter"))
    profile_log = children.optional(ra("AvgRMSVoltageProfileDataLog"))
    children.end()
    profile: tuple[LogEntry, ...] = ()
    period = None
    if profile_log is not None:
        log = Children(profile_log)
        profile = tuple(map(_entry, log.repeated(ra("LogEntry"))))
        period = values.optional_integer(log, ra("MeasurementPeriod"))
        log.end()
    return VoltageData(
        None if over is None else _counter(over), None if under is None else _counter(under), profile, period
    )


def _counter_text(element: str, value: int | None) -> str:
    return "" if value is None else f"<ra:{element}>{child('ra:Value', value)}</ra:{element}>"


def _counter(element: Element) -> int:
    children = Children(element)
    value = values.integer_of(children.required(ra("Value")))
    children.end()
    return value


def _log_text(log: tuple[LogEntry, ...]) -> str:
    return "".join(
        f"<ra:LogEntry>{child('ra:Value', entry.value)}{child('ra:Timestamp', entry.timestamp)}</ra:LogEntry>"
        for entry in log
    )


def _entries(children: Children) -> tuple[LogEntry, ...]:
    entries = tuple(map(_entry, children.repeated(ra("LogEntry"))))
    children.end()
    return entries


def _entry(element: Element) -> LogEntry:
    children = Children(element)
    value = values.decimal_of(children.required(ra("Value")))
    timestamp = values.date_time_of(children.required(ra("Timestamp")))
    children.end()
    return LogEntry(value, timestamp)
