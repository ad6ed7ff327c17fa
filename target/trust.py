"""The SMKI trust store of a target."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from duis.smki.certificate import OrganisationCertificate, load
from duis.smki.trust import TrustStore
from target.errors import HarnessError
from target.file_keys import certificate_files


def load_trust(anchors: Iterable[Path], certificates: Iterable[Path]) -> TrustStore:
    """The trust store of files and directories of certificates.

    Raises:
        HarnessError: A file cannot be used.
    """
    return TrustStore(certificates=_load(certificates), anchors=_load(anchors))


def _load(paths: Iterable[Path]) -> list[OrganisationCertificate]:
    loaded = []
    for path in paths:
        for file in certificate_files(path):
            try:
                loaded.append(load(file.read_bytes()))
            except (OSError, ValueError) as error:
                raise HarnessError(f"{file} cannot be used as an SMKI certificate: {error}") from None
    return loaded
