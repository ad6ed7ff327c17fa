"""The systems under test in a target file: `[dsp]`, `[s1sp.NAME]`, and emulators the run starts itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from target.file_keys import HttpUrl, KeyPair, Section, TLSFiles, TLSServerFiles, ValidCertificateFile
from target.file_values import FixedPort, Identifier, is_wildcard

Kind = Literal["emulated", "endpoint"]

_DSP_PATHS = {
    "send_command": "/api/v1/serviceS",
    "transform": "/api/v1/serviceT",
    "non_device": "/api/v1/serviceD",
    "s1sp_messages": "/s1sp/v1/messages",
}
_S1SP_PATHS = {"service_requests": "/s1sp/v1/service-requests"}


class EmulatorSection(Section):
    """`[dsp.emulator]`: an emulator that the run starts itself, beside at least one endpoint."""

    host: str = Field(default="127.0.0.1", min_length=1, description="address the emulator listens on")
    port: FixedPort = Field(description="its protocol port")
    management_port: FixedPort = Field(description="port of its management plane")
    signing: KeyPair = Field(description="`{certificate, key}` it signs its messages with")
    tls: TLSServerFiles | None = Field(
        default=None,
        description="`{ca, certificate, key}` of its transport, as server and as client; absent: plain HTTP",
    )

    @property
    def base_url(self) -> str:
        """Root of its protocol port."""
        return _url(self.host, self.port, tls=self.tls is not None)

    @field_validator("management_port")
    @classmethod
    def _another_port(cls, port: int, info: ValidationInfo) -> int:
        if info.data.get("port") == port:
            raise ValueError(f"expected a port of its own, found {port}, which is the protocol port")
        return port


class AccessControlBroker(Section):
    """The DCC's own certificates: what a slot under DCC control holds."""

    digital_signing: ValidCertificateFile = Field(description="the DCC's certificate for digital signing")
    key_agreement: ValidCertificateFile = Field(description="the DCC's certificate for key agreement")


class S1SPEmulatorSection(EmulatorSection):
    """`[s1sp.NAME.emulator]`: an emulator of an S1SP that the run starts itself."""

    access_control_broker: AccessControlBroker = Field(
        description="`{digital_signing, key_agreement}`: the DCC's own certificates, held by slots under its "
        "control"
    )


class DSP(Section):
    """`[dsp]`: the Data Service Provider and its three services."""

    kind: Kind = Field(
        description='`"emulated"` (it has a management plane) or `"endpoint"` (a real system: DUIS only)'
    )
    entity_identifier: Identifier = Field(
        description="EUI-64 of the DSP: the Business Target of Non-Device requests such as 8.2 [RTDS]"
    )
    send_command: HttpUrl = Field(description="URL of the Send Command service")
    transform: HttpUrl = Field(description="URL of the Transform service")
    non_device: HttpUrl = Field(description="URL of the Non-Device service")
    management: HttpUrl | None = Field(
        default=None,
        description="base URL of the management plane of an emulated DSP that is running already",
    )
    s1sp_messages: HttpUrl | None = Field(
        default=None,
        description="URL an S1SP posts its messages to; needed where the run starts an S1SP emulator behind "
        "a DSP it does not start",
    )
    mp107: bool = Field(
        default=True, description="what an endpoint declares; an emulated DSP is switched by each scenario"
    )
    tls: TLSFiles | None = Field(
        default=None,
        description="`{ca, certificate?, key?}`: whom to trust, and the client certificate of Users without "
        "a `tls` of their own; absent: plain HTTP",
    )
    emulator: EmulatorSection | None = Field(
        default=None,
        description="have the run start this DSP; the URLs above may then be left out",
    )

    @model_validator(mode="before")
    @classmethod
    def _derived(cls, table: Any) -> Any:
        return _with_derived_urls(table, _DSP_PATHS)

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
        return self


class S1SP(Section):
    """`[s1sp.NAME]`: a SMETS1 Service Provider; only a DSP ever sends to its protocol port."""

    kind: Kind | None = Field(
        default=None, description='`"emulated"` or `"endpoint"`; by default the kind of the DSP'
    )
    mp107: bool = Field(
        default=True, description="what an endpoint declares; an emulated S1SP is switched by each scenario"
    )
    management: HttpUrl | None = Field(
        default=None,
        description="base URL of the management plane of an emulated S1SP that is running already",
    )
    service_requests: HttpUrl | None = Field(
        default=None,
        description="URL a DSP that the run starts posts Countersigned Service Requests to; needed unless "
        "the run starts this S1SP too",
    )
    signer: ValidCertificateFile | None = Field(
        default=None,
        description="certificate the S1SP signs with, from which a DSP that the run starts knows its Entity "
        "Identifier; needed unless the run starts this S1SP too",
    )
    emulator: S1SPEmulatorSection | None = Field(
        default=None,
        description="have the run start this S1SP; `management` and `service_requests` may then be left out",
    )

    @model_validator(mode="before")
    @classmethod
    def _derived(cls, table: Any) -> Any:
        return _with_derived_urls(table, _S1SP_PATHS)


def _with_derived_urls(table: Any, paths: Mapping[str, str]) -> Any:
    """Fill in the URLs of an emulator that the run starts, where the file leaves them out."""
    emulator = table.get("emulator") if isinstance(table, Mapping) else None
    if not isinstance(emulator, Mapping):
        return table
    tls = emulator.get("tls") is not None
    host = emulator.get("host", "127.0.0.1")
    base_url = _url(host, _port(emulator.get("port")), tls=tls)
    derived = {key: f"{base_url}{path}" for key, path in paths.items()}
    derived["management"] = _url(host, _port(emulator.get("management_port")), tls=tls)
    return {**derived, **table}


def _port(value: Any) -> int:
    """The port as a number; any will do where it is wrong, because that is told of the port itself."""
    try:
        return min(max(int(value), 1), 65535)
    except (TypeError, ValueError):
        return 1


def _url(host: Any, port: int, *, tls: bool) -> str:
    """Where to reach a server of this machine that listens on a host; every address means this machine."""
    name = str(host) or "127.0.0.1"
    if is_wildcard(name):
        name = "::1" if ":" in name else "127.0.0.1"
    if ":" in name and not name.startswith("["):
        name = f"[{name}]"
    return f"{'https' if tls else 'http'}://{name}:{port}"
