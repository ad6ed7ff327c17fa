"""Writes the Allure results of a run, without the fixtures of pytest, which are no part of a scenario."""

from __future__ import annotations

import functools
import os
import shutil
from pathlib import Path
from typing import Any

import allure_commons
import pytest
from allure_commons.logger import AllureFileLogger
from allure_pytest.listener import AllureListener  # type: ignore[import-untyped]

LISTENER = "allure_listener"
"""The name under which allure-pytest registers its own; helpers of allure look for it."""


class _Listener(AllureListener):  # type: ignore[misc]  # allure-pytest has no annotations
    """Leaves fixtures out: pytest-bdd makes one of every sentence, so each would be a file of its own."""

    def pytest_fixture_setup(self) -> None:
        """No container for a fixture."""

    def pytest_fixture_post_finalizer(self) -> None:
        """No container for a fixture."""

    def _update_fixtures_children(self, item: pytest.Item) -> None:
        """No container to put the scenario into."""


class _FileLogger(AllureFileLogger):
    """Attached files are evidence that is on the disk already: a second name for it is enough."""

    @allure_commons.hookimpl
    def report_attached_file(self, source: str, file_name: str) -> None:
        """Put `source` into the results folder."""
        destination = Path(self._report_dir) / file_name
        try:
            os.link(source, destination)
        except OSError:  # another file system, or one without links
            shutil.copyfile(source, destination)


def write_allure_results(config: pytest.Config, directory: Path) -> None:
    """Have Allure results written to `directory`, unless ``--alluredir`` asks for them elsewhere."""
    if config.option.allure_report_dir is not None:
        return
    listener: Any = _Listener(config)
    config.pluginmanager.register(listener, LISTENER)
    logger: Any = _FileLogger(str(directory))  # type: ignore[no-untyped-call]
    for plugin in (listener, logger):
        allure_commons.plugin_manager.register(plugin)
        config.add_cleanup(functools.partial(allure_commons.plugin_manager.unregister, plugin))
