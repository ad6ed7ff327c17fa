"""Checks of devices by reads: known, commissioned, registered and held as the target file declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from duis.identifiers import EUI64
from duis.inventory import InventoryDevice
from duis.requests import RetrieveDeviceSecurityCredentialsKRPBody
from duis.roles import NETWORK_OPERATORS, SUPPLIERS, DeviceStatus, RemotePartyRole
from duis.smets1 import RetrieveDeviceSecurityCredentialsKRPRsp
from target.arrangement import DCC
from target.errors import (
    DeadlinePassed,
    EndpointUnreachable,
    HarnessError,
    NotArrangeable,
    TargetNonconformity,
)
from target.file import TargetFile
from target.file_devices import DeviceEntry
from target.observations import (
    Acknowledged,
    InventoryAnswer,
    Rejected,
    S1SPRejection,
    SlotReading,
    SMETS1Result,
    slot_readings,
)
from target.preflight.enquiry import Enquiries
from target.preflight.findings import Finding, Group, Outcome
from target.service_user import ServiceUser

_AT_ONCE = 8
_SLOTS = (RemotePartyRole.SUPPLIER, RemotePartyRole.NETWORK_OPERATOR)

Slots = Mapping[RemotePartyRole, SlotReading]


def most_requests(target: TargetFile) -> int:
    """How many Service Requests `check_devices` sends at most."""
    checks = DeviceChecks(target, None, {})
    return sum(1 + len(checks.readers(device)) for device in target.device)


def check_devices(
    target: TargetFile, enquiries: Enquiries, out_of_home: Mapping[EUI64, str]
) -> Iterator[Finding]:
    """Read every listed device, several at once, in the order of the file.

    Args:
        target: A pooled target.
        enquiries: Sends and reads.
        out_of_home: Devices whose slots need not hold what is declared, with the reason: leased, used up, in
            quarantine.
    """
    checks = DeviceChecks(target, enquiries, out_of_home)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for findings in pool.map(checks.look_at, target.device):
            yield from findings


class _Stopped(Exception):
    """Nothing more can be found out about a device; carries the finding that says why."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.text)


