"""The scenarios that options of pytest select: found by pytest itself, so that a plan is about the run."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from smets1_conformance.call_pytest import feature_options
from smets1_conformance.errors import UserError
from smets1_conformance.target_file import loaded

if TYPE_CHECKING:
    import pytest

    from reports.written import WrittenRow
    from steps.plan import Plan
    from target.file import TargetFile


def select(pytest_options: Sequence[str]) -> Mapping[str, WrittenRow]:
    """The scenarios that a run with these options would carry out, by node id, in its order.

    Raises:
        UserError: The options select nothing or cannot be used, or a feature file is wrong.
    """
    import pytest

    import features
    from reports.gherkin_lint import feature_files, lint
    from reports.written import WrittenTests

    collected = _Collected()
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = int(
            pytest.main([*feature_options(), "--collect-only", "-q", *pytest_options], plugins=[collected])
        )
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise UserError(f"no scenario is selected by {' '.join(pytest_options) or 'nothing'}")
    if code != pytest.ExitCode.OK:
        raise UserError(said.getvalue().strip() or f"pytest ended with {code}")
    folder = Path(features.__file__).parent
    tests = WrittenTests(lint(feature_files([str(folder)], folder)).scenarios)
    found = {nodeid: tests.find(nodeid) for nodeid in collected.nodeids}
    return {nodeid: written for nodeid, written in found.items() if written is not None}


class _Collected:
    """Sees what is left after -k and -m have been applied."""

    def __init__(self) -> None:
        self.nodeids: list[str] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Remember the tests."""
        self.nodeids = [item.nodeid for item in session.items]


@contextmanager
def target_of(target_file: Path | None) -> Iterator[TargetFile]:
    """The target file, or one like that of the bundled emulators; these are not started.

    Raises:
        UserError: The target file cannot be used.
    """
    if target_file is not None:
        yield loaded(target_file)
        return
    from emulators import up

    with TemporaryDirectory(prefix="smets1-conformance-plan-") as folder:
        with redirect_stdout(io.StringIO()):
            up.main(["--state", folder, "--prepare-only"])
        yield loaded(Path(folder) / "target.toml")


def plan_of(target: TargetFile, pytest_options: Sequence[str]) -> Plan:
    """The plan of the selected scenarios in one process.

    Raises:
        UserError: The target file or the options cannot be used.
    """
    from steps.plan import plan
    from target.errors import HarnessError

    try:
        return plan(target, select(tuple(pytest_options)), 1)
    except HarnessError as error:
        raise UserError(str(error)) from None
