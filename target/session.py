"""A target opened for a run: the systems under test, the inbox, and the estates of the scenarios."""

from __future__ import annotations

import fcntl
import itertools
import os
import re
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from duis.schema import Schema, SchemaUnavailable
from duis.signature import SigningIdentity
from target.answers import AnswerReader
from target.arrangement import Arrangement
from target.arrangement_declared import DeclaredArrangement
from target.arrangement_emulated import DSP, EmulatedArrangement
from target.counters import CounterSource
from target.courier import GatewayCourier
from target.credentials import Credentials
from target.errors import HarnessError, NotArrangeable
from target.estate import TestEstate
from target.evidence import Evidence
from target.file import TargetFile, TargetFileError, load_target
from target.file_errors import problem_at
from target.gateway import Connections, Gateway
from target.inbox import InboxConfig, InboxProcess, InboxReader
from target.management import ManagementClient
from target.pool import LeaseRequest
from target.process import ChildProcess, python_module
from target.reachable import check_reachable
from target.service_user import EstateLink, ServiceUser
from target.session_file import SessionFile
from target.trust import load_trust
from target.users import UserDirectory

MAIN_ESTATE = "main"
"""The estate at the root of every URL; the only one an endpoint has."""

_EMULATORS_START_SECONDS = 60.0
_numbers = itertools.count(1)


