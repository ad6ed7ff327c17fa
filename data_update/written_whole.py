"""Text files that are there as a whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from data_update.errors import DataUpdateError


@contextmanager
def written_whole(path: Path) -> Iterator[TextIO]:
    """Open a file for writing that takes the place of the one at the path once it is whole.

    Raises:
        DataUpdateError: it cannot be written.
    """
    temporary: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
        temporary.chmod(0o644)
        temporary.rename(path)
        temporary = None
    except OSError as error:
        raise DataUpdateError(
            f"{path}: cannot be written: {error.strerror}; give another path, or make room"
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
