"""What of the evidence tells a reader most about a scenario that went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.results import Attachment, ScenarioResult, Status
from reports.results_folder import EVIDENCE_DIRECTORY

_DEVICE_LABEL = "device"
_WENT_WRONG = ("failed", "error", "skipped")
_CAME_BACK = ("response", "callback", "refused")
_FIRST = {Status.FAILED: "Requirement", Status.ERROR: "While"}


@dataclass(frozen=True)
class Telling:
    """Where to look first.

    Attributes:
        devices: Device IDs, those that the messages are about.
        message_ids: Request IDs of the messages.
        evidence: The messages, the most telling one first.
    """

    devices: tuple[str, ...]
    message_ids: tuple[str, ...]
    evidence: tuple[Attachment, ...]


def telling(result: ScenarioResult) -> Telling:
    """What tells most about a scenario: the messages of the step that went wrong.

    A sentence that only looks at what came before ("Then the DSP acknowledges the request") has no messages
    of its own; those of the nearest step before it are meant. The message that came back last is told first,
    with the request it answers; where the reason names a message, that one counts instead of the last.
    """
    attachments = _of_the_step(result)
    reason = result.reason
    sentence = f"{reason.requirement} {reason.actual}" if reason is not None else ""
    sent = [each for step in result.steps for each in step.attachments if each.kind == "request"]
    named = {_exchange(each) for each in sent if each.title in sentence}
    found = [each for each in attachments if _exchange(each) in named] or attachments
    ordered = _most_telling_first(found)
    identifiers = tuple(reason.message_ids) if reason is not None else ()
    message_ids = identifiers or tuple(
        dict.fromkeys(filter(None, (each.facts.get("RequestID", "") for each in ordered)))
    )
    return Telling(_devices(result, message_ids), message_ids, tuple(ordered))


def reason_lines(result: ScenarioResult) -> list[tuple[str, str]]:
    """Why a scenario did not pass: Requirement, Expected and Observed, as far as they are known.

    Where no requirement was checked, what the harness was at comes first ("While"), or the reason.
    """
    reason = result.reason
    if reason is None:
        return []
    lines = [
        (_FIRST.get(result.status, "Reason"), reason.requirement),
        ("Expected", reason.expected),
        ("Observed", reason.actual),
    ]
    return [(name, value) for name, value in lines if value]


def path_of(attachment: Attachment) -> str:
    """Where the octets of a message are, relative to the folder for results."""
    return f"{EVIDENCE_DIRECTORY}/{attachment.file}"


def _of_the_step(result: ScenarioResult) -> Sequence[Attachment]:
    wrong = next((number for number, step in enumerate(result.steps) if step.status in _WENT_WRONG), None)
    before = result.steps if wrong is None else result.steps[: wrong + 1]
    return next((step.attachments for step in reversed(before) if step.attachments), result.attachments)


def _exchange(attachment: Attachment) -> str:
    """What a request, its answer and its result have in common."""
    return attachment.facts.get("RequestID", attachment.file)


def _most_telling_first(attachments: Sequence[Attachment]) -> list[Attachment]:
    """What came back last, with its request, then the exchanges before it."""
    newest_first = list(reversed(attachments))
    exchanges = dict.fromkeys(_exchange(each) for each in newest_first)
    return [
        each
        for exchange in exchanges
        for came_back in (True, False)
        for each in newest_first
        if _exchange(each) == exchange and (each.kind in _CAME_BACK) is came_back
    ]


def _devices(result: ScenarioResult, message_ids: Sequence[str]) -> tuple[str, ...]:
    if result.reason is not None and result.reason.device:
        return (result.reason.device,)
    taken = tuple(dict.fromkeys(result.labels.get(_DEVICE_LABEL, ())))
    addressed = tuple(each for each in taken if any(each in identifier for identifier in message_ids))
    return addressed or taken
