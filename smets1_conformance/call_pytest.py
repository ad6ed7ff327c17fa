"""Calling pytest in this process, with the settings of the package, wherever it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

_HARNESS_ERROR = 2
_INCOMPLETE = 3


class _Conclusion:
    """Sees whether the run came to a conclusion of ours; the codes of pytest by itself mean other things."""

    reached = False

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Called when a session that has started ends, however it ends."""
        from reports.plugin import run_of

        self.reached = run_of(session.config) is not None


def feature_options() -> list[str]:
    """What pytest needs to find the features, wherever the package is installed."""
    import features
    import smets1_conformance

    folder = Path(features.__file__).parent
    settings = Path(smets1_conformance.__file__).with_name("pytest.ini")
    plugins = ("reports.plugin", "steps.plugin", "no:cacheprovider")
    options = [str(folder), "-c", str(settings), f"--rootdir={folder.parent}"]
    return [*options, *(part for plugin in plugins for part in ("-p", plugin))]


def run_features(
    target_file: Path | None,
    output: Path,
    processes: str | None,
    state_dir: Path | None,
    deviations: tuple[str, ...],
    pytest_options: tuple[str, ...],
) -> int:
    """Call pytest in this process with the settings of the package, wherever it is installed.

    Returns:
        The exit code, as in docs/adr/0008.
    """
    arguments = [*feature_options(), f"--output={output.resolve()}"]
    if target_file is not None:
        arguments.append(f"--target={target_file.resolve()}")
    if processes is not None:
        arguments += ["-n", processes]
    if state_dir is not None:
        arguments.append(f"--state-dir={state_dir.resolve()}")
    arguments += [f"--deviation={name}" for name in deviations]
    return call_pytest([*arguments, *pytest_options])


def call_pytest(arguments: Sequence[str]) -> int:
    """Call pytest in this process.

    Returns:
        The exit code, as in docs/adr/0008. It is never 0 where nothing ran, as with ``--collect-only``.
    """
    import pytest

    conclusion = _Conclusion()
    code = int(pytest.main(list(arguments), plugins=[conclusion]))
    if conclusion.reached and code != pytest.ExitCode.NO_TESTS_COLLECTED:
        return code
    nothing_ran = code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    return _INCOMPLETE if nothing_ran else _HARNESS_ERROR
