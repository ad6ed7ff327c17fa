"""What a bundle of evidence takes from its user: keys, certificates, the target file of the run."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from duis.smki.keys import KeyUnusable, NotEncrypted, PassphraseNeeded, PassphraseWrong, load_private_key
from reports.bundle.signing import Certificate, SigningKey, UnusableKey, VerificationKey
from reports.results_folder import RESUME_FILE
from smets1_conformance.errors import UserError
from target.errors import HarnessError
from target.run_record import RunRecord, digest_of

_Loaded = TypeVar("_Loaded")


def signing_key(key: Path | None, passphrase_env: str | None, certificate: Path | None) -> SigningKey:
    """The key that signs; a throw-away key when none is named.

    Raises:
        UserError: a file cannot be used; names it and says how to mend it.
    """
    if key is None:
        if passphrase_env is not None or certificate is not None:
            option = "--certificate" if certificate is not None else "--key-passphrase-env"
            raise UserError(f"{option} belongs to a key; name its file with --key")
        return SigningKey.throw_away()
    named = _load(certificate, Certificate.load) if certificate is not None else None
    octets = _read(key)
    try:
        private = load_private_key(octets, _passphrase(passphrase_env))
        return SigningKey.of(private, named)
    except PassphraseNeeded:
        raise UserError(
            f"{key} is encrypted; put its passphrase into an environment variable and name that with "
            "--key-passphrase-env"
        ) from None
    except PassphraseWrong:
        raise UserError(
            f"{key}: the passphrase in {passphrase_env} (--key-passphrase-env) does not open it; correct it"
        ) from None
    except NotEncrypted:
        raise UserError(
            f"{key} is not encrypted, although --key-passphrase-env names {passphrase_env}; encrypt the key, "
            "or leave --key-passphrase-env out"
        ) from None
    except KeyUnusable as error:
        raise UserError(f"{key}: {error}") from None
    except UnusableKey as error:
        beside = f" ({certificate})" if certificate is not None else ""
        raise UserError(f"{key}{beside}: {error}") from None


def verification_key(public_key: Path | None, certificate: Path | None) -> VerificationKey | None:
    """The key of whoever must have signed; `None` when none is named.

    Raises:
        UserError: both are named, or a file cannot be used.
    """
    if public_key is not None and certificate is not None:
        raise UserError("--public-key and --certificate both name a key; give one of them")
    if certificate is not None:
        return _load(certificate, lambda octets: Certificate.load(octets).key)
    return _load(public_key, VerificationKey.load) if public_key is not None else None


def target_of(output: Path, named: Path | None) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """The target file of a run as data, and what is to be said about it.

    Args:
        output: the results folder.
        named: the file, when the user names it.

    Raises:
        UserError: it cannot be read, or is not as it was when the run was started.
    """
    try:
        record = RunRecord.read(output / RESUME_FILE)
    except HarnessError:
        record = None
    path = named or (record.target_file if record is not None else None)
    if path is None:
        why = (
            "nothing is on record of how the run was called"
            if record is None
            else "the bundled emulators were run"
        )
        return None, (f"no target file is here: {why}",)
    values = _toml(path)
    if record is None or record.target_digest is None:
        return values, (
            f"that {path.name} is the target file of this run is said by whoever made the bundle",
        )
    if digest_of(path) == record.target_digest:
        return values, ()
    if named is None:
        raise UserError(
            f"{path} has changed since the run was started; put it back as it was, or name the file that was "
            "used with --target"
        )
    return values, (
        f"{path.name} is not the target file as it was when the run was started: its SHA-256 differs",
    )


def passphrases_named(target: Mapping[str, Any] | None, key_passphrase_env: str | None) -> dict[str, str]:
    """The passphrases and PINs that the environment holds, by what they are called in messages."""
    named = {*_variables(target or {}), *([key_passphrase_env] if key_passphrase_env else [])}
    return {f"the value of {name}": os.environ[name] for name in sorted(named) if name in os.environ}


def _variables(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        name = value.get("passphrase_env")
        if isinstance(name, str):
            yield name
        for each in value.values():
            yield from _variables(each)
    elif isinstance(value, list):
        for each in value:
            yield from _variables(each)


def _passphrase(variable: str | None) -> bytes | None:
    if variable is None:
        return None
    if variable not in os.environ:
        raise UserError(f"the environment variable {variable} (--key-passphrase-env) is not set; set it")
    return os.environ[variable].encode()


def _load(path: Path, load: Callable[[bytes], _Loaded]) -> _Loaded:
    try:
        return load(_read(path))
    except UnusableKey as error:
        raise UserError(f"{path}: {error}") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}; correct the path") from None


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_read(path).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not a target file, which is TOML: {error}") from None
