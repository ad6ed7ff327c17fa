"""Which roots the certificates of a list are checked against."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from data_update.certificate_files import in_order, title
from data_update.errors import DataUpdateError
from duis.smki.certificate import ROOT, OrganisationCertificate
from duis.smki.trust import TrustMaterialError, TrustStore


def trusted_roots(
    path: Path, found: Iterable[OrganisationCertificate], trust: Path | None
) -> tuple[TrustStore, str]:
    """The roots to trust, and in words which they are and where they come from.

    Args:
        path: the certificate list.
        found: roots and issuing authorities found with the list: links of chains, and the roots among them
            trusted where no others are given.
        trust: certificates of the roots, a file or a folder; None for those of the list.

    Raises:
        DataUpdateError: there is no root, or what is given as trust cannot be used.
    """
    authorities = in_order(found)
    if trust is None:
        origin = "the roots in the list itself"
        roots = tuple(
            each for each in authorities if each.role == ROOT and each.is_authority and each.self_issued
        )
        if not roots:
            raise DataUpdateError(
                f"{path}: no root certificate (role {ROOT}) with the list; give the one of SMKI with --trust"
            )
        store = TrustStore(authorities, roots)
    else:
        origin = f"from {trust}"
        store = _load_trust(trust)
        for authority in authorities:
            store.add(authority)
    names = ", ".join(f"{title(each)}, SHA-256 {each.sha256.hex()}" for each in in_order(store.anchors))
    return store, f"{origin}: {names}"


def _load_trust(trust: Path) -> TrustStore:
    try:
        store = TrustStore.load(trust)
    except OSError as error:
        raise DataUpdateError(
            f"{trust}: cannot be read: {error.strerror}; give a certificate file or a folder with --trust"
        ) from error
    except TrustMaterialError as error:
        raise DataUpdateError(f"{error}; give the root certificate of SMKI with --trust") from error
    if not all(each.is_authority for each in store.anchors):
        # Else a list given as its own trust would vouch for every certificate in it.
        raise DataUpdateError(
            f"{trust}: holds no certificate of an authority; give the root certificate of SMKI with --trust"
        )
    return store
