"""Signing with a key in a PKCS#11 token: SoftHSM2 stands in for an HSM."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from duis.pkcs11_uri import PKCS11URI
from duis.signature import SigningIdentity, SigningIdentityError, load_signing_identity, sign, verify
from duis.smki.keys import PassphraseNeeded, PassphraseWrong
from duis.smki.testpki import TestPKI, mint
from target.file import TargetFileError, load_target
from tests.duis import soft_token
from tests.duis.soft_token import SoftToken
from tests.target.target_files import write_target_file

DOCUMENT = b'<r:a xmlns:r="urn:r"><r:c>text</r:c></r:a>'
MODULE = "?module-path=/usr/lib/softhsm/libsofthsm2.so"


class TestURI:
    """What a URI may say."""

    def test_every_part_is_read(self) -> None:
        uri = PKCS11URI.parse(f"pkcs11:token=My%20HSM;serial=01;object=a%3Bb;id=%01%ff;type=private{MODULE}")
        assert dict(uri.token) == {"token": "My HSM", "serial": "01"}
        assert uri.object_label == "a;b"
        assert uri.object_id == b"\x01\xff"
        assert uri.module_path == Path("/usr/lib/softhsm/libsofthsm2.so")

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("/a/path.key", "expected a PKCS#11 URI"),
            (f"pkcs11:object=o{MODULE}", "token and serial are missing"),
            (f"pkcs11:token=t{MODULE}", "object and id are missing"),
            ("pkcs11:token=t;object=o", "module-path is missing"),
            ("pkcs11:token=t;object=o?module-path=lib.so", "not absolute"),
            (f"pkcs11:token=t;object=o{MODULE}&pin-value=1234", "passphrase_env"),
            (f"pkcs11:token=t;object=o{MODULE}&pin-source=/a/file", "passphrase_env"),
            (f"pkcs11:token=t;object=o;type=cert{MODULE}", "no private key"),
            (f"pkcs11:token=t;object=o;slot-id=1{MODULE}", "slot-id is not supported"),
            (f"pkcs11:token=t;token=u;object=o{MODULE}", "twice"),
            (f"pkcs11:token;object=o{MODULE}", "not name=value"),
        ],
    )
    def test_what_cannot_be_used_is_told(self, text: str, words: str) -> None:
        with pytest.raises(ValueError, match=words) as caught:
            PKCS11URI.parse(text)
        assert "1234" not in str(caught.value)


def test_a_missing_extra_is_told_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    pki = mint(tmp_path / "pki")
    uri = PKCS11URI.parse(f"pkcs11:token=t;object=o{MODULE}")
    with pytest.raises(SigningIdentityError) as caught:
        load_signing_identity(pki.party("ed-north").directory / "xmlsign.pem", uri, "pin")
    assert 'pip install "smets1-conformance[pkcs11]"' in str(caught.value)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPKI:
    return mint(tmp_path_factory.mktemp("pkcs11") / "pki")


@pytest.fixture(scope="module")
def keys(pki: TestPKI, token: SoftToken) -> dict[Path, str]:
    return token.add_signing_keys(pki)


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> SoftToken:
    reason = soft_token.why_not()
    if reason is not None:
        pytest.skip(reason)
    return SoftToken.create(tmp_path_factory.mktemp("token") / "soft")


@pytest.fixture
def in_reach(token: SoftToken, keys: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoftToken]:
    """The token, not logged in yet, whatever token this process has used before."""
    soft_token.unload()
    for name, value in token.environment.items():
        monkeypatch.setenv(name, value)
    yield token
    soft_token.unload()


def identity(
    pki: TestPKI, token: SoftToken, pin: str | None, label: str = "ed-north xmlsign"
) -> SigningIdentity:
    certificate = pki.party("ed-north").directory / "xmlsign.pem"
    return load_signing_identity(certificate, PKCS11URI.parse(token.uri(label)), pin)


def test_a_document_signed_in_the_token_verifies(pki: TestPKI, in_reach: SoftToken) -> None:
    signer = identity(pki, in_reach, in_reach.pin)
    for _ in range(20):  # r and s are random; short ones must stay padded
        assert verify(sign(DOCUMENT, signer), pki.trust_store()).signer == signer.certificate


def test_the_private_key_stays_in_the_token(pki: TestPKI, in_reach: SoftToken) -> None:
    signer = identity(pki, in_reach, in_reach.pin)
    with pytest.raises(SigningIdentityError, match="never leaves"):
        _ = signer.private_key
    assert in_reach.pin not in repr(signer) + repr(vars(signer.signer)) + str(signer.signer)


def test_many_threads_sign_at_once(pki: TestPKI, in_reach: SoftToken) -> None:
    signer, trust = identity(pki, in_reach, in_reach.pin), pki.trust_store()
    signed: list[bytes] = []

    def work() -> None:
        signed.extend(sign(DOCUMENT, signer) for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(signed) == 80
    assert all(verify(document, trust).signer == signer.certificate for document in signed)


def test_a_second_key_of_the_token_needs_no_pin_again(pki: TestPKI, in_reach: SoftToken) -> None:
    identity(pki, in_reach, in_reach.pin)
    certificate = pki.party("is-a").directory / "xmlsign.pem"
    uri = PKCS11URI.parse(in_reach.uri("is-a xmlsign"))
    assert verify(sign(DOCUMENT, load_signing_identity(certificate, uri)), pki.trust_store())
    with pytest.raises(SigningIdentityError, match="PIN is not the one"):
        load_signing_identity(certificate, uri, "another")


def test_a_session_that_the_token_has_ended_is_opened_anew(pki: TestPKI, in_reach: SoftToken) -> None:
    signer = identity(pki, in_reach, in_reach.pin)
    import pkcs11

    pkcs11.lib(str(soft_token.module())).reinitialize()
    assert verify(sign(DOCUMENT, signer), pki.trust_store()).signer == signer.certificate


def test_a_wrong_pin_is_told_and_tried_only_once(pki: TestPKI, in_reach: SoftToken) -> None:
    for _ in range(20):  # a token locks itself after some attempts
        with pytest.raises(SigningIdentityError, match="refuses the PIN") as caught:
            identity(pki, in_reach, "wrong-pin")
        assert isinstance(caught.value.__cause__, PassphraseWrong)
        assert "wrong-pin" not in str(caught.value)
    assert identity(pki, in_reach, in_reach.pin)


def test_a_missing_pin_is_told(pki: TestPKI, in_reach: SoftToken) -> None:
    with pytest.raises(SigningIdentityError, match="asks for a PIN") as caught:
        identity(pki, in_reach, None)
    assert isinstance(caught.value.__cause__, PassphraseNeeded)


def test_a_missing_object_is_told_with_those_that_are_there(pki: TestPKI, in_reach: SoftToken) -> None:
    with pytest.raises(SigningIdentityError, match="no such private key; it holds ed-central xmlsign"):
        identity(pki, in_reach, in_reach.pin, "nothing")


def test_a_missing_token_is_told_with_those_that_are_there(pki: TestPKI, in_reach: SoftToken) -> None:
    uri = PKCS11URI.parse(in_reach.uri("ed-north xmlsign").replace("smets1-test", "elsewhere"))
    with pytest.raises(SigningIdentityError, match="no token with token=elsewhere; it has smets1-test"):
        load_signing_identity(pki.party("ed-north").directory / "xmlsign.pem", uri, in_reach.pin)


def test_the_key_of_another_certificate_is_told(pki: TestPKI, in_reach: SoftToken) -> None:
    with pytest.raises(SigningIdentityError, match="does not belong to the certificate"):
        identity(pki, in_reach, in_reach.pin, "ed-south xmlsign")


def test_two_keys_of_one_label_are_told_apart_by_their_id(pki: TestPKI, in_reach: SoftToken) -> None:
    in_reach.add(ec.generate_private_key(ec.SECP256R1()), "twin", "0a01")
    in_reach.add(pki.party("ed-north").xmlsign.private_key, "twin", "0a02")
    with pytest.raises(SigningIdentityError, match="2 private keys of the token match; add id="):
        identity(pki, in_reach, in_reach.pin, "twin")
    uri = PKCS11URI.parse(in_reach.uri("twin").replace(";type", ";id=%0a%02;type"))
    certificate = pki.party("ed-north").directory / "xmlsign.pem"
    assert verify(sign(DOCUMENT, load_signing_identity(certificate, uri, in_reach.pin)), pki.trust_store())


@pytest.mark.parametrize("kind", ["missing", "no module"])
def test_an_unusable_module_is_told(pki: TestPKI, in_reach: SoftToken, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "module.so"
    if kind == "no module":
        path.write_bytes(b"not a shared library")
    uri = PKCS11URI.parse(f"pkcs11:token=t;object=o?module-path={path}")
    with pytest.raises(
        SigningIdentityError, match=f"{path} (does not exist|cannot be used as a PKCS#11 module)"
    ):
        load_signing_identity(pki.party("ed-north").directory / "xmlsign.pem", uri, "pin")


def test_a_target_file_may_sign_with_a_token(
    pki: TestPKI, in_reach: SoftToken, keys: dict[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "target.toml"
    path.write_text(in_reach.rewrite(write_target_file(pki), keys, "TOKEN_PIN"))
    assert "xmlsign.key" not in path.read_text()
    with pytest.raises(TargetFileError, match=r"TOKEN_PIN \(passphrase_env\) is not set; set it"):
        load_target(path)
    monkeypatch.setenv("TOKEN_PIN", in_reach.pin)
    target = load_target(path)
    assert all(isinstance(user.signing.key, PKCS11URI) for user in target.service_user)
    assert '"pkcs11:' in target.model_dump_json()
    assert in_reach.pin not in repr(target) + target.model_dump_json()


def test_another_process_opens_a_session_of_its_own(pki: TestPKI, in_reach: SoftToken) -> None:
    identity(pki, in_reach, in_reach.pin)
    program = (
        "import sys; from pathlib import Path; from duis.pkcs11_uri import PKCS11URI\n"
        "from duis.signature import load_signing_identity, sign\n"
        "signer = load_signing_identity(Path(sys.argv[1]), PKCS11URI.parse(sys.argv[2]), input())\n"
        "sys.stdout.buffer.write(sign(b'<a><b/></a>', signer))\n"
    )
    certificate = pki.party("ed-north").directory / "xmlsign.pem"
    done = subprocess.run(
        [sys.executable, "-c", program, str(certificate), in_reach.uri("ed-north xmlsign")],
        input=in_reach.pin.encode(),
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert verify(done.stdout, pki.trust_store())
