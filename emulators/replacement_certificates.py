"""What makes certificates fit to be placed in a slot: asked by the DSP and by an S1SP.

All or nothing: one unfit certificate and no certificate is placed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from duis.roles import CertificateType, RemotePartyRole
from duis.smki.certificate import CertificateUnreadable, OrganisationCertificate
from duis.smki.trust import ChainError, ChainReason
from emulators.request_context import RequestContext

ROLE_CODE_OF_SLOT: Mapping[RemotePartyRole, str] = {
    RemotePartyRole.ROOT: "00",
    RemotePartyRole.RECOVERY: "01",
    RemotePartyRole.SUPPLIER: "02",
    RemotePartyRole.NETWORK_OPERATOR: "03",
    RemotePartyRole.ACB: "04",
    RemotePartyRole.TRANS_COS: "05",
    RemotePartyRole.LOAD_CONTROLLER: "08",
}
"""The role code a certificate needs for each slot [CERT]."""

USAGE_IN_SLOT: Mapping[CertificateType, CertificateType] = {
    CertificateType.DIGITAL_SIGNING: CertificateType.DIGITAL_SIGNING,
    CertificateType.KEY_AGREEMENT: CertificateType.KEY_AGREEMENT,
    CertificateType.KEY_AGREEMENT_TOP_UP: CertificateType.KEY_AGREEMENT,
}
"""The key usage a certificate needs for each use in a slot [CERT]."""

_OUT_OF_DATE = frozenset({ChainReason.NOT_YET_VALID, ChainReason.EXPIRED})


def places_certificates(context: RequestContext) -> bool:
    """Whether the request is one that replaces certificates in a slot: 6.15.1 or 6.21."""
    return context.facts.remote_party_role is not None


def are_readable(context: RequestContext) -> bool:
    """At least one, each a DER certificate; a top-up certificate for the Supplier slot only [XSD]."""
    if not places_certificates(context):
        return True
    top_up_fits = (
        CertificateType.KEY_AGREEMENT_TOP_UP not in context.facts.replacements
        or context.facts.remote_party_role is RemotePartyRole.SUPPLIER
    )
    return bool(context.replacement_certificates) and top_up_fits


def have_the_role_of_the_slot(context: RequestContext) -> bool:
    """Each certificate has the role code of the slot: 02 for Supplier, 03 for NetworkOperator [CERT]."""
    slot = context.facts.remote_party_role
    return slot is None or all(
        certificate.role == ROLE_CODE_OF_SLOT[slot] for _, certificate in _replacements(context)
    )


def have_the_usage_of_the_element(context: RequestContext) -> bool:
    """Each certificate has the key usage of the element it stands in [CERT]."""
    return all(certificate.usage is USAGE_IN_SLOT[use] for use, certificate in _replacements(context))


def are_of_one_party(context: RequestContext) -> bool:
    """All certificates have one Entity Identifier."""
    parties = {certificate.entity_identifier for _, certificate in _replacements(context)}
    return len(parties) <= 1 and None not in parties


def chain_to_an_anchor(context: RequestContext) -> bool:
    """Each certificate chains to a trust anchor, with the authorities that come with it at most as links."""
    return all(error is None or error.reason in _OUT_OF_DATE for error in _chain_errors(context))


def are_in_date(context: RequestContext) -> bool:
    """Each certificate and its authorities are valid at the time of execution.

    The DCC's systems look at the dates even where ApplyTimeBasedCPVChecks tells the device not to [ASSUMED].
    """
    return all(error is None or error.reason not in _OUT_OF_DATE for error in _chain_errors(context))


def chain_detail(context: RequestContext) -> str:
    """Why a certificate is not trusted."""
    return "; ".join(str(error) for error in _chain_errors(context) if error is not None)


def _replacements(context: RequestContext) -> tuple[tuple[CertificateType, OrganisationCertificate], ...]:
    return tuple((context.replacement_certificates or {}).items())


def _chain_errors(context: RequestContext) -> Iterator[ChainError | None]:
    if not places_certificates(context):
        return
    at = context.facts.executes_at(context.now)
    links = _links(context)
    for _, certificate in _replacements(context):
        try:
            context.trust.validate(certificate, at=at, intermediates=links)
        except ChainError as error:
            yield error
        else:
            yield None


def _links(context: RequestContext) -> tuple[OrganisationCertificate, ...]:
    """The readable ones of the certification path; an unreadable one is no link, and the chain decides."""
    links = []
    for der in context.facts.certification_path:
        try:
            links.append(OrganisationCertificate.from_der(der))
        except CertificateUnreadable:
            continue
    return tuple(links)
