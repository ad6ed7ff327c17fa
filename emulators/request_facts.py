"""What the rules need to know of a Service Request, read once from its header and body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lxml import etree

from duis import values
from duis.identifiers import EUI64
from duis.request import ServiceRequest, service_reference_of
from duis.requests import (
    JoinServiceCriticalBody,
    JoinServiceNonCriticalBody,
    ReadNetworkDataBody,
    ReplacementBody,
    UnknownBody,
)
from duis.requests.body import sr
from duis.roles import CertificateType, RemotePartyRole
from duis.service_references import SERVICE_REFERENCE_VARIANTS
from emulators.registration import Period


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What the rules ask about a request.

    Attributes:
        execution_date_time: when a future-dated request takes effect; None is at once.
        read_period: the range of times a request such as 4.10 reads; None for others.
        remote_party_role: the slot a 6.15.1 or 6.21 replaces certificates in; None for others.
        other_device_id: the second device of a Join Service; None for others.
        replacements: DER certificates to place, by their use in the slot.
        certification_path: DER certificates that come with them.
    """

    execution_date_time: datetime | None = None
    read_period: Period | None = None
    remote_party_role: RemotePartyRole | None = None
    other_device_id: EUI64 | None = None
    replacements: Mapping[CertificateType, bytes] = field(default_factory=dict)
    certification_path: tuple[bytes, ...] = ()

    def period(self, now: datetime) -> Period:
        """The times at which the sender must be eligible (SRPD 6.1(f)).

        All times of the range for a request that reads one; else the time of execution, which is now for a
        request without ExecutionDateTime and for one whose ExecutionDateTime has passed.
        """
        if self.read_period is not None:
            return self.read_period
        return Period.instant(self.executes_at(now))

    def executes_at(self, now: datetime) -> datetime:
        """The time of execution."""
        if self.execution_date_time is None:
            return now
        return max(now, self.execution_date_time)


def facts_of(request: ServiceRequest) -> RequestFacts:
    """Read the facts of a request.

    Raises:
        MessageError: a date of a body without a module of its own cannot be read.
    """
    body = request.body
    match body:
        case ReplacementBody():
            return RequestFacts(
                execution_date_time=_with_zone(body.execution_date_time),
                remote_party_role=body.remote_party_role,
                replacements=body.replacements(),
                certification_path=body.certification_path,
            )
        case ReadNetworkDataBody():
            return RequestFacts(
                execution_date_time=_with_zone(body.execution_date_time),
                read_period=_period(body.start, body.end),
            )
        case JoinServiceCriticalBody() | JoinServiceNonCriticalBody():
            return RequestFacts(other_device_id=body.other_device_id)
        case UnknownBody():
            return _facts_of_element(body)
        case _:
            return RequestFacts(execution_date_time=_with_zone(getattr(body, "execution_date_time", None)))


def _facts_of_element(body: UnknownBody) -> RequestFacts:
    """The dates of a body without a module of its own: they have the same elements in every SRV [XSD]."""
    found = {
        name: None if (element := body.element.find(path)) is None else values.date_time_of(element)
        for name, path in (
            ("execution", sr("ExecutionDateTime")),
            ("start", f"{sr('ReadLogPeriod')}/{sr('StartDateTime')}"),
            ("end", f"{sr('ReadLogPeriod')}/{sr('EndDateTime')}"),
        )
    }
    start, end = found["start"], found["end"]
    return RequestFacts(
        execution_date_time=_with_zone(found["execution"]),
        read_period=None if start is None or end is None else _period(start, end),
    )


def _with_zone(at: datetime | None) -> datetime | None:
    """A time without zone is UTC [ASSUMED]: every date in the published samples ends in Z."""
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


def _period(first: datetime, second: datetime) -> Period:
    """The range between two times in either order: what lies between them must be allowed to the sender."""
    start, end = sorted(each.replace(tzinfo=UTC) if each.tzinfo is None else each for each in (first, second))
    return Period(start, end)


def body_belongs_to_srv(request: ServiceRequest) -> bool:
    """Whether Service Reference, Service Reference Variant and body are those of one request.

    The schema accepts any combination, and a rule that trusts the header must not be led past by another
    body.
    """
    variant = SERVICE_REFERENCE_VARIANTS.get(request.srv)
    if request.service_reference != service_reference_of(request.srv):
        return False
    if not isinstance(request.body, UnknownBody):
        return request.srv == request.body.SRV
    element = variant.body_element if variant is not None else None
    return element is None or etree.QName(request.body.element).localname == element
