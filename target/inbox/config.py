"""Configuration of the inbox process: a JSON file written by whoever starts it."""

from __future__ import annotations

import hashlib
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
    passphrase_env: str | None = None


class Sharing(BaseModel):
    """How an inbox is shared by runs, each of which it outlives.

    Attributes:
        users_lock: Every run that uses the inbox holds this lock, shared.
        server_lock: The inbox holds this lock while it lives.
        start_lock: Held while the inbox is started, or ends.
        linger: How long the inbox goes on after nobody uses it any more, in seconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    users_lock: Path
    server_lock: Path
    start_lock: Path
    linger: float


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
        stalled_seconds: How long a peer may take for the TLS handshake, for the head of a request and for its
            body.
        sharing: Present for an inbox that outlives the run that started it.
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
    stalled_seconds: float = 30.0
    sharing: Sharing | None = None

    @classmethod
    def shared(cls, target: TargetFile) -> InboxConfig:
        """The inbox in the site of a pooled target, for all its runs."""
        directory = target.site_state
        sharing = Sharing(
            users_lock=directory / "inbox.users.lock",
            server_lock=directory / "inbox.server.lock",
            start_lock=directory / "inbox.start.lock",
            linger=target.callback.linger,
        )
        return cls.of(target, directory).model_copy(update={"sharing": sharing})

    def fingerprint(self) -> str:
        """Changes when the configuration does, or a file it names; the port does not count."""
        digest = hashlib.sha256(self.model_dump_json(exclude={"port"}).encode())
        named = [*self.anchors, *self.certificates]
        if self.tls is not None:
            named += [self.tls.ca, self.tls.certificate, self.tls.key]
        if self.schema_file is not None:
            named.append(self.schema_file)
        for path in named:
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                status = file.stat()
                digest.update(f"{file} {status.st_size} {status.st_mtime_ns}\n".encode())
        return digest.hexdigest()

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
            tls=InboxTLS.model_validate(dict(tls)) if tls is not None else None,
            schema_file=target.official_schema,
            anchors=target.trust.anchors,
            certificates=target.trust.certificates,
            messages_are_signed=target.assumptions.callback_messages_are_signed,
            dsp_signer_role=target.assumptions.dsp_signer_role,
            s1sp_signer_role=target.assumptions.s1sp_signer_role,
        )
