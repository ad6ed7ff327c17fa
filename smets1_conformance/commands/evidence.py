"""``smets1-conformance evidence``: bundle the evidence of a run, signed, and verify such a bundle."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smets1_conformance.errors import UserError
from smets1_conformance.output_folder import output_option

if TYPE_CHECKING:
    from reports.bundle import Verification
    from reports.bundle.manifest import Manifest
    from reports.run_information import RunInformation

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def evidence() -> None:
    """Bundle the evidence of a run, signed, and verify such a bundle (docs/evidence.md)."""


@evidence.command()
@output_option("Folder that a run wrote.")
@click.option(
    "--to",
    "bundle_file",
    type=_FILE,
    metavar="FILE.zip",
    help="The bundle; by default evidence-<start of the run>.zip in the current folder.",
)
@click.option(
    "--target",
    "target_file",
    type=_FILE,
    metavar="FILE",
    help="Target file of the run, when it is not where it was; secrets in it are left out.",
)
@click.option(
    "--key",
    "key_file",
    type=_FILE,
    metavar="FILE",
    help="Private key that signs: P-256, Ed25519 or RSA; without one, a throw-away key.",
)
@click.option(
    "--key-passphrase-env",
    metavar="NAME",
    help="Environment variable with the passphrase of the key.",
)
@click.option("--certificate", "certificate_file", type=_FILE, metavar="FILE", help="Certificate of the key.")
@click.option(
    "--allow-missing", is_flag=True, help="Bundle what is left when evidence is missing; it is recorded."
)
@click.option("--force", is_flag=True, help="Replace a bundle that is there already.")
def bundle(
    output: Path,
    bundle_file: Path | None,
    target_file: Path | None,
    key_file: Path | None,
    key_passphrase_env: str | None,
    certificate_file: Path | None,
    allow_missing: bool,
    force: bool,
) -> None:
    """Put the evidence of a run into one signed ZIP file.

    It holds every message as sent and received, what they say as a table, the results and reports, the
    features as run and the target file without secrets. The signature covers every octet.
    """
    import features
    from reports.bundle import BundleError, Contents, Redaction, write_bundle
    from reports.results_folder import ResultsError, read_results
    from reports.software import software
    from smets1_conformance.evidence_inputs import passphrases_named, signing_key, target_of

    try:
        run, _ = read_results(output)
        path = bundle_file or Path(f"evidence-{_file_name_part(run.started[:19])}.zip")
        _check_destination(path, force=force)
        key = signing_key(key_file, key_passphrase_env, certificate_file)
        target, remarks = target_of(output, target_file)
        secrets = passphrases_named(target, key_passphrase_env)
        _make_reports(output, run)
        contents = Contents(
            output,
            Path(features.__file__).parent,
            target,
            Redaction(secrets),
            allow_missing=allow_missing,
            remarks=remarks,
        )
        manifest = write_bundle(path, contents, key, dict(list(software().items())[:3]))
    except (BundleError, ResultsError) as error:
        raise UserError(str(error)) from None
    _tell_bundle(path, manifest)


@evidence.command()
@click.argument("bundle_file", metavar="FILE", type=_FILE)
@click.option(
    "--public-key",
    "public_key_file",
    type=_FILE,
    metavar="FILE",
    help="Public key of whoever must have signed.",
)
@click.option(
    "--certificate",
    "certificate_file",
    type=_FILE,
    metavar="FILE",
    help="Their certificate, instead of a key.",
)
def verify(bundle_file: Path, public_key_file: Path | None, certificate_file: Path | None) -> None:
    """Say whether a bundle is whole, and who signed it; nothing is unpacked or sent.

    Exit code 0: whole, and signed with the key given; 1: altered, or signed with another key; 2: no bundle,
    or it cannot be read. Without a key, the one inside is taken: then nothing is known of who signed.
    """
    from reports.bundle import NotABundle, verify_bundle
    from smets1_conformance.evidence_inputs import verification_key

    if not bundle_file.is_file():
        raise UserError(f"{bundle_file}: there is no such file; name a bundle that `evidence bundle` made")
    key = verification_key(public_key_file, certificate_file)
    try:
        verification = verify_bundle(bundle_file, key)
    except NotABundle as error:
        raise UserError(str(error)) from None
    _tell_verification(bundle_file, verification)
    raise SystemExit(0 if verification.whole else 1)


def _check_destination(path: Path, *, force: bool) -> None:
    if path.exists() and not force:
        raise UserError(f"{path} is there already; name another file with --to, or add --force")
    if not path.parent.is_dir():
        raise UserError(f"{path.parent}: there is no such folder; make it, or name another file with --to")


def _file_name_part(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z]+", "-", text) or "run"


def _make_reports(output: Path, run: RunInformation) -> None:
    """Make the reports of a run that was killed or is at work: those that are there, if any, are older."""
    from reports.outputs import write_outputs
    from reports.results_folder import COMPLETION_REPORT_FILE

    if not run.ended or not (output / COMPLETION_REPORT_FILE).is_file():
        write_outputs(output)


def _tell_bundle(path: Path, manifest: Manifest) -> None:
    _tell_run(manifest)
    signature = manifest.signature
    _row("Signed", f"{signature.algorithm}{f', {signature.subject}' if signature.subject else ''}")
    _row("Key", f"SHA-256 {signature.public_key_sha256}")
    if signature.throw_away:
        _row(
            "", "A throw-away key: it does not say who signed. An alteration shows only to whoever noted this"
        )
        _row("", "number; write it down, or sign with --key.")
    for sentence in manifest.remarks:
        _row("Note", sentence)
    for name in manifest.missing:
        _row("Missing", f"evidence/{name}")
    for sentence in manifest.removed:
        _row("Removed", sentence)
    _row("Bundle", f"{path} ({len(manifest.files):,} files, {path.stat().st_size:,} octets)")


def _tell_verification(path: Path, verification: Verification) -> None:
    manifest, key = verification.manifest, verification.key
    if verification.whole:
        number = len(manifest.files) if manifest is not None else 0
        click.echo(f"{path} is whole: {number:,} files, none altered, missing or added")
    else:
        click.echo(f"{path} is NOT as it was signed")
        for finding in verification.findings:
            click.echo(f"  {finding}")
    if manifest is None or key is None or not verification.manifest_holds:
        return  # what a bundle says of itself is worth nothing then
    _tell_run(manifest)
    for name in manifest.missing:
        _row("Missing", f"evidence/{name}, since before the bundle was made")
    for sentence in manifest.remarks:
        _row("Note", sentence)
    _row("Signed", f"{key.algorithm}, SHA-256 of the key {key.fingerprint}")
    _row("", _who_signed(verification, manifest))


def _who_signed(verification: Verification, manifest: Manifest) -> str:
    if verification.is_known:
        return "This is the key that was given."
    claimed = (
        f"; a certificate inside names {manifest.signature.subject}" if manifest.signature.subject else ""
    )
    kind = "A throw-away key, known" if manifest.signature.throw_away else "The key is known"
    return (
        f"{kind} from the bundle only: who signed is not known{claimed}. Compare the number with what the "
        "signer told, or name a key with --public-key or --certificate."
    )


def _tell_run(manifest: Manifest) -> None:
    run = manifest.run
    counts = ", ".join(f"{count} {status}" for status, count in run.scenarios.items()) or "none"
    _row("Target", run.target or "not on record")
    _row("Run", f"{run.started or '?'} to {run.finished or '?'}, {run.state}")
    _row("Verdict", f"{run.verdict} (exit code {run.exit_code}); scenarios: {counts}")


def _row(name: str, text: str) -> None:
    printable = "".join(character if character.isprintable() else "?" for character in text)
    click.echo(f"{name:<9} {printable}")
