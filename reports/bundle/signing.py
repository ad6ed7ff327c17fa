"""Detached signatures over the manifest, such that OpenSSL alone can verify them.

ECDSA on P-256 with SHA-256 and RSA (PKCS #1 v1.5, the padding of ``openssl dgst``) with SHA-256, or Ed25519.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

_LEAST_RSA_BITS = 2048
_P256_ORDER: Final = 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551
_WANTED = f"expected a key on P-256, of Ed25519, or of RSA with {_LEAST_RSA_BITS} bits or more"

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


class UnusableKey(ValueError):
    """A key or certificate that cannot be used here; the text says what was expected."""


@dataclass(frozen=True)
class VerificationKey:
    """A public key signatures are verified with."""

    key: PublicKey

    @classmethod
    def of(cls, key: PublicKeyTypes) -> VerificationKey:
        """Take a public key.

        Raises:
            UnusableKey: it is of another kind, or too short.
        """
        if isinstance(key, ec.EllipticCurvePublicKey) and not isinstance(key.curve, ec.SECP256R1):
            raise UnusableKey(f"it is on the curve {key.curve.name}; {_WANTED}")
        if isinstance(key, rsa.RSAPublicKey) and key.key_size < _LEAST_RSA_BITS:
            raise UnusableKey(f"it is of RSA with {key.key_size} bits; {_WANTED}")
        if not isinstance(key, PublicKey):
            raise UnusableKey(f"it is of another kind; {_WANTED}")
        return cls(key)

    @classmethod
    def load(cls, octets: bytes) -> VerificationKey:
        """Read a public key, PEM or DER (SubjectPublicKeyInfo).

        Raises:
            UnusableKey: there is none, or it cannot be used.
        """
        load = load_pem_public_key if b"-----BEGIN" in octets else load_der_public_key
        try:
            key = load(octets)
        except (ValueError, UnsupportedAlgorithm):
            raise UnusableKey("it holds no public key, PEM or DER") from None
        return cls.of(key)

    @property
    def algorithm(self) -> str:
        """How its signatures are made."""
        if isinstance(self.key, ec.EllipticCurvePublicKey):
            return "ECDSA on P-256 with SHA-256"
        if isinstance(self.key, ed25519.Ed25519PublicKey):
            return "Ed25519"
        return f"RSA ({self.key.key_size} bits, PKCS #1 v1.5) with SHA-256"

    @cached_property
    def pem(self) -> str:
        """The key in PEM."""
        return self.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the key (SubjectPublicKeyInfo in DER), in hexadecimal digits."""
        octets = self.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(octets).hexdigest()

    def has_signed(self, octets: bytes, signature: bytes) -> bool:
        """Whether a signature is of this key, over these octets, and in the one form we write.

        With r and s, r and the order less s is a signature by ECDSA as well, which anybody can compute. Only
        the smaller s counts, so that not even the signature can be changed unnoticed.
        """
        try:
            if isinstance(self.key, ec.EllipticCurvePublicKey):
                self.key.verify(signature, octets, ec.ECDSA(SHA256()))
                return signature == _with_small_s(signature)
            if isinstance(self.key, ed25519.Ed25519PublicKey):
                self.key.verify(signature, octets)
            else:
                self.key.verify(signature, octets, padding.PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class Certificate:
    """A certificate, as PEM, with what is told of it."""

    certificate: x509.Certificate

    @classmethod
    def load(cls, octets: bytes) -> Certificate:
        """Read a certificate, PEM or DER.

        Raises:
            UnusableKey: there is none.
        """
        load = x509.load_pem_x509_certificate if b"-----BEGIN" in octets else x509.load_der_x509_certificate
        try:
            return cls(load(octets))
        except ValueError:
            raise UnusableKey("it holds no X.509 certificate, PEM or DER") from None

    @property
    def pem(self) -> bytes:
        """The certificate in PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key(self) -> VerificationKey:
        """The key it certifies.

        Raises:
            UnusableKey: it is of a kind that cannot be used.
        """
        try:
            return VerificationKey.of(self.certificate.public_key())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise UnusableKey(f"its public key cannot be used: {error}") from None

    @property
    def subject(self) -> str:
        """Whom it names, who says so, and for how long."""
        known = self.certificate
        return (
            f"{known.subject.rfc4514_string() or 'no subject'}, certified by "
            f"{known.issuer.rfc4514_string() or 'nobody named'}, valid "
            f"{known.not_valid_before_utc:%Y-%m-%d} to {known.not_valid_after_utc:%Y-%m-%d}"
        )


@dataclass(frozen=True)
class SigningKey:
    """What signs a manifest; made by `of` or `throw_away`."""

    private: PrivateKey
    is_throw_away: bool = False
    certificate: Certificate | None = None

    @classmethod
    def of(cls, private: PrivateKeyTypes, certificate: Certificate | None = None) -> SigningKey:
        """Take a private key, and the certificate of its public key, if there is one.

        Raises:
            UnusableKey: it is of another kind, too short, or not the one that is certified.
        """
        if not isinstance(private, PrivateKey):
            raise UnusableKey(f"it is of another kind; {_WANTED}")
        key = VerificationKey.of(private.public_key())
        if certificate is not None and certificate.key.fingerprint != key.fingerprint:
            raise UnusableKey("it does not belong to the certificate; name the certificate of this very key")
        return cls(private, certificate=certificate)

    @classmethod
    def throw_away(cls) -> SigningKey:
        """A fresh key on P-256, never written anywhere."""
        return cls(ec.generate_private_key(ec.SECP256R1()), is_throw_away=True)

    @cached_property
    def public(self) -> VerificationKey:
        """The key that verifies its signatures."""
        return VerificationKey.of(self.private.public_key())

    def sign(self, octets: bytes) -> bytes:
        """Sign: ECDSA as DER, Ed25519 as 64 octets, RSA as long as the key."""
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            return _with_small_s(self.private.sign(octets, ec.ECDSA(SHA256())))
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(octets)
        return self.private.sign(octets, padding.PKCS1v15(), SHA256())


def _with_small_s(signature: bytes) -> bytes:
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, min(s, _P256_ORDER - s))
