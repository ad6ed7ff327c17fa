"""What arrived at the callbacks during a run and no verdict rests on: of nobody, late, twice, or refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from duis.signature import SignatureError
from target.correlation import named_devices, named_request_ids
from target.file import TargetFile
from target.inbox import InboxReader, Message
from target.journal import Journal

OF_NOBODY, LATE, DUPLICATE, REFUSED = "of nobody", "late", "duplicate", "refused"
_LISTED = 50
_RUNS_LOOKED_AT = 20


@dataclass(frozen=True)
class Unclaimed:
    """The messages no verdict rests on.

    Attributes:
        counts: How many there are, by kind; kinds that did not occur are left out.
        lines: The first of them, a line each.
    """

    counts: dict[str, int]
    lines: tuple[str, ...]


def begun(journal: Journal, inbox: InboxReader) -> tuple[int, int]:
    """The last message, and the last refused one, before the run began; a resumed run began long ago."""
    return (
        journal.mark("", 0, "messages", 1, inbox.last_sequence()),
        journal.mark("", 0, "refused", 1, inbox.last_refused()),
    )


def unclaimed(
    target: TargetFile,
    inbox: InboxReader,
    others: Sequence[Path],
    own: Journal,
    since: int,
    refused_since: int,
) -> Unclaimed:
    """Look through what has arrived since the run began.

    Args:
        target: The target file; what was posted to no mailbox of it does not count.
        inbox: The inbox.
        others: Journals of the other runs in the site, in order; what is theirs is not of nobody.
        own: The journal of this run.
        since: The last message before the run.
        refused_since: The last refused message before the run.
    """
    counts: Counter[str] = Counter()
    lines: list[str] = []
    journals = [Journal(path) for path in others[-_RUNS_LOOKED_AT:]]
    for user in target.service_user:
        mailbox = f"main/{user.name}"
        for message in inbox.messages(mailbox, since):
            kinds = _kinds(message, target, own, journals)
            counts.update(kinds)
            if kinds:
                at = f"{message.received_at:%H:%M:%S}"
                lines.append(f"{at} UTC, {user.name}, {' and '.join(kinds)}: {message.describe()}")
        for refused in inbox.refused(mailbox, refused_since):
            counts[REFUSED] += 1
            lines.append(f"{refused.received_at:%H:%M:%S} UTC, {user.name}: {refused.describe()}")
    for journal in journals:
        journal.close()
    lines.sort()
    return Unclaimed(dict(counts), tuple(lines[:_LISTED]))


def _kinds(
    message: Message, target: TargetFile, own: Journal, others: Collection[Journal]
) -> tuple[str, ...]:
    try:
        verified = message.verified
    except (ValueError, SignatureError):
        return (OF_NOBODY,)
    kinds = [DUPLICATE] if message.duplicate else []
    request_ids = named_request_ids(verified)
    for request_id in request_ids:
        known = own.sent_at(request_id)
        if known is not None:
            sent_at, srv = known
            if message.received_at > sent_at + timedelta(seconds=target.deadlines.result_of(srv or "")):
                kinds.append(LATE)
            return tuple(kinds)
    if any(journal.sent_at(request_id) for request_id in request_ids for journal in others):
        return ()
    leased = (
        journal.leased(device_id, message.received_at)
        for device_id in named_devices(verified)
        for journal in (own, *others)
    )
    if request_ids or not any(leased):
        kinds.append(OF_NOBODY)
    return tuple(kinds)
