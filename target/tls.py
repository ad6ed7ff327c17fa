"""TLS contexts from the tables of a target file: whom to trust, and with which key we show who we are."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from requests.adapters import HTTPAdapter

from target.file_keys import KeyPair, TLSFiles
from target.keys import passphrase_of


def client_context(tls: TLSFiles, identity: KeyPair | None = None) -> ssl.SSLContext:
    """The context of a client that trusts only the named authority.

    Args:
        tls: Whom to trust, and the identity to show.
        identity: The identity to show instead.

    Raises:
        OSError: A file cannot be used (`ssl.SSLError` is one too).
        ValueError: A key is encrypted, and nothing opens it.
    """
    context = ssl.create_default_context(cafile=str(tls.ca))  # with a file, it adds no other authority
    shown = identity if identity is not None else tls
    if shown.certificate is not None and shown.key is not None:
        load_identity(context, shown.certificate, Path(str(shown.key)), shown.passphrase_env)
    return context


def server_context(
    ca: Path, certificate: Path, key: Path, passphrase_env: str | None = None
) -> ssl.SSLContext:
    """The context of a server that demands a client certificate of an authority, TLS 1.2 or later.

    Raises:
        OSError: A file cannot be used (`ssl.SSLError` is one too).
        ValueError: The key is encrypted, and nothing opens it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    load_identity(context, certificate, key, passphrase_env)
    context.load_verify_locations(ca)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def load_identity(context: ssl.SSLContext, certificate: Path, key: Path, passphrase_env: str | None) -> None:
    """Have a context show a certificate; its key may be encrypted.

    Raises:
        OSError: A file cannot be used (`ssl.SSLError` is one too).
        ValueError: The key is encrypted, and nothing opens it.
    """
    passphrase = passphrase_of(key, passphrase_env)
    # Never None: OpenSSL would ask for a passphrase on the terminal by itself.
    context.load_cert_chain(certificate, key, passphrase.get_secret_value() if passphrase else "")


class ContextAdapter(HTTPAdapter):
    """Has `requests` use our TLS context and nothing else: `Session.cert` cannot open encrypted keys."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Hand the context to every pool of connections."""
        super().init_poolmanager(*arguments, ssl_context=self._context, **options)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Add no authority: the default would add those that come with `requests` to the context."""
