"""Writing a file whole or not at all: whoever reads it meanwhile, or after a kill, finds the one before."""

from __future__ import annotations

import os
from pathlib import Path


def replace_file(path: Path, content: str | bytes) -> Path:
    """Write a file in one step, and return its path; text is UTF-8.

    Raises:
        OSError: it cannot be written; what was there before is kept.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path
