"""The pytest plugin that keeps a run safe against systems that are not ours.

SRV 8.2 is sent before the first scenario and after the last one. A scenario that meets a dead endpoint, or a
budget that is used up, is not run, and no further one starts; the same after Ctrl-C, once the devices of the
running scenarios are restored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reports.plugin import is_scenario, is_worker, run_of
from reports.recorder import NotRun, Recorder
from reports.results import AttachmentKind
from steps.halt import Cause, Halt, Reason
from steps.interrupt import Interruptible, heeding_ctrl_c, heeding_the_controller
from target.errors import DeadlinePassed, EndpointUnreachable
from target.file import TargetFile
from target.preflight import Sanity, read_one_device
from target.safety import BudgetExhausted
from target.session_file import SessionFile

HOW_TO_GO_ON = "`smets1-conformance run --resume` goes on with what is left"
_KINDS: dict[str, AttachmentKind] = {"sent": "request", "received": "response", "callback": "callback"}


@dataclass
class Safety:
    """What one process of a run needs to keep it safe.

    Attributes:
        state_dir: State directory of the run.
        target: The target file of the open target.
        halt: Whether scenarios may still start.
        running: The scenario that is running in this process.
    """

    state_dir: Path
    target: Callable[[], TargetFile]
    halt: Halt = field(init=False)
    running: Interruptible = field(default_factory=Interruptible)

    def __post_init__(self) -> None:
        self.halt = Halt(self.state_dir)

    def ask(self) -> Sanity:
        """Send SRV 8.2."""
        return read_one_device(self.target(), SessionFile.wait(self.state_dir, 0.0).counters)


_SAFETY = pytest.StashKey[Safety]()


def _begin(config: pytest.Config) -> Safety | None:
    """Keep the run of this process safe from now on, where features are run."""
    from steps.plugin import state_directory, target_of  # the plugin that has this one loaded

    state_dir = state_directory(config)
    if state_dir is None or config.option.collectonly:
        return None
    safety = config.stash[_SAFETY] = Safety(state_dir, lambda: target_of(config))
    return safety


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """Ask for a device before the first scenario and after the last one; heed Ctrl-C in between."""
    safety = _begin(session.config)
    if safety is None:
        return (yield)
    if is_worker(session.config):
        with heeding_the_controller(safety.halt, safety.running):
            return (yield)
    safety.halt.clear()
    distributed = bool(session.config.getoption("numprocesses", None))
    if not session.items and not distributed:
        return (yield)
    session.config.pluginmanager.register(_Announcer(session.config, safety))
    run = run_of(session.config)
    with heeding_ctrl_c(safety.halt, safety.running, run.say_at_once if run is not None else print):
        _check_sanity(session.config, safety, "first")
        result = yield
        if safety.halt.reason is None:
            _check_sanity(session.config, safety, "last")
        _announce(session.config, safety)
    return result


def _check_sanity(config: pytest.Config, safety: Safety, when: str) -> None:
    sanity, run = safety.ask(), run_of(config)
    if run is not None:
        messages = [(item.title, _KINDS[item.direction], item.document) for item in sanity.messages]
        run.add_sanity_check(when, sanity.at, sanity.trouble, messages)
    if not sanity.passed:
        moment = "before the first scenario" if when == "first" else "after the last scenario"
        safety.halt.because(
            Cause.ENDPOINT, f"the target was not sane {moment}, at {_time(sanity)}: {sanity.trouble}"
        )
        _announce(config, safety)


@pytest.hookimpl(wrapper=True, trylast=True)  # inside the wrappers whose teardown relies on their setup
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Start no scenario after the run has been ended."""
    safety = _safety_of(item)
    if safety is None:
        return (yield)
    reason = safety.halt.reason
    if reason is not None:
        raise NotRun(f"the run was ended before: {reason.text}")
    with safety.running.inside(), _not_the_scenarios_fault(safety):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A scenario that meets a dead endpoint has no verdict."""
    safety = _safety_of(item)
    if safety is None:
        return (yield)
    with _not_the_scenarios_fault(safety), safety.running.inside():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """A verdict that was reached stands, though the endpoint died before everything was cleaned up."""
    safety = _safety_of(item)
    if safety is None:
        return (yield)
    try:
        with _not_the_scenarios_fault(safety):
            return (yield)
    except NotRun as ended:
        recorder = getattr(item, "funcargs", {}).get("recorder")
        if isinstance(recorder, Recorder):
            recorder.observe("trouble while tearing down", ended.msg)
        return None


@contextmanager
def _not_the_scenarios_fault(safety: Safety) -> Iterator[None]:
    """Tell a target that does wrong from one that is not there any more.

    Raises:
        NotRun: It is not there any more, or nothing may be sent any more; no further scenario starts.
    """
    try:
        yield
    except EndpointUnreachable as gone:
        raise _ended(safety, Cause.ENDPOINT, str(gone)) from gone
    except BudgetExhausted as exhausted:
        raise _ended(safety, Cause.BUDGET, str(exhausted)) from exhausted
    except DeadlinePassed as late:
        sanity = safety.ask()
        if sanity.passed:
            raise
        text = f"{late.awaited} did not come within {late.seconds:g} s, and then {sanity.trouble}"
        raise _ended(safety, Cause.ENDPOINT, text) from late


def _ended(safety: Safety, cause: Cause, text: str) -> NotRun:
    safety.halt.because(cause, text)
    return NotRun(text)


class _Announcer:
    """Tells the report, in the controlling process, why the run ends as soon as any process knows."""

    def __init__(self, config: pytest.Config, safety: Safety) -> None:
        self._config = config
        self._safety = safety

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self) -> None:
        """A scenario has ended somewhere."""
        _announce(self._config, self._safety)


def _announce(config: pytest.Config, safety: Safety) -> None:
    run, reason = run_of(config), safety.halt.reason
    if run is not None and reason is not None:
        run.end_early(_in_full(reason))


def _in_full(reason: Reason) -> str:
    since = reason.since.replace("T", " ").replace("+00:00", " UTC")
    return f"{reason.text.rstrip('.')} (since {since}). No further scenario was started; {HOW_TO_GO_ON}."


def _safety_of(item: pytest.Item) -> Safety | None:
    return item.config.stash.get(_SAFETY, None) if is_scenario(item) else None


def _time(sanity: Sanity) -> str:
    return f"{sanity.at:%Y-%m-%d %H:%M:%S} UTC"
