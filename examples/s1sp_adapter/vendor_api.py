"""The vendor's side: what a job looks like, and what the vendor's system says of it. Replace this module.

Certificates travel as base64 of their DER form, and with them the party they name. A use is
digital_signing, key_agreement or key_agreement_top_up; a slot has the name it has in DUIS.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from duis.requests import ReplacementBody, RetrieveDeviceSecurityCredentialsKRPBody
from duis.roles import CertificateType, RemotePartyRole
from duis.smki.certificate import CertificateUnreadable, OrganisationCertificate
from duis.values import base64_text
from examples.s1sp_adapter.intake import Taken

USES: Final[Mapping[str, CertificateType]] = {
    "digital_signing": CertificateType.DIGITAL_SIGNING,
    "key_agreement": CertificateType.KEY_AGREEMENT,
    "key_agreement_top_up": CertificateType.KEY_AGREEMENT_TOP_UP,
}
_NAMES: Final = {use: name for name, use in USES.items()}

Use = Literal["digital_signing", "key_agreement", "key_agreement_top_up"]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Certificate(_Message):
    """A certificate in a slot; `party` is for systems that do not read certificates."""

    der: Base64Bytes
    party: str | None = None

    def read(self) -> OrganisationCertificate:
        """The certificate; CertificateUnreadable when it is none."""
        return OrganisationCertificate.from_der(self.der)


class Outcome(_Message):
    """What became of a job.

    Attributes:
        request_id: which job.
        outcome: done; refused by validation 2 or 3; failed for any other reason.
        check: which validation refused: registration (2) or slot owner (3).
        because: in words.
        before: what the slot held before a replacement, by use.
        slots: the slots that 6.24.1 asked for: by slot, then by use; a slot that does not exist is left out.
    """

    request_id: str
    outcome: Literal["done", "refused", "failed"]
    check: Literal["registration", "slot owner"] | None = None
    because: str | None = None
    before: Mapping[Use, Certificate] = Field(default_factory=dict)
    slots: Mapping[RemotePartyRole, Mapping[Use, Certificate]] = Field(default_factory=dict)


class Alert(_Message):
    """An alert of a device, for the party whose certificates are in one of its slots.

    Attributes:
        alert_id: the vendor's own; a repeated one is recognised by it. A number of the device that grows.
        party: whom it is for.
        alert_code: hexadecimal, such as 8F3F.
    """

    alert_id: int = Field(ge=0)
    device: str
    party: str
    alert_code: str = Field(pattern="([0-9A-Fa-f]{2}){2}")
    description: str = Field(max_length=250)
    at: datetime


def job_of(taken: Taken) -> dict[str, Any]:
    """The body of POST /jobs."""
    request, body = taken.request, taken.request.body
    job: dict[str, Any] = {
        "request_id": str(request.request_id),
        "srv": request.srv,
        "device": request.request_id.target,
        "originator": request.request_id.originator,
        "role": taken.countersigned.user_role,
    }
    if isinstance(body, ReplacementBody):
        job["slot"] = body.remote_party_role
        job["certificates"] = {
            _NAMES[use]: {"der": base64_text(der), "party": _party(der)}
            for use, der in body.replacements().items()
        }
        if body.execution_date_time is not None:
            job["execute_at"] = body.execution_date_time.isoformat()
    elif isinstance(body, RetrieveDeviceSecurityCredentialsKRPBody):
        job["slots"] = list(body.remote_party_roles)
    return job


def _party(der: bytes) -> str | None:
    """Whose certificate it is; None when that cannot be read, which makes it unfit for a slot."""
    try:
        return OrganisationCertificate.from_der(der).entity_identifier
    except CertificateUnreadable:
        return None
