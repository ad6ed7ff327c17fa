"""``smets1-conformance sign`` and ``verify``: XML signatures of DUIS documents."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smets1_conformance.errors import UserError

if TYPE_CHECKING:
    from duis.signature import SigningIdentity
    from duis.smki.certificate import OrganisationCertificate
    from duis.smki.trust import TrustStore

DOES_NOT_VERIFY = 1
"""Exit code of ``verify`` when a signature is missing or does not hold."""

_STANDARD_INPUT = Path("-")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--certificate",
    required=True,
    type=click.Path(path_type=Path),
    help="The signer's certificate, PEM or DER.",
)
@click.option(
    "--key",
    required=True,
    type=click.Path(path_type=Path),
    help="Its private key, PEM or DER PKCS#8, not encrypted.",
)
@click.option("--output", type=click.Path(path_type=Path), help="Where to write; default standard output.")
@click.option(
    "--keep-whitespace",
    is_flag=True,
    help="Sign white space between elements too. DCC's tool drops it before it digests, so a document "
    "signed with it does not verify there.",
)
@click.option("--allow-expired", is_flag=True, help="Sign although the certificate is not valid now.")
def sign(
    file: Path, certificate: Path, key: Path, output: Path | None, keep_whitespace: bool, allow_expired: bool
) -> None:
    """Sign FILE (or - for standard input) and write the signed document.

    White space between elements and comments are dropped first, nothing else changes.
    """
    from duis.signature import SignatureError, SigningIdentityError, load_signing_identity
    from duis.signature import sign as sign_document

    try:
        identity = load_signing_identity(certificate, key)
    except SigningIdentityError as error:
        option = "--key" if error.path == key else "--certificate"
        raise UserError(f"{option} {error}") from None
    _check_fit_to_sign(identity, certificate, allow_expired)
    document = _read(file)
    try:
        signed = sign_document(document, identity, keep_white_space=keep_whitespace)
    except SignatureError as error:
        raise UserError(f"{_title(file)}: {error}") from None
    if output is None:
        sys.stdout.buffer.write(signed)
    else:
        try:
            output.write_bytes(signed)
        except OSError as error:
            raise UserError(f"--output {output}: {error.strerror or error}") from None


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--trust",
    required=True,
    type=click.Path(path_type=Path),
    help="A certificate file, or a directory of them: root, issuing authority and signers.",
)
@click.option(
    "--at",
    metavar="TIME",
    help="When the signers have to be valid, in ISO 8601, UTC without a zone; default now.",
)
def verify(file: Path, trust: Path, at: str | None) -> None:
    """Verify the signatures of FILE (or - for standard input), both of them where it carries two.

    Exit code 0 when every signature holds, 1 when one does not or there is none, 2 for unusable input.
    """
    from duis.signature import SignatureError, SignatureReason

    moment = _moment(at)
    store = _trust(trust)
    document = _read(file)
    try:
        lines = _verdict(document, store, moment)
    except SignatureError as error:
        if error.reason is SignatureReason.MALFORMED:
            raise UserError(f"{_title(file)}: {error}") from None
        click.echo(f"does not verify: {error}")
        raise SystemExit(DOES_NOT_VERIFY) from None
    click.echo("\n".join(lines))


def _verdict(document: bytes, trust: TrustStore, at: datetime | None) -> list[str]:
    """The verdict in words.

    Raises:
        SignatureError: When it does not verify, or carries no signature.
    """
    from duis.signature import SignatureError, SignatureReason, verify_response
    from duis.signature import verify as verify_document
    from duis.smets1 import S1SPAlert
    from duis.xml import SR, MalformedXML, parse, qualified

    try:
        tag = str(parse(document).tag)
    except MalformedXML as error:
        raise SignatureError(SignatureReason.MALFORMED, str(error)) from None
    if tag != f"{{{SR}}}Response":
        signer = verify_document(document, trust, at).signer
        return [f"verifies: {qualified(tag)}", *_signer("signature", signer)]
    verified = verify_response(document, trust, at)
    code = verified.response.response_code
    if verified.outer_signer is None:
        raise SignatureError(
            SignatureReason.MISSING,
            f"a Response {code} without one; an acknowledgement or rejection may lack it",
        )
    lines = [f"verifies: sr:Response {code}", *_signer("outer signature", verified.outer_signer)]
    if verified.inner_signer is not None:
        inner = verified.inner
        title = (
            f"S1SPAlert {inner.s1sp_alert_code}" if isinstance(inner, S1SPAlert) else "SMETS1SignedResponse"
        )
        lines += _signer(f"inner signature ({title}, {verified.inner_context})", verified.inner_signer)
    return lines


def _signer(title: str, certificate: OrganisationCertificate) -> list[str]:
    party = certificate.entity_identifier or certificate.subject_name
    return [
        f"  {title}: signed by {party}, role {certificate.role} ({certificate.role_name})",
        f"    certificate of issuer {certificate.issuer_name}, serial {certificate.serial}, "
        f"valid {certificate.not_before:%Y-%m-%d} to {certificate.not_after:%Y-%m-%d}",
    ]


def _check_fit_to_sign(identity: SigningIdentity, path: Path, allow_expired: bool) -> None:
    from duis.roles import CertificateType

    certificate = identity.certificate
    if certificate.usage is not CertificateType.DIGITAL_SIGNING:
        raise UserError(f"--certificate {path}: its keyUsage is not digitalSignature, so it signs nothing")
    now = datetime.now(UTC)
    if allow_expired or identity.valid_at(now):
        return
    state = "is not valid before" if now < certificate.not_before else "expired on"
    moment = certificate.not_before if now < certificate.not_before else certificate.not_after
    raise UserError(
        f"--certificate {path}: the certificate {state} {moment:%Y-%m-%d %H:%M:%S} UTC "
        "(--allow-expired signs with it all the same)"
    )


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"--at {text}: not a time such as 2026-01-31T12:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _trust(path: Path) -> TrustStore:
    from duis.smki.trust import TrustMaterialError, TrustStore

    try:
        return TrustStore.load(path)
    except TrustMaterialError as error:
        raise UserError(f"--trust {error}") from None
    except OSError as error:
        raise UserError(f"--trust {error.filename or path}: {error.strerror or error}") from None


def _read(file: Path) -> bytes:
    if file == _STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise UserError(f"{file}: {error.strerror or error}") from None


def _title(file: Path) -> str:
    return "standard input" if file == _STANDARD_INPUT else str(file)
