"""The pytest plugin that wires features to a target: options, the session, one scenario context per test.

Used through ``conftest.py`` in a checkout and through ``-p steps.plugin`` by the command line. Under
pytest-xdist the controlling process opens the target and the workers attach to it, so that emulators and
inbox run once.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from duis.identifiers import EUI64
from duis.message_facts import CODES, message_facts
from reports.gherkin_lint import feature_files
from reports.plugin import is_worker, run_of, set_environment
from reports.recorder import Recorder
from reports.results import AttachmentKind, ExitCode
from reports.run_information import Assurance
from steps.chains_file import preferred, write_chains
from steps.context import Scenario
from steps.interrupt import end_with_the_controller, is_left_alone
from steps.plan import Plan, plan, warnings_of
from steps.rehearsal import Rehearser, Step
from steps.resume import (
    begin_attempt,
    interrupted_run,
    report_unclaimed,
    run_directory_of,
    take_over_conclusions,
    write_record,
)
from target import keys
from target import waiting as waits
from target.errors import HarnessError, NotArrangeable
from target.evidence import EvidenceItem
from target.file import TargetFile, TargetFileError
from target.pool import LeaseRequest
from target.process import no_core_files
from target.session import TargetSession

if TYPE_CHECKING:
    from pytest_bdd.parser import Feature
    from pytest_bdd.parser import Scenario as Gherkin

pytest_plugins = [
    "steps.device_steps",
    "steps.dsp_steps",
    "steps.s1sp_steps",
    "steps.service_user_steps",
    "steps.data_update_steps",
    "steps.pool_report",
    "steps.resume_plugin",
    "steps.safety",
]

_STATE_DIRECTORY = "conformance_state_directory"
_PASSPHRASES = "conformance_passphrases"
_CONTROLLER = "conformance_controller"
_OPENING = pytest.StashKey["_Opening"]()
_RUNNING = pytest.StashKey[TargetSession]()
_STEPS = pytest.StashKey[tuple[Step, ...]]()
_REHEARSER = pytest.StashKey[Rehearser]()
OPEN_SECONDS = 120.0
"""How long a worker waits for the target to be open."""

_META_FACTS = {"url": "URL", "http_status": "HTTP status", "seconds": "seconds", "refused": "refused"}
"""What the harness knows of a message beside what stands in it, and how a reader calls it."""

_KINDS: dict[str, AttachmentKind] = {"sent": "request", "received": "response", "callback": "callback"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--target FILE``, ``--state-dir DIR``, ``--deviation NAME``."""
    group = parser.getgroup("conformance")
    group.addoption(
        "--target",
        dest="conformance_target",
        metavar="FILE",
        default=None,
        help="target file (TOML); without one, the bundled emulators are started",
    )
    group.addoption(
        "--state-dir",
        dest="conformance_state_dir",
        metavar="DIR",
        default=None,
        help="private folder for keys, databases and logs of the run (default: a temporary folder)",
    )
    group.addoption(
        "--deviation",
        dest="conformance_deviations",
        metavar="NAME",
        action="append",
        default=[],
        help="let the bundled emulators deviate in one named way (see docs/emulators.md); may be repeated",
    )


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Begin to open the target; it starts while pytest collects and workers come up."""
    no_core_files()
    if is_worker(config):
        keys.provide(_worker_input(config).pop(_PASSPHRASES, {}))
        if _CONTROLLER in _worker_input(config):
            end_with_the_controller(_worker_input(config)[_CONTROLLER])
    if _runs_features(config) and not config.option.collectonly and not is_worker(config):
        target = config.getoption("conformance_target")
        what = f"the target of {target}" if target else "the emulators of the DSP, S1SP1, S1SP2 and S1SP3"
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(f"Opening {what}, and the inbox")
        try:
            opening = config.stash[_OPENING] = _Opening(config)
            if opening.resumed is not None:
                take_over_conclusions(config, opening.resumed)
        except HarnessError as error:
            pytest.exit(str(error), returncode=ExitCode.HARNESS_ERROR)


@pytest.hookimpl(wrapper=True)
def pytest_sessionstart(session: pytest.Session) -> Iterator[None]:
    """Wait until the target is open; one that cannot be opened ends the run with one message."""
    yield
    opening = session.config.stash.get(_OPENING, None)
    if opening is None:
        return
    try:
        target = session.config.stash[_RUNNING] = opening.target()
    except (TargetFileError, HarnessError) as error:
        pytest.exit(str(error), returncode=ExitCode.HARNESS_ERROR)
    deviations = session.config.getoption("conformance_deviations")
    deviating = {"deviations": ", ".join(deviations)} if deviations else {}
    set_environment(session.config, target.environment() | deviating, target.assumption_sentences())
    run = run_of(session.config)
    if run is not None:
        run.set_assurance(Assurance(**target.target.assurance.model_dump(mode="json")))
        run.show_waits(lambda: waits.waits_in(opening.state_dir / waits.DIRECTORY))
    write_record(session.config, target, opening.resumed)


class _Opening:
    """A target that is being opened in a thread of its own.

    Attributes:
        state_dir: Where the session can be attached to, once it is open.
    """

    def __init__(self, config: pytest.Config) -> None:
        target, state = config.getoption("conformance_target"), config.getoption("conformance_state_dir")
        self.state_dir = Path(state or tempfile.mkdtemp(prefix="smets1-conformance-"))
        self.resumed = interrupted_run(config)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="opening the target")
        self._future = self._pool.submit(
            TargetSession.open,
            target_path=config.invocation_params.dir / target if target else None,
            state_dir=self.state_dir,
            keep_state=state is not None,
            resume=run_directory_of(self.resumed),
        )

    def target(self) -> TargetSession:
        """The open target.

        Raises:
            TargetFileError: The target file cannot be used.
            HarnessError: The inbox or the emulators could not start.
        """
        return self._future.result()

    def begin_to_close(self) -> None:
        """Close the target, however far it was opened, while the report is being written."""
        self._pool.submit(self._close)

    def _close(self) -> None:
        if self._future.exception() is None:
            self._future.result().close()

    def close(self) -> None:
        """Wait until the target is closed."""
        self.begin_to_close()
        self._pool.shutdown()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the target will be open."""
    opening = node.config.stash.get(_OPENING, None)
    if opening is not None:
        node.workerinput[_STATE_DIRECTORY] = str(opening.state_dir)
        node.workerinput[_PASSPHRASES] = keys.collected_passphrases()
        node.workerinput[_CONTROLLER] = os.getpid()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Begin to close what was opened: every scenario has ended, an interrupted one has cleaned up."""
    waits.stop_telling()
    opening = session.config.stash.get(_OPENING, None)
    if opening is not None:
        if _RUNNING in session.config.stash:
            report_unclaimed(session.config, session.config.stash[_RUNNING])
        opening.begin_to_close()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close what was opened."""
    opening = config.stash.get(_OPENING, None)
    if opening is not None:
        opening.close()
        del config.stash[_OPENING]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object | None:
    """Chains of scenarios that wait for one another, one for each worker; any other `--dist` is respected."""
    if config.stash.get(_OPENING, None) is None or config.getoption("dist") != "load":
        return None
    from steps.dispatch import ChainScheduling  # only where there are workers

    return ChainScheduling(config, log, lambda nodeids, workers: _arrange(config, nodeids, workers).schedule)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Without workers: say before the first scenario what will be missing."""
    if (
        _RUNNING in session.config.stash
        and session.items
        and not session.config.stash[_RUNNING].target.isolated
    ):
        _arrange(session.config, [item.nodeid for item in session.items], 1)


def _arrange(config: pytest.Config, nodeids: Sequence[str], workers: int) -> Plan:
    """Work out what runs where, say what will be missing, and leave it where workers find it."""
    target, run = config.stash[_RUNNING], run_of(config)
    found = {nodeid: run.tests.find(nodeid) for nodeid in nodeids} if run is not None else {}
    planned = plan(target.target, {name: each for name, each in found.items() if each is not None}, workers)
    write_chains(config.stash[_OPENING].state_dir, planned.schedule)
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        for line in warnings_of(planned):
            reporter.write_line(line)
    return planned


def state_directory(config: pytest.Config) -> Path | None:
    """State directory of the run, the same in all of its processes; `None` where no features are run."""
    if _OPENING in config.stash:
        return config.stash[_OPENING].state_dir
    if is_worker(config) and _STATE_DIRECTORY in _worker_input(config):
        return Path(_worker_input(config)[_STATE_DIRECTORY])
    return None


def open_target(config: pytest.Config) -> TargetSession | None:
    """The target, where this process has opened it."""
    return config.stash.get(_RUNNING, None)


def target_of(config: pytest.Config) -> TargetFile:
    """The target file of the open target."""
    return _session(config).target


def _session(config: pytest.Config) -> TargetSession:
    """The open target; a worker of pytest-xdist attaches to it with its first scenario."""
    if _RUNNING not in config.stash:
        state_directory = Path(_worker_input(config)[_STATE_DIRECTORY])
        config.stash[_RUNNING] = TargetSession.attach(state_directory, OPEN_SECONDS)
        if is_left_alone(_worker_input(config)[_CONTROLLER]):
            raise HarnessError("the process that controlled the run has ended")  # it may be resumed by now
    return config.stash[_RUNNING]


def _runs_features(config: pytest.Config) -> bool:
    return bool(feature_files(config.args, config.invocation_params.dir))


def _worker_input(config: pytest.Config) -> dict[str, Any]:
    worker_input: dict[str, Any] = config.workerinput  # type: ignore[attr-defined]  # set by pytest-xdist
    return worker_input


@pytest.fixture
def scenario(request: pytest.FixtureRequest, recorder: Recorder) -> Iterator[Scenario]:
    """What the sentences of one scenario share; evidence goes to the recorder while it lasts."""
    target = _session(request.config)
    deviations = tuple(request.config.getoption("conformance_deviations"))
    begin_attempt(request.node, target)
    waits.tell_waits_in(target.state_dir / waits.DIRECTORY)
    with ExitStack() as cleanup:
        cleanup.enter_context(waits.scenario(recorder.result.place))
        cleanup.callback(target.evidence.subscribe(lambda item: _keep(recorder, item)))
        context = Scenario(
            target, recorder, request.node.name, deviations, lambda: _lease(request, target, recorder)
        )
        cleanup.callback(context.close)
        yield context


def pytest_bdd_before_scenario(request: pytest.FixtureRequest, feature: Feature, scenario: Gherkin) -> None:
    """Remember the sentences, for whoever must know beforehand what they need."""
    request.node.stash[_STEPS] = tuple((step.type, step.name) for step in scenario.steps)


def _lease(request: pytest.FixtureRequest, target: TargetSession, recorder: Recorder) -> LeaseRequest:
    """What the scenario asks of the device pool, found out by rehearsing it."""
    stash = request.config.stash
    if _REHEARSER not in stash:
        stash[_REHEARSER] = Rehearser(target.target)
    needs = stash[_REHEARSER].rehearse(request.node.stash[_STEPS])
    against = needs.against(target.target)
    if against:
        raise NotArrangeable(against)
    name = " ".join((recorder.result.scenario_id, *recorder.result.parameters.values()))
    return needs.lease_request(name, _preferred(request.node))


def _preferred(item: pytest.Item) -> tuple[EUI64, ...]:
    """The devices of the chain a scenario belongs to; only a worker belongs to a chain."""
    if not is_worker(item.config):
        return ()
    return preferred(Path(_worker_input(item.config)[_STATE_DIRECTORY]), item.nodeid)


def _keep(recorder: Recorder, item: EvidenceItem) -> None:
    """Put a message on record with the step that produced it, and into the sequence diagram."""
    at = item.at.isoformat(timespec="milliseconds")
    facts = message_facts(item.document) | {
        name: item.meta[key] for key, name in _META_FACTS.items() if key in item.meta
    }
    kept = recorder.attach(
        item.title, item.document, _KINDS[item.direction], item.media_type, at=at, facts=facts
    )
    sender, receiver = item.meta.get("from", ""), item.meta.get("to", "")
    if sender and receiver:
        code = next((facts[name] for name in CODES if name in facts), "")
        recorder.message(sender, receiver, item.title, at=at, code=code, file=kept.file)
