"""Files that only this user may read."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def make_private(path: Path) -> Path:
    """See that a file is there, made private to this user (0600) if it is new; its content stays.

    SQLite gives the files beside a database the rights of the database.

    Returns:
        The path.

    Raises:
        OSError: It cannot be made.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    return path
