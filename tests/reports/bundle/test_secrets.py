"""No secret of a target file or of the environment gets into a bundle."""

from __future__ import annotations

import json
import tomllib
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from reports.bundle import BundleError, Redaction, SigningKey, verify_bundle
from tests.reports.bundle.conftest import ROOT, Folder, command

PASSPHRASE = "correct-horse-battery-staple"
PASSWORD = "gateway/pass#word"
TOKEN = "eyJhbGciOiJFUzI1NiJ9.c2VjcmV0"
PIN = "70619384"
PEM = ec.generate_private_key(ec.SECP256R1()).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSPHRASE.encode())
)
TARGET = f"""
name = "SIT-A"  # the passphrase is {PASSPHRASE}
[dsp]
kind = "endpoint"
send_command = "https://tester:{PASSWORD}@gateway.example:8443/api/v1/serviceS"
transform = "https://gateway.example:8443/api/v1/serviceT?access_token={TOKEN}"
[registration]
database = "postgresql://smets1:{PASSWORD}@db.example/slots"
[[service_user]]
name = "supply-co"
signing = {{ certificate = "users/supply-co.pem", key = "users/supply-co.key", passphrase_env = "SUPPLY_CO" }}
[[service_user]]
name = "north-power"
[service_user.signing]
certificate = "north.pem"
passphrase_env = "it's {PASSPHRASE}"
key = \"\"\"{PEM.decode()}\"\"\"
[[service_user]]
name = "token"
api_token = "{TOKEN}"
[service_user.signing]
key = "pkcs11:token=T;object=O?module-path=/usr/lib/p.so&pin-value={PIN}"
"""
SECRETS = [PASSPHRASE, PASSWORD, TOKEN, PIN, *PEM.decode().splitlines()[1:-1]]


def all_octets(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as bundle:
        return {
            "the file itself": path.read_bytes(),
            **{each: bundle.read(each) for each in bundle.namelist()},
        }


def plant(folder: Folder) -> None:
    """Where a run tells the addresses of its target, and whatever else is made of its results."""
    folder.run.environment["DSP"] = (
        f"endpoint, https://tester:{PASSWORD}@gateway.example:8443/api/v1/serviceS"
    )
    folder.run.messages_of_nobody.append(f"POST ?access_token={TOKEN}")
    folder.write_run()
    (folder.results / "junit.xml").write_text(
        f"<testsuites><!-- {PASSPHRASE} \n{PEM.decode()}--></testsuites>"
    )


def test_no_secret_is_in_any_octet_of_a_bundle(folder: Folder, key: SigningKey) -> None:
    plant(folder)
    redaction = Redaction({"the value of SUPPLY_CO": PASSPHRASE})
    path = folder.bundle(key, target=tomllib.loads(TARGET), redaction=redaction)
    for name, octets in all_octets(path).items():
        for secret in SECRETS:
            assert secret.encode() not in octets, f"{secret} in {name}"
            assert json.dumps(secret)[1:-1].encode() not in octets, f"{secret} in {name}"


def test_what_was_removed_is_told_and_what_is_no_secret_stays(folder: Folder, key: SigningKey) -> None:
    plant(folder)
    path = folder.bundle(key, target=tomllib.loads(TARGET))
    files = all_octets(path)
    target = json.loads(files["target.json"])
    assert target["dsp"]["send_command"] == "https://[removed]@gateway.example:8443/api/v1/serviceS"
    assert target["dsp"]["transform"].endswith("/serviceT?access_token=[removed]")
    assert target["registration"]["database"] == "postgresql://[removed]@db.example/slots"
    supplier, network, token = target["service_user"]
    assert supplier["signing"] == {
        "certificate": "users/supply-co.pem",
        "key": "users/supply-co.key",
        "passphrase_env": "SUPPLY_CO",
    }
    assert (network["signing"]["key"], network["signing"]["passphrase_env"]) == ("[removed]", "[removed]")
    assert token["signing"]["key"].startswith("pkcs11:token=T;object=O?module-path=/usr/lib/p.so&pin-value=[")
    run = json.loads(files["run.json"])
    assert run["environment"]["DSP"] == "endpoint, https://[removed]@gateway.example:8443/api/v1/serviceS"
    manifest = verify_bundle(path).manifest
    assert manifest is not None
    told = "\n".join(manifest.removed)
    assert "target file, dsp.send_command (user and password of a URL): replaced by [removed]" in told
    assert "run.json: secrets were replaced by [removed]" in told
    assert told.splitlines()[0] in files["README.txt"].decode()


@pytest.mark.parametrize("secret", [PASSPHRASE.encode(), PEM])
def test_a_message_with_a_secret_is_refused_without_showing_it(
    folder: Folder, key: SigningKey, secret: bytes
) -> None:
    message = folder.evidence / "MP107-T01-0001-00-request.xml"
    message.write_bytes(b"<Request>" + secret + b"</Request>")
    with pytest.raises(BundleError) as caught:
        folder.bundle(key, redaction=Redaction({"the value of SUPPLY_CO": PASSPHRASE}))
    assert "evidence/MP107-T01-0001-00-request.xml holds " in str(caught.value)
    assert PASSPHRASE not in str(caught.value)
    assert not list(folder.folder.glob("*.zip*"))


@pytest.mark.parametrize("path", sorted((ROOT / "targets").glob("*.toml")), ids=lambda path: path.name)
def test_a_target_file_without_secrets_is_left_as_it_is(path: Path) -> None:
    values = tomllib.loads(path.read_text())
    redaction = Redaction()
    assert redaction.target(values) == values
    assert redaction.removed == []


def test_the_environment_of_the_command_is_not_in_the_bundle(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNING_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("SUPPLY_CO", TOKEN)
    monkeypatch.setenv("SECRET_KEY_PEM", PEM.decode())
    (folder.folder / "board.key").write_bytes(PEM)
    (folder.folder / "sit-a.toml").write_text(TARGET)
    answer = command(
        *("bundle", "--output", folder.results, "--to", folder.folder / "e.zip"),
        *("--key", folder.folder / "board.key", "--key-passphrase-env", "SIGNING_PASSPHRASE"),
        *("--target", folder.folder / "sit-a.toml"),
    )
    assert answer.returncode == 0, answer.stderr
    for name, octets in all_octets(folder.folder / "e.zip").items():
        for secret in SECRETS:
            assert secret.encode() not in octets, f"{secret} in {name}"
    assert not [secret for secret in SECRETS if secret in answer.stdout + answer.stderr]