class TargetSession:
    """An open target. Use `open` once in a run, and `attach` in every further process of it.

    Attributes:
        target: The target file.
        state_dir: Private directory of the run.
        evidence: Where every message is recorded.
        schema: The DUIS schema.
        trust: The SMKI trust store.
        inbox: Reads what has arrived.
        inbox_process: The inbox, in the process that opened the session.
    """

    def __init__(self, session_file: SessionFile, state_dir: Path, cleanup: ExitStack) -> None:
        self.state_dir = state_dir
        self.target: TargetFile = load_target(session_file.target_file)
        self.evidence = Evidence()
        trust = self.target.trust
        self.trust = load_trust(trust.anchors, trust.certificates)
        self.schema = _schema(self.target)
        self.inbox = InboxReader(session_file.inbox_database, self.trust)
        self.inbox_process: InboxProcess | None = None
        self._callback_url = session_file.callback_url
        self._bundled = session_file.bundled
        self._deviations = session_file.deviations
        self._cleanup = cleanup
        self._users = UserDirectory(self.target, self.trust)
        self._answers = AnswerReader(self.schema, self.trust, self.target.assumptions)
        self._connections = Connections(self.target.dsp.tls)
        self._management_connections = Connections(self.target.management.tls)
        self._counters = CounterSource(session_file.counters)
        cleanup.callback(self._connections.close)
        cleanup.callback(self._management_connections.close)

    @classmethod
    def open(
        cls,
        target_path: Path | None,
        state_dir: Path,
        deviations: Sequence[str] = (),
        *,
        keep_state: bool = True,
        plain_http: bool = False,
        progress: Callable[[str], None] = lambda _: None,
    ) -> TargetSession:
        """Open a target for a run.

        Args:
            target_path: Target file; without one the bundled emulators are started.
            state_dir: Directory for keys, databases and logs; made private to this user (0700).
            deviations: Named deviations of the bundled emulators, for every estate.
            keep_state: Whether the directory stays when the session is closed.
            plain_http: Have the bundled emulators speak plain HTTP, as DCC Boxed does.
            progress: Called with a line when something is about to happen.

        Raises:
            TargetFileError: The target file, or the schema it names, cannot be used.
            EndpointUnreachable: No connection can be made to a system under test.
            HarnessError: The inbox or the emulators could not start; says why.
        """
        cleanup = ExitStack()
        try:
            _make_private(state_dir)
            if not keep_state:
                cleanup.callback(shutil.rmtree, state_dir, ignore_errors=True)
            cleanup.enter_context(_alone(state_dir))
            SessionFile.remove(state_dir)
            bundled = target_path is None
            if target_path is None:
                progress("starting the emulators of the DSP and the three S1SPs")
                target_path = _start_emulators(
                    state_dir / "emulators", deviations, plain_http, cleanup, progress
                )
            elif deviations:
                raise HarnessError("deviations are for the bundled emulators, not for a target file")
            target = load_target(target_path)
            _schema(target)  # before anything is started that needs it
            if not bundled:
                check_reachable(target)
            progress("starting the inbox")
            inbox = InboxProcess(InboxConfig.of(target, state_dir), state_dir)
            cleanup.callback(inbox.close)
            inbox.start()
            session_file = SessionFile(
                target_file=target.path,
                inbox_database=inbox.database,
                inbox_port=inbox.port,
                callback_url=target.callback.base_url or inbox.base_url,
                counters=state_dir / "counters.sqlite",
                bundled=bundled,
                deviations=tuple(deviations),
            )
            session_file.write(state_dir)
            session = cls(session_file, state_dir, cleanup)
            session.inbox_process = inbox
            return session
        except BaseException:
            cleanup.close()
            raise

    @classmethod
    def attach(cls, state_dir: Path, within: float = 0.0) -> TargetSession:
        """Use a session another process has opened; starts nothing, and closes nothing.

        Args:
            state_dir: Directory of that session.
            within: How long to wait for it to be open, in seconds.

        Raises:
            HarnessError: There is none.
        """
        return cls(SessionFile.wait(state_dir, within), state_dir, ExitStack())

    def __enter__(self) -> TargetSession:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close everything this session has opened."""
        self._cleanup.close()

    @contextmanager
    def open_estate(
        self,
        name: str,
        *,
        sets_per_s1sp: int = 1,
        mp107_dsp: bool = True,
        mp107: Mapping[str, bool] | None = None,
        s1sps: Collection[str] | None = None,
        deviations: Sequence[str] = (),
        settings: Mapping[str, object] | None = None,
        seed: int = 1,
        lease: Callable[[], LeaseRequest] | None = None,
    ) -> Iterator[TestEstate]:
        """A population for one scenario, deleted at the end.

        An endpoint has one population, that of its target file, and cannot be given another.

        Args:
            name: What it is for; made unique, so scenarios may share a name.
            sets_per_s1sp: Sets of devices at each S1SP.
            mp107_dsp: Position of the DSP's MP107 switch.
            mp107: Position of the S1SPs' switches, by name; on where it is silent.
            s1sps: The S1SPs that take part; by default every one. A smaller estate is there sooner.
            deviations: Named deviations, besides those of the session.
            settings: Settings of the DSP, such as its reading of SRPD 6.2(d).
            seed: Of the population.
            lease: What to ask of the device pool, where the target has endpoints.

        Raises:
            NotArrangeable: The target cannot be given such a population.
        """
        taking_part = [name for name in self.target.s1sp if s1sps is None or name in s1sps]
        switches = {DSP: mp107_dsp, **{name: (mp107 or {}).get(name, True) for name in taking_part}}
        if self.target.dsp.kind == "endpoint":
            if deviations or settings:
                raise NotArrangeable("deviations and settings are for the bundled emulators only")
            estate, _ = self._estate(MAIN_ESTATE, DeclaredArrangement(self.target))
            for component, on in switches.items():
                if component == DSP or mp107 is not None:
                    estate.set_mp107(component, on)
            yield estate
            return
        unique = f"{_slug(name)}-{os.getpid()}-{next(_numbers)}-{secrets.token_hex(2)}"
        arrangement = EmulatedArrangement(unique, self._management())
        estate, link = self._estate(unique, arrangement)
        try:
            arrangement.create(
                {str(user.user_id): self._callback(user) for user in estate.users},
                seed=seed,
                sets_per_s1sp=sets_per_s1sp,
                mp107=switches,
                deviations=tuple(dict.fromkeys((*self._deviations, *deviations))),
                settings=settings or {},
            )
            yield estate
        finally:
            for user in estate.users:
                user.record_callbacks()
            arrangement.close()
            link.counters.close()

    def expired_identity(self, user: ServiceUser) -> SigningIdentity:
        """The expired signer of a User.

        Raises:
            NotArrangeable: The target file names none.
        """
        return self._users.expired_identity(user.name)

    def faulty_credentials(self, user: ServiceUser, fault: str) -> Credentials:
        """Faulty certificates of a User: `"expired"` or `"untrusted"`.

        Raises:
            NotArrangeable: The target file names none.
        """
        return self._users.faulty_credentials(user.name, fault)

    def environment(self) -> dict[str, str]:
        """What was under test, for the report."""
        dsp = self.target.dsp
        origin = "bundled emulators" if self._bundled else str(self.target.path)
        return {
            "target": origin,
            "DSP": f"{dsp.kind}, {dsp.send_command}",
            "S1SPs": ", ".join(self.target.s1sp),
            "transport": "plain HTTP" if dsp.tls is None else "TLS",
            "DUIS version": self.target.schema_version,
            "schema": str(self.target.official_schema or "bundled"),
        }

    def assumption_sentences(self) -> tuple[str, ...]:
        """What is assumed where the public sources are silent, a sentence each, for the report."""
        return tuple(
            f"{each.name} = {each.value!r}: {each.description} [{each.source}]"
            + ("" if each.value == each.default else f" (default {each.default!r})")
            for each in self.target.assumptions.described()
        )

    def _estate(self, name: str, arrangement: Arrangement) -> tuple[TestEstate, EstateLink]:
        gateway = Gateway.of(
            self.target.dsp, self._connections, self.evidence, self.target.deadlines.synchronous, name
        )
        link = EstateLink(
            estate=name,
            target=self.target,
            gateway=gateway,
            courier=GatewayCourier(gateway),
            counters=self._counters.for_gateway(gateway.name),
            inbox=self.inbox,
            answers=self._answers,
            evidence=self.evidence,
        )
        return TestEstate(link, arrangement, self._users.bind(link)), link

    def _callback(self, user: ServiceUser) -> str:
        return f"{self._callback_url}/{user.mailbox}{self.target.callback.path_suffix}"

    def _management(self) -> dict[str, ManagementClient]:
        urls = {DSP: (self.target.dsp.management, "dsp.management")} | {
            name: (s1sp.management, f"s1sp.{name}.management") for name, s1sp in self.target.s1sp.items()
        }
        return {
            name: ManagementClient(name, url, self._management_connections, field)
            for name, (url, field) in urls.items()
            if url is not None
        }


def _schema(target: TargetFile) -> Schema:
    if target.official_schema is None:
        return Schema.bundled()
    try:
        return Schema.official(target.official_schema)
    except SchemaUnavailable as error:
        problem = problem_at(target.path.read_text("utf-8"), ("schema",), f"no usable DUIS schema: {error}")
        raise TargetFileError(target.path, [problem]) from None


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:60] or "estate"


def _make_private(state_dir: Path) -> None:
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(state_dir.iterdir()) and not (state_dir / "lock").exists():
            raise HarnessError(
                f"the state directory {state_dir} holds other files; name an empty or a new one, "
                "because it is made private to this user"
            )
        state_dir.chmod(0o700)
    except OSError as error:
        raise HarnessError(f"the state directory {state_dir} cannot be used: {error.strerror}") from None


@contextmanager
def _alone(state_dir: Path) -> Iterator[None]:
    """Refuse a state directory another run is using."""
    descriptor = os.open(state_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HarnessError(
                f"the state directory {state_dir} is in use by another run; choose another with --state-dir"
            ) from None
        yield
    finally:
        os.close(descriptor)


def _start_emulators(
    state: Path,
    deviations: Sequence[str],
    plain_http: bool,
    cleanup: ExitStack,
    progress: Callable[[str], None],
) -> Path:
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
