"""The adapter's configuration file: TOML, checked in full before anything starts."""

from __future__ import annotations

import ssl
import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from duis.identifiers import EUI64
from duis.signature import SigningIdentity, load_signing_identity
from duis.smki.trust import TrustStore


class ConfigurationError(Exception):
    """The configuration cannot be used; the text names file and field."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TLS(_Table):
    """Transport identity: certificate and key of the adapter, and whom it trusts (PEM files)."""

    certificate: Path
    key: Path
    ca: Path


class S1SP(_Table):
    """The S1SP the adapter speaks for: its Entity Identifier, and what it signs with."""

    entity_identifier: str
    certificate: Path
    key: Path

    @field_validator("entity_identifier")
    @classmethod
    def _canonical(cls, value: str) -> str:
        return EUI64(value)


class DSP(_Table):
    """The DSP: its Entity Identifier, and where it takes messages of S1SPs."""

    entity_identifier: str
    messages: str

    @field_validator("entity_identifier")
    @classmethod
    def _canonical(cls, value: str) -> str:
        return EUI64(value)


class Listen(_Table):
    """Where the adapter takes Countersigned Service Requests."""

    host: str = "127.0.0.1"
    port: int = Field(ge=1, le=65535)
    path: str = "/s1sp/v1/service-requests"


class Vendor(_Table):
    """The vendor's system: where it takes jobs, and where the adapter takes its outcomes and alerts.

    This side has no authentication: keep it on the loopback interface or add what your system has.
    """

    jobs: str
    host: str = "127.0.0.1"
    port: int = Field(ge=1, le=65535)


class Config(_Table):
    """Everything the adapter is told.

    Attributes:
        database: SQLite file; relative paths start at the folder of the configuration file.
        trust: files or folders of certificates; the first holds the SMKI root, the others add signers.
        tls: for both directions of the DSP's side; without it plain HTTP.
    """

    database: Path
    listen: Listen
    dsp: DSP
    s1sp: S1SP
    vendor: Vendor
    trust: tuple[Path, ...] = Field(min_length=1)
    tls: TLS | None = None
    folder: Path = Field(default=Path(), exclude=True)

    def signer(self) -> SigningIdentity:
        """What the adapter signs with."""
        return load_signing_identity(self.folder / self.s1sp.certificate, self.folder / self.s1sp.key)

    def trust_store(self) -> TrustStore:
        """Whom the adapter trusts."""
        first, *others = self.trust
        store = TrustStore.load(self.folder / first)
        for path in others:
            for certificate in TrustStore.load(self.folder / path).certificates:
                store.add(certificate)
        return store

    def tls_context(self, purpose: int) -> ssl.SSLContext | None:
        """TLS of a server or a client (`ssl.PROTOCOL_TLS_SERVER`, `ssl.PROTOCOL_TLS_CLIENT`); None: HTTP."""
        if self.tls is None:
            return None
        context = ssl.SSLContext(purpose)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(self.folder / self.tls.certificate, self.folder / self.tls.key)
        context.load_verify_locations(self.folder / self.tls.ca)
        return context


def load_config(path: Path) -> Config:
    """Read and check the file.

    Raises:
        ConfigurationError: it is missing, is not TOML, or a field is wrong.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: not valid TOML: {error}") from error
    try:
        return Config.model_validate({**document, "folder": path.resolve().parent})
    except ValidationError as error:
        lines = (f"{path}: {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise ConfigurationError("\n".join(lines)) from error
