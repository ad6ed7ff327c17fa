"""What came back for each request of a scenario, in the order in which they were sent.

An alert that belongs to no request, such as N42, is left out: whether it comes before a scenario has ended
is chance, and where it matters the scenario observes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from reports.results import ScenarioResult

_REQUEST_ID = "RequestID"
_REQUEST = "request"
_NOTHING = "nothing"


@dataclass(frozen=True)
class Exchange:
    """A request, such as "SRV 6.15.1", and the codes of all that came back for it, in order."""

    request: str
    codes: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join(self.codes) or _NOTHING


def exchanges(result: ScenarioResult) -> tuple[Exchange, ...]:
    """The requests of a scenario; none where no facts of messages are on record."""
    attachments = {each.file: each for each in result.all_attachments}
    sent: list[tuple[str, str]] = []
    codes: dict[str, list[str]] = {}
    for message in result.messages:
        attachment = attachments.get(message.file)
        identifier = attachment.facts.get(_REQUEST_ID) if attachment is not None else None
        if attachment is None or not identifier:
            continue
        if attachment.kind == _REQUEST:
            sent.append((message.label.removesuffix(f" of {message.sender}"), identifier))
        elif message.code:
            codes.setdefault(identifier, []).append(message.code)
    return tuple(Exchange(label, tuple(codes.get(identifier, ()))) for label, identifier in sent)


def users(result: ScenarioResult) -> frozenset[str]:
    """The names of the Users that took part."""
    kinds = {each.file: each.kind for each in result.all_attachments}
    return frozenset(
        message.sender if kinds[message.file] == _REQUEST else message.receiver
        for message in result.messages
        if message.file in kinds
    )


def changed(before: Sequence[Exchange], after: Sequence[Exchange]) -> Iterator[tuple[str, str, str]]:
    """Request, and the codes that came back before and after, wherever these differ."""
    matcher = SequenceMatcher(
        None, [each.request for each in before], [each.request for each in after], autojunk=False
    )
    for kind, first, last, other_first, other_last in matcher.get_opcodes():
        if kind == "equal":
            for one, other in zip(before[first:last], after[other_first:other_last], strict=True):
                if one.codes != other.codes:
                    yield one.request, str(one), str(other)
        else:
            yield from ((each.request, str(each), "not sent") for each in before[first:last])
            yield from ((each.request, "not sent", str(each)) for each in after[other_first:other_last])