class DeviceChecks:
    """The checks of one device after the other."""

    def __init__(
        self, target: TargetFile, enquiries: Enquiries | None, out_of_home: Mapping[EUI64, str]
    ) -> None:
        self._target = target
        self._enquiries = enquiries
        self._out_of_home = out_of_home

    def readers(self, device: DeviceEntry) -> list[tuple[str, EUI64]]:
        """Who reads the slots of a device: the registered Supplier, and the registered Network Operator."""
        known = {user.user_id for user in self._target.service_user}
        registered = device.registered.items()
        found = []
        for title, roles in (("Supplier", SUPPLIERS), ("Network Operator", NETWORK_OPERATORS)):
            found += [(title, party) for role, party in registered if role in roles and party in known]
        return found

    def look_at(self, device: DeviceEntry) -> list[Finding]:
        """Everything that can be found out about a device."""
        findings: list[Finding] = []
        try:
            findings += self._inventory(device)
            slots: Slots | None = None
            for title, party in self.readers(device):
                read, trouble = self._slots(device, title, party)
                findings += trouble
                slots = slots if slots is not None else read
            if slots is not None:
                findings += self._held(device, slots)
        except _Stopped as stopped:
            findings.append(stopped.finding)
        if not any(finding.outcome is not Outcome.FINE for finding in findings):
            return [_finding(device, Outcome.FINE, f"{device.device_type} of {device.s1sp}, as declared")]
        return [finding for finding in findings if finding.outcome is not Outcome.FINE]

    # 8.2

    def _inventory(self, device: DeviceEntry) -> list[Finding]:
        enquiries = self._sender
        user = enquiries.reader_of(device.device_id)
        try:
            answer = user.read_inventory(device.device_id).answer
        except (TargetNonconformity, HarnessError) as error:
            raise _Stopped(_not_read(device, f"SRV 8.2 of {user.name}", error)) from None
        found = (
            next((each for each in answer.devices if each.device_id == device.device_id), None)
            if isinstance(answer, InventoryAnswer)
            else None
        )
        if found is None:
            text = f"SRV 8.2 of {user.name} does not find it: {answer.describe()}"
            mend = "Correct its device_id, or leave the device out of the target file"
            raise _Stopped(_finding(device, Outcome.PROBLEM, text, mend))
        return [
            _finding(
                device,
                Outcome.PROBLEM,
                f"SRV 8.2 says {what} {told or '(none)'}, the target file {declared}",
                f"Correct {key} of the device, or name another one",
            )
            for key, what, told, declared in _differences(device, found)
        ]

    # 6.24.1

    def _slots(self, device: DeviceEntry, title: str, party: EUI64) -> tuple[Slots | None, list[Finding]]:
        user = next(user for user in self._sender.users if user.user_id == party)
        request = f"SRV 6.24.1 of {user.name}, the registered {title}"
        try:
            exchange = user.send(RetrieveDeviceSecurityCredentialsKRPBody(_SLOTS), device.device_id)
            answer = exchange.answer
            if not isinstance(answer, Acknowledged):
                return None, [self._refused(device, user, request, answer)]
            result = exchange.result()
        except (TargetNonconformity, HarnessError) as error:
            return None, [_not_read(device, request, error)]
        if isinstance(result, S1SPRejection) and self._owner_may_be_asked_for(device, party, result):
            return None, []  # the registration was checked before
        payload = result.payload if isinstance(result, SMETS1Result) else None
        if not isinstance(payload, RetrieveDeviceSecurityCredentialsKRPRsp):
            text = f"{request} is answered with {result.describe()}"
            return None, [_finding(device, Outcome.PROBLEM, text, _REGISTRATION)]
        try:
            readings = slot_readings(payload.remote_party_details)
        except ValueError as error:
            return None, [_not_read(device, request, HarnessError(str(error)))]
        return {each.remote_party_role: each for each in readings}, []

    def _owner_may_be_asked_for(self, device: DeviceEntry, party: EUI64, rejection: S1SPRejection) -> bool:
        """Nothing public says whether validation 3 applies to a read by who does not own the slot."""
        owner = self._target.home_slots(device).get(RemotePartyRole.NETWORK_OPERATOR)
        code = self._target.assumptions.s1sp_alert_codes.slot_owner
        return rejection.alert_code == code and owner != party

    def _refused(self, device: DeviceEntry, user: ServiceUser, request: str, answer: object) -> Finding:
        codes = self._target.assumptions.response_codes
        describe = getattr(answer, "describe", lambda: "nothing that can be read")
        if isinstance(answer, Rejected) and answer.code == codes.not_eligible:
            text = f"{request} is refused with {answer.code}: {user.user_id} is not registered for it"
            return _finding(device, Outcome.PROBLEM, text, _REGISTRATION)
        return _finding(device, Outcome.PROBLEM, f"{request} is refused: {describe()}", _REGISTRATION)

    # Held as declared

    def _held(self, device: DeviceEntry, slots: Slots) -> Iterator[Finding]:
        for role, declared in self._target.home_slots(device).items():
            reading = slots.get(role)
            if reading is None or reading.party is None:
                text = f"SRV 6.24.1 does not tell who holds the {role} slot"
                yield _finding(
                    device, Outcome.WARNING, text, "The device cannot be restored: name another one"
                )
                continue
            by = self._name(reading.party)
            if not self._is(declared, reading.party):
                away = self._out_of_home.get(device.device_id)
                text = f"the {role} slot is declared to hold {self._name(declared)}, and holds {by}"
                if away is not None:
                    yield _finding(device, Outcome.WARNING, f"{text}; {away}")
                else:
                    mend = f"Correct registered or slots.{role} of the device, or put the slot right"
                    yield _finding(device, Outcome.PROBLEM, text, mend)
            elif not self._has_configured_certificates(reading):
                text = f"the {role} slot holds other certificates of {by} than the target file names"
                mend = "Restoring the device will place those of the target file"
                yield _finding(device, Outcome.WARNING, text, mend)

    def _is(self, declared: EUI64 | str, party: EUI64) -> bool:
        """What the DCC's own certificate names is for the target to say: nobody we could act as."""
        if declared == DCC:
            return all(user.user_id != party for user in self._sender.users)
        return declared == party

    def _has_configured_certificates(self, reading: SlotReading) -> bool:
        user = next((user for user in self._sender.users if user.user_id == reading.party), None)
        if user is None:
            return True
        try:
            configured = user.credentials.hashes(self._target.assumptions.certificate_hash)
        except NotArrangeable:
            return True
        return all(digest == configured.get(use, digest) for use, digest in reading.hashes.items())

    def _name(self, party: EUI64 | str) -> str:
        names = {user.user_id: user.name for user in self._target.service_user}
        if party == DCC:
            return "the DCC's own certificates (ACB)"
        return f"{party} ({names[party]})" if party in names else str(party)  # type: ignore[index]

    @property
    def _sender(self) -> Enquiries:
        assert self._enquiries is not None
        return self._enquiries


_REGISTRATION = "Correct registered of the device, or its Registration Data"


def _differences(device: DeviceEntry, found: InventoryDevice) -> Iterator[tuple[str, str, object, object]]:
    """Key of the target file, what it is, what the inventory says, what is declared or needed."""
    if found.device_type != device.device_type:
        yield "device_type", "its type is", found.device_type, f"says {device.device_type}"
    if found.device_status != DeviceStatus.COMMISSIONED:
        yield "device_id", "its status is", found.device_status, f"needs it {DeviceStatus.COMMISSIONED}"
    if found.s1sp is not None and found.s1sp != device.s1sp:
        yield "s1sp", "its S1SP is", found.s1sp, f"says {device.s1sp}"
    if device.mpxn is not None and found.import_mpxn is not None and found.import_mpxn != device.mpxn:
        yield "mpxn", "its MPxN is", found.import_mpxn, f"says {device.mpxn}"


def _not_read(device: DeviceEntry, request: str, error: Exception) -> Finding:
    if isinstance(error, EndpointUnreachable):
        return _finding(device, Outcome.UNREACHABLE, f"{request}: {error.reason}", error.how_to_mend)
    if isinstance(error, DeadlinePassed):
        text = f"{request} was not answered within {error.seconds:g} s"
        mend = "See that the DSP was told our callback, or give [deadlines] more time"
        return _finding(device, Outcome.UNREACHABLE, text, mend)
    if isinstance(error, TargetNonconformity):
        text = f"{request}: expected {error.expected}, found {error.actual}"
        mend = "Look at the system behind dsp.send_command and dsp.non_device"
        return _finding(device, Outcome.PROBLEM, text, mend)
    return _finding(device, Outcome.PROBLEM, f"{request}: {error}", "See the message")


def _finding(device: DeviceEntry, outcome: Outcome, text: str, mend: str = "") -> Finding:
    return Finding(Group.DEVICES, f"device {device.device_id}", outcome, text, mend)
