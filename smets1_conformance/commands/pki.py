"""``smets1-conformance pki``: mint a test PKI, list it, show the profile of a certificate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smets1_conformance.errors import UserError

if TYPE_CHECKING:
    from duis.smki.certificate import OrganisationCertificate


@click.group()
def pki() -> None:
    """Mint and inspect a test PKI with the SMKI certificate profile."""


@pki.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace a test PKI that is there already.")
@click.option(
    "--s1sp-signer-role",
    default="7F",
    show_default=True,
    metavar="CODE",
    help="Role code of the certificates the S1SPs sign with; no public text says which.",
)
def mint(directory: Path, force: bool, s1sp_signer_role: str) -> None:
    """Mint a whole test PKI into DIRECTORY, with fresh keys."""
    from duis.smki.certificate import ROLES
    from duis.smki.testpki import TestPKIError
    from duis.smki.testpki import mint as mint_pki

    role = s1sp_signer_role.upper()
    if role not in ROLES:
        raise UserError(f"--s1sp-signer-role {s1sp_signer_role}: not one of {', '.join(ROLES)}")
    try:
        minted = mint_pki(directory, s1sp_signer_role=role, force=force)
    except TestPKIError as error:
        raise UserError(str(error)) from None
    except OSError as error:
        raise UserError(f"{error.filename or directory}: {error.strerror or error}") from None
    click.echo(
        f"{directory}: {len(minted.parties)} parties, {len(minted.manifest['faulty'])} certificates with a "
        f"deliberate fault, {len(minted.manifest['tls'])} transport identities"
    )


@pki.command("list")
@click.argument("directory", type=click.Path(path_type=Path))
def list_parties(directory: Path) -> None:
    """List the parties, faulty certificates and transport identities in DIRECTORY."""
    from duis.smki.testpki import TestPKI, TestPKIError

    try:
        found = TestPKI.load(directory)
    except TestPKIError as error:
        raise UserError(str(error)) from None
    click.echo("Parties")
    for party in found.parties:
        roles = " ".join(party.user_roles) or party.kind.upper()
        files = " ".join(sorted(path.stem for path in party.directory.glob("*.pem")))
        click.echo(f"  {party.name:<12} {party.entity_identifier}  {roles:<5} {files}")
    click.echo("Certificates with a deliberate fault")
    for name in found.manifest["faulty"]:
        click.echo(f"  {name}")
    click.echo("Transport identities")
    click.echo(f"  {' '.join(found.manifest['tls'])}")


@pki.command()
@click.argument("certificates", nargs=-1, required=True, type=click.Path(path_type=Path))
def show(certificates: tuple[Path, ...]) -> None:
    """Show each CERTIFICATE and where it departs from the SMKI profile.

    Exit code 0 when all keep to it, 1 when one does not.
    """
    from duis.smki.certificate import CertificateUnreadable, load_all

    departs = False
    for path in certificates:
        try:
            found = load_all(path.read_bytes())
        except CertificateUnreadable as error:
            raise UserError(f"{path}: {error}") from None
        except OSError as error:
            raise UserError(f"{path}: {error.strerror or error}") from None
        for certificate in found:
            departs = _show(path, certificate) or departs
    raise SystemExit(1 if departs else 0)


def _show(path: Path, certificate: OrganisationCertificate) -> bool:
    """Print one certificate; whether it departs from the profile."""
    errors = certificate.profile_errors()
    rows = {
        "Subject": certificate.subject_name,
        "Issuer": certificate.issuer_name,
        "Serial": str(certificate.serial),
        "Entity Identifier": certificate.entity_identifier or "none",
        "Role": f"{certificate.role or 'none'} ({certificate.role_name})",
        "Usage": certificate.usage or "not exactly one",
        "Valid": f"{certificate.not_before:%F %T} to {certificate.not_after:%F %T} UTC",
        "SHA-1": certificate.sha1.hex(),
        "SHA-256": certificate.sha256.hex(),
        "Profile": "as SMKI has it" if not errors else "departs from SMKI",
    }
    click.echo(str(path))
    for name, value in rows.items():
        click.echo(f"  {name:<18} {value}")
    for error in errors:
        click.echo(f"    - {error}")
    return bool(errors)
