"""Private keys: what can sign, and reading key files that may be encrypted."""

from __future__ import annotations

from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key


class KeyUnusable(ValueError):
    """A private key cannot be used; the text says why, and never anything of the key or its passphrase."""


class NoPrivateKey(KeyUnusable):
    """There is no private key to be found."""


class PassphraseNeeded(KeyUnusable):
    """The private key is protected by a passphrase or PIN, and none was given."""


class PassphraseWrong(KeyUnusable):
    """The passphrase or PIN is not that of the private key."""


class NotEncrypted(KeyUnusable):
    """A passphrase was given for a private key that lies there unprotected."""


class Signer(Protocol):
    """A private key on P-256 that need not be in the memory of this process, as one in a token."""

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public key that belongs to it."""

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign a SHA-256 digest with ECDSA.

        Returns:
            r and s, 32 octets each.

        Raises:
            KeyUnusable: The key cannot be reached any more.
        """


def load_private_key(data: bytes, passphrase: bytes | None = None) -> PrivateKeyTypes:
    """Read a private key: PEM or DER, PKCS#8 (encrypted or not) or the older form of its algorithm.

    Args:
        data: The content of the key file.
        passphrase: What the key is encrypted with; None for a key that is not encrypted.

    Raises:
        PassphraseNeeded: It is encrypted, and no passphrase was given.
        PassphraseWrong: The passphrase does not open it.
        NotEncrypted: A passphrase was given for a key that is not encrypted.
        NoPrivateKey: It is no private key.
        KeyUnusable: It is of a kind, or encrypted in a way, that is not supported.
    """
    load = load_pem_private_key if b"-----BEGIN" in data else load_der_private_key
    try:
        key = load(data, None)
    except TypeError:
        if passphrase is None:
            raise PassphraseNeeded("the private key is encrypted") from None
    except UnsupportedAlgorithm:
        raise _outdated() from None
    except Exception as error:  # the library raises several kinds, all for one cause
        # Its message can hold nothing of the key, but the kind alone says enough.
        raise NoPrivateKey(f"not a PEM or DER PKCS#8 private key ({type(error).__name__})") from None
    else:
        if passphrase is not None:
            raise NotEncrypted("the private key is not encrypted, although a passphrase is given for it")
        return key
    try:
        return load(data, passphrase)
    except UnsupportedAlgorithm:
        raise _outdated() from None
    except Exception:  # a wrong passphrase shows in several ways
        raise PassphraseWrong("the passphrase does not open the private key") from None


def _outdated() -> KeyUnusable:
    return KeyUnusable(
        "the private key is of a kind, or encrypted in a way, that is not supported; "
        "write it anew: openssl pkcs8 -topk8 -v2 aes-256-cbc"
    )
