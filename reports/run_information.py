"""What holds for a whole run: counts, target, assumptions, what test assurance agreed on, known issues."""

from __future__ import annotations

from dataclasses import dataclass, field

from reports.results import Attachment, ExitCode, ScenarioResult


@dataclass(frozen=True)
class SanityCheck:
    """Whether the target answered SRV 8.2 as expected, before the first scenario or after the last one.

    `when` is "first" or "last", `at` is UTC in ISO 8601.
    """

    when: str
    at: str
    passed: bool
    text: str
    attachments: list[Attachment] = field(default_factory=list)


@dataclass(frozen=True)
class ChainTime:
    """The scenarios that one worker carried out one after another, and how long they took in seconds."""

    worker: str
    scenarios: int
    seconds: float


@dataclass(frozen=True)
class Timing:
    """How long a run took, in seconds; after a resumption what it did since.

    `wall_seconds` includes starting and stopping, `before_seconds` passed before the first scenario began,
    `scenario_seconds` is the sum over all scenarios. `report_seconds` went into reports: those kept fresh
    during the run, and those made after it, which `wall_seconds` does not include.
    """

    wall_seconds: float
    before_seconds: float
    scenario_seconds: float
    workers: int
    longest_chain: ChainTime
    report_seconds: float = 0.0

    @property
    def ratio(self) -> float | None:
        """How many times the longest chain the run took; `None` when that took no time."""
        return self.wall_seconds / self.longest_chain.seconds if self.longest_chain.seconds else None


@dataclass(frozen=True)
class KnownIssue:
    """An entry of the ledger of known issues, and what became of it in this run.

    Attributes:
        scenario_id: the test case, such as "MP107-T10".
        s1sp: where it applies; empty for every S1SP.
        device_type: likewise.
        observed: what is observed, as it appears in what the failure says.
        reason: why it is tolerated.
        defect: reference of the defect.
        severity: of the defect, in the words of whoever keeps the ledger.
        review_by: date of the next review, ISO 8601.
        places: where it was met in this run, such as "MP107-T10 S1SP2 ESME".
        requirement: what was not met, as it appears in what the failure says; empty for anything.
        passed: where it applies and the scenario passed.
        otherwise: where it applies and the scenario failed, but not as listed.
        line: of the entry in the ledger.
    """

    scenario_id: str
    s1sp: str
    device_type: str
    observed: str
    reason: str
    defect: str
    severity: str
    review_by: str
    places: list[str] = field(default_factory=list)
    requirement: str = ""
    passed: list[str] = field(default_factory=list)
    otherwise: list[str] = field(default_factory=list)
    line: int = 0

    def applies_to(self, s1sp: str, device_type: str) -> bool:
        """Whether it is about this place, in scenarios of its id."""
        return self.s1sp in ("", s1sp) and self.device_type in ("", device_type)


@dataclass(frozen=True)
class Assurance:
    """What test assurance has agreed on, from the target file.

    Attributes:
        title: of the completion report; empty for the usual one.
        phase: such as "SIT".
        scope: what is tested, a sentence each.
        entry_criteria: judged by people, a sentence each.
        exit_criteria: likewise.
        limits: how many of each may be there at the end, by name (`reports.criteria`).
        sign_off: the roles that sign, in order.
        links: addresses with ``{id}`` for what is linked, by name: "test_case", "defect", "clause".
    """

    title: str = ""
    phase: str = ""
    scope: list[str] = field(default_factory=list)
    entry_criteria: list[str] = field(default_factory=list)
    exit_criteria: list[str] = field(default_factory=list)
    limits: dict[str, int] = field(default_factory=dict)
    sign_off: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)


@dataclass
class RunInformation:
    """What holds for the whole run. Scenarios are counted with the rows of their Examples expanded."""

    started: str = ""
    finished: str = ""
    written: int = 0
    collected: int = 0
    selected: int = 0
    executed: int = 0
    exit_code: int = int(ExitCode.INCOMPLETE)
    environment: dict[str, str] = field(default_factory=dict)
    assumptions: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    sanity: list[SanityCheck] = field(default_factory=list)
    timing: Timing | None = None
    ended_early: str = ""
    """Why no further scenario was started: an endpoint that is dead, a budget, Ctrl-C."""
    taken_over: int = 0
    """How many verdicts were reached before the run was interrupted and resumed."""
    devices: list[str] = field(default_factory=list)
    """What became of the devices of the pool: used up in this run, or in quarantine; a sentence each."""
    callbacks: dict[str, int] = field(default_factory=dict)
    """Messages at the callbacks that no verdict rests on, by kind: duplicate, late, refused, of nobody."""
    messages_of_nobody: list[str] = field(default_factory=list)
    """The first of those, a line each."""
    software: dict[str, str] = field(default_factory=dict)
    """The harness, Python, the platform and every package the run depends on, with their versions."""
    assurance: Assurance = field(default_factory=Assurance)
    known_issues: list[KnownIssue] = field(default_factory=list)
    known_issues_file: str = ""
    """The ledger they are listed in; empty when the run had none."""
    contradictions: list[str] = field(default_factory=list)
    """What the ledger lists and the run has shown to be otherwise, a sentence each; any fails the run."""
    exit_meaning: str = ""
    """What the exit code says of this run (`reports.exit_codes.exit_sentence`)."""

    def known_issue_of(self, result: ScenarioResult) -> KnownIssue | None:
        """The entry of the ledger of known issues that tolerates the failure of a scenario."""
        return next(
            (
                issue
                for issue in self.known_issues
                if issue.defect == result.known_issue
                and issue.scenario_id == result.scenario_id
                and issue.applies_to(result.s1sp, result.device_type)
            ),
            None,
        )

    @property
    def ended(self) -> bool:
        """Whether the run came to its end; otherwise it is at work, or was killed."""
        return bool(self.finished)
