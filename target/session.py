"""A target opened for a run: the systems under test, the inbox, and the estates of the scenarios."""

from __future__ import annotations

import itertools
import os
import re
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from duis.signature import SigningIdentity
from target.arrangement import Arrangement
from target.arrangement_emulated import EmulatedArrangement
from target.attempts import Attempts
from target.component_files import emulated_components
from target.correspondence import Correspondence, schema_of
from target.courier import Courier
from target.credentials import Credentials
from target.errors import HarnessError, NotArrangeable
from target.estate import TestEstate
from target.evidence import Evidence
from target.file import DSP_COMPONENT, TargetFile, load_target
from target.gateway import MAIN_ESTATE, Connections
from target.inbox import InboxConfig, InboxProcess, InboxReader, SharedInbox
from target.journal import Attempt, Journal
from target.management import ManagementClient, management_planes
from target.pool import LeaseRequest, Ledger, Population
from target.pooled_estate import PooledEstates
from target.reachable import check_reachable
from target.run_lock import RunLock
from target.service_user import EstateLink, ServiceUser
from target.session_file import SessionFile
from target.session_start import start_emulators, start_inbox, take_state_directory, use_site
from target.site import RunDirectory, Site
from target.unclaimed import Unclaimed, begun, unclaimed

_numbers = itertools.count(1)


