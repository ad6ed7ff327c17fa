"""A certificate list that is a folder: the parties are those that the certificates name."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography.x509.oid import NameOID

from data_update.certificate_files import Material, Party, certificates_in, faults, in_order, is_authority
from data_update.errors import DataUpdateError
from duis.identifiers import EUI64
from duis.smki.certificate import OrganisationCertificate
from duis.smki.trust import CERTIFICATE_SUFFIXES


def read_folder(folder: Path) -> Material:
    """Read every certificate file below a folder; other files are not opened."""
    material = Material()
    shared: defaultdict[EUI64, set[OrganisationCertificate]] = defaultdict(set)
    for file in certificate_files(_below(folder)):
        try:
            certificates = certificates_in(file)
        except DataUpdateError as error:
            material.problems.append(str(error))
            continue
        for certificate in certificates:
            if is_authority(certificate):
                material.authorities.add(certificate)
                continue
            found = [f"{file}: {fault}" for fault in faults(certificate)]
            material.problems += found
            if not found and certificate.entity_identifier is not None:
                shared[certificate.entity_identifier].add(certificate)
    material.parties = [
        Party(_name(entity, shared[entity]), entity, None, in_order(shared[entity]))
        for entity in sorted(shared)
    ]
    return material


def _below(folder: Path) -> Iterator[Path]:
    """Every file below a folder; one that cannot be looked into is an error, not an empty one."""

    def refuse(error: OSError) -> None:
        raise DataUpdateError(
            f"{error.filename}: cannot be looked into: {error.strerror}; see its permissions, as a party's "
            "certificates in it would be missing"
        ) from error

    for place, _, names in os.walk(folder, onerror=refuse):
        for name in names:
            yield Path(place, name)


def certificate_files(found: Iterable[Path]) -> list[Path]:
    """Those that may hold certificates, by their suffix, in the order of their names."""
    return sorted(each for each in found if each.suffix.lower() in CERTIFICATE_SUFFIXES and not each.is_dir())


def _name(entity: EUI64, certificates: set[OrganisationCertificate]) -> str:
    """The common name in the certificates; the Entity Identifier where they carry none."""
    attributes = [
        attribute
        for each in certificates
        for attribute in each.x509.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    ]
    return min((str(attribute.value) for attribute in attributes), default=str(entity))
