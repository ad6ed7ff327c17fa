"""What opening a session starts: a private directory, the emulators, and the inbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from target.components import Components
from target.errors import HarnessError
from target.file import TargetFile
from target.inbox import InboxConfig, InboxProcess, SharedInbox
from target.pool import Ledger, Population
from target.process import ChildProcess, python_module
from target.run_lock import LOCK_FILE, RunLock
from target.session_file import SessionFile
from target.site import RunDirectory, Site

_EMULATORS_START_SECONDS = 60.0


def take_state_directory(state_dir: Path, cleanup: ExitStack) -> None:
    """Make a state directory private (0700), and refuse one that another run uses, or that holds other files.

    Raises:
        HarnessError: It cannot be used.
    """
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(state_dir.iterdir()) and not (state_dir / LOCK_FILE).exists():
            raise HarnessError(
                f"the state directory {state_dir} holds other files; name an empty or a new one, "
                "because it is made private to this user"
            )
        state_dir.chmod(0o700)
    except OSError as error:
        raise HarnessError(f"the state directory {state_dir} cannot be used: {error.strerror}") from None
    lock = RunLock(state_dir)
    cleanup.callback(lock.release)
    try:
        lock.control()
    except HarnessError:
        raise HarnessError(
            f"the state directory {state_dir} is in use by another run; choose another with --state-dir"
        ) from None


def start_inbox(target: TargetFile, state_dir: Path, cleanup: ExitStack) -> tuple[InboxProcess, SessionFile]:
    """Start the inbox of an isolated target; it ends with this process.

    Raises:
        HarnessError: It could not start; says why.
    """
    inbox = InboxProcess(InboxConfig.of(target, state_dir), state_dir)
    cleanup.callback(inbox.close)
    inbox.start()
    return inbox, SessionFile(
        target_file=target.path,
        inbox_database=inbox.database,
        inbox_port=inbox.port,
        callback_url=target.callback.base_url or inbox.base_url,
        counters=state_dir / "counters.sqlite",
        bundled=False,
    )


def use_site(
    target: TargetFile, run: RunDirectory | None, cleanup: ExitStack, progress: Callable[[str], None]
) -> SessionFile:
    """Begin a run in the site of a pooled target, or go on with one, and use the inbox of the site.

    Args:
        target: The target.
        run: The run to go on with; by default a new one.
        cleanup: Gets what must be given back.
        progress: Called with a line when there is something to wait for.

    Raises:
        HarnessError: The site cannot be used, or the inbox could not start; says why.
    """
    site = Site(target)
    resumed = run is not None
    if run is None:
        run = site.new_run()
    cleanup.callback(run.lock.release)
    run.lock.control(progress)
    ledger = Ledger(site.pool, run.run_id, Population.of(target))
    inbox = SharedInbox(InboxConfig.shared(target))
    cleanup.callback(inbox.release)
    inbox.use()
    session_file = SessionFile(
        target_file=target.path,
        inbox_database=inbox.database,
        inbox_port=inbox.port,
        callback_url=target.callback.base_url or inbox.base_url,
        counters=site.counters,
        bundled=False,
        run_directory=run.path,
        resuming=ledger.abandoned_scenarios() if resumed else (),
    )
    session_file.write(run.path)
    components = Components(target, site.emulators)
    cleanup.callback(components.close)
    components.start(session_file.callback_url, progress)
    return session_file


def start_emulators(
    state: Path,
    deviations: Sequence[str],
    plain_http: bool,
    cleanup: ExitStack,
    progress: Callable[[str], None],
) -> Path:
    """Start the bundled emulators; they end with this process.

    Returns:
        The target file they have written.

    Raises:
        HarnessError: They did not start; says why.
    """
    target_file = state / "target.toml"
    state.mkdir(mode=0o700, exist_ok=True)
    target_file.unlink(missing_ok=True)
    arguments = ["--state", str(state), "--until-stdin-closes"]
    for deviation in deviations:
        arguments += ["--deviation", deviation]
    if plain_http:
        arguments.append("--plain-http")
    child = ChildProcess(
        "the emulators", python_module("emulators.up", *arguments), state.parent / "emulators.log"
    )
    cleanup.callback(child.close)
    child.wait_for_file(target_file, _EMULATORS_START_SECONDS, progress)
    return target_file
