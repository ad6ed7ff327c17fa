"""What slots hold, and whom device alerts reach, as the protocol tells it: after an update of the database.

Only SRV 6.24.1 is sent. An alert can be raised where the S1SP is an emulator with a management plane.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from duis.identifiers import EUI64
from duis.roles import CertificateType, RemotePartyRole
from duis.smki.certificate import OrganisationCertificate
from target.components import Components
from target.credentials import Credentials
from target.deadline import listen
from target.errors import HarnessError, TargetNonconformity
from target.file import DSP_COMPONENT, TargetFile
from target.gateway import MAIN_ESTATE, Connections
from target.inbox import InboxConfig, InboxProcess, InboxReader, SharedInbox
from target.management import ManagementClient, management_planes
from target.preflight.enquiry import Enquiries
from target.service_user import ServiceUser
from target.site import Site
from target.trust import load_trust

_NETWORK_OPERATOR: Final = RemotePartyRole.NETWORK_OPERATOR
_ALERT_CODE: Final = "8F3F"
_ALERT_DESCRIPTION: Final = "Unauthorised Physical Access - Tamper Detect"


class Seen(StrEnum):
    """What came of looking."""

    AS_PLACED = "as placed"
    DIFFERENT = "different"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Placed:
    """What an update placed in the Network Operator slot of a device.

    Attributes:
        s1sp: Name of the S1SP that serves the device; empty where nobody knows.
    """

    device_id: EUI64
    s1sp: str
    party: EUI64
    digital_signing: OrganisationCertificate
    key_agreement: OrganisationCertificate


@dataclass(frozen=True, slots=True)
class Observation:
    """What came of looking at one device, in words where it is not as placed."""

    device_id: EUI64
    seen: Seen
    text: str = ""


class ReadingBack:
    """Looks at devices; made by `reading_back`."""

    def __init__(
        self, enquiries: Enquiries, estate: str, planes: Mapping[str, ManagementClient], target: TargetFile
    ) -> None:
        self._users: dict[EUI64, ServiceUser] = {user.user_id: user for user in enquiries.users}
        self._estate = estate
        self._planes = planes
        self._target = target

    def slot(self, placed: Placed) -> Observation:
        """Read the slot by SRV 6.24.1 of the registered Network Operator, who must own it now."""
        device, why = placed.device_id, self._why_not(placed)
        if why:
            return Observation(device, Seen.NOT_CHECKED, why)
        try:
            readings = self._users[placed.party].read_slots(device, [_NETWORK_OPERATOR])
        except TargetNonconformity as error:
            return Observation(device, Seen.DIFFERENT, _one_line(error))
        except HarnessError as error:
            return Observation(device, Seen.NOT_CHECKED, _one_line(error))
        reading = next((each for each in readings if each.remote_party_role is _NETWORK_OPERATOR), None)
        if reading is None:
            return Observation(device, Seen.DIFFERENT, "SRV 6.24.1 tells nothing of the slot")
        certificates = Credentials(placed.digital_signing, placed.key_agreement, ())
        expected = certificates.hashes(self._target.assumptions.certificate_hash)
        if reading.party not in (None, placed.party) or not _agree(reading.hashes, expected):
            return Observation(device, Seen.DIFFERENT, f"SRV 6.24.1 says {reading.describe()}")
        if reading.party is None and not reading.hashes:
            return Observation(device, Seen.NOT_CHECKED, "SRV 6.24.1 tells neither party nor certificates")
        return Observation(device, Seen.AS_PLACED)

    def alerts(self, placed: Sequence[Placed]) -> list[Observation]:
        """Have each device raise an alert: it must reach the registered Network Operator and nobody else."""
        marks = {party: user.last_received for party, user in self._users.items()}
        found = {each.device_id: self._alert(each, marks) for each in placed}
        if any(observation.seen is Seen.AS_PLACED for observation in found.values()):
            listen(self._target.quiet_seconds)
        for each in placed:
            elsewhere = [
                user.name
                for party, user in self._users.items()
                if party != each.party
                and any(alert.device_id == each.device_id for alert in user.device_alerts(marks[party]))
            ]
            if elsewhere and found[each.device_id].seen is not Seen.NOT_CHECKED:
                text = f"its alert reached {', '.join(elsewhere)}"
                found[each.device_id] = Observation(each.device_id, Seen.DIFFERENT, text)
        return list(found.values())

    def _alert(self, placed: Placed, marks: Mapping[EUI64, int]) -> Observation:
        device, why = placed.device_id, self._why_not(placed)
        plane = self._planes.get(placed.s1sp)
        if why or plane is None:
            why = why or f"{placed.s1sp or 'its S1SP'} has no management plane by which to raise an alert"
            return Observation(device, Seen.NOT_CHECKED, why)
        try:
            plane.raise_alert(self._estate, str(device), _ALERT_CODE, _ALERT_DESCRIPTION)
            self._users[placed.party].wait_for_device_alert(device, _ALERT_CODE, marks[placed.party])
        except TargetNonconformity as error:
            return Observation(device, Seen.DIFFERENT, _one_line(error))
        except HarnessError as error:
            return Observation(device, Seen.NOT_CHECKED, _one_line(error))
        return Observation(device, Seen.AS_PLACED)

    def _why_not(self, placed: Placed) -> str:
        if placed.party not in self._users:
            return f"{self._target.path.name} names no service user with User ID {placed.party}"
        listed = {device.device_id for device in self._target.device}
        if not self._target.isolated and placed.device_id not in listed:
            return f"{self._target.path.name} does not list the device, so nothing is sent about it"
        return ""


@contextmanager
def reading_back(
    target: TargetFile, estate: str, progress: Callable[[str], None] = lambda _: None
) -> Iterator[ReadingBack]:
    """Open a target for looking at devices.

    Args:
        target: The target file.
        estate: Name of the population in the database; a target with endpoints has one only.
        progress: Called with a line when something is about to happen.

    Raises:
        HarnessError: The inbox could not start, or the DSP does not know the estate.
    """
    with ExitStack() as cleanup:
        connections = Connections(target.management.tls)
        cleanup.callback(connections.close)
        planes = management_planes(target, connections)
        progress("starting the inbox, or finding it")
        if target.isolated:
            folder = Path(cleanup.enter_context(TemporaryDirectory(prefix="reading-back-")))
            inbox = InboxProcess(InboxConfig.of(target, folder), folder)
            cleanup.callback(inbox.close)
            inbox.start()
            database, counters, ensure = inbox.database, folder / "counters.sqlite", None
        else:
            estate = MAIN_ESTATE
            site, shared = Site(target), SharedInbox(InboxConfig.shared(target))
            site.open()
            cleanup.callback(shared.release)
            shared.use()
            components = Components(target, site.emulators)
            cleanup.callback(components.close)
            components.start(target.callback.base_url or shared.base_url, progress)
            database, counters, ensure = shared.database, site.counters, shared.ensure
        trust = load_trust(target.trust.anchors, target.trust.certificates)
        enquiries = Enquiries(target, counters, InboxReader(database, trust, ensure), estate)
        cleanup.callback(enquiries.close)
        if target.isolated:
            urls = _urls(target, target.callback.base_url or inbox.base_url, enquiries)
            cleanup.enter_context(_callbacks(planes[DSP_COMPONENT], estate, urls))
        progress("looking at devices through the protocol")
        yield ReadingBack(enquiries, estate, planes, target)


def _urls(target: TargetFile, base: str, enquiries: Enquiries) -> dict[str, str]:
    suffix = target.callback.path_suffix
    return {str(user.user_id): f"{base}/{user.mailbox}{suffix}" for user in enquiries.users}


@contextmanager
def _callbacks(dsp: ManagementClient, estate: str, urls: Mapping[str, str]) -> Iterator[None]:
    """Have the emulated DSP deliver to our inbox, and afterwards where it did before."""
    before = dsp.estate(estate)["callbacks"]
    dsp.change_estate(estate, {"callbacks": dict(urls)})
    try:
        yield
    finally:
        dsp.change_estate(estate, {"callbacks": before})


def _agree(found: Mapping[CertificateType, bytes], expected: Mapping[CertificateType, bytes]) -> bool:
    return all(expected.get(use) == digest for use, digest in found.items())


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
