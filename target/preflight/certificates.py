"""Checks of certificates and keys: validity, roles, Entity Identifiers, usage, chains [CERT]."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from duis.roles import NETWORK_OPERATORS, SUPPLIERS, CertificateType, UserRole
from duis.smki.certificate import ROLES, XML_SIGN, OrganisationCertificate, load
from duis.smki.trust import ChainError, ChainReason, TrustStore
from target.component_files import emulated_components
from target.errors import HarnessError
from target.file import TargetFile
from target.file_keys import certificate_files, load_certificate
from target.file_sections import ServiceUserEntry
from target.preflight.findings import Finding, Group, Outcome
from target.trust import load_trust

SHORT = timedelta(days=30)
"""A certificate that is valid for less than this is worth a warning."""

_SUPPLIER, _NETWORK_OPERATOR = "02", "03"
_UNTRUSTED = (ChainReason.UNKNOWN_ISSUER, ChainReason.NOT_ISSUED, ChainReason.NOT_AN_AUTHORITY)


@dataclass(frozen=True)
class _Expectation:
    """What a certificate of a Service User must be."""

    key: str
    file: Path
    usage: CertificateType
    roles: frozenset[str]


def check_certificates(target: TargetFile, now: datetime | None = None) -> Iterator[Finding]:
    """Check every certificate of a target file; keys were opened, and matched, when it was read.

    Args:
        target: The target file.
        now: When they have to be valid; default now.
    """
    at = now or datetime.now(UTC)
    try:
        trust = load_trust(target.trust.anchors, target.trust.certificates)
    except HarnessError as error:
        yield _problem("trust", str(error), "Correct trust.anchors or trust.certificates")
        return
    yield from _trust(target, at)
    yield from _signers(target, trust)
    for user in target.service_user:
        yield from _user(user, trust, at)
    yield from _faulty(target, trust, at)
    yield from _tls(target, at)


def _user(user: ServiceUserEntry, trust: TrustStore, at: datetime) -> Iterator[Finding]:
    good: list[OrganisationCertificate] = []
    names = []
    for expected in _expectations(user):
        subject = f"service user {user.name}, {expected.key}"
        try:
            certificate = load(expected.file.read_bytes())
        except (OSError, ValueError) as error:
            yield _problem(subject, str(error), f"Name an SMKI organisation certificate for {expected.key}")
            continue
        wrong = list(_wrong(certificate, expected, user, trust, at))
        yield from (_problem(subject, text, mend) for text, mend in wrong)
        if not wrong:
            good.append(certificate)
            names.append(expected.key)
    if good:
        earliest = min(certificate.not_after for certificate in good)
        yield _lasting(f"service user {user.name}", f"{user.user_id}: {', '.join(names)}", earliest, at)


def _expectations(user: ServiceUserEntry) -> Iterator[_Expectation]:
    signing, agreement = CertificateType.DIGITAL_SIGNING, CertificateType.KEY_AGREEMENT
    yield _Expectation("signing", user.signing.certificate, signing, frozenset({XML_SIGN}))
    roles = _party_roles(user.roles)
    for key, entry, usage in (
        ("digital_signing", user.digital_signing, signing),
        ("key_agreement", user.key_agreement, agreement),
        ("renewed_digital_signing", user.renewed_digital_signing, signing),
        ("renewed_key_agreement", user.renewed_key_agreement, agreement),
    ):
        if entry is not None:
            yield _Expectation(key, entry.certificate, usage, roles)


def _party_roles(roles: Iterable[UserRole]) -> frozenset[str]:
    """Role codes a party with these User Roles can have; none: nothing public tells."""
    found = set()
    for role in roles:
        if role in SUPPLIERS or role is UserRole.EXPORT_SUPPLIER:
            found.add(_SUPPLIER)
        elif role in NETWORK_OPERATORS:
            found.add(_NETWORK_OPERATOR)
        else:
            return frozenset()
    return frozenset(found)


def _wrong(
    certificate: OrganisationCertificate,
    expected: _Expectation,
    user: ServiceUserEntry,
    trust: TrustStore,
    at: datetime,
) -> Iterator[tuple[str, str]]:
    """What is wrong with a certificate, and how to mend it."""
    mend = f"Name the right certificate for {expected.key} of service user {user.name}"
    if expected.roles and certificate.role not in expected.roles:
        wanted = " or ".join(f"{role} ({ROLES[role]})" for role in sorted(expected.roles))
        found = f"{certificate.role or 'none'} ({certificate.role_name})"
        yield f"{expected.file} has role code {found}, expected {wanted}", mend
    if certificate.entity_identifier != user.user_id:
        yield (
            f"{expected.file} is a certificate of {certificate.entity_identifier or 'no party'}, "
            f"expected the user_id {user.user_id}",
            f"{mend}, or correct its user_id",
        )
    if certificate.usage != expected.usage:
        yield f"{expected.file} has usage {certificate.usage}, expected {expected.usage}", mend
    try:
        trust.validate(certificate, at)
    except ChainError as error:
        yield (
            f"{expected.file} does not chain to trust.anchors: {error}",
            "Name the certificate of its issuer in trust.certificates and its root in trust.anchors, "
            "or another certificate",
        )


def _trust(target: TargetFile, at: datetime) -> Iterator[Finding]:
    for key in ("anchors", "certificates"):
        files = [file for path in getattr(target.trust, key) for file in certificate_files(path)]
        if files:
            yield from _validity(f"trust.{key}", files, at)


def _signers(target: TargetFile, trust: TrustStore) -> Iterator[Finding]:
    """Signatures name their certificate by issuer and serial only, so it must be known beforehand."""
    assumptions, entity_identifier = target.assumptions, target.dsp.entity_identifier
    dsp = [each for each in trust.certificates if each.role == assumptions.dsp_signer_role]
    if not dsp:
        yield _problem(
            "signer of the DSP",
            f"trust.certificates holds no certificate of role code {assumptions.dsp_signer_role}",
            "Add the DSP's signing certificate to trust.certificates, or correct assumptions.dsp_signer_role",
        )
    elif entity_identifier not in {each.entity_identifier for each in dsp}:
        found = ", ".join(sorted(str(each.entity_identifier) for each in dsp))
        yield Finding(
            Group.CERTIFICATES,
            "signer of the DSP",
            Outcome.WARNING,
            f"the certificates of role code {assumptions.dsp_signer_role} are those of {found}, and "
            f"dsp.entity_identifier is {entity_identifier}",
            "Correct dsp.entity_identifier, or add the DSP's signing certificate to trust.certificates",
        )
    else:
        yield _fine("signer of the DSP", f"known: {entity_identifier}")
    users = {user.user_id for user in target.service_user}
    s1sps = {
        each.entity_identifier
        for each in trust.certificates
        if each.role == assumptions.s1sp_signer_role and each.entity_identifier not in users
    }
    parties = ", ".join(sorted(map(str, s1sps)))
    if len(s1sps) < len(target.s1sp):
        yield _problem(
            "signers of the S1SPs",
            f"trust.certificates holds certificates of role code {assumptions.s1sp_signer_role} of "
            f"{len(s1sps)} parties ({parties or 'none'}), for {len(target.s1sp)} S1SPs",
            "Add the signing certificate of each S1SP to trust.certificates, or correct "
            "assumptions.s1sp_signer_role",
        )
    else:
        yield _fine("signers of the S1SPs", f"known: {parties}")


def _faulty(target: TargetFile, trust: TrustStore, at: datetime) -> Iterator[Finding]:
    """A faulty certificate must be faulty in the way its name says, and in no other."""
    as_named = []
    for name, entry in target.faulty.items():
        subject, mend = f"faulty.{name}", f"Name a certificate for faulty.{name} that is faulty in this way"
        try:
            certificate = load(entry.certificate.read_bytes())
        except (OSError, ValueError) as error:
            yield _problem(subject, str(error), mend)
            continue
        wrong = _not_as_named(name, certificate, trust, at) or _not_his(name, certificate, target)
        if wrong:
            yield _problem(subject, f"{entry.certificate} {wrong}", mend)
        else:
            as_named.append(name)
    if as_named:
        yield _fine("faulty", f"{len(as_named)} certificates, each faulty in the way it is named")


def _not_as_named(
    name: str, certificate: OrganisationCertificate, trust: TrustStore, at: datetime
) -> str | None:
    if name.endswith("-expired"):
        if certificate.not_after >= at:
            return f"is valid until {_day(certificate.not_after)}, so it is not expired"
        try:
            trust.validate(certificate, certificate.not_after)
        except ChainError as error:
            return f"is not only expired: {error}"
        return None
    try:
        trust.validate(certificate, at)
    except ChainError as error:
        return None if error.reason in _UNTRUSTED else f"is faulty in another way: {error}"
    return "chains to trust.anchors, so it is not untrusted"


def _not_his(name: str, certificate: OrganisationCertificate, target: TargetFile) -> str | None:
    user = next(user for user in target.service_user if name.startswith(f"{user.name}-"))
    for other in target.service_user:
        if name.startswith(f"{other.name}-") and len(other.name) > len(user.name):
            user = other
    if certificate.entity_identifier != user.user_id:
        return f"is a certificate of {certificate.entity_identifier}, expected {user.user_id} ({user.name})"
    return None


def _tls(target: TargetFile, at: datetime) -> Iterator[Finding]:
    tables = {
        "dsp.tls": target.dsp.tls,
        "management.tls": target.management.tls,
        "callback.tls": target.callback.tls,
    }
    for name, table in tables.items():
        if table is not None:
            files = [file for file in (table.ca, table.certificate) if file is not None]
            yield from _validity(name, files, at)
    users = [user.tls.certificate for user in target.service_user if user.tls is not None]
    if users:
        yield from _validity("tls of service users", users, at)
    for component, section in emulated_components(target).items():
        files = [section.signing.certificate]
        if section.tls is not None:
            files += [section.tls.ca, section.tls.certificate]
        yield from _validity(f"emulator of {component}", files, at)


def _validity(subject: str, files: list[Path], at: datetime) -> Iterator[Finding]:
    """One line where all are valid; each that is not, or not for long, has its own."""
    earliest: datetime | None = None
    for file in files:
        try:
            certificate: x509.Certificate = load_certificate(file)
        except ValueError as error:
            yield _problem(subject, str(error), f"Correct {subject}")
            continue
        until = certificate.not_valid_after_utc
        if until < at:
            yield _problem(subject, f"{file} expired on {_day(until)}", f"Name a valid one in {subject}")
        elif certificate.not_valid_before_utc > at:
            text = f"{file} is not valid before {_day(certificate.not_valid_before_utc)}"
            yield _problem(subject, text, f"Name a valid one in {subject}")
        elif until < at + SHORT:
            yield _lasting(subject, str(file), until, at)
        else:
            earliest = min(until, earliest) if earliest else until
    if earliest is not None:
        yield _lasting(subject, "1 certificate" if len(files) == 1 else f"{len(files)} files", earliest, at)


def _lasting(subject: str, text: str, until: datetime, at: datetime) -> Finding:
    if until < at + SHORT:
        days = (until - at).days
        return Finding(
            Group.CERTIFICATES,
            subject,
            Outcome.WARNING,
            f"{text}; valid until {_day(until)}, {days} days from now",
            "Have new certificates at hand before that",
        )
    return _fine(subject, f"{text}; valid until {_day(until)}")


def _day(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC"


def _fine(subject: str, text: str) -> Finding:
    return Finding(Group.CERTIFICATES, subject, Outcome.FINE, text)


def _problem(subject: str, text: str, mend: str) -> Finding:
    return Finding(Group.CERTIFICATES, subject, Outcome.PROBLEM, text, mend)
