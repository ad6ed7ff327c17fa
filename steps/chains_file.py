"""Which device each scenario is meant to use: written by the process that arranges, read by its workers."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from duis.identifiers import EUI64
from steps.schedule import Schedule

CHAINS_FILE = "chains.json"
"""Name of the file in the state directory of a run."""


def write_chains(state_dir: Path, arranged: Schedule) -> None:
    """Write down the devices of every scenario.

    Args:
        state_dir: State directory of the run.
        arranged: The chains.
    """
    content = {name: list(each.devices) for name, each in arranged.appointments().items() if each.devices}
    temporary = state_dir / f".{CHAINS_FILE}"
    temporary.write_text(json.dumps(content), "utf-8")
    temporary.replace(state_dir / CHAINS_FILE)


def preferred(state_dir: Path, name: str) -> tuple[EUI64, ...]:
    """The devices a scenario had better use; none where nobody has arranged any.

    Args:
        state_dir: State directory of the run.
        name: The scenario, by the node id of its test.
    """
    return tuple(map(EUI64, _read(state_dir / CHAINS_FILE).get(name, ())))


@lru_cache(maxsize=1)
def _read(path: Path) -> dict[str, list[str]]:
    try:
        content: dict[str, list[str]] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return content
