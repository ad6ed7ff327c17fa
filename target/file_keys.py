"""Types of target file fields that name files: certificates, keys, directories.

Every check fails with one sentence that names the file and says how to mend it.
"""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)
from cryptography.utils import CryptographyDeprecationWarning
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo, field_validator


class Section(BaseModel):
    """A table of the target file: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _resolved(path: Path, info: ValidationInfo) -> Path:
    """Relative paths are relative to the directory of the target file."""
    directory = (info.context or {}).get("directory", Path())
    return Path(directory) / path.expanduser()


def read_file(path: Path) -> bytes:
    """The content of a file.

    Raises:
        ValueError: A sentence that names the file and says why it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ValueError(f"{path} does not exist; correct the path (relative to the target file)") from None
    except IsADirectoryError:
        raise ValueError(f"{path} is a directory; expected a file") from None
    except PermissionError:
        raise ValueError(f"{path} cannot be read: permission denied; make it readable") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None


def _readable_file(path: Path, info: ValidationInfo) -> Path:
    resolved = _resolved(path, info)
    read_file(resolved)
    return resolved


def _existing(path: Path, info: ValidationInfo) -> Path:
    resolved = _resolved(path, info)
    if not resolved.is_dir():
        read_file(resolved)
    return resolved


def _certificate_files(path: Path, info: ValidationInfo) -> Path:
    resolved = _resolved(path, info)
    if not resolved.is_dir():
        load_certificate(resolved)
        return resolved
    files = certificate_files(resolved)
    if not files:
        raise ValueError(f"{resolved} holds no certificate (*.pem, *.crt, *.cer, *.der)")
    for file in files:
        load_certificate(file)
    return resolved


def certificate_files(path: Path) -> tuple[Path, ...]:
    """The certificate files of a directory and its sub-directories; a file stands for itself."""
    if path.is_file():
        return (path,)
    suffixes = {".pem", ".crt", ".cer", ".der"}
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in suffixes and file.is_file())
    return tuple(file for file in files if not _is_key(read_file(file)))


def _is_key(content: bytes) -> bool:
    """Whether this is a PEM file without a certificate: a key that lies beside its certificate."""
    return b"-----BEGIN" in content and b"-----BEGIN CERTIFICATE-----" not in content


def load_certificate(path: Path) -> x509.Certificate:
    """Load a certificate, PEM or DER.

    Raises:
        ValueError: The file cannot be read, or holds no certificate.
    """
    content = read_file(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        try:
            if b"-----BEGIN" in content:
                return x509.load_pem_x509_certificate(content)
            return x509.load_der_x509_certificate(content)
        except ValueError:
            raise ValueError(f"{path} holds no X.509 certificate; expected PEM or DER") from None


def _check_key(key: Path, certificate: Path) -> None:
    content = read_file(key)
    try:
        if b"-----BEGIN" in content:
            private = load_pem_private_key(content, password=None)
        else:
            private = load_der_private_key(content, password=None)
    except TypeError:
        raise ValueError(f"{key} is encrypted; expected a private key without a password") from None
    except ValueError:
        raise ValueError(f"{key} holds no private key; expected PEM or DER (PKCS#8)") from None
    spki = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    certified = load_certificate(certificate).public_key()
    if private.public_key().public_bytes(*spki) != certified.public_bytes(*spki):
        raise ValueError(f"the private key in {key} does not belong to the certificate in {certificate}")


def check_validity(path: Path) -> None:
    """Check that a certificate is valid now.

    Raises:
        ValueError: It has expired, or is not valid yet.
    """
    certificate = load_certificate(path)
    now = datetime.now(UTC)
    if certificate.not_valid_after_utc < now:
        raise ValueError(
            f"the certificate in {path} expired on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M:%S} UTC; "
            "name a valid one (certificates that are meant to be faulty belong in [faulty])"
        )
    if certificate.not_valid_before_utc > now:
        raise ValueError(
            f"the certificate in {path} is not valid before "
            f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M:%S} UTC; name a valid one"
        )


def _valid_certificate(path: Path, info: ValidationInfo) -> Path:
    resolved = _resolved(path, info)
    check_validity(resolved)
    return resolved


def _certificate(path: Path, info: ValidationInfo) -> Path:
    resolved = _resolved(path, info)
    load_certificate(resolved)
    return resolved


def _http_url(url: str) -> str:
    parts = urlsplit(url)
    try:
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fine = False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_fine:
        raise ValueError(f"expected a URL such as https://host:8443/api/v1/serviceS, found {url!r}")
    return url.rstrip("/")


ReadableFile = Annotated[Path, AfterValidator(_readable_file)]
ExistingPath = Annotated[Path, AfterValidator(_existing)]
CertificateFile = Annotated[Path, AfterValidator(_certificate)]
ValidCertificateFile = Annotated[Path, AfterValidator(_valid_certificate)]
CertificateFiles = Annotated[Path, AfterValidator(_certificate_files)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]


def _own_key(value: Any, info: ValidationInfo) -> Any:
    certificate = info.data.get("certificate")
    if value is not None and certificate is not None:
        _check_key(value, certificate)
    return value


class KeyPair(Section):
    """A certificate that is valid now, and the private key that belongs to it."""

    certificate: ValidCertificateFile
    key: ReadableFile

    _key_belongs = field_validator("key")(_own_key)


class CertificateWithOptionalKey(Section):
    """A certificate that is valid now; the private key is not needed to place it in a slot."""

    certificate: ValidCertificateFile
    key: ReadableFile | None = None

    _key_belongs = field_validator("key")(_own_key)


class FaultyCertificate(Section):
    """A certificate that is faulty on purpose, expired for example, with its key where it signs."""

    certificate: CertificateFile
    key: ReadableFile | None = None

    _key_belongs = field_validator("key")(_own_key)


class TLSFiles(Section):
    """Transport security: whom to trust, and who we are (mutual TLS). These are not SMKI certificates."""

    ca: CertificateFile
    certificate: ValidCertificateFile | None = None
    key: ReadableFile | None = None

    _key_belongs = field_validator("key")(_own_key)

    @field_validator("ca")
    @classmethod
    def _ca_is_valid(cls, path: Path) -> Path:
        check_validity(path)
        return path


class TLSServerFiles(Section):
    """Transport security of the inbox: its own certificate, and the authority its clients must come from."""

    ca: ValidCertificateFile
    certificate: ValidCertificateFile
    key: ReadableFile

    _key_belongs = field_validator("key")(_own_key)
