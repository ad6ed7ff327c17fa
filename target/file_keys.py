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
from cryptography.utils import CryptographyDeprecationWarning
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from duis.pkcs11_uri import PKCS11URI, SCHEME
from target.keys import KeyReference, check_key


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


def _key_reference(value: Any, info: ValidationInfo) -> KeyReference:
    if isinstance(value, str) and value.startswith(SCHEME):
        return PKCS11URI.parse(value)
    return _key_file(value, info)


def _key_file(value: Any, info: ValidationInfo) -> Path:
    if not isinstance(value, str | Path):
        raise ValueError("expected text in quotes: the path of a private key")  # noqa: TRY004  (as pydantic has it)
    return _readable_file(Path(value), info)


def _tls_key_file(value: Any, info: ValidationInfo) -> Path:
    if isinstance(value, str) and value.startswith(SCHEME):
        raise ValueError(
            "a key in a PKCS#11 token cannot serve TLS, only signing; name a PEM file (it may be encrypted)"
        )
    resolved = _key_file(value, info)
    if not _is_pem(resolved):
        raise ValueError(
            f"{resolved} is not PEM, which a TLS key must be; convert it: "
            f"openssl pkey -inform DER -in {resolved.name} -aes256 -out {resolved.stem}.pem"
        )
    return resolved


def _tls_certificate(path: Path, info: ValidationInfo) -> Path:
    resolved = _valid_certificate(path, info)
    if not _is_pem(resolved):
        raise ValueError(
            f"{resolved} is not PEM, which a TLS certificate must be; convert it: "
            f"openssl x509 -inform DER -in {resolved.name} -out {resolved.stem}.pem"
        )
    return resolved


def _is_pem(path: Path) -> bool:
    return b"-----BEGIN" in read_file(path)


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


ExistingPath = Annotated[Path, AfterValidator(_existing)]
CertificateFile = Annotated[Path, AfterValidator(_certificate)]
ValidCertificateFile = Annotated[Path, AfterValidator(_valid_certificate)]
CertificateFiles = Annotated[Path, AfterValidator(_certificate_files)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]


KeyReferenceField = Annotated[
    KeyReference,
    PlainValidator(_key_reference),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "description": "private key: a PEM or DER file (PKCS#8, maybe encrypted), or a pkcs11: URI",
        }
    ),
]
"""A key that signs: the path of a file, or a `pkcs11:` URI."""
TLSKeyFile = Annotated[
    Path,
    PlainValidator(_tls_key_file),
    WithJsonSchema({"type": "string", "format": "path", "description": "private key: a PEM file"}),
]
TLSCertificateFile = Annotated[Path, AfterValidator(_tls_certificate)]
PassphraseVariable = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="environment variable with the passphrase of the key file, or the PIN of the token",
    ),
]
"""Name of an environment variable."""


def _own_key(value: Any, info: ValidationInfo) -> Any:
    certificate = info.data.get("certificate")
    if value is not None and certificate is not None and "passphrase_env" in info.data:
        public_key = load_certificate(certificate).public_key()
        check_key(value, certificate, public_key, info.data["passphrase_env"])
    return value


# In each table the key comes last, because its check needs the fields before it.


class KeyPair(Section):
    """A certificate that is valid now, and the private key that belongs to it.

    Attributes:
        certificate: File of the certificate.
        passphrase_env: Environment variable with the passphrase of the key file, or the PIN of the token.
        key: The private key: a file, or a `pkcs11:` URI.
    """

    certificate: ValidCertificateFile
    passphrase_env: PassphraseVariable | None = None
    key: KeyReferenceField

    _key_belongs = field_validator("key")(_own_key)


class TLSKeyPair(KeyPair):
    """A transport certificate that is valid now, and its private key: PEM files, as OpenSSL needs them."""

    certificate: TLSCertificateFile
    passphrase_env: PassphraseVariable | None = None
    key: TLSKeyFile


class CertificateWithOptionalKey(Section):
    """A certificate that is valid now; the private key is not needed to place it in a slot."""

    certificate: ValidCertificateFile
    passphrase_env: PassphraseVariable | None = None
    key: KeyReferenceField | None = None

    _key_belongs = field_validator("key")(_own_key)


class FaultyCertificate(Section):
    """A certificate that is faulty on purpose, expired for example, with its key where it signs."""

    certificate: CertificateFile
    passphrase_env: PassphraseVariable | None = None
    key: KeyReferenceField | None = None

    _key_belongs = field_validator("key")(_own_key)


class TLSFiles(Section):
    """Transport security: whom to trust, and who we are (mutual TLS). These are not SMKI certificates."""

    ca: TLSCertificateFile
    certificate: TLSCertificateFile | None = None
    passphrase_env: PassphraseVariable | None = None
    key: TLSKeyFile | None = None

    _key_belongs = field_validator("key")(_own_key)


class TLSServerFiles(Section):
    """Transport security of a server: its certificate, and the authority its clients must come from."""

    ca: TLSCertificateFile
    certificate: TLSCertificateFile
    passphrase_env: PassphraseVariable | None = None
    key: TLSKeyFile

    _key_belongs = field_validator("key")(_own_key)
