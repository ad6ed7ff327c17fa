"""The tables of a target file. `docs/target.md` explains every key with an example."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo, field_validator, model_validator

from duis.identifiers import EUI64
from duis.roles import DeviceType, UserRole
from target.file_keys import (
    CertificateFile,
    CertificateFiles,
    CertificateWithOptionalKey,
    HttpUrl,
    KeyPair,
    Section,
    TLSFiles,
    TLSServerFiles,
)


def _eui64(value: Any) -> EUI64:
    if not isinstance(value, str):
        raise ValueError(  # noqa: TRY004  (pydantic reports ValueError, not TypeError)
            f'expected an EUI-64 in quotes, such as "90-B3-D5-1F-30-01-00-00", found {value!r}'
        )
    try:
        return EUI64(value)
    except ValueError:
        raise ValueError(f'expected an EUI-64 such as "90-B3-D5-1F-30-01-00-00", found {value!r}') from None


def _mailbox_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", value):
        raise ValueError(
            f"expected letters, digits, '-', '.' and '_' only (it becomes part of a URL), found {value!r}"
        )
    return value


def _path_suffix(value: str) -> str:
    if not re.fullmatch(r"(/[A-Za-z0-9._-]+)+", value):
        raise ValueError(f'expected a path such as "/smartdcc/duis", found {value!r}')
    return value


Identifier = Annotated[EUI64, PlainValidator(_eui64)]
MailboxName = Annotated[str, AfterValidator(_mailbox_name)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class DSP(Section):
    """`[dsp]`: the Data Service Provider and its three services."""

    kind: Literal["emulated", "endpoint"]
    entity_identifier: Identifier
    send_command: HttpUrl
    transform: HttpUrl
    non_device: HttpUrl
    management: HttpUrl | None = None
    mp107: bool = True
    tls: TLSFiles | None = None

    @field_validator("send_command", "transform", "non_device")
    @classmethod
    def _distinct(cls, url: str, info: ValidationInfo) -> str:
        for name in ("send_command", "transform", "non_device"):
            if name != info.field_name and info.data.get(name) == url:
                raise ValueError(f"expected a URL of its own, found the one of {name}")
        return url

    @model_validator(mode="after")
    def _secured(self) -> DSP:
        urls = (self.send_command, self.transform, self.non_device)
        if self.tls is None and any(url.startswith("https:") for url in urls):
            raise ValueError("an https URL needs [dsp.tls] with ca (and certificate and key for mutual TLS)")
        if self.kind == "emulated" and self.management is None:
            raise ValueError('kind = "emulated" needs management, the URL of the management plane of the DSP')
        return self


class S1SP(Section):
    """`[s1sp.NAME]`: a SMETS1 Service Provider; nothing is ever sent to its protocol port."""

    management: HttpUrl | None = None
    mp107: bool = True


class Management(Section):
    """`[management]`: how to reach the management planes."""

    tls: TLSFiles | None = None


class Callback(Section):
    """`[callback]`: the inbox to which the DSP posts results and alerts [CLIENT]."""

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)
    base_url: HttpUrl | None = None
    path_suffix: Annotated[str, AfterValidator(_path_suffix)] = "/smartdcc/duis"
    tls: TLSServerFiles | None = None

    @model_validator(mode="after")
    def _agrees(self) -> Callback:
        if self.base_url is not None and self.port == 0:
            raise ValueError("base_url is a fixed address, so port must be a fixed port too (0 means any)")
        return self


class Trust(Section):
    """`[trust]`: the SMKI certificates to verify messages with, and the path sent along with replacements."""

    certificates: tuple[CertificateFiles, ...] = ()
    anchors: tuple[CertificateFiles, ...] = Field(min_length=1)
    certification_path: tuple[CertificateFile, ...] = Field(default=(), max_length=3)


class ServiceUserEntry(Section):
    """`[[service_user]]`: a User we act as."""

    name: MailboxName
    user_id: Identifier
    roles: tuple[UserRole, ...] = Field(min_length=1)
    signing: KeyPair
    digital_signing: CertificateWithOptionalKey | None = None
    key_agreement: CertificateWithOptionalKey | None = None
    renewed_digital_signing: CertificateWithOptionalKey | None = None
    renewed_key_agreement: CertificateWithOptionalKey | None = None
    tls: KeyPair | None = None


class DeviceEntry(Section):
    """`[[device]]`: a device of a real estate, and who is registered for it."""

    device_id: Identifier
    device_type: DeviceType
    s1sp: str
    mpxn: str | None = None
    registered: dict[UserRole, Identifier] = Field(min_length=1)

    @field_validator("mpxn")
    @classmethod
    def _digits(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"\d{1,10}|\d{13}", value):
            raise ValueError(f"expected an MPAN (13 digits) or an MPRN (up to 10 digits), found {value!r}")
        return value


class Deadlines(Section):
    """`[deadlines]`, in seconds."""

    synchronous: Seconds = 10.0
    result: Seconds = 30.0
    result_by_srv: dict[str, Seconds] = Field(default_factory=dict)
    alert: Seconds = 30.0
    quiet: Seconds | None = None

    def result_of(self, srv: str) -> float:
        """How long to wait for the result of a Service Reference Variant, in seconds."""
        return self.result_by_srv.get(srv, self.result)
