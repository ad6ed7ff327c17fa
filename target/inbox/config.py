"""Configuration of the inbox process: a JSON file written by whoever starts it."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from target.file import TargetFile

BODY_LIMIT = 1024 * 1024
"""Largest message accepted, in octets; a larger one is answered 413."""


class InboxTLS(BaseModel):
    """Mutual TLS of the inbox: clients must present a certificate issued by `ca`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ca: Path
    certificate: Path
    key: Path


class InboxConfig(BaseModel):
    """What the inbox needs to know.

    Attributes:
        host: Address to listen on.
        port: Port; 0 takes any free one, which the ready file tells.
        database: SQLite database of the messages.
        ready_file: Written, in one step, when the inbox listens: `{"port": ..., "pid": ...}`.
        path_suffix: End of the path of every mailbox.
        tls: Absent for plain HTTP.
        schema_file: The official DUIS schema; absent for the bundled one.
        anchors: SMKI certificate files, or directories of them, that are trusted.
        certificates: Further SMKI certificates, to find signers by issuer and serial.
        messages_are_signed: Refuse a message without an outer signature [ASSUMED].
        dsp_signer_role: Role code the outer signer must have [CERT].
        s1sp_signer_role: Role code the inner signer must have [ASSUMED].
        body_limit: Largest message in octets.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: int = 0
    database: Path
    ready_file: Path
    path_suffix: str = "/smartdcc/duis"
    tls: InboxTLS | None = None
    schema_file: Path | None = None
    anchors: tuple[Path, ...]
    certificates: tuple[Path, ...] = ()
    messages_are_signed: bool = True
    dsp_signer_role: str = "89"
    s1sp_signer_role: str = "7F"
    body_limit: int = BODY_LIMIT

    @classmethod
    def of(cls, target: TargetFile, directory: Path) -> InboxConfig:
        """The inbox of a target file, with its database and ready file in a directory."""
        callback = target.callback
        tls = callback.tls
        return cls(
            host=callback.host,
            port=callback.port,
            database=directory / "inbox.sqlite",
            ready_file=directory / "inbox.ready.json",
            path_suffix=callback.path_suffix,
            tls=InboxTLS(ca=tls.ca, certificate=tls.certificate, key=tls.key) if tls is not None else None,
            schema_file=target.official_schema,
            anchors=target.trust.anchors,
            certificates=target.trust.certificates,
            messages_are_signed=target.assumptions.callback_messages_are_signed,
            dsp_signer_role=target.assumptions.dsp_signer_role,
            s1sp_signer_role=target.assumptions.s1sp_signer_role,
        )
