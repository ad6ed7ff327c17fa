"""The sequence diagram of a scenario."""

from __future__ import annotations

from xml.etree import ElementTree

from reports.completion.diagram import sequence_diagram
from reports.results import Message

REQUEST_ID = "02-53-31-00-00-00-00-31:02-03-24-04-00-00-00-01:1795218390340"


def texts(messages: list[Message]) -> list[str]:
    root = ElementTree.fromstring(str(sequence_diagram(messages)))
    return [element.text or "" for element in root.iter("text")]


def test_no_messages_no_diagram() -> None:
    assert sequence_diagram([]) == ""


def test_parties_and_labels_are_escaped() -> None:
    messages = [Message("<NO>", "DSP & co", "SRV 6.15.1 <&>"), Message("DSP & co", "DSP & co", "checks")]
    shown = str(sequence_diagram(messages))
    assert "&lt;NO&gt;" in shown
    assert texts(messages)[:2] == ["<NO>", "DSP & co"]


def test_a_request_id_is_left_to_the_tooltip() -> None:
    root = ElementTree.fromstring(
        str(sequence_diagram([Message("DSP", "is-a", f"result I0 for {REQUEST_ID}")]))
    )
    label = next(element for element in root.iter("text") if element.get("class") == "label")
    title = label.find("title")
    assert title is not None
    assert title.text == f"result I0 for {REQUEST_ID}"
    assert title.tail == "result I0"
