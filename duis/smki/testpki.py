"""A test PKI: every certificate the emulators and the features need, with the SMKI profile [CERT].

Parties and Entity Identifiers are fixed, so a population that names them is reproducible; keys and
serial numbers are fresh each time.
"""

from __future__ import annotations

import json
import os
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
from duis.smki.transport import issue_transport
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


def _user(name: str, number: int, user_role: str, role: str) -> PartyPlan:
    # 02: a locally administered EUI-64, so that it can be no real party's.
    return PartyPlan(name, EUI64(f"02-53-31-00-00-00-00-{number:02X}"), (UserRole(user_role),), "user", role)


PARTIES: tuple[PartyPlan, ...] = (
    _user("ed-north", 0x11, "ED", "03"),
    _user("ed-central", 0x12, "ED", "03"),
    _user("ed-south", 0x13, "ED", "03"),
    _user("gt-north", 0x21, "GT", "03"),
    _user("gt-south", 0x22, "GT", "03"),
    _user("is-a", 0x31, "IS", "02"),
    _user("is-b", 0x32, "IS", "02"),
    _user("gs-a", 0x41, "GS", "02"),
    _user("gs-b", 0x42, "GS", "02"),
    _user("es-a", 0x51, "ES", "02"),
    _user("rsa-a", 0x61, "RSA", "7F"),
    _user("ou-a", 0x71, "OU", "7F"),
    PartyPlan("dsp", EUI64("02-53-31-00-00-00-00-01"), (), "dsp", "04"),
    PartyPlan("s1sp1", EUI64("02-53-31-00-00-00-00-A1"), (), "s1sp", None),
    PartyPlan("s1sp2", EUI64("02-53-31-00-00-00-00-A2"), (), "s1sp", None),
    PartyPlan("s1sp3", EUI64("02-53-31-00-00-00-00-A3"), (), "s1sp", None),
)
"""The parties of every test PKI. ED and GT are both role 03: only the party tells them apart [CERT]."""

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
        """Every certificate of this PKI that its authorities did issue, the expired ones included."""
        certificates = [self.issuing]
        for party in self.parties:
            certificates += [load(file.read_bytes()) for file in sorted(party.directory.glob("*.pem"))]
        certificates += [
            load((self.directory / file).read_bytes())
            for name, file in self.manifest["faulty"].items()
            if name.endswith("-expired")
        ]
        return TrustStore(certificates, anchors=[self.root])


def mint(
    directory: Path,
    now: datetime | None = None,
    *,
    s1sp_signer_role: str = S1SP_SIGNER_ROLE,
    force: bool = False,
) -> TestPKI:
    """Mint a whole test PKI into a directory, all of it or nothing.

    Args:
        directory: Where to; must not exist or be empty.
        now: The moment the certificates are valid around; default now.
        s1sp_signer_role: The role code of the S1SPs' signing certificates [ASSUMED: 7F].
        force: Replace a test PKI that is there already.

    Raises:
        TestPKIError: When the directory holds something else, or a PKI and ``force`` is not given.
        OSError: When it cannot be written.
    """
    directory = Path(directory)
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
        _Mint(building, now or datetime.now(UTC), s1sp_signer_role).run()
        if directory.exists():
            shutil.rmtree(directory)
        building.rename(directory)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return TestPKI(directory)


class _Mint:
    def __init__(self, directory: Path, now: datetime, s1sp_signer_role: str) -> None:
        self.directory = directory
        start = now.astimezone(UTC).replace(microsecond=0)
        year = timedelta(days=365)
        self.valid = Validity(start - timedelta(days=30), start + 10 * year)
        self.expired = Validity(start - 2 * year, start - timedelta(days=1))
        self.authorities = Validity(start - 3 * year, start + 25 * year)
        self.s1sp_signer_role = s1sp_signer_role
        self.root = issue_authority(authority_name("ZA", ROOT), self.authorities)
        self.issuing = self._issuing_authority(self.root)
        # The same names with other keys: a target that compares names only takes these for its own.
        self.stranger = self._issuing_authority(issue_authority(authority_name("ZA", ROOT), self.authorities))

    def _issuing_authority(self, root: Authority) -> Authority:
        return issue_authority(authority_name("Z1", ISSUING_AUTHORITY), self.authorities, root, path_length=0)

    def run(self) -> None:
        for name, authority in (("root", self.root), ("issuing", self.issuing)):
            self._write(f"smki/{name}", authority.certificate.pem(), authority.private_key)
        for plan in PARTIES:
            self._party(plan)
        faulty = self._faulty()
        users = [plan.name for plan in PARTIES if plan.kind == "user"]
        identities = sorted({*TLS_SERVICES, *users})
        for name, certificate, key in issue_transport(identities, self.valid):
            self._write(f"tls/{name}", certificate, key)
        manifest = {
            "parties": [self._manifest_entry(plan) for plan in PARTIES],
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
        for plan in PARTIES:
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
