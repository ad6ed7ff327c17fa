"""The sequence diagram of a scenario."""

from __future__ import annotations

from xml.etree import ElementTree

from reports.completion.diagram import sequence_diagram
from reports.completion.exchange import exchange_of
from reports.results import Attachment, Message, Reason, ScenarioResult, Status, StepResult

REQUEST_ID = "02-53-31-00-00-00-00-31:02-03-24-04-00-00-00-01:1795218390340"
AT = "2026-03-02T09:00:00.000+00:00"
LATER = "2026-03-02T09:00:00.031+00:00"


def drawn(messages: list[Message], *attachments: Attachment, status: str = "passed") -> ElementTree.Element:
    step = StepResult("When", "it is sent", 9, status, 0.1, list(attachments))
    result = ScenarioResult(
        "MP107-T01", "t", "f", "n", status=Status(status), steps=[step], messages=messages
    )
    return ElementTree.fromstring(str(sequence_diagram(exchange_of(result))))


def texts(svg: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in svg.iter("text")]


def test_no_messages_no_diagram() -> None:
    assert sequence_diagram([]) == ""


def test_parties_and_labels_are_escaped() -> None:
    svg = drawn([Message("<NO>", "DSP & co", "SRV <&>"), Message("DSP & co", "DSP & co", "checks")])
    assert texts(svg) == ["<NO>", "DSP & co", "1 SRV <&>", "2 checks"]


def test_a_request_id_is_left_to_the_title() -> None:
    svg = drawn([Message("DSP", "is-a", f"result I0 for {REQUEST_ID}")])
    assert "1 result I0" in texts(svg)
    assert f"result I0 for {REQUEST_ID}" in [title.text for title in svg.iter("title")]


def test_codes_and_times_are_told_in_words_and_signs() -> None:
    alert = Attachment(
        "callback of ed-north: N55", "callback", "application/xml", "3.xml", LATER,
        {"DCCAlertCode": "N55", "S1SPAlertCode": "S1VE64", "ResponseCode": "I0"},
    )  # fmt: skip
    svg = drawn(
        [
            Message("ed-north", "DSP", "SRV 6.15.1 of ed-north", AT),
            Message("DSP", "ed-north", "answer to SRV 6.15.1 of ed-north: I99", LATER, "I99"),
            Message("DSP", "ed-north", "callback of ed-north: N55", LATER, "S1VE64", "3.xml"),
            Message("DSP", "ed-north", "answer to SRV 6.15.1 of ed-north: E4", LATER, "E4"),
            Message("DSP", "ed-north", "answer to SRV 6.15.1 of ed-north: HTTP 400", LATER, "400"),
        ],
        alert,
    )
    shown = texts(svg)
    assert "1 SRV 6.15.1" in shown
    assert "2 answer to SRV 6.15.1" in shown
    assert "✓ I99 acknowledged" in shown
    assert "⊘ N55/S1VE64 refused by the S1SP" in shown
    assert "⊘ E4 refused" in shown
    assert "⊘ HTTP 400 refused" in shown
    assert [text for text in shown if text.endswith(" ms")][:2] == ["+0 ms", "+31 ms"]
    assert any(AT in (title.text or "") for title in svg.iter("title"))


def test_the_message_before_the_failure_is_marked() -> None:
    messages = [
        Message("ed-north", "DSP", "SRV 6.15.1", AT, "", "1.xml"),
        Message("DSP", "ed-north", "answer", LATER, "E4", "2.xml"),
        Message("DSP", "is-a", "something later", LATER, "N42", "3.xml"),
    ]
    kept = [
        Attachment("SRV 6.15.1", "request", "application/xml", "1.xml"),
        Attachment("answer", "response", "application/xml", "2.xml"),
    ]
    (group,) = (
        each for each in drawn(messages, *kept, status="failed").iter("g") if "last" in each.get("class", "")
    )
    assert "2 answer" in texts(group)
    assert "▲ failure observed after this message" in texts(group)
    assert not [each for each in drawn(messages, *kept).iter("g") if "last" in each.get("class", "")]


def test_of_several_messages_the_one_that_the_reason_names_is_marked() -> None:
    request_id = {"RequestID": REQUEST_ID}
    sent = Attachment("SRV 6.21 of gs-b", "request", "application/xml", "1.xml", AT, request_id)
    answered = Attachment("result of 6.21", "callback", "application/xml", "2.xml", AT, request_id)
    beside = Attachment("N42", "callback", "application/xml", "3.xml", LATER, {"DCCAlertCode": "N42"})
    result = ScenarioResult(
        "MP107-T01",
        "t",
        "f",
        "n",
        status=Status.FAILED,
        reason=Reason("SRV 6.21 of gs-b is answered with what was replaced", "one party", "another"),
        steps=[
            StepResult("When", "it is sent", 9, "passed", 0.1, [sent]),
            StepResult("Then", "it is answered", 10, "failed", 0.1, [answered, beside]),
        ],
        messages=[
            Message("gs-b", "DSP", sent.title, AT, "", "1.xml"),
            Message("DSP", "gs-b", answered.title, AT, "I0", "2.xml"),
            Message("DSP", "gs-b", beside.title, LATER, "N42", "3.xml"),
        ],
    )
    assert [message.number for message in exchange_of(result) if message.fault] == [2]


def test_results_of_before_times_and_codes_were_on_record_are_drawn() -> None:
    svg = drawn([Message("is-a", "DSP", "SRV 8.2 of is-a"), Message("DSP", "is-a", "answer: HTTP 200")])
    assert texts(svg) == ["is-a", "DSP", "1 SRV 8.2", "2 answer: HTTP 200"]
