"""The software a run rests on, for whoever has to repeat it."""

from __future__ import annotations

import platform
from importlib.metadata import distributions


def software() -> dict[str, str]:
    """Return name and version of Python, the platform and every installed package, in alphabetical order."""
    packages = {each.metadata["Name"]: each.version for each in distributions() if each.metadata["Name"]}
    return {
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": platform.platform(),
        **dict(sorted(packages.items(), key=lambda item: item[0].lower())),
    }
