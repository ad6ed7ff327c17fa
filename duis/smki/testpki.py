"""A test PKI: every certificate the emulators and the features need, with the SMKI profile [CERT].

Parties and Entity Identifiers are fixed, so a population that names them is reproducible; keys and
serial numbers are fresh each time.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from duis.identifiers import EUI64
from duis.roles import NETWORK_OPERATORS, SUPPLIERS, CertificateType, UserRole
from duis.signature import SigningIdentity, load_signing_identity
from duis.smki.certificate import (
    DSP_XML_SIGN,
    ISSUING_AUTHORITY,
    ROOT,
    XML_SIGN,
    OrganisationCertificate,
    load,
)
from duis.smki.issuing import (
    Authority,
    Validity,
    authority_name,
    issue,
    issue_authority,
    new_key,
    party_name,
)
from duis.smki.transport import TRANSPORT_CA, issue_transport
from duis.smki.trust import TrustStore

S1SP_SIGNER_ROLE = "7F"
"""The role of an S1SP's signing certificate: no public text seen [ASSUMED]."""

MANIFEST = "manifest.json"


class TestPKIError(ValueError):
    """A directory cannot be minted into, or holds no test PKI."""

    __test__ = False


@dataclass(frozen=True, slots=True)
class PartyPlan:
    """A party to be minted: who it is and the role its organisation certificates carry.

    Attributes:
        name: Its name in files, features and reports.
        entity_identifier: Its Entity Identifier, which is also its User ID.
        user_roles: The DUIS user roles it acts in; none for the DSP and the S1SPs.
        kind: ``user``, ``dsp`` or ``s1sp``.
        role: The role code of its ds and ka certificates; None when it has none.
    """

    name: str
    entity_identifier: EUI64
    user_roles: tuple[UserRole, ...]
    kind: str
    role: str | None


ENTITY_PREFIX = "02-53-31-00-00-00-00"
"""First seven octets of the Entity Identifiers of a test PKI, unless others are asked for."""

_PREFIX = re.compile(r"[0-9A-F]{2}(-[0-9A-F]{2}){6}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,19}")
_LOCALLY_ADMINISTERED = 0x02


def parties(entity_prefix: str = ENTITY_PREFIX) -> tuple[PartyPlan, ...]:
    """The parties of a test PKI whose Entity Identifiers start with those seven octets.

    ED and GT are both role 03: only the party tells them apart [CERT].

    Raises:
        TestPKIError: When the prefix is not seven octets of locally administered identifiers.
    """
    prefix = canonical_prefix(entity_prefix)

    def plan(name: str, number: int, roles: tuple[UserRole, ...], kind: str, role: str | None) -> PartyPlan:
        return PartyPlan(name, EUI64(f"{prefix}-{number:02X}"), roles, kind, role)

    users = (plan(name, number, (UserRole(as_),), "user", role) for name, number, as_, role in _USERS)
    s1sps = (plan(f"s1sp{number}", 0xA0 + number, (), "s1sp", None) for number in (1, 2, 3))
    return (*users, plan("dsp", 0x01, (), "dsp", "04"), *s1sps)


def canonical_prefix(entity_prefix: str) -> str:
    """Seven octets in upper case, such as ``02-53-31-00-00-00-00``.

    Raises:
        TestPKIError: When it is something else, or could be the prefix of a real party.
    """
    prefix = entity_prefix.upper()
    if not _PREFIX.fullmatch(prefix):
        raise TestPKIError(
            f"expected the first seven octets of an EUI-64, such as {ENTITY_PREFIX}, found {entity_prefix!r}"
        )
    # A locally administered EUI-64 can be no real party's.
    if int(prefix[:2], 16) & 0x03 != _LOCALLY_ADMINISTERED:
        raise TestPKIError(
            f"{entity_prefix} could be a real party's; the first octet of test identifiers is 02, 06, 0A ..."
        )
    return prefix


_USERS = (
    ("ed-north", 0x11, "ED", "03"),
    ("ed-central", 0x12, "ED", "03"),
    ("ed-south", 0x13, "ED", "03"),
    ("gt-north", 0x21, "GT", "03"),
    ("gt-south", 0x22, "GT", "03"),
    ("is-a", 0x31, "IS", "02"),
    ("is-b", 0x32, "IS", "02"),
    ("gs-a", 0x41, "GS", "02"),
    ("gs-b", 0x42, "GS", "02"),
    ("es-a", 0x51, "ES", "02"),
    ("rsa-a", 0x61, "RSA", "7F"),
    ("ou-a", 0x71, "OU", "7F"),
)
"""Name, last octet, user role and role of the ds and ka certificates."""

