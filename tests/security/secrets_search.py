"""Looking for private keys and passphrases where they must not be."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

_SCALAR_LINES = 2  # of a PKCS#8 PEM file; the third holds the public key only


def traces_of_key(key: Path) -> dict[str, bytes]:
    """How an unencrypted private key would show: by form, the octets to look for."""
    private = load_pem_private_key(key.read_bytes(), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    scalar = private.private_numbers().private_value
    octets = scalar.to_bytes(32, "big")
    traces = {
        "octets": octets,
        "decimal": str(scalar).encode(),
        "hexadecimal": octets.hex().encode(),
        "upper-case hexadecimal": octets.hex().upper().encode(),
        "hexadecimal with colons": octets.hex(":").encode(),
        "base64": base64.b64encode(octets).rstrip(b"="),
        "URL-safe base64": base64.urlsafe_b64encode(octets).rstrip(b"="),
    }
    forms = {"PKCS#8": PrivateFormat.PKCS8, "SEC 1": PrivateFormat.TraditionalOpenSSL}
    for name, form in forms.items():
        pem = private.private_bytes(Encoding.PEM, form, NoEncryption()).splitlines()[1:-1]
        for number, line in enumerate(pem[:_SCALAR_LINES], 1):
            traces[f"{name}, PEM line {number}"] = line
    return traces


def traces_of_passphrase(passphrase: str) -> dict[str, bytes]:
    """How a passphrase would show."""
    octets = passphrase.encode()
    return {
        "text": octets,
        "base64": base64.b64encode(octets).rstrip(b"="),
        "hexadecimal": octets.hex().encode(),
    }


def files_under(*directories: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file, but the key files of a PKI themselves."""
    for directory in directories:
        for file in sorted(directory.rglob("*")):
            if file.is_file() and not (file.suffix == ".key" and "pki" in file.parts):
                yield str(file), file.read_bytes()


def found(secrets: dict[str, dict[str, bytes]], places: Iterable[tuple[str, bytes]]) -> list[str]:
    """Each secret that shows somewhere: what, in which form and where; never the secret itself."""
    return [
        f"{name} as {form} in {place}"
        for place, content in places
        for name, traces in secrets.items()
        for form, trace in traces.items()
        if trace in content
    ]


class CommandLines:
    """The command lines of all processes of this machine, collected while something runs."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._collect)

    def __enter__(self) -> CommandLines:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _collect(self) -> None:
        while not self._over.wait(0.02):
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(file.read_bytes())
                except OSError:
                    continue  # it has ended
