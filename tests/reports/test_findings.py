"""What says the same is told once, and the evidence that tells most comes first."""

from __future__ import annotations

from dataclasses import replace

from reports.findings import essence, findings, where
from reports.results import Attachment, Message, Reason, ScenarioResult, Status, StepResult
from reports.telling import path_of, telling

REFUSED = Reason("the DSP accepts SRV 6.15.1 of {party} [FIA 4.1]", "an acknowledgement (I99)", "E4")


def failed(scenario_id: str, s1sp: str, device_type: str, party: str, reason: Reason) -> ScenarioResult:
    said = (reason.requirement, reason.expected, reason.actual)
    return ScenarioResult(
        scenario_id=scenario_id,
        title="The repair",
        feature="Repair",
        nodeid=f"{scenario_id}[{s1sp}-{device_type}]",
        s1sp=s1sp,
        device_type=device_type,
        status=Status.FAILED,
        reason=Reason(*(text.replace("{party}", party) for text in said)),
        messages=[Message(party, "DSP", "SRV 6.15.1")],
    )


def test_the_same_observation_of_other_parties_is_one_finding() -> None:
    results = [
        failed("MP107-T02", "S1SP1", "GPF", "gt-north", REFUSED),
        failed("MP107-T01", "S1SP2", "ESME", "ed-central", REFUSED),
        failed("MP107-T01", "S1SP1", "ESME", "ed-north", REFUSED),
        failed("MP107-T01", "S1SP1", "GPF", "gt-north", replace(REFUSED, actual="E2")),
    ]
    same, other = findings(results)
    assert [result.place for result in same.results] == [
        "MP107-T01 S1SP1 ESME",
        "MP107-T01 S1SP2 ESME",
        "MP107-T02 S1SP1 GPF",
    ]
    assert not same.worded_alike
    assert [result.place for result in other.results] == ["MP107-T01 S1SP1 GPF"]
    assert other.worded_alike


def test_who_was_found_where_somebody_else_was_expected_is_not_the_same_as_who_was_expected() -> None:
    taken_over = Reason("the slot", "held by 00-00-00-00-00-00-00-01", "held by 00-00-00-00-00-00-00-02")
    unchanged = Reason("the slot", "held by 00-00-00-00-00-00-00-03", "held by 00-00-00-00-00-00-00-03")
    elsewhere = Reason("the slot", "held by 00-00-00-00-00-00-00-04", "held by 00-00-00-00-00-00-00-05")
    essences = [
        essence(failed("MP107-T01", "S1SP1", "ESME", "ed-north", reason))
        for reason in (taken_over, unchanged, elsewhere)
    ]
    assert essences[0] != essences[1]
    assert essences[0] == essences[2]


def test_an_alert_code_and_another_s1sp_are_no_mere_names() -> None:
    codes = [
        failed("MP107-T20", "S1SP1", "ESME", "ed-north", Reason("S1SP3 rejects", "S1VE4", code))
        for code in ("S1VE4", "S1VE64")
    ]
    others = failed("MP107-T20", "S1SP1", "ESME", "ed-north", Reason("S1SP2 rejects", "S1VE4", "S1VE4"))
    assert len(findings([*codes, others])) == 3


def test_a_verdict_and_a_known_issue_are_never_told_as_one() -> None:
    one = failed("MP107-T01", "S1SP1", "ESME", "ed-north", REFUSED)
    known = replace(one, known_issue="DEF-7", nodeid="known")
    broken = replace(one, status=Status.ERROR, nodeid="broken")
    assert len(findings([one, known, broken])) == 3


def test_where_puts_test_cases_with_the_same_places_together() -> None:
    def at(scenario_id: str, *places: tuple[str, str]) -> list[ScenarioResult]:
        return [failed(scenario_id, *place, "ed-north", REFUSED) for place in places]

    everywhere = [("S1SP1", "ESME"), ("S1SP1", "GPF"), ("S1SP2", "ESME"), ("S1SP2", "GPF")]
    assert where(at("MP107-T01", *everywhere) + at("MP107-T02", *everywhere)) == [
        "MP107-T01, MP107-T02: S1SP1, S1SP2 (ESME, GPF)"
    ]
    assert where(at("MP107-T03", *everywhere[:3])) == ["MP107-T03: S1SP1 (ESME, GPF); S1SP2 (ESME)"]
    assert where(at("MP107-R2-01", ("", ""))) == ["MP107-R2-01"]


def message(kind: str, title: str, number: int) -> Attachment:
    identifier = f"02-53-31-00-00-00-00-21:02-0{number}-24-04-00-00-00-02:{number}"
    return Attachment(title, kind, "application/xml", f"{number}-{kind}.xml", facts={"RequestID": identifier})


def test_the_messages_a_failing_sentence_looks_back_on_are_told_the_answer_first() -> None:
    result = failed("MP107-T20", "S1SP1", "GPF", "gt-north", REFUSED)
    result.labels["device"] = ["02-01-24-04-00-00-00-02", "02-02-24-04-00-00-00-02"]
    sent = [
        message("request", "SRV 6.15.1 of gt-north", 1),
        message("response", "answer to SRV 6.15.1 of gt-north: E4", 1),
        message("request", "SRV 6.15.1 of gt-south", 2),
        message("response", "answer to SRV 6.15.1 of gt-south: I99", 2),
    ]
    result.steps = [
        StepResult("Given", "a GPF", 1, "passed", attachments=[message("request", "SRV 6.24.1 of gs-b", 3)]),
        StepResult("When", "each sends SRV 6.15.1", 2, "passed", attachments=sent),
        StepResult("Then", "the DSP acknowledges", 3, "failed"),
        StepResult("And", "nothing else", 4, "not run", attachments=[message("request", "never", 4)]),
    ]
    told = telling(result)
    assert [path_of(each) for each in told.evidence] == ["evidence/1-response.xml", "evidence/1-request.xml"]
    assert told.devices == ("02-01-24-04-00-00-00-02",)
    assert told.message_ids == ("02-53-31-00-00-00-00-21:02-01-24-04-00-00-00-02:1",)


def test_where_no_message_is_named_the_last_exchange_comes_first() -> None:
    result = failed("MP107-T01", "S1SP1", "ESME", "ed-north", Reason("N42 tells of it", "an N42", "nothing"))
    result.steps = [
        StepResult(
            "Then",
            "N42 comes",
            1,
            "failed",
            attachments=[
                message("request", "SRV 6.15.1 of ed-north", 1),
                message("response", "answer", 1),
                message("callback", "result", 1),
                message("request", "SRV 6.24.1 of is-a", 2),
                message("response", "answer", 2),
            ],
        )
    ]
    assert [each.file for each in telling(result).evidence] == [
        "2-response.xml",
        "2-request.xml",
        "1-callback.xml",
        "1-response.xml",
        "1-request.xml",
    ]


def test_what_the_reason_names_itself_counts() -> None:
    reason = Reason("the slot", device="02-01-24-04-00-00-00-09", message_ids=["A:B:1"])
    result = failed("MP107-T01", "S1SP1", "ESME", "ed-north", REFUSED)
    told = telling(replace(result, reason=reason))
    assert (told.devices, told.message_ids) == (("02-01-24-04-00-00-00-09",), ("A:B:1",))