PARTIES: tuple[PartyPlan, ...] = parties()
"""The parties of a test PKI with the default prefix."""

NETWORK_OPERATOR = "03"
SLOT_HOLDERS = SUPPLIERS | NETWORK_OPERATORS
"""Who owns a slot of a device, and so has a second pair of certificates to renew it with."""

TLS_SERVICES = ("dsp", "s1sp1", "s1sp2", "s1sp3", "inbox", "management")


@dataclass(frozen=True, slots=True)
class TLSFiles:
    """Files of a transport identity; these certificates are no SMKI certificates."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True)
class Party:
    """A party with its certificates, read when first used.

    Attributes:
        name: Its name, e.g. ``ed-north``.
        entity_identifier: Its Entity Identifier, which is also its User ID.
        user_roles: The DUIS user roles it acts in.
        kind: ``user``, ``dsp`` or ``s1sp``.
        directory: Where its files are.
    """

    name: str
    entity_identifier: EUI64
    user_roles: tuple[UserRole, ...]
    kind: str
    directory: Path

    @cached_property
    def xmlsign(self) -> SigningIdentity:
        """The identity it signs XML with: role 87, or 89 for the DSP, or the S1SP's signer role."""
        return load_signing_identity(self.directory / "xmlsign.pem", self.directory / "xmlsign.key")

    @property
    def holds_slots(self) -> bool:
        """Whether it has certificates that can be in a slot."""
        return all((self.directory / name).is_file() for name in ("ds.pem", "ka.pem"))

    @cached_property
    def digital_signing(self) -> OrganisationCertificate:
        """Its digital signing certificate, the one that goes into a slot."""
        return load((self.directory / "ds.pem").read_bytes())

    @cached_property
    def key_agreement(self) -> OrganisationCertificate:
        """Its key agreement certificate."""
        return load((self.directory / "ka.pem").read_bytes())


class TestPKI:
    """A test PKI on disk (docs/architecture.md lists its files)."""

    __test__ = False

    def __init__(self, directory: Path) -> None:
        """Open a minted directory.

        Raises:
            TestPKIError: When it holds no test PKI.
        """
        self.directory = Path(directory)
        try:
            self.manifest: dict[str, Any] = json.loads((self.directory / MANIFEST).read_text())
            self.parties: tuple[Party, ...] = tuple(
                Party(
                    each["name"],
                    EUI64(each["entity_identifier"]),
                    tuple(UserRole(role) for role in each["user_roles"]),
                    each["kind"],
                    self.directory / "parties" / each["name"],
                )
                for each in self.manifest["parties"]
            )
        except OSError as error:
            raise TestPKIError(f"{self.directory / MANIFEST}: {error.strerror or error}") from None
        except (ValueError, KeyError, TypeError) as error:
            raise TestPKIError(
                f"{self.directory / MANIFEST}: not the manifest of a test PKI: {error}"
            ) from None
        self._by_name = {party.name: party for party in self.parties}

    @staticmethod
    def load(directory: Path) -> TestPKI:
        """Open a minted directory.

        Raises:
            TestPKIError: When it holds no test PKI.
        """
        return TestPKI(directory)

    def party(self, name: str) -> Party:
        """A party by name.

        Raises:
            KeyError: When there is none of that name.
        """
        return self._by_name[name]

    def party_of(self, entity_identifier: EUI64) -> Party | None:
        """The party with that Entity Identifier, None when there is none."""
        return next((each for each in self.parties if each.entity_identifier == entity_identifier), None)

    def faulty(self, name: str) -> SigningIdentity:
        """A certificate with a deliberate fault, and its key; ``manifest["faulty"]`` lists the names.

        Raises:
            KeyError: When there is none of that name.
        """
        file = self.directory / self.manifest["faulty"][name]
        return load_signing_identity(file, file.with_suffix(".key"))

    def tls(self, identity: str) -> TLSFiles:
        """The files of a transport identity: a service or a user party.

        Raises:
            KeyError: When there is none of that name.
        """
        if identity not in self.manifest["tls"]:
            raise KeyError(identity)
        folder = self.directory / "tls"
        return TLSFiles(folder / "ca.pem", folder / f"{identity}.pem", folder / f"{identity}.key")

    @cached_property
    def root(self) -> OrganisationCertificate:
        """The root certificate, role 00."""
        return load((self.directory / "smki" / "root.pem").read_bytes())

    @cached_property
    def issuing(self) -> OrganisationCertificate:
        """The certificate of the issuing authority, role 07."""
        return load((self.directory / "smki" / "issuing.pem").read_bytes())

    @property
    def certification_path(self) -> tuple[bytes, ...]:
        """CertificationPathCertificates of a 6.15.1 or 6.21: the issuing authority, DER [RTDS]."""
        return (self.issuing.der,)

    def trust_store(self) -> TrustStore:
        """Every certificate of this PKI that its authorities did issue, the expired ones included.

        Each root in ``smki`` is an anchor: a PKI put together by hand may have several.
        """
        authorities = [load(file.read_bytes()) for file in sorted((self.directory / "smki").glob("*.pem"))]
        certificates = [each for each in authorities if each.role != ROOT]
        for party in self.parties:
            certificates += [load(file.read_bytes()) for file in sorted(party.directory.glob("*.pem"))]
        certificates += [
            load((self.directory / file).read_bytes())
            for name, file in self.manifest.get("faulty", {}).items()
            if name.endswith("-expired")
        ]
        return TrustStore(certificates, anchors=[each for each in authorities if each.role == ROOT])


