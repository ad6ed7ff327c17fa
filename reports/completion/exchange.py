"""The messages of one scenario as a reader wants them: numbered, timed, each with its code in words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from reports.results import Attachment, Message, ScenarioResult, Status, StepResult
from reports.telling import telling

SUCCESS, REFUSAL, ALERT = "success", "refusal", "alert"

_SUCCESS_CODES: Final = {"I0": "success", "I99": "acknowledged"}
_NO_SUCCESS: Final = 400
"""The lowest HTTP status that is a refusal or an error."""
_SHOWN: Final = {
    "message": "",
    "RequestID": "RequestID",
    "DeviceID": "device",
    "BusinessOriginatorID": "device",
    "RemotePartyRole": "role",
    "CredentialsReplacementMode": "mode",
    "NewRemotePartyID": "new party",
    "slots": "slots",
    "AdditionalInformation": "says",
    "AlertDescription": "says",
    "refused": "not accepted by the inbox",
    "not XML": "not XML",
}
"""The facts that the list of messages shows, and how it calls them."""
_FAULTS: Final = {
    Status.FAILED: "failure observed after this message",
    Status.ERROR: "harness error after this message",
}
_DEVICES: Final = ("DeviceID", "BusinessOriginatorID")
"""Told only where no RequestID names the device."""
_CARRIED_BY_RESPONSES: Final = ("ResponseMessage", "SMETS1ResponseMessage", "DCCAlertMessage")
_REQUEST_ID = re.compile(
    r"(?: for| about)? [0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){7}(?::[0-9A-Fa-f-]{23}:[0-9]+)?"
)


@dataclass(frozen=True)
class Exchanged:
    """One message.

    Attributes:
        number: from 1, the same in the diagram, the list and the steps.
        sender: who.
        receiver: to whom.
        label: what, without what is said elsewhere.
        told: what, as it was recorded.
        code: such as "I99", "E4", "N55/S1VE64"; empty for a request.
        word: what the code means, such as "refused by the S1SP".
        outcome: "success", "refusal", "alert", or empty.
        offset: since the first message, such as "+31 ms"; empty where the time is not on record.
        at: UTC in ISO 8601, or empty.
        facts: by name, what else a reader wants to know.
        file: of the octets, below the folder ``evidence``.
        fault: what went wrong after this message, where it is the last one before that.
    """

    number: int
    sender: str
    receiver: str
    label: str
    told: str
    code: str
    word: str
    outcome: str
    offset: str
    at: str
    facts: tuple[tuple[str, str], ...]
    file: str
    fault: str = ""

    @property
    def clock(self) -> str:
        """The time of the day (UTC)."""
        return self.at[11:23]


def attachments_of(result: ScenarioResult) -> dict[str, Attachment]:
    """Everything a scenario attached, by the name of its file."""
    holders = (*(step.attachments for step in result.steps), result.attachments)
    return {attachment.file: attachment for held in holders for attachment in held}


def exchange_of(result: ScenarioResult) -> tuple[Exchanged, ...]:
    """The messages of a scenario, in the order in which they were recorded."""
    attachments = attachments_of(result)
    failing = file_before_failure(result)
    began = next((message.at for message in result.messages if message.at), "")
    asked: dict[str, int] = {}
    exchanged = []
    for number, message in enumerate(result.messages, start=1):
        attachment = attachments.get(message.file)
        facts = attachment.facts if attachment is not None else {}
        code, word, outcome = _conclusion(message.code, facts)
        request = facts.get("RequestID", "")
        answers = asked.get(request, 0) if request and outcome else 0
        asked.setdefault(request, number)
        exchanged.append(
            Exchanged(
                number,
                message.sender,
                message.receiver,
                _short(message, code),
                message.label,
                code,
                word,
                outcome,
                _offset(began, message.at),
                message.at,
                tuple(_facts(facts, answers)),
                message.file,
                _FAULTS[result.status] if failing and message.file == failing else "",
            )
        )
    return tuple(exchanged)


def file_before_failure(result: ScenarioResult) -> str:
    """The file of the message that tells most of what went wrong; empty where nothing did, or was sent."""
    if result.status not in _FAULTS:
        return ""
    sent = {message.file for message in result.messages}
    return next((each.file for each in telling(result).evidence if each.file in sent), "")


def numbers_of(step: StepResult, exchanged: Iterable[Exchanged]) -> list[int]:
    """The numbers of the messages that belong to a step."""
    files = {attachment.file for attachment in step.attachments}
    return [message.number for message in exchanged if message.file and message.file in files]


def expected_of(result: ScenarioResult) -> list[str]:
    """What a scenario expects: its sentences from each Then to the next When or Given."""
    expected, counts = [], False
    for step in result.steps:
        if step.keyword in ("Given", "When", "Then"):
            counts = step.keyword == "Then"
        if counts:
            expected.append(step.text)
    return expected


def further_evidence(result: ScenarioResult, exchanged: Iterable[Exchanged]) -> list[str]:
    """The names of the evidence files that the list of messages does not name."""
    named = {message.file for message in exchanged}
    return [file for file in attachments_of(result) if file not in named]


def observed_in_short(exchanged: Iterable[Exchanged]) -> str:
    """How the messages ended, counted: "3 I99 acknowledged, 1 N55/S1VE64 refused by the S1SP"."""
    counted = Counter(
        f"{message.code} {message.word}".strip() for message in exchanged if message.code or message.word
    )
    return ", ".join(f"{number} {text}" for text, number in counted.items())


def _conclusion(recorded: str, facts: Mapping[str, str]) -> tuple[str, str, str]:
    """Code, word and outcome of a message, from what is told of it; old results have a code or nothing."""
    code, s1sp_code = facts.get("ResponseCode", ""), facts.get("S1SPAlertCode", "")
    dcc_code = facts.get("DCCAlertCode", "")
    device_code = facts.get("GBCSHexAlertCode", "") or facts.get("AlertCode", "")
    if s1sp_code:
        return "/".join(filter(None, (dcc_code, s1sp_code))), "refused by the S1SP", REFUSAL
    if device_code:
        return device_code, "device alert", ALERT
    if dcc_code:
        return dcc_code, "DCC alert", ALERT
    if facts.get("MessageSuccess") == "false":
        return code or recorded, "not carried out", REFUSAL
    code = code or recorded
    if code in _SUCCESS_CODES:
        return code, _SUCCESS_CODES[code], SUCCESS
    if code[:1] == "E":
        return code, "refused", REFUSAL
    if code.startswith("S1VE"):
        return code, "refused by the S1SP", REFUSAL
    if code[:1] == "N":
        return code, "DCC alert", ALERT
    if code.isdigit():
        refused = int(code) >= _NO_SUCCESS
        return f"HTTP {code}", "refused" if refused else "", REFUSAL if refused else ""
    return code, "", ""


def _facts(facts: Mapping[str, str], answers: int) -> Iterable[tuple[str, str]]:
    for name, shown in _SHOWN.items():
        value = facts.get(name, "")
        if not value or (name == "message" and value in _CARRIED_BY_RESPONSES):
            continue
        if name in _DEVICES and "RequestID" in facts:
            continue
        if name == "RequestID" and answers:
            yield "answers", str(answers)
        else:
            yield shown, value
    if facts.get("signatures") == "0" and not facts.get("ResponseCode"):
        yield "", "without a signature"


def _short(message: Message, code: str) -> str:
    """The label without the names of the parties, the code and identifiers, which are shown beside it."""
    text = message.label
    for party in (message.sender, message.receiver):
        text = text.replace(f"callback of {party}: ", "").replace(f" of {party}", "")
    text = _REQUEST_ID.sub("", text)
    for part in (code, *code.split("/"), message.code):
        if part:
            text = text.removesuffix(f": {part}").removesuffix(f" {part}").removeprefix(f"{part} ")
    return text


def _offset(began: str, at: str) -> str:
    if not began or not at:
        return ""
    seconds = (datetime.fromisoformat(at) - datetime.fromisoformat(began)).total_seconds()
    if abs(seconds) < 10:
        return f"{seconds * 1000:+.0f} ms"
    if abs(seconds) < 600:
        return f"{seconds:+.1f} s"
    return f"{seconds / 60:+.0f} min"


def party_names(exchanged: Sequence[Exchanged]) -> list[str]:
    """Everybody who sent or received something, in the order in which they first appear."""
    return list(dict.fromkeys(name for message in exchanged for name in (message.sender, message.receiver)))