class TargetSession:
    """An open target. Use `open` once in a run, and `attach` in every further process of it.

    Attributes:
        target: The target file.
        state_dir: Private directory of the run.
        evidence: Where every message is recorded.
        inbox: Reads what has arrived.
        inbox_process: The inbox of an isolated target, in the process that opened the session.
        shared_inbox: The inbox of a pooled target.
        site: What outlives a run against a pooled target.
        run_directory: The directory of this run in the site.
        attempts: The attempts at scenarios, as the journal of the run has them.
        ledger: The device pool of a pooled target, as this run sees it.
    """

    def __init__(
        self, target: TargetFile, session_file: SessionFile, state_dir: Path, cleanup: ExitStack
    ) -> None:
        self.state_dir = state_dir
        self.target = target
        self.evidence = Evidence()
        self._correspondence = Correspondence(target, session_file.counters, self.evidence)
        cleanup.callback(self._correspondence.close)
        self.inbox_process: InboxProcess | None = None
        self.shared_inbox: SharedInbox | None = None
        self.site: Site | None = None
        self.run_directory: RunDirectory | None = None
        self.attempts: Attempts | None = None
        self._begun = 0, 0
        look_after = None
        if session_file.run_directory is not None:
            self.shared_inbox = SharedInbox(InboxConfig.shared(self.target))
            look_after = self.shared_inbox.ensure
            self.site = Site(self.target)
            self.run_directory = RunDirectory(session_file.run_directory)
        self.inbox = InboxReader(session_file.inbox_database, self._correspondence.trust, look_after)
        if self.run_directory is not None:
            self.attempts = Attempts(Journal(self.run_directory.journal), self.inbox, self.evidence)
            self._begun = begun(self.attempts.journal, self.inbox)
        self._callback_url = session_file.callback_url
        self._bundled = session_file.bundled
        self._deviations = session_file.deviations
        self._cleanup = cleanup
        self._users = self._correspondence.users
        self._management_connections = Connections(self.target.management.tls)
        self.ledger: Ledger | None = None
        self._pooled: PooledEstates | None = None
        if self.site is not None and self.run_directory is not None and self.attempts is not None:
            self.ledger = Ledger(
                self.site.pool,
                self.run_directory.run_id,
                Population.of(self.target),
                resuming=session_file.resuming,
            )
            self._pooled = PooledEstates(
                self.target, self.ledger, self.attempts, self._management(), self._sender, self._users.bind
            )
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
        resume: RunDirectory | None = None,
    ) -> TargetSession:
        """Open a target for a run.

        Args:
            target_path: Target file; without one the bundled emulators are started.
            state_dir: Directory for keys, databases and logs; made private to this user (0700).
            deviations: Named deviations of the bundled emulators, for every estate.
            keep_state: Whether the directory stays when the session is closed.
            plain_http: Have the bundled emulators speak plain HTTP, as DCC Boxed does.
            progress: Called with a line when something is about to happen.
            resume: The run in the site of a pooled target to go on with; by default a new one.

        Raises:
            TargetFileError: The target file, or the schema it names, cannot be used.
            EndpointUnreachable: No connection can be made to a system under test.
            HarnessError: The inbox or the emulators could not start; says why.
        """
        cleanup = ExitStack()
        try:
            if not keep_state:
                cleanup.callback(shutil.rmtree, state_dir, ignore_errors=True)
            take_state_directory(state_dir, cleanup)
            SessionFile.remove(state_dir)
            bundled = target_path is None
            if target_path is None:
                progress("starting the emulators of the DSP and the three S1SPs")
                target_path = start_emulators(
                    state_dir / "emulators", deviations, plain_http, cleanup, progress
                )
            elif deviations:
                raise HarnessError("deviations are for the bundled emulators, not for a target file")
            target = load_target(target_path)
            schema_of(target)  # before anything is started that needs it
            own = bool(emulated_components(target))
            if not bundled and not own:
                check_reachable(target)
            progress("starting the inbox")
            inbox: InboxProcess | None = None
            if target.isolated:
                inbox, session_file = start_inbox(target, state_dir, cleanup)
            else:
                session_file = use_site(target, resume, cleanup, progress)
            if own:
                check_reachable(target)  # what the run starts itself is there by now
            session_file = session_file.model_copy(
                update={"bundled": bundled, "deviations": tuple(deviations)}
            )
            session_file.write(state_dir)
            session = cls(target, session_file, state_dir, cleanup)
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
        session_file = SessionFile.wait(state_dir, within)
        cleanup = ExitStack()
        for directory in filter(None, (state_dir, session_file.run_directory)):
            lock = RunLock(directory)
            cleanup.callback(lock.release)
            lock.join()
        session = cls(load_target(session_file.target_file), session_file, state_dir, cleanup)
        if session.shared_inbox is not None:
            cleanup.callback(session.shared_inbox.release)
            session.shared_inbox.use()
        return session

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
        tell: Callable[[str], None] = lambda _: None,
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
            tell: Called with what becomes of leased devices, and with what is waited for.

        Raises:
            NotArrangeable: The target cannot be given such a population.
        """
        taking_part = [name for name in self.target.s1sp if s1sps is None or name in s1sps]
        switches = {DSP_COMPONENT: mp107_dsp, **{name: (mp107 or {}).get(name, True) for name in taking_part}}
        if not self.target.isolated:
            if deviations or settings:
                raise NotArrangeable("deviations and settings are for the bundled emulators only")
            if lease is None or self._pooled is None:
                raise HarnessError("a pooled target needs to know which devices a scenario leases")
            with self._pooled.open(lease(), tell) as estate:
                yield estate
            return
        unique = f"{_slug(name)}-{os.getpid()}-{next(_numbers)}-{secrets.token_hex(2)}"
        emulated = EmulatedArrangement(unique, self._management(), self.target.path.parent)
        estate, link = self._estate(unique, emulated)
        try:
            emulated.create(
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
            emulated.close()
            link.counters.close()

    def restore_left_behind(self, tell: Callable[[str], None] = lambda _: None) -> None:
        """Restore the devices that dead processes of this run have left behind: at the end of a run.

        Args:
            tell: Called with what becomes of them.
        """
        if self._pooled is not None:
            self._pooled.restore_left_behind(tell)

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
        origin = "bundled emulators" if self._bundled else f"{self.target.name}, {self.target.path}"
        return {
            "target": origin,
            "DSP": f"{self._component(DSP_COMPONENT, dsp.mp107)}, {dsp.send_command}",
            "S1SPs": "; ".join(
                f"{name} {self._component(name, s1sp.mp107)}" for name, s1sp in self.target.s1sp.items()
            ),
            "transport": "plain HTTP" if dsp.tls is None else "TLS",
            "DUIS version": self.target.schema_version,
            "schema": str(self.target.official_schema or "bundled"),
        }

    def _component(self, name: str, mp107: bool) -> str:
        """What a component is, and what an endpoint declares; what is emulated is switched by scenarios."""
        if self.target.kind_of(name) == "emulated":
            return "emulated"
        return f"endpoint with MP107 {'on' if mp107 else 'off'}"

    def assumption_sentences(self) -> tuple[str, ...]:
        """What is assumed where the public sources are silent, a sentence each, for the report."""
        return tuple(
            f"{each.name} = {each.value!r}: {each.description} [{each.source}]"
            + ("" if each.value == each.default else f" (default {each.default!r})")
            for each in self.target.assumptions.described()
        )

    @property
    def journal(self) -> Journal | None:
        """The journal of the run, where the target is pooled."""
        return self.attempts.journal if self.attempts is not None else None

    def unclaimed(self) -> Unclaimed | None:
        """What has arrived since the run began and no verdict rests on; `None` for an isolated target."""
        if self.site is None or self.run_directory is None or self.attempts is None:
            return None
        own = self.run_directory.run_id
        others = [run.journal for run in self.site.runs() if run.run_id != own and run.journal.exists()]
        return unclaimed(self.target, self.inbox, others, self.attempts.journal, *self._begun)

    def _estate(self, name: str, arrangement: Arrangement) -> tuple[TestEstate, EstateLink]:
        link = self._correspondence.link(name, self.inbox)
        return TestEstate(link, arrangement, self._users.bind(link)), link

    def _sender(self, attempt: Attempt, courier: Callable[[Courier], Courier]) -> EstateLink:
        assert self.attempts is not None
        return self._correspondence.link(MAIN_ESTATE, self.inbox, courier, self.attempts.scope(attempt))

    def _callback(self, user: ServiceUser) -> str:
        return f"{self._callback_url}/{user.mailbox}{self.target.callback.path_suffix}"

    def _management(self) -> dict[str, ManagementClient]:
        return management_planes(self.target, self._management_connections)


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:60] or "estate"
