"""The Service Users of a target file: loaded once, bound to each estate that is opened."""

from __future__ import annotations

from dataclasses import dataclass

from duis.signature import SigningIdentity
from duis.smki.certificate import OrganisationCertificate, load
from duis.smki.trust import TrustStore
from target.credentials import Credentials, certification_path
from target.errors import HarnessError, NotArrangeable
from target.file import TargetFile
from target.file_keys import CertificateWithOptionalKey, FaultyCertificate
from target.file_sections import ServiceUserEntry
from target.keys import signing_identity
from target.service_user import EstateLink, ServiceUser


@dataclass(frozen=True)
class _Loaded:
    entry: ServiceUserEntry
    identity: SigningIdentity
    credentials: Credentials | None
    renewed: Credentials | None


class UserDirectory:
    """Every Service User of a target file, with its keys and certificates.

    Raises:
        HarnessError: A certificate is not an SMKI organisation certificate, or its issuer is unknown.
    """

    def __init__(self, target: TargetFile, trust: TrustStore) -> None:
        self._target = target
        self._trust = trust
        self._path = tuple(load(file.read_bytes()).der for file in target.trust.certification_path)
        self._loaded = tuple(self._load(entry) for entry in target.service_user)

    def bind(self, link: EstateLink) -> tuple[ServiceUser, ...]:
        """The Users in an estate."""
        return tuple(
            ServiceUser(
                link=link,
                name=each.entry.name,
                user_id=each.entry.user_id,
                roles=each.entry.roles,
                identity=each.identity,
                credentials=each.credentials,
                renewed_credentials=each.renewed,
                tls=each.entry.tls,
            )
            for each in self._loaded
        )

    def expired_identity(self, name: str) -> SigningIdentity:
        """The expired signer of a User: `[faulty.NAME-xmlsign-expired]`.

        Raises:
            NotArrangeable: The target file names none.
        """
        entry = self._faulty(f"{name}-xmlsign-expired")
        if entry.key is None:
            raise NotArrangeable(f"[faulty.{name}-xmlsign-expired] names no key to sign with")
        return signing_identity(entry.certificate, entry.key, entry.passphrase_env)

    def faulty_credentials(self, name: str, fault: str) -> Credentials:
        """Faulty certificates of a User: `[faulty.NAME-ds-FAULT]` and `[faulty.NAME-ka-FAULT]`.

        Raises:
            NotArrangeable: The target file does not name both.
        """
        digital_signing = load(self._faulty(f"{name}-ds-{fault}").certificate.read_bytes())
        key_agreement = load(self._faulty(f"{name}-ka-{fault}").certificate.read_bytes())
        sound = next((each.credentials for each in self._loaded if each.entry.name == name), None)
        # The path is that of sound certificates: a faulty one may have been issued by nobody we trust.
        path = sound.path if sound is not None else self._path
        return Credentials(digital_signing, key_agreement, path)

    def _faulty(self, name: str) -> FaultyCertificate:
        try:
            return self._target.faulty[name]
        except KeyError:
            raise NotArrangeable(f"the target file has no [faulty.{name}]") from None

    def _load(self, entry: ServiceUserEntry) -> _Loaded:
        try:
            signing = entry.signing
            identity = signing_identity(signing.certificate, signing.key, signing.passphrase_env)
            return _Loaded(
                entry,
                identity,
                self._credentials(entry.digital_signing, entry.key_agreement),
                self._credentials(entry.renewed_digital_signing, entry.renewed_key_agreement),
            )
        except ValueError as error:
            raise HarnessError(f"service user {entry.name}: {error}") from None

    def _credentials(
        self, signing: CertificateWithOptionalKey | None, agreement: CertificateWithOptionalKey | None
    ) -> Credentials | None:
        digital_signing, key_agreement = _certificate(signing), _certificate(agreement)
        first = digital_signing or key_agreement
        if first is None:
            return None
        return Credentials(
            digital_signing, key_agreement, self._path or certification_path(first, self._trust)
        )


def _certificate(entry: CertificateWithOptionalKey | None) -> OrganisationCertificate | None:
    return load(entry.certificate.read_bytes()) if entry is not None else None
