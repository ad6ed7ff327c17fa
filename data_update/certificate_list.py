"""The certificates Network Operators shared for enrolment, and which of them go into a slot [FIA 4.2.2].

The list of Engineering Recommendation M31 has no public form; here it is a folder of certificate files, or a
CSV file that names them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from data_update.certificate_csv import read_csv
from data_update.certificate_files import NETWORK_OPERATOR, Material, Party, in_order
from data_update.certificate_folder import read_folder
from data_update.certificate_trust import trusted_roots
from data_update.errors import DataUpdateError
from data_update.reasons import Reason
from duis.identifiers import EUI64
from duis.roles import CertificateType
from duis.smki.certificate import OrganisationCertificate
from duis.smki.trust import CERTIFICATE_SUFFIXES, ChainError, TrustStore

__all__ = ["CertificateList", "Pair", "Party", "Unusable", "load_certificate_list"]

_IN_WORDS = {
    CertificateType.DIGITAL_SIGNING: "digital signing",
    CertificateType.KEY_AGREEMENT: "key agreement",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """The certificates to place in a Network Operator's slot."""

    digital_signing: OrganisationCertificate
    key_agreement: OrganisationCertificate

    @property
    def party(self) -> EUI64:
        """The party they belong to."""
        identifier = self.digital_signing.entity_identifier
        assert identifier is not None  # a certificate without one does not pass the reading
        return identifier


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why a party's certificates cannot be placed.

    Attributes:
        reason: as a fixed set.
        detail: in words, with names, dates and serial numbers.
    """

    reason: Reason
    detail: str


class CertificateList:
    """The list at one moment: each party's certificates in use then, or why it has none.

    Attributes:
        source: the folder or the file it was read from.
        anchors: which roots its certificates were checked against, for the report.
        digest: SHA-256, in hexadecimal, of all that was read, authorities and anchors included. It depends on
            neither the names nor the order of files and rows.
        parties: those with an SMKI presence.
    """

    def __init__(
        self, source: Path, material: Material, store: TrustStore, anchors: str, at: datetime
    ) -> None:
        self.source = source
        self.anchors = anchors
        self.digest = _digest(material, store)
        self.parties: Mapping[EUI64, Party] = {
            party.entity_identifier: party
            for party in sorted(material.parties, key=_identifiers)
            if party.entity_identifier is not None
        }
        self._by_name: dict[str, Party] = {
            name: party for party in material.parties for name in _identifiers(party) if name
        }
        self._store = store
        self._at = at
        self._replacements: dict[str, Pair | Unusable] = {}

    def entity_identifier(self, party: str) -> EUI64 | None:
        """Whom Registration Data means by an Entity Identifier or a market participant id.

        An Entity Identifier stands for itself, in the list or not. None when the list does not have the
        market participant id, or its party has no SMKI presence.
        """
        found = self._by_name.get(party.upper())
        if found is not None:
            return found.entity_identifier
        try:
            return EUI64(party)
        except ValueError:
            return None

    def replacement(self, party: str) -> Pair | Unusable:
        """The certificates to place for a party, or why there are none.

        Args:
            party: as Registration Data names it: an Entity Identifier or a market participant id.
        """
        found = self._replacements.get(party)
        if found is None:
            found = self._replacements[party] = self._decide(party)
        return found

    def usable(self) -> Iterator[Pair]:
        """The certificates of every party that has some to place, by Entity Identifier."""
        for identifier in self.parties:
            found = self.replacement(identifier)
            if isinstance(found, Pair):
                yield found

    def _decide(self, name: str) -> Pair | Unusable:
        party = self._by_name.get(name.upper())
        if party is None:
            return Unusable(Reason.NO_CERTIFICATE_SHARED, f"{name} is not in the certificate list")
        if party.entity_identifier is None:
            return Unusable(
                Reason.NO_SMKI_PRESENCE,
                f"{party.name} ({party.market_participant_id}) has no Entity Identifier in the list",
            )
        signing = self._choose(party, CertificateType.DIGITAL_SIGNING)
        agreement = self._choose(party, CertificateType.KEY_AGREEMENT)
        if isinstance(signing, Unusable):
            if isinstance(agreement, Unusable):
                return Unusable(signing.reason, f"{signing.detail}; {agreement.detail}")
            return signing
        return agreement if isinstance(agreement, Unusable) else Pair(signing, agreement)

    def _choose(self, party: Party, use: CertificateType) -> OrganisationCertificate | Unusable:
        """The trusted certificate of a use that is valid now; of several the one that started last."""
        who = f"{party.name} ({party.entity_identifier})"
        shared = [each for each in party.certificates if each.usage == use]
        if not shared:
            return Unusable(Reason.NO_CERTIFICATE_SHARED, f"{who} shared no {_IN_WORDS[use]} certificate")
        current = [each for each in shared if each.not_before <= self._at <= each.not_after]
        if not current:
            return Unusable(
                Reason.CERTIFICATE_EXPIRED,
                f"{who} shared no {_IN_WORDS[use]} certificate that is valid at {self._at:%FT%T%z}: "
                + ", ".join(_validity(each) for each in shared),
            )
        trusted: list[OrganisationCertificate] = []
        refusals: list[str] = []
        for certificate in current:
            try:
                self._store.validate(certificate, self._at, NETWORK_OPERATOR, use)
                trusted.append(certificate)
            except ChainError as error:
                refusals.append(str(error))
        if not trusted:
            return Unusable(
                Reason.CERTIFICATE_UNTRUSTED,
                f"{who} shared no trusted {_IN_WORDS[use]} certificate: {', '.join(refusals)}",
            )
        latest = max(each.not_before for each in trusted)
        newest = [each for each in trusted if each.not_before == latest]
        if len(newest) > 1:
            return Unusable(
                Reason.AMBIGUOUS,
                f"{who} shared {len(newest)} {_IN_WORDS[use]} certificates with the same start: "
                + ", ".join(_validity(each) for each in newest),
            )
        return newest[0]


def load_certificate_list(path: Path, *, at: datetime, trust: Path | None = None) -> CertificateList:
    """Read and check a certificate list.

    Args:
        path: a folder, of which every certificate file is read, or a CSV file that names certificate files.
        at: the moment the certificates have to be valid (aware).
        trust: certificates of the roots, a file or a folder; by default the roots found with the list.

    Raises:
        DataUpdateError: with a line for each problem, naming the file, the line where there is one, and the
            mend. Expired or untrusted certificates are none: `CertificateList.replacement` tells of them.
    """
    material = _read(path)
    problems = list(material.problems)
    if not problems and not any(party.certificates for party in material.parties):
        problems.append(
            f"{path}: holds no certificate of a Network Operator; expected files ending in "
            f"{', '.join(sorted(CERTIFICATE_SUFFIXES))}, in the folder or named by the CSV"
        )
    if problems:
        raise DataUpdateError("\n".join(problems))
    store, anchors = trusted_roots(path, material.authorities, trust)
    return CertificateList(path, material, store, anchors, at)


def _read(path: Path) -> Material:
    if path.is_dir():
        return read_folder(path)
    if path.suffix.lower() == ".csv":
        return read_csv(path)
    what = "neither a folder nor a .csv file" if path.exists() else "not found"
    raise DataUpdateError(
        f"{path}: {what}; give the folder with the Network Operators' certificates, or a CSV file naming them"
    )


def _identifiers(party: Party) -> tuple[str, str]:
    return (party.entity_identifier or "", party.market_participant_id or "")


def _validity(certificate: OrganisationCertificate) -> str:
    return f"serial {certificate.serial}, {certificate.not_before:%FT%TZ} to {certificate.not_after:%FT%TZ}"


def _digest(material: Material, store: TrustStore) -> str:
    parties = sorted(
        (*_identifiers(party), party.name, [each.sha256.hex() for each in party.certificates])
        for party in material.parties
    )
    anchors = [each.sha256.hex() for each in in_order(store.anchors)]
    authorities = [each.sha256.hex() for each in in_order(store.certificates)]
    canonical = json.dumps([parties, anchors, authorities], separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
