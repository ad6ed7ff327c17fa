"""Private keys a target file refers to, and what opens them: passphrases of files, PINs of tokens.

A passphrase comes from the environment variable that `passphrase_env` names, or is asked for on the terminal,
once for each key file and each token. What was asked for is known to this process only:
`collected_passphrases` and `provide` take it to the workers of a run, `passphrase_line` and
`read_passphrase_line` to the inbox, both over pipes. It is never written to a file, an environment or a
command line.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import SecretStr

from duis.pkcs11_uri import PKCS11URI
from duis.signature import SigningIdentity, SigningIdentityError, load_signing_identity
from duis.smki.keys import (
    KeyUnusable,
    NoPrivateKey,
    NotEncrypted,
    PassphraseNeeded,
    PassphraseWrong,
    load_private_key,
)

KeyReference = Path | PKCS11URI
"""Where a private key is: in a file, or in a token."""

_ATTEMPTS = 3
_SPKI = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
_asked: dict[str, SecretStr] = {}
_lock = threading.RLock()


def collected_passphrases() -> dict[str, str]:
    """What was asked for on the terminal so far, or provided: for `provide` in another process of the run."""
    with _lock:
        return {name: secret.get_secret_value() for name, secret in _asked.items()}


def provide(passphrases: Mapping[str, str]) -> None:
    """Take over what another process of the run has collected, so that nothing is asked for twice."""
    with _lock:
        _asked.update((name, SecretStr(secret)) for name, secret in passphrases.items())


def passphrase_line(keys: Iterable[KeyReference]) -> bytes:
    """What was collected for some keys, as the line a child process reads from its standard input first."""
    collected = collected_passphrases()
    return (
        json.dumps({name: collected[name] for name in map(_name, keys) if name in collected}).encode() + b"\n"
    )


def read_passphrase_line(descriptor: int) -> None:
    """Take over what the parent process has written, a `passphrase_line`; reads not one octet more."""
    line = b""
    while not line.endswith(b"\n"):
        octet = os.read(descriptor, 1)
        if not octet:
            return  # the parent has ended, or had nothing to say
        line += octet
    provide(json.loads(line))


def check_key(key: KeyReference, certificate: Path, public_key: PublicKeyTypes, env: str | None) -> None:
    """Check that a private key can be used and belongs to a certificate; ask for its passphrase if need be.

    Args:
        key: The private key.
        certificate: File of the certificate, for messages.
        public_key: The public key in it.
        env: Environment variable of its passphrase or PIN.

    Raises:
        ValueError: A sentence that names the key, what is wrong and how to mend it.
    """
    if isinstance(key, PKCS11URI):
        if not isinstance(public_key, ec.EllipticCurvePublicKey):
            raise ValueError(  # noqa: TRY004  (pydantic reports ValueError, not TypeError)
                f"{key} signs with an elliptic curve key; {certificate} certifies another kind"
            )
        _open_in_token(key, certificate, env)
        return
    data = key.read_bytes()
    passphrase = _passphrase_of_file(key, data, env)
    private = load_private_key(data, passphrase.get_secret_value().encode() if passphrase else None)
    if private.public_key().public_bytes(*_SPKI) != public_key.public_bytes(*_SPKI):
        raise ValueError(f"the private key in {key} does not belong to the certificate in {certificate}")


def signing_identity(certificate: Path, key: KeyReference, env: str | None) -> SigningIdentity:
    """A certificate with its private key, opened.

    Raises:
        ValueError: A sentence that names the key, what is wrong and how to mend it.
    """
    if isinstance(key, PKCS11URI):
        return _open_in_token(key, certificate, env)
    try:
        data = key.read_bytes()
    except OSError as error:
        raise SigningIdentityError(error.strerror or str(error), key) from None
    passphrase = _passphrase_of_file(key, data, env)
    return load_signing_identity(certificate, key, passphrase.get_secret_value() if passphrase else None)


def passphrase_of(key: Path, env: str | None) -> SecretStr | None:
    """What opens a key file; None for one that is not encrypted.

    Raises:
        ValueError: It is encrypted, and nothing opens it; says how to mend it.
        OSError: The file cannot be read.
    """
    return _passphrase_of_file(key, key.read_bytes(), env)


def _passphrase_of_file(key: Path, data: bytes, env: str | None) -> SecretStr | None:
    given = _given(key, env)
    try:
        load_private_key(data, given.get_secret_value().encode() if given is not None else None)
    except NotEncrypted:
        if env is not None and env in os.environ:
            raise ValueError(
                f"{key} is not encrypted, although passphrase_env names {env} for it; "
                "encrypt the key, or leave passphrase_env out"
            ) from None
        return None
    except PassphraseNeeded:
        return _ask_for_file(key, data, env)
    except PassphraseWrong:
        raise ValueError(f"the passphrase {_origin(env)} does not open {key}; correct it") from None
    except NoPrivateKey:
        raise ValueError(f"{key} holds no private key; expected PEM or DER (PKCS#8)") from None
    except KeyUnusable as error:
        raise ValueError(f"{key}: {error}") from None
    return given


def _ask_for_file(key: Path, data: bytes, env: str | None) -> SecretStr:
    with _lock:
        given = _given(key, env)  # another thread may have asked meanwhile
        if given is not None:
            return given
        for _ in range(_ATTEMPTS):
            secret = _ask(f"Passphrase of {key}", f"{key} is encrypted", env)
            try:
                load_private_key(data, secret.get_secret_value().encode())
            except PassphraseWrong:
                continue
            _asked[_name(key)] = secret
            return secret
    raise ValueError(f"no passphrase given opens {key}; try again, or correct the path")


def _open_in_token(uri: PKCS11URI, certificate: Path, env: str | None) -> SigningIdentity:
    with _lock:
        given = _given(uri, env)
        pin = given
        try:
            if pin is None:
                try:
                    return load_signing_identity(certificate, uri)  # opened with another key of the token
                except SigningIdentityError as error:
                    if not isinstance(error.__cause__, PassphraseNeeded):
                        raise
                pin = _ask(f"PIN of the token of {uri}", f"the token of {uri} asks for a PIN", env)
            identity = load_signing_identity(certificate, uri, pin.get_secret_value())
        except SigningIdentityError as error:
            if isinstance(error.__cause__, PassphraseWrong):
                raise ValueError(  # noqa: TRY004  (it is no matter of types)
                    f"{uri}: {error.__cause__}: the PIN {_origin(env)}; correct it"
                ) from None
            raise
        if given is None:
            _asked[_name(uri)] = pin
        return identity


def _given(key: KeyReference, env: str | None) -> SecretStr | None:
    """A passphrase that need not be asked for: from the environment, else asked for before."""
    if env is not None and env in os.environ:
        return SecretStr(os.environ[env])
    with _lock:
        return _asked.get(_name(key))


def _ask(question: str, why: str, env: str | None) -> SecretStr:
    if sys.stdin is None or not sys.stdin.isatty():
        if env is not None:
            raise ValueError(f"{why}, and the environment variable {env} (passphrase_env) is not set; set it")
        raise ValueError(
            f"{why}, and there is no terminal to ask on; add passphrase_env, the name of an environment "
            "variable that holds it, beside the key"
        )
    import click  # not needed by workers and the inbox

    try:
        return SecretStr(click.prompt(question, hide_input=True, err=True))
    except click.Abort:
        raise ValueError(f"{why}, and none was given") from None


def _origin(env: str | None) -> str:
    return f"in {env} (passphrase_env)" if env is not None and env in os.environ else "given"


def _name(key: KeyReference) -> str:
    """By what a passphrase is known: the file, or the token, all keys of which share a PIN."""
    return key.token_name if isinstance(key, PKCS11URI) else str(key.resolve())
