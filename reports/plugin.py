"""The pytest plugin of the report path; see docs/adr/0008 for statuses and exit codes.

Wired by ``pytest_plugins = ["reports.plugin"]`` or ``-p reports.plugin``. It takes the floor only when the
paths given to pytest hold feature files; the harness's own tests run under plain pytest reporting.

The fixture ``recorder`` gives steps a :class:`reports.recorder.Recorder`. `set_environment` tells the report
which target was tested and which assumptions the verdicts rest on.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Generator, Iterable, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reports.allure_report.scenario import AllureScenario
from reports.gherkin_lint import LintReport, feature_files, lint
from reports.known_issues import KnownIssueLedger, KnownIssuesError, read_known_issues
from reports.recorder import Recorder, new_result
from reports.results import ExitCode
from reports.results_folder import EVIDENCE_DIRECTORY, ResultsError
from reports.run import ConformanceRun

if TYPE_CHECKING:
    from pytest_bdd.parser import Feature, Scenario, Step

DEFAULT_OUTPUT = "reports/output"

_RUN = pytest.StashKey[ConformanceRun]()
_RECORDER = pytest.StashKey[Recorder]()
_EXAMPLE = "_pytest_bdd_example"
_NAME = re.compile(r"[\w:+.\[\]\\/-]+")
_WORDS = frozenset({"and", "or", "not", "True", "False", "None"})
"""What pytest itself reads as words in an expression of -m."""


def set_environment(
    config: pytest.Config,
    environment: Mapping[str, object],
    assumptions: Iterable[str] = (),
) -> None:
    """Tell the report what was tested. May be called more than once, also from xdist workers; entries add up.

    Args:
        config: the pytest configuration.
        environment: name and value, such as the target file, the endpoints and the releases.
        assumptions: the settings with a default of ours that a verdict rests on, a sentence each.
    """
    run = config.stash.get(_RUN, None)
    if run is not None:
        run.add_environment({name: str(value) for name, value in environment.items()}, list(assumptions))


def run_of(config: pytest.Config) -> ConformanceRun | None:
    """The run of feature files; the controlling process tells it what holds for all of it."""
    return config.stash.get(_RUN, None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--output DIR``, ``--known-issues FILE``, and ``--resume-run FILE`` for the command that resumes."""
    parser.getgroup("conformance").addoption(
        "--output",
        dest="conformance_output",
        metavar="DIR",
        default=DEFAULT_OUTPUT,
        help="folder for results, evidence and reports (default: %(default)s)",
    )
    parser.getgroup("conformance").addoption(
        "--resume-run",
        dest="conformance_resume",
        metavar="FILE",
        default=None,
        help="record of an interrupted run to go on with; use `smets1-conformance run --resume`",
    )
    parser.getgroup("conformance").addoption(
        "--known-issues",
        dest="conformance_known_issues",
        metavar="FILE",
        default=None,
        help="ledger of known issues (TOML, docs/known-issues.md): failures that are tolerated, strictly",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Check the feature files; stop with one message and exit code 2 when they would hide a scenario."""
    base = config.invocation_params.dir
    files = feature_files(config.args, base)
    if not files:
        return
    report = lint(files)
    for tag in sorted(report.tags):
        config.addinivalue_line("markers", f"{tag}: Gherkin tag")
    if report.problems and not is_worker(config):
        pytest.exit("\n".join(str(problem) for problem in report.problems), returncode=ExitCode.HARNESS_ERROR)
    if not is_worker(config):
        _check_tags(config, report.tags)
    known_issues = None if is_worker(config) else _known_issues(config, report)
    if config.option.collectonly:
        return
    output = (base / config.getoption("conformance_output")).resolve()
    run = ConformanceRun(
        config,
        output,
        report,
        whole_files=not any("::" in str(arg) for arg in config.args),
        known_issues=known_issues,
    )
    if not is_worker(config):
        try:
            run.prepare(resume=config.getoption("conformance_resume") is not None)
        except OSError as error:
            pytest.exit(f"--output {output}: cannot be written: {error.strerror}", ExitCode.HARNESS_ERROR)
        except ResultsError as error:
            pytest.exit(str(error), ExitCode.HARNESS_ERROR)
    config.stash[_RUN] = run
    config.pluginmanager.register(run, "conformance-run")


def _known_issues(config: pytest.Config, features: LintReport) -> KnownIssueLedger | None:
    """Read the ledger of known issues; stop, with all that is wrong with it and exit code 2, before a run."""
    name = config.getoption("conformance_known_issues")
    if name is None:
        return None
    path = config.invocation_params.dir / name
    try:
        issues = read_known_issues(path, features.scenarios, datetime.now(UTC).date())
    except KnownIssuesError as error:
        pytest.exit(str(error), returncode=ExitCode.HARNESS_ERROR)
    return KnownIssueLedger(path, issues)


def _check_tags(config: pytest.Config, tags: Collection[str]) -> None:
    """Stop, with one message and exit code 2, where ``-m`` names what is no tag of the features."""
    known = {*tags, *(re.split(r"[(:]", line)[0].strip() for line in config.getini("markers"))}
    expression = re.sub(r"\([^()]*=[^()]*\)", "", config.option.markexpr or "")  # arguments of markers
    names = dict.fromkeys(_NAME.findall(expression))
    unknown = [name for name in names if name not in known | _WORDS]
    if not unknown:
        return
    what = "is no tag" if len(unknown) == 1 else "are no tags"
    meant = [each for name in unknown for each in get_close_matches(name, sorted(tags), n=1)]
    hint = f" Did you mean {' and '.join(dict.fromkeys(meant))}?" if meant else ""
    pytest.exit(
        f"-m: {' and '.join(unknown)} {what} of the features.{hint} Test cases have tags such as MP107-T01, "
        "which `smets1-conformance plan` lists; -k selects by parts of names",
        returncode=ExitCode.HARNESS_ERROR,
    )


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is a worker of pytest-xdist; results are then written by the controller."""
    return hasattr(config, "workerinput")


@pytest.fixture
def recorder(request: pytest.FixtureRequest) -> Recorder:
    """The record of the scenario that is running."""
    return _recorder_of(request.node)


def _recorder_of(item: pytest.Item) -> Recorder:
    known = item.stash.get(_RECORDER, None)
    if known is None:
        run = item.config.stash.get(_RUN, None)
        output = run.output if run else Path(item.config.getoption("conformance_output"))
        callspec = getattr(item, "callspec", None)
        example = callspec.params.get(_EXAMPLE, {}) if callspec else {}
        result = new_result(item.nodeid, example)
        if run is not None:
            run.describe(result)
        known = Recorder(result, output / EVIDENCE_DIRECTORY, AllureScenario(item.config))
        item.stash[_RECORDER] = known
    return known


def forget_record(item: pytest.Item) -> None:
    """Forget what was recorded: the scenario is about to be carried out anew."""
    if _RECORDER in item.stash:
        del item.stash[_RECORDER]


def is_scenario(item: pytest.Item) -> bool:
    """Whether pytest-bdd made this test from a Gherkin scenario."""
    return _EXAMPLE in getattr(item, "fixturenames", ())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Compare what was collected with what is written, before anything is deselected."""
    run = session.config.stash.get(_RUN, None)
    if run is None:
        return
    if run.check_count(sum(is_scenario(item) for item in items)):
        done = run.has_verdict
        items[:] = [item for item in items if item.nodeid not in done]
    else:
        items.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the record of the scenario into the report of its last phase; xdist carries that along."""
    report = yield
    if item.config.stash.get(_RUN, None) is None or not is_scenario(item):
        return report
    record = _recorder_of(item)
    exception = call.excinfo.value if call.excinfo else None
    record.end_phase(report.when or "", exception, report.longreprtext if report.failed else "")
    attributes = vars(report)  # pytest and xdist carry whatever is here along
    attributes["conformance_scenario"] = True
    if report.when == "teardown":
        attributes["conformance_result"] = record.result.as_json()
    return report


def pytest_bdd_before_scenario(request: pytest.FixtureRequest, feature: Feature, scenario: Scenario) -> None:
    """The scenario starts."""
    _recorder_of(request.node).begin_scenario(feature, scenario)


def pytest_bdd_before_step(request: pytest.FixtureRequest, step: Step) -> None:
    """A step starts."""
    _recorder_of(request.node).begin_step(step)


def pytest_bdd_after_step(request: pytest.FixtureRequest) -> None:
    """A step was carried out."""
    _recorder_of(request.node).end_step()


def pytest_bdd_step_error(request: pytest.FixtureRequest, exception: Exception) -> None:
    """A step raised `exception`."""
    _recorder_of(request.node).end_step(exception)


def pytest_bdd_step_func_lookup_error(
    request: pytest.FixtureRequest, step: Step, exception: Exception
) -> None:
    """No step definition carries the sentence out."""
    record = _recorder_of(request.node)
    record.begin_step(step)
    record.end_step(exception)
