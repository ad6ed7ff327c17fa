"""Certificate lists for tests: an SMKI of their own, and lists made of it or of a test PKI."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from duis.identifiers import EUI64
from duis.roles import NETWORK_OPERATORS, CertificateType
from duis.smki.certificate import OrganisationCertificate
from duis.smki.issuing import (
    Authority,
    Validity,
    authority_name,
    issue,
    issue_authority,
    new_key,
    party_name,
)
from duis.smki.testpki import TestPKI

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
VALID = Validity(AT - 100 * DAY, AT + 100 * DAY)
NEWER = Validity(AT - 10 * DAY, AT + 1000 * DAY)
EXPIRED = Validity(AT - 200 * DAY, AT - DAY)
NOT_YET_VALID = Validity(AT + DAY, AT + 200 * DAY)
SIGNING, AGREEMENT = CertificateType.DIGITAL_SIGNING, CertificateType.KEY_AGREEMENT
NORTH = EUI64("02-53-31-00-00-00-00-11")
SOUTH = EUI64("02-53-31-00-00-00-00-13")
HEADER = (
    "network_operator",
    "entity_identifier",
    "market_participant_id",
    "digital_signing",
    "key_agreement",
)


class Smki:
    """A root and an issuing authority, and what they issue."""

    def __init__(self) -> None:
        validity = Validity(AT - 1000 * DAY, AT + 9000 * DAY)
        self.root = issue_authority(authority_name("ZA", "00"), validity)
        self.issuing = issue_authority(authority_name("Z1", "07"), validity, self.root, path_length=0)

    @property
    def authorities(self) -> tuple[OrganisationCertificate, OrganisationCertificate]:
        return (self.root.certificate, self.issuing.certificate)

    def certificate(
        self,
        party: EUI64,
        use: CertificateType,
        validity: Validity = VALID,
        *,
        role: str = "03",
        name: str | None = None,
        issuer: Authority | None = None,
    ) -> OrganisationCertificate:
        subject = party_name(party, role, name)
        return issue(subject, new_key().public_key(), issuer or self.issuing, use, validity)

    def pair(
        self, party: EUI64, validity: Validity = VALID, *, name: str | None = None
    ) -> tuple[OrganisationCertificate, OrganisationCertificate]:
        """A digital signing and a key agreement certificate."""
        return (
            self.certificate(party, SIGNING, validity, name=name),
            self.certificate(party, AGREEMENT, validity, name=name),
        )


def write_pem(file: Path, *certificates: OrganisationCertificate) -> Path:
    """Write certificates into one PEM file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"".join(each.pem() for each in certificates))
    return file


def write_folder(folder: Path, certificates: Iterable[OrganisationCertificate]) -> Path:
    """Write a list that is a folder, one PEM file for each certificate."""
    for number, certificate in enumerate(certificates):
        write_pem(folder / f"{number:03}.pem", certificate)
    return folder


def write_csv(file: Path, rows: Sequence[Mapping[str, str]], header: Sequence[str] = HEADER) -> Path:
    """Write a list that is a CSV file; what a row leaves out is empty."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header, restval="")
    writer.writeheader()
    writer.writerows(rows)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text.getvalue(), encoding="utf-8", newline="")
    return file


def csv_row(**changed: str) -> dict[str, str]:
    """The row of the party in the north, as `write_csv_of_north` lays out its files."""
    return {
        "network_operator": "North Networks",
        "entity_identifier": NORTH,
        "market_participant_id": "NRTH",
        "digital_signing": "north/ds.pem",
        "key_agreement": "north/ka.pem",
    } | changed


def write_csv_of_north(
    folder: Path, smki: Smki, signing: OrganisationCertificate, agreement: OrganisationCertificate
) -> Path:
    """Write a list that is a CSV file, with the party in the north and the authorities."""
    write_pem(folder / "smki.pem", *smki.authorities)
    write_pem(folder / "north" / "ds.pem", signing)
    write_pem(folder / "north" / "ka.pem", agreement)
    return write_csv(folder / "list.csv", [csv_row()])


def list_of_test_pki(pki: TestPKI, folder: Path, *, without: Iterable[str] = ()) -> Path:
    """Write the list of a test PKI's Network Operators as a folder, with the authorities.

    Args:
        pki: the test PKI.
        folder: where to.
        without: names of Network Operators that shared nothing, such as ``gt-south``.
    """
    certificates = [pki.root, pki.issuing]
    for party in pki.parties:
        if NETWORK_OPERATORS.intersection(party.user_roles) and party.name not in without:
            certificates += [party.digital_signing, party.key_agreement]
    return write_folder(folder, certificates)
