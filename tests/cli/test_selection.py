"""A name that -m cannot know is told in one sentence, before anything is started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from target.process import environment_of_children


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "workers"])
def test_an_unknown_tag_is_named(tmp_path: Path, workers: tuple[str, ...]) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "smets1_conformance", "run", *workers, "--output", "out"),
            *("--", "-m", "MP107-T01 or MP107-N01 and not (smoke)"),
        ],
        cwd=tmp_path,
        env=environment_of_children(),
        capture_output=True,
        text=True,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert "MP107-N01 and smoke are no tags of the features. Did you mean MP107-T" in said
    assert len(said.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists(), "nothing was begun"
