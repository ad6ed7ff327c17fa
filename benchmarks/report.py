"""The completion report of a long run: what it takes to make it, measured in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reports.results import Attachment, ExitCode, Message, ScenarioResult, Status, StepResult
from reports.results_folder import COMPLETION_REPORT_FILE, EVIDENCE_DIRECTORY, ResultsWriter
from reports.run_information import RunInformation

SCENARIOS = 1_000
SECONDS, MEGABYTES_OF_MEMORY, MEGABYTES_OF_FILE = 5.0, 300, 15
"""What the making and the file may take; of the seconds, those of the processor count."""
DOCUMENT = 4_000
"""Octets of each message kept as evidence."""

_BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_OPERATORS = ("ed-north", "ed-central")
_READ, _REPLACE = "RetrieveDeviceSecurityCredentialsKRP", "UpdateSecurityCredentialsKRP"
_SENTENCES = (
    (
        "Given",
        "the {device} served by {s1sp} with the incorrect Network Operator's certificate in its slot",
        3,
    ),
    ("When", "the incorrect Network Operator sends SRV 6.15.1 placing the correct one's certificate", 2),
    ("Then", "the DSP acknowledges the request", 0),
    ("And", "{s1sp} answers with a signed success that names the correct one as the new party", 2),
    ("When", "the incorrect Network Operator sends SRV 6.15.1 placing its own certificate", 2),
    ("Then", "the DSP acknowledges the request", 0),
    ("And", "{s1sp} rejects it with the S1SP Alert of validation 3", 1),
    ("And", "no slot has changed", 3),
    ("And", "it is recorded whether alert N42 told of the change", 1),
)
"""Keyword, text and number of messages of each step: 14 messages in all."""


def scenario(number: int, evidence: Path) -> ScenarioResult:
    """Make up a scenario that passed, with 14 messages, and write its evidence.

    Args:
        number: from 0; six scenarios in turn belong to one test case.
        evidence: the folder for the messages.
    """
    s1sp, device = f"S1SP{number % 6 // 2 + 1}", ("ESME", "GPF")[number % 2]
    identifier = f"MP107-T{number // 6 + 1:02d}"
    began = _BEGAN + timedelta(seconds=number)
    result = ScenarioResult(
        scenario_id=identifier,
        title="After the repair the correct Network Operator owns the slot and the incorrect one does not",
        feature="A Network Operator repairs a wrong certificate on a SMETS1 device",
        nodeid=f"features/test_features.py::test_after_the_repair_{number}[{s1sp}-{device}]",
        s1sp=s1sp,
        device_type=device,
        parameters={"s1sp": s1sp, "device_type": device},
        severity="critical",
        clauses=["FIA-4.2.1", "S1SR-4.2"],
        status=Status.PASSED,
        started=began.isoformat(timespec="milliseconds"),
        duration=0.62,
        labels={"device": ["02-01-24-04-00-00-00-01"]},
        observations={"N42 received by": ["the Supplier"]},
    )
    for line, (keyword, text, messages) in enumerate(_SENTENCES, start=9):
        step = StepResult(keyword, text.format(device=device, s1sp=s1sp), line, "passed", 0.05)
        for _ in range(messages):
            _exchange(result, step, began, evidence)
        result.steps.append(step)
    return result


def _exchange(result: ScenarioResult, step: StepResult, began: datetime, evidence: Path) -> None:
    """Add the next message: a request, its acknowledgement and its result in turn."""
    number = len(result.messages)
    at = (began + timedelta(milliseconds=31 * number)).isoformat(timespec="milliseconds")
    user = _OPERATORS[number // 3 % 2]
    srv, content = ("6.24.1", _READ) if number // 3 % 2 else ("6.15.1", _REPLACE)
    kind = ("request", "response", "callback")[number % 3]
    request_id = f"02-53-31-00-00-00-00-11:02-01-24-04-00-00-00-01:{1_795_251_500_000 + number // 3}"
    facts = {"message": content, "RequestID": request_id, "ServiceReferenceVariant": srv, "signatures": "1"}
    code, label = "", f"SRV {srv} of {user}"
    if kind != "request":
        code = "I99" if kind == "response" else "I0"
        facts |= {"message": "SMETS1ResponseMessage", "ResponseCode": code}
        label = f"answer to {label}: {code}" if kind == "response" else f"callback of {user}: result of {srv}"
    name = (
        f"{result.scenario_id}-{result.s1sp}-{result.device_type}-{number % 7}fe4a9c1-{number:02d}-{kind}.xml"
    )
    document = f'<sr:Request xmlns:sr="urn:made-up"><sr:Filling>{"x" * DOCUMENT}</sr:Filling></sr:Request>'
    (evidence / name).write_text(document)
    step.attachments.append(Attachment(label, kind, "application/xml", name, at, facts))
    parties = (user, "DSP") if kind == "request" else ("DSP", user)
    result.messages.append(Message(*parties, label, at, code, name))


def write_run(directory: Path, scenarios: int) -> None:
    """Write the results folder of a run in which so many scenarios passed."""
    writer = ResultsWriter(directory)
    writer.prepare()
    for number in range(scenarios):
        writer.append(scenario(number, directory / EVIDENCE_DIRECTORY))
    writer.write_run(
        RunInformation(
            started=_BEGAN.isoformat(),
            finished=(_BEGAN + timedelta(seconds=scenarios)).isoformat(),
            written=scenarios,
            collected=scenarios,
            selected=scenarios,
            executed=scenarios,
            exit_code=int(ExitCode.CONFORMS),
            environment={"target": "made up"},
        )
    )


_MAKE = """
import resource, sys
from pathlib import Path
from reports.completion import write_completion_report
from reports.results_folder import read_results
folder = Path(sys.argv[1])
write_completion_report(folder, *read_results(folder))
used = resource.getrusage(resource.RUSAGE_SELF)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
print(used.ru_utime + used.ru_stime, peak)
"""


def run() -> str:
    """Make the report of a thousand scenarios, and tell what that took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_run(folder, SCENARIOS)
        began = time.perf_counter()
        made = subprocess.run([sys.executable, "-c", _MAKE, name], capture_output=True, text=True, check=True)  # noqa: S603 - our own code
        wall = time.perf_counter() - began
        seconds, peak = map(float, made.stdout.split())
        size = (folder / COMPLETION_REPORT_FILE).stat().st_size
    return "\n".join(
        (
            f"{SCENARIOS} scenarios of 14 messages, {DOCUMENT} octets each",
            f"processor time  {seconds:6.2f} s   (aim: at most {SECONDS:g}; {wall:.2f} s on the clock)",
            f"peak memory     {peak / 1024:6.0f} MiB (aim: less than {MEGABYTES_OF_MEMORY})",
            f"file            {size / 1e6:6.1f} MB  (aim: less than {MEGABYTES_OF_FILE}); "
            f"{size / SCENARIOS / 1e3:.1f} kB a scenario",
        )
    )