def mint(
    directory: Path,
    now: datetime | None = None,
    *,
    s1sp_signer_role: str = S1SP_SIGNER_ROLE,
    entity_prefix: str = ENTITY_PREFIX,
    name: str | None = None,
    force: bool = False,
) -> TestPKI:
    """Mint a whole test PKI into a directory, all of it or nothing.

    Args:
        directory: Where to; must not exist or be empty.
        now: The moment the certificates are valid around; default now.
        s1sp_signer_role: The role code of the S1SPs' signing certificates [ASSUMED: 7F].
        entity_prefix: The first seven octets of every Entity Identifier.
        name: In front of the names of the authorities (``acme-ZA``, ``acme-Z1``), so that two PKIs are
            told apart at a glance; by default nothing with the default prefix, the prefix with another.
        force: Replace a test PKI that is there already.

    Raises:
        TestPKIError: When the directory holds something else, or a PKI and ``force`` is not given; when
            the prefix or the name cannot be used.
        OSError: When it cannot be written.
    """
    directory = Path(directory)
    plans = parties(entity_prefix)
    prefix = canonical_prefix(entity_prefix)
    if name is None:
        name = "" if prefix == ENTITY_PREFIX else prefix.replace("-", "")
    elif not _NAME.fullmatch(name):
        raise TestPKIError(f"expected up to 20 letters, digits and '-' as the name of a PKI, found {name!r}")
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        if not (directory / MANIFEST).is_file():
            raise TestPKIError(
                f"{directory}: holds something that is not a test PKI; choose another directory"
            )
        if not force:
            raise TestPKIError(f"{directory}: holds a test PKI already; it is replaced only by force")
    directory.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        _Mint(building, now or datetime.now(UTC), s1sp_signer_role, plans, name).run()
        if directory.exists():
            shutil.rmtree(directory)
        building.rename(directory)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return TestPKI(directory)


