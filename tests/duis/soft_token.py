"""A PKCS#11 token of SoftHSM2 in a folder, for tests: real PKCS#11, no hardware."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from duis.smki.testpki import TestPKI

_MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)


def why_not() -> str | None:
    """Why no token can be made here; None when one can."""
    if module() is None:
        return "no SoftHSM2 module found (apt-get install softhsm2, or name it in SOFTHSM2_MODULE)"
    if shutil.which("softhsm2-util") is None:
        return "softhsm2-util is not installed (apt-get install softhsm2)"
    try:
        import pkcs11  # noqa: F401
    except ImportError:
        return 'python-pkcs11 is not installed (pip install "smets1-conformance[pkcs11]")'
    return None


def module() -> Path | None:
    """The PKCS#11 module of SoftHSM2 on this machine."""
    named = os.environ.get("SOFTHSM2_MODULE")
    return next((Path(path) for path in ((named,) if named else _MODULES) if Path(path).is_file()), None)


def unload() -> None:
    """Unload SoftHSM2 from this process: as long as it is loaded it keeps the folder it was loaded with."""
    import pkcs11

    from duis.pkcs11 import close_tokens

    close_tokens()
    pkcs11.unload(str(module()))


@dataclass(frozen=True)
class SoftToken:
    """A token in a folder.

    Attributes:
        directory: Where SoftHSM2 keeps it.
        label: What the token is called.
        pin: Its user PIN.
    """

    directory: Path
    label: str = "smets1-test"
    pin: str = field(default="pin-of-the-soft-token", repr=False)

    @classmethod
    def create(cls, directory: Path, label: str = "smets1-test") -> SoftToken:
        """Initialise a token in an empty folder."""
        token = cls(directory, label)
        (directory / "tokens").mkdir(parents=True)
        token.configuration.write_text(
            f"directories.tokendir = {directory / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n"
        )
        token._util("--init-token", "--free", "--label", label, "--so-pin", "12345678", "--pin", token.pin)
        return token

    @property
    def configuration(self) -> Path:
        """The configuration file of SoftHSM2."""
        return self.directory / "softhsm2.conf"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment so that SoftHSM2 finds the token."""
        return {"SOFTHSM2_CONF": str(self.configuration)}

    def add(self, key: ec.EllipticCurvePrivateKey, label: str, identifier: str) -> str:
        """Import a private key, and return its URI; the identifier is hexadecimal."""
        with tempfile.NamedTemporaryFile(dir=self.directory) as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            file.flush()
            arguments = ("--import", file.name, "--token", self.label, "--label", label, "--id", identifier)
            self._util(*arguments, "--pin", self.pin)
        return self.uri(label)

    def uri(self, label: str) -> str:
        """The URI of a key."""
        return f"pkcs11:token={quote(self.label)};object={quote(label)};type=private?module-path={module()}"

    def add_signing_keys(self, pki: TestPKI) -> dict[Path, str]:
        """Import every key a service user of a PKI signs with, those of expired certificates too.

        Returns:
            The URI of each, by the file it was in.
        """
        users = [party["name"] for party in pki.manifest["parties"] if party["kind"] == "user"]
        files = [pki.party(name).directory / "xmlsign.key" for name in users]
        files += sorted((pki.directory / "faulty").glob("*-xmlsign-expired.key"))
        uris = {}
        for number, file in enumerate(files, 1):
            key = load_pem_private_key(file.read_bytes(), None)
            assert isinstance(key, ec.EllipticCurvePrivateKey)
            label = f"{file.parent.name} xmlsign" if file.stem == "xmlsign" else file.stem
            uris[file] = self.add(key, label, f"{number:04x}")
        return uris

    def rewrite(self, target_text: str, uris: dict[Path, str], pin_env: str) -> str:
        """A target file that signs with the token: each `key` that names an imported file becomes its URI.

        Args:
            target_text: The target file; relative paths may start anywhere above the PKI.
            uris: What `add_signing_keys` has returned.
            pin_env: Environment variable that will hold the PIN.
        """
        by_end = {file.parts[-3:]: uri for file, uri in uris.items()}

        def replaced(match: re.Match[str]) -> str:
            uri = by_end.get(Path(match[1]).parts[-3:])
            if uri is None:
                return match[0]
            separator = "\n" if match[2] else ", "  # in a table of its own, or in an inline table
            return f'key = "{uri}"{separator}passphrase_env = "{pin_env}"{match[2] or ""}'

        return re.sub(r'key = "([^"]+)"(\n|\Z)?', replaced, target_text)

    def _util(self, *arguments: str) -> None:
        environment = {**os.environ, **self.environment}
        done = subprocess.run(
            ["softhsm2-util", *arguments], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
