"""The tables of a target file. `docs/target.md` explains every key with an example.

The description of a field is its row in that page and its help in the JSON Schema for editors.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from duis.roles import UserRole
from target.file_devices import DeviceEntry
from target.file_keys import (
    CertificateFile,
    CertificateFiles,
    CertificateWithOptionalKey,
    HttpUrl,
    KeyPair,
    Section,
    TLSFiles,
    TLSKeyPair,
    TLSServerFiles,
)
from target.file_systems import DSP, S1SP, EmulatorSection, S1SPEmulatorSection
from target.file_values import Identifier, MailboxName, PathSuffix, Seconds

__all__ = [
    "DSP",
    "S1SP",
    "Callback",
    "Deadlines",
    "DeviceEntry",
    "EmulatorSection",
    "Management",
    "S1SPEmulatorSection",
    "Safety",
    "ServiceUserEntry",
    "Site",
    "Trust",
]


def _site_directory(path: Path, info: ValidationInfo) -> Path:
    resolved = Path((info.context or {}).get("directory", Path())) / path.expanduser()
    if resolved.exists() and not resolved.is_dir():
        raise ValueError(f"{resolved} is a file; expected a directory, or a path where one can be made")
    return resolved


class Site(Section):
    """`[site]`: what outlives a run against a target with endpoints."""

    state: Annotated[Path, AfterValidator(_site_directory)] | None = Field(
        default=None,
        description="directory, made private (0700), for the inbox, counters, device pool and runs; by "
        "default `<name of the file>.state` beside it",
    )


class Safety(Section):
    """`[safety]`: limits of what a run may do to systems that are not ours."""

    request_budget: int | None = Field(
        default=None,
        ge=1,
        description="Service Requests a run may send: once so many are sent the scenarios send no more, and "
        "devices are still put back; none: unlimited",
    )
    unknown_device: Identifier | None = Field(
        default=None,
        description="EUI-64 of a device that nobody has, which may be addressed to see it refused; none "
        "at an endpoint: scenarios about unknown devices are not applicable",
    )


class Management(Section):
    """`[management]`: how to reach the management planes."""

    tls: TLSFiles | None = Field(
        default=None,
        description="`{ca, certificate, key}` for all management planes; absent: plain HTTP",
    )


class Callback(Section):
    """`[callback]`: the inbox to which the DSP posts results and alerts [CLIENT]."""

    host: str = Field(default="127.0.0.1", min_length=1, description="address the inbox listens on")
    port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="port; 0 takes any free one; a DSP endpoint on another machine needs a fixed one",
    )
    base_url: HttpUrl | None = Field(
        default=None,
        description="what the DSP is told, when it differs (a proxy in between); needs a fixed `port`; by "
        "default from `host` and `port`",
    )
    path_suffix: PathSuffix = Field(
        default="/smartdcc/duis",
        description="end of the path [CLIENT]; the URL of a User is "
        "`<base_url>/<estate>/<name><path_suffix>`, with `main` for the estate of a target with endpoints",
    )
    linger: Seconds = Field(
        default=600.0,
        description="seconds the inbox goes on after the last run that used it, for results that come late; "
        "targets with endpoints only",
    )
    tls: TLSServerFiles | None = Field(
        default=None,
        description="`{ca, certificate, key}` of the inbox; clients must present a certificate that `ca` "
        "issued; absent: plain HTTP",
    )

    @model_validator(mode="after")
    def _agrees(self) -> Callback:
        if self.base_url is not None and self.port == 0:
            raise ValueError("base_url is a fixed address, so port must be a fixed port too (0 means any)")
        return self


class Trust(Section):
    """`[trust]`: the SMKI certificates to verify messages with, and the path sent along with replacements."""

    anchors: tuple[CertificateFiles, ...] = Field(min_length=1, description="roots")
    certificates: tuple[CertificateFiles, ...] = Field(
        default=(),
        description="issuing authorities, and the signers of the DSP and the S1SPs (a signature only names "
        "its certificate)",
    )
    certification_path: tuple[CertificateFile, ...] = Field(
        default=(),
        max_length=3,
        description="up to three certificates sent as CertificationPathCertificates with a replacement; by "
        "default found by issuer",
    )


class ServiceUserEntry(Section):
    """`[[service_user]]`: a User we act as."""

    name: MailboxName = Field(
        description="our name of the User; letters, digits, `-`, `.`, `_`; part of its callback URL"
    )
    user_id: Identifier = Field(description="its User ID, an EUI-64")
    roles: tuple[UserRole, ...] = Field(min_length=1, description="User Roles: IS, ES, GS, RSA, ED, GT, OU")
    signing: KeyPair = Field(description="`{certificate, key}` that sign its requests (role 87)")
    digital_signing: CertificateWithOptionalKey | None = Field(
        default=None, description="`{certificate, key?}`: its certificate for anchor slots, digital signing"
    )
    key_agreement: CertificateWithOptionalKey | None = Field(
        default=None, description="`{certificate, key?}`: its certificate for anchor slots, key agreement"
    )
    renewed_digital_signing: CertificateWithOptionalKey | None = Field(
        default=None,
        description="`{certificate, key?}`: another certificate of the same party, to renew its slot with",
    )
    renewed_key_agreement: CertificateWithOptionalKey | None = Field(
        default=None,
        description="`{certificate, key?}`: another certificate of the same party, to renew its slot with",
    )
    tls: TLSKeyPair | None = Field(
        default=None,
        description="`{certificate, key}` of its transport; by default those of `[dsp.tls]`",
    )


class Deadlines(Section):
    """`[deadlines]`, in seconds."""

    synchronous: Seconds = Field(default=10.0, description="the answer to a POST")
    result: Seconds = Field(default=30.0, description="the result or S1SP Alert of a request")
    result_by_srv: dict[str, Seconds] = Field(
        default_factory=dict,
        description='the same for single Service Reference Variants: `{ "6.15.1" = 60 }`',
    )
    alert: Seconds = Field(default=30.0, description="a device alert")
    device: Seconds = Field(
        default=3600.0, description="a device of the pool that other scenarios or runs have leased"
    )
    quiet: Seconds | None = Field(
        default=None,
        description="how long to listen before saying that nothing came; by default 0 where everything is "
        "emulated, 10 otherwise",
    )

    def result_of(self, srv: str) -> float:
        """How long to wait for the result of a Service Reference Variant, in seconds."""
        return self.result_by_srv.get(srv, self.result)
