"""A run in which one thing of each kind went wrong, as records and evidence in a results folder."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from reports.results import Attachment, ExitCode, Message, Reason, ScenarioResult, Status, StepResult
from reports.results_folder import EVIDENCE_DIRECTORY, ResultsWriter
from reports.run_information import Assurance, KnownIssue, RunInformation, SanityCheck

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
USER, DEVICE = "02-53-31-00-00-00-00-11", "02-02-24-04-00-00-00-01"
ACKNOWLEDGED = {"ResponseCode": "I99"}
RESULT = {"ResponseCode": "I0", "message": "SMETS1ResponseMessage", "MessageSuccess": "true"}
S1SP_ALERT = {"ResponseCode": "I0", "DCCAlertCode": "N55", "S1SPAlertCode": "S1VE4"}


class Planted:
    """One scenario, step by step; what a step sends becomes a message, an attachment and a file."""

    def __init__(self, evidence: Path, place: str, title: str, **details: Any) -> None:
        scenario_id, s1sp, device_type = place.split()
        self.evidence = evidence
        self.result = ScenarioResult(
            scenario_id=scenario_id,
            title=title,
            feature="A Network Operator repairs a wrong certificate",
            nodeid=f"features/test_features.py::test_{scenario_id}[{s1sp}-{device_type}]",
            s1sp=s1sp,
            device_type=device_type,
            severity=details.pop("severity", "critical"),
            started=BEGAN.isoformat(),
            duration=0.5,
            labels={"device": [DEVICE]},
            **details,
        )

    def step(self, sentence: str, *sent: tuple[str, dict[str, str]], status: str = "passed") -> Planted:
        """Add a step; each message is a label and its facts, a request where these have no code."""
        keyword, _, text = sentence.partition(" ")
        step = StepResult(keyword, text, len(self.result.steps) + 9, status, 0.1)
        for label, facts in sent:
            self._message(step, label, facts)
        self.result.steps.append(step)
        return self

    def _message(self, step: StepResult, label: str, facts: dict[str, str]) -> None:
        number = len(self.result.messages) + 1
        code = facts.get("S1SPAlertCode") or facts.get("ResponseCode", "")
        kind = "request" if not code else "response"
        name = (
            f"{self.result.scenario_id}-{self.result.s1sp}-{self.result.device_type}-{number:02d}-{kind}.xml"
        )
        parties = ("DSP", "ed-north") if code else ("ed-north", "DSP")
        at = (BEGAN + timedelta(milliseconds=40 * number)).isoformat(timespec="milliseconds")
        facts = {"RequestID": f"{USER}:{DEVICE}:1{(number + 1) // 2:03d}", **facts}
        (self.evidence / name).write_text(f"<Message><Number>raw {name}</Number></Message>")
        step.attachments.append(Attachment(label, kind, "application/xml", name, at, facts))
        self.result.messages.append(Message(*parties, label, at, code, name))

    def ends(self, status: Status, reason: Reason | None = None) -> ScenarioResult:
        """The record, with its verdict."""
        self.result.status, self.result.reason = status, reason
        return self.result


def results(evidence: Path) -> list[ScenarioResult]:
    """One of each kind, and a few that passed."""
    request, sends = "SRV 6.15.1 of ed-north", "When the incorrect Network Operator sends SRV 6.15.1"

    def planted(place: str, title: str, **details: Any) -> Planted:
        return Planted(evidence, place, title, **details)

    return [
        planted(
            "MP107-T01 S1SP1 ESME", "The incorrect operator repairs", severity="blocker", clauses=["FIA-5.2"]
        )
        .step(sends, (request, {}), (f"answer to {request}: I99", ACKNOWLEDGED))
        .step("Then the DSP acknowledges the request")
        .step("And S1SP1 answers with a signed success", ("result of 6.15.1", RESULT))
        .ends(Status.PASSED),
        planted(
            "MP107-T01 S1SP2 ESME", "The incorrect operator repairs", severity="blocker", clauses=["FIA-5.2"]
        )
        .step(sends, (request, {}), (f"answer to {request}: E4", {"ResponseCode": "E4"}))
        .step("Then the DSP acknowledges the request", status="failed")
        .step("And S1SP2 answers with a signed success", status="not run")
        .ends(
            Status.FAILED,
            Reason(
                "the DSP accepts SRV 6.15.1 of ed-north [FIA 4.1]",
                "an acknowledgement (I99)",
                "a synchronous rejection with response code E4",
            ),
        ),
        planted("MP107-T02 S1SP3 GPF", "The correct operator owns the slot")
        .step(sends, (request, {}), (f"answer to {request}: I99", ACKNOWLEDGED))
        .step("Then the DSP acknowledges the request")
        .step("And S1SP3 answers with a signed success", ("N55 S1SP Alert", S1SP_ALERT), status="failed")
        .ends(
            Status.FAILED,
            Reason(
                f"{request} is carried out [FIA 4.2.1]",
                "a signed success of S1SP3",
                "N55 with S1SP Alert S1VE4",
            ),
        ),
        planted("MP107-T13 S1SP1 ESME", "A Supplier that is not registered is not eligible")
        .step(sends, (request, {}), (f"answer to {request}: E1", {"ResponseCode": "E1"}))
        .step("Then the DSP rejects it with E4", status="failed")
        .ends(
            Status.FAILED,
            Reason(
                "it is checked against Registration Data [SRPD 6.1(f)]",
                "response code E4",
                "response code E1",
            ),
        ),
        planted("MP107-T36 S1SP1 GPF", "A certificate of another role is refused")
        .step(sends, (request, {}), (f"answer to {request}: E11", {"ResponseCode": "E11"}))
        .step(
            "Then no slot has changed",
            ("SRV 6.24.1 of ed-north", {}),
            ("answer", ACKNOWLEDGED),
            ("result of 6.24.1", {**RESULT, "slots": "NetworkOperator: 02-53-31-00-00-00-00-12"}),
            status="failed",
        )
        .ends(
            Status.FAILED,
            Reason(
                "a refused request leaves the NetworkOperator slot as it was [FIA 3.2]",
                "the NetworkOperator slot holds 02-53-31-00-00-00-00-11",
                "the NetworkOperator slot holds 02-53-31-00-00-00-00-12",
            ),
        ),
        planted("MP107-T10 S1SP2 GPF", "The Supplier may not replace the certificate", known_issue="DEF-17")
        .step(sends, (request, {}), (f"answer to {request}: I99", ACKNOWLEDGED))
        .step("Then the DSP rejects it", status="failed")
        .ends(Status.FAILED, Reason("SRV 6.15.1 is rejected by the DSP [FIA 5.2]", "an E code", "I99")),
        planted("MP107-T03 S1SP1 ESME", "Device alerts follow the certificate")
        .step("Given a device", (request, {}), status="error")
        .ends(
            Status.ERROR,
            Reason(
                "Given a device", "", "EndpointUnreachable: refused", traceback="Traceback: in gateway.py"
            ),
        ),
        planted("MP107-T21 S1SP1 ESME", "MP107 off at the DSP").ends(
            Status.NOT_APPLICABLE, Reason("MP107 cannot be switched off at an endpoint")
        ),
        planted("MP107-T22 S1SP1 ESME", "MP107 off everywhere").ends(
            Status.NOT_RUN, Reason("the run ended before it began")
        ),
    ]


def known_issue() -> KnownIssue:
    return KnownIssue(
        "MP107-T10", "S1SP2", "GPF", "I99", "agreed with the DSP", "DEF-17", "major", "2026-09-30",
        places=["MP107-T10 S1SP2 GPF"],
    )  # fmt: skip


def run(**details: Any) -> RunInformation:
    """What holds for the run; anything can be said otherwise."""
    told: dict[str, Any] = {
        "started": BEGAN.isoformat(),
        "finished": (BEGAN + timedelta(minutes=2)).isoformat(),
        "written": 9,
        "collected": 9,
        "selected": 9,
        "executed": 7,
        "exit_code": int(ExitCode.DOES_NOT_CONFORM),
        "environment": {"target": "sit-7", "DSP": "endpoint, release 12.3"},
        "assumptions": ["s1sp_alert_dcc_code = 'N55': carries an S1SP Alert [ASSUMED]"],
        "sanity": [SanityCheck("first", BEGAN.isoformat(), True, "SRV 8.2 was answered as expected")],
        "software": {"Python": "CPython 3.12.1", "lxml": "6.1.3", "some-package": "9.9"},
        "assurance": Assurance(
            phase="SIT",
            scope=["SRV 6.15.1 at three S1SPs"],
            entry_criteria=["PIT was accepted"],
            exit_criteria=["No open defect of severity 1"],
            sign_off=["Head of Test", "DCC Test Assurance Board"],
        ),
        "known_issues": [known_issue()],
        "devices": [f"{DEVICE} was used up by MP107-T01"],
        "callbacks": {"late": 2},
        "messages_of_nobody": ["late: I0 for nobody"],
    }
    return RunInformation(**(told | details))


def write(directory: Path, information: RunInformation | None = None) -> None:
    """Write the results folder."""
    writer = ResultsWriter(directory)
    writer.prepare()
    for result in results(directory / EVIDENCE_DIRECTORY):
        writer.append(result)
    writer.write_run(information or run(ended_early="SRV 8.2 was not answered twice running"))
