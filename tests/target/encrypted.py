"""Target files whose every private key is encrypted, for tests."""

from __future__ import annotations

import re
from pathlib import Path

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)


def encrypt(
    key: Path,
    passphrase: str,
    file: Path,
    encoding: Encoding = Encoding.PEM,
    form: PrivateFormat = PrivateFormat.PKCS8,
) -> Path:
    """Write a key that is not encrypted into another file, encrypted; returns that file."""
    loaded = load_pem_private_key(key.read_bytes(), None)
    file.touch(0o600)
    file.write_bytes(loaded.private_bytes(encoding, form, BestAvailableEncryption(passphrase.encode())))
    return file


def encrypt_every_key(target_text: str, source: Path, directory: Path, passphrases: dict[str, str]) -> str:
    """Rewrite a target file: each key is encrypted into a directory, each with a passphrase of its own.

    Args:
        target_text: The target file.
        source: Where its relative paths start.
        directory: Gets the encrypted keys; the result names them absolutely.
        passphrases: Gets the passphrases by environment variable.
    """
    variables: dict[str, str] = {}

    def replaced(match: re.Match[str]) -> str:
        plain = (source / match[1]).resolve()
        number = len(variables)
        variable = variables.setdefault(str(plain), f"TEST_PASSPHRASE_{number}")
        passphrases.setdefault(variable, f"passphrase-{number}-Zq7mK2xW9")
        file = directory / f"{variable}.pem"
        if not file.exists():
            encrypt(plain, passphrases[variable], file)
        separator = "\n" if match[2] else ", "  # in a table of its own, or in an inline table
        return f'key = "{file}"{separator}passphrase_env = "{variable}"{match[2] or ""}'

    return re.sub(r'key = "([^"]+)"(\n|\Z)?', replaced, target_text)
