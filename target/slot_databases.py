"""Where the bundled emulators of S1SPs keep their anchor slots, and why other databases are out of reach."""

from __future__ import annotations

import tomllib
from pathlib import Path

from target.errors import NotArrangeable
from target.file import TargetFile


def database_beside(folder: Path, s1sp: str) -> str:
    """The URL of an emulated S1SP's database, from its configuration.

    Args:
        folder: Where the emulators were started: they leave the target file and their configurations there.
        s1sp: Name of the S1SP.

    Raises:
        NotArrangeable: There is no such configuration.
    """
    configuration = folder / f"{s1sp.lower()}.toml"
    try:
        return str(tomllib.loads(configuration.read_text("utf-8"))["database"])
    except (OSError, ValueError, KeyError):
        raise NotArrangeable(
            f"the database of {s1sp} cannot be reached: no configuration of an emulator that names it is at "
            f"{configuration}"
        ) from None


def out_of_reach(target: TargetFile, s1sp: str) -> NotArrangeable:
    """Why no scenario may update the database of an S1SP of a target with endpoints."""
    if target.kind_of(s1sp) == "endpoint":
        return NotArrangeable(f"the database of {s1sp} cannot be reached: {s1sp} is an endpoint")
    return NotArrangeable(
        f"the database of {s1sp} cannot be updated at {target.path.name}: an update is for every device of "
        "it, also for those that other scenarios use at the same time"
    )
