"""Results folders built by code: no feature is run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from reports.results import Attachment, Message, Reason, ScenarioResult, Status, StepResult
from reports.results_folder import ResultsWriter
from reports.run_information import RunInformation

Folder = Callable[..., Path]
REJECTED = Reason("the DSP accepts SRV 6.15.1 [FIA 4.1]", "I99", "a synchronous rejection with E4")


def scenario(
    number: int = 1,
    status: Status = Status.PASSED,
    s1sp: str = "S1SP1",
    device_type: str = "ESME",
    actual: str = "",
    **more: Any,
) -> ScenarioResult:
    """A record; whatever did not pass has a reason."""
    reason = None if status is Status.PASSED else Reason("the DSP accepts it", "I99", actual or "E4")
    parameters = {"s1sp": s1sp, "device_type": device_type} | more.pop("others", {})
    return ScenarioResult(
        f"MP107-T{number:02}",
        f"title {number} of {s1sp}",
        "a feature",
        f"features/test_features.py::test_{number}[{s1sp}-{device_type}]",
        s1sp,
        device_type,
        parameters,
        f"title {number}",
        status=status,
        **{"reason": reason, **more},
    )


def talking(*exchanges: tuple[str, Sequence[str]], user: str = "ed-north", **more: Any) -> ScenarioResult:
    """A record with the codes that came back for each request, and an N42 that belongs to none."""
    result = scenario(**more)
    step = StepResult("When", "the User sends", 1, "passed")

    def add(kind: str, label: str, code: str, facts: dict[str, str]) -> None:
        file = f"{len(step.attachments):02}-{kind}.xml"
        step.attachments.append(Attachment(label, kind, "application/xml", file, facts=facts))
        ends = (user, "DSP") if kind == "request" else ("DSP", user)
        result.messages.append(Message(*ends, label, code=code, file=file))

    for counter, (srv, codes) in enumerate(exchanges):
        facts = {"RequestID": f"02-53-31-00-00-00-00-11:02-01-24-04-00-00-00-01:{counter}"}
        add("request", f"SRV {srv} of {user}", "", facts)
        for code in codes:
            add("response", f"answer: {code}", code, facts)
    if more.get("status") is not Status.FAILED:
        add("callback", f"callback of {user}: N42", "N42", {"DCCAlertCode": "N42"})
    result.steps.append(step)
    return result


def information(**changes: Any) -> RunInformation:
    """What holds for a run that came to its end."""
    run = RunInformation(
        started="2026-03-02T10:00:00+00:00",
        finished="2026-03-02T10:05:00+00:00",
        written=285,
        collected=285,
        environment={"target": "SIT-A", "DSP": "emulated, https://127.0.0.1:34723/api"},
        assumptions=["response_codes.not_eligible = 'E4': the sender is not registered [WEB]"],
        software={"Python": "CPython 3.12.3", "smets1-conformance": "0.1.0"},
    )
    for name, value in changes.items():
        setattr(run, name, value)
    return run


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Write a results folder: its name, its results, and what else holds for the run."""

    def write(name: str, *results: ScenarioResult, **changes: Any) -> Path:
        writer = ResultsWriter(tmp_path / name)
        writer.prepare()
        for result in results:
            writer.append(result)
        writer.write_run(information(**{"selected": len(results), "executed": len(results), **changes}))
        return tmp_path / name

    return write