class _Mint:
    def __init__(
        self,
        directory: Path,
        now: datetime,
        s1sp_signer_role: str,
        plans: tuple[PartyPlan, ...],
        name: str,
    ) -> None:
        self.directory = directory
        self.plans = plans
        self.name = name
        start = now.astimezone(UTC).replace(microsecond=0)
        year = timedelta(days=365)
        self.valid = Validity(start - timedelta(days=30), start + 10 * year)
        self.expired = Validity(start - 2 * year, start - timedelta(days=1))
        self.authorities = Validity(start - 3 * year, start + 25 * year)
        self.s1sp_signer_role = s1sp_signer_role
        self.root = self._root_authority()
        self.issuing = self._issuing_authority(self.root)
        # The same names with other keys: a target that compares names only takes these for its own.
        self.stranger = self._issuing_authority(self._root_authority())

    def _root_authority(self) -> Authority:
        return issue_authority(authority_name(self._named("ZA"), ROOT), self.authorities)

    def _issuing_authority(self, root: Authority) -> Authority:
        name = authority_name(self._named("Z1"), ISSUING_AUTHORITY)
        return issue_authority(name, self.authorities, root, path_length=0)

    def _named(self, common_name: str) -> str:
        return f"{self.name}-{common_name}" if self.name else common_name

    def run(self) -> None:
        for name, authority in (("root", self.root), ("issuing", self.issuing)):
            self._write(f"smki/{name}", authority.certificate.pem(), authority.private_key)
        for plan in self.plans:
            self._party(plan)
        faulty = self._faulty()
        users = [plan.name for plan in self.plans if plan.kind == "user"]
        identities = sorted({*TLS_SERVICES, *users})
        for name, certificate, key in issue_transport(
            identities, self.valid, f"{self.name} {TRANSPORT_CA}".lstrip()
        ):
            self._write(f"tls/{name}", certificate, key)
        manifest = {
            "name": self.name,
            "entity_prefix": str(self.plans[0].entity_identifier)[: len(ENTITY_PREFIX)],
            "parties": [self._manifest_entry(plan) for plan in self.plans],
            "faulty": faulty,
            "tls": identities,
        }
        (self.directory / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")

    def _party(self, plan: PartyPlan) -> None:
        signer_role = {"dsp": DSP_XML_SIGN, "s1sp": self.s1sp_signer_role}.get(plan.kind, XML_SIGN)
        folder = f"parties/{plan.name}"
        self._issue(f"{folder}/xmlsign", plan, signer_role, CertificateType.DIGITAL_SIGNING)
        if plan.role is not None:
            self._issue(f"{folder}/ds", plan, plan.role, CertificateType.DIGITAL_SIGNING)
            self._issue(f"{folder}/ka", plan, plan.role, CertificateType.KEY_AGREEMENT)
        if plan.role is not None and SLOT_HOLDERS.intersection(plan.user_roles):
            self._issue(f"{folder}/ds-renewed", plan, plan.role, CertificateType.DIGITAL_SIGNING)
            self._issue(f"{folder}/ka-renewed", plan, plan.role, CertificateType.KEY_AGREEMENT)

    def _faulty(self) -> dict[str, str]:
        files: dict[str, str] = {}

        def add(
            name: str,
            plan: PartyPlan,
            role: str,
            usage: CertificateType,
            issuer: Authority,
            validity: Validity,
        ) -> None:
            files[name] = f"faulty/{name}.pem"
            self._issue(f"faulty/{name}", plan, role, usage, issuer, validity)

        signing, agreement = CertificateType.DIGITAL_SIGNING, CertificateType.KEY_AGREEMENT
        for plan in self.plans:
            if plan.role == NETWORK_OPERATOR:
                add(f"{plan.name}-xmlsign-expired", plan, XML_SIGN, signing, self.issuing, self.expired)
                for use, usage in (("ds", signing), ("ka", agreement)):
                    add(f"{plan.name}-{use}-expired", plan, plan.role, usage, self.issuing, self.expired)
                    add(f"{plan.name}-{use}-untrusted", plan, plan.role, usage, self.stranger, self.valid)
        return files

    def _issue(
        self,
        file: str,
        plan: PartyPlan,
        role: str,
        usage: CertificateType,
        issuer: Authority | None = None,
        validity: Validity | None = None,
    ) -> None:
        key = new_key()
        name = party_name(plan.entity_identifier, role)
        certificate = issue(name, key.public_key(), issuer or self.issuing, usage, validity or self.valid)
        self._write(file, certificate.pem(), key)

    def _write(self, file: str, certificate: bytes, key: ec.EllipticCurvePrivateKey) -> None:
        path = self.directory / f"{file}.pem"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(certificate)
        encoded = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        descriptor = os.open(path.with_suffix(".key"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(encoded)

    def _manifest_entry(self, plan: PartyPlan) -> dict[str, Any]:
        folder = self.directory / "parties" / plan.name
        files = sorted(each.relative_to(self.directory).as_posix() for each in folder.glob("*.pem"))
        return {
            "name": plan.name,
            "entity_identifier": str(plan.entity_identifier),
            "user_roles": [str(role) for role in plan.user_roles],
            "kind": plan.kind,
            "files": files,
        }
