"""The outbox: what is due because of a message is stored with it, and delivered until accepted.

Entries with one ordering key (a device, and whether users or S1SPs are told) leave one after another, in the
order they were put in; different keys go out side by side. An entry whose receiver cannot take it is set
aside with all that follows for the same receiver, and tried until accepted; other receivers do not wait for
it. A delivered entry is removed in small batches after the answer came: a process
killed in between sends identical bytes again, and every receiver recognises them.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime

import aiohttp
from sqlalchemy import bindparam, delete, func, insert, select, update

from emulators.clock import Clock
from emulators.config import Limits
from emulators.database import Database, Transaction
from emulators.tables import OUTBOX

LOGGER = logging.getLogger(__name__)

_INSERT = insert(OUTBOX)
_DELETE = delete(OUTBOX).where(OUTBOX.c.id == bindparam("entry"))
_REFUSE = (
    update(OUTBOX)
    .where(OUTBOX.c.id == bindparam("entry"))
    .values(refusal=bindparam("why"), attempts=bindparam("tried"))
)
_PENDING = select(OUTBOX).where(OUTBOX.c.refusal.is_(None)).order_by(OUTBOX.c.id)

_FIRST_PAUSE_SECONDS = 0.05
_REMOVE_AFTER_SECONDS = 0.02
_REMOVE_AT_ONCE = 64
_TRY_AGAIN = frozenset({408, 425, 429})


@dataclass(slots=True)
class Entry:
    """One message that is due."""

    id: int
    estate: str
    destination: str
    ordering_key: str
    document: bytes
    kind: str
    request_id: str
    not_before: datetime | None = None
    attempts: int = 0


Resolver = Callable[[str, str], str | None]
"""From an estate and a destination to the URL to post to; None while there is none."""

Observer = Callable[[Entry, str], None]
"""Told of each entry that was delivered or refused, and with what outcome."""


class Outbox:
    """Stores and delivers the messages an emulator owes to others."""

    def __init__(
        self, database: Database, clock: Clock, limits: Limits, resolve: Resolver, observe: Observer
    ) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits
        self._resolve = resolve
        self._observe = observe
        self._lines: dict[str, deque[Entry]] = {}
        self._aside: dict[tuple[str, str], deque[Entry]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._delivered: list[int] = []
        self._removal: asyncio.TimerHandle | None = None
        self._session: aiohttp.ClientSession | None = None
        self._changed = asyncio.Event()
        with database.transaction() as transaction:
            self._next_id = (transaction.scalar(select(func.max(OUTBOX.c.id))) or 0) + 1

    def put(
        self,
        transaction: Transaction,
        estate: str,
        destination: str,
        device: str,
        document: bytes,
        kind: str,
        request_id: str,
        not_before: datetime | None = None,
    ) -> None:
        """Store a message with the transaction; it goes out once that is committed.

        Args:
            transaction: the transaction of the message that causes this one.
            estate: to whose callbacks, or under whose prefix, it goes.
            destination: a name that the emulator can turn into a URL.
            device: messages about one device keep their order.
            document: the octets to post.
            kind: what it is, for recorded traffic.
            request_id: what it belongs to, for recorded traffic; may be empty.
            not_before: hold it back until then.
        """
        key = f"{estate}|{destination.partition(':')[0]}|{device}"
        entry = Entry(self._next_id, estate, destination, key, document, kind, request_id, not_before)
        self._next_id += 1
        transaction.execute(
            _INSERT,
            {
                "id": entry.id,
                "estate": estate,
                "destination": destination,
                "ordering_key": entry.ordering_key,
                "document": document,
                "kind": kind,
                "request_id": request_id,
                "not_before": not_before.isoformat() if not_before else None,
                "attempts": 0,
                "refusal": None,
            },
        )
        transaction.after_commit(lambda: self._release(entry))

    def start(self, session: aiohttp.ClientSession) -> None:
        """Start delivering, beginning with what a former process left behind."""
        self._session = session
        with self._database.transaction() as transaction:
            rows = transaction.rows(_PENDING)
        self._lines.clear()  # whatever was put before the start is among the rows
        for row in rows:
            not_before = datetime.fromisoformat(row["not_before"]) if row["not_before"] else None
            self._release(
                Entry(
                    row["id"],
                    row["estate"],
                    row["destination"],
                    row["ordering_key"],
                    row["document"],
                    row["kind"],
                    row["request_id"],
                    not_before,
                    row["attempts"],
                )
            )

    async def stop(self) -> None:
        """Stop delivering; what is left stays stored."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._remove_delivered()

    def wake(self) -> None:
        """Try again now: a callback or the clock has changed."""
        self._changed.set()
        self._changed = asyncio.Event()

    def forget(self, estate: str) -> None:
        """Drop what is queued for an estate; its rows go with the estate."""
        for queue in (*self._lines.values(), *self._aside.values()):
            if queue and queue[0].estate == estate:
                queue.clear()
        self.wake()

    def _release(self, entry: Entry) -> None:
        line = self._lines.get(entry.ordering_key)
        if line is not None:
            line.append(entry)
            return
        line = self._lines[entry.ordering_key] = deque([entry])
        self._spawn(self._serve_line(entry.ordering_key, line))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        if self._session is None:
            work.close()  # before the start: start() finds the rows
            return
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve_line(self, key: str, line: deque[Entry]) -> None:
        """Try each entry once, in order; set aside what cannot be delivered now."""
        try:
            while line:
                entry = line[0]
                aside = self._aside.get((key, entry.destination))
                if aside is not None:
                    aside.append(entry)
                elif self._is_early(entry) or not await self._try(entry):
                    self._set_aside(key, entry, line)
                if line and line[0] is entry:
                    line.popleft()
        finally:
            del self._lines[key]

    def _set_aside(self, key: str, entry: Entry, line: deque[Entry]) -> None:
        if line and line[0] is entry:  # otherwise its estate has been deleted meanwhile
            aside = self._aside[key, entry.destination] = deque([entry])
            self._spawn(self._serve_aside((key, entry.destination), aside))

    async def _serve_aside(self, key: tuple[str, str], aside: deque[Entry]) -> None:
        """Try the entries for one receiver until each is accepted."""
        pause = _FIRST_PAUSE_SECONDS
        try:
            while aside:
                entry = aside[0]
                early = self._seconds_early(entry)
                if early > 0:
                    await self._pause(early)
                    continue
                if entry.attempts:
                    await self._pause(pause)
                    pause = min(pause * 2, self._limits.longest_retry_seconds)
                if aside and aside[0] is entry and await self._try(entry):
                    pause = _FIRST_PAUSE_SECONDS
                    if aside and aside[0] is entry:
                        aside.popleft()
        finally:
            del self._aside[key]

    def _is_early(self, entry: Entry) -> bool:
        return self._seconds_early(entry) > 0

    def _seconds_early(self, entry: Entry) -> float:
        if entry.not_before is None:
            return 0.0
        return (entry.not_before - self._clock.now()).total_seconds()

    async def _try(self, entry: Entry) -> bool:
        """Try to deliver an entry; False when it is to be tried again."""
        entry.attempts += 1
        url = self._resolve(entry.estate, entry.destination)
        if url is None:
            return False
        status, detail = await self._post(url, entry)
        if 200 <= status < 300:
            self._accepted(entry)
            return True
        if 400 <= status < 500 and status not in _TRY_AGAIN:
            self._refused(entry, f"HTTP {status}: {detail}")
            return True
        if entry.attempts == 1:
            LOGGER.info("%s: not delivered yet: %s", url, detail)
        return False

    async def _post(self, url: str, entry: Entry) -> tuple[int, str]:
        assert self._session is not None
        try:
            async with self._session.post(url, data=entry.document, allow_redirects=False) as answer:
                if answer.status < 300:
                    return answer.status, ""
                return answer.status, (await answer.content.read(500)).decode("utf-8", "replace")
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            return 0, f"{type(error).__name__}: {error}"

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return

    def _accepted(self, entry: Entry) -> None:
        self._observe(entry, "accepted")
        self._delivered.append(entry.id)
        if len(self._delivered) >= _REMOVE_AT_ONCE:
            self._remove_delivered()
        elif self._removal is None:
            self._removal = asyncio.get_running_loop().call_later(
                _REMOVE_AFTER_SECONDS, self._remove_delivered
            )

    def _refused(self, entry: Entry, why: str) -> None:
        LOGGER.warning("%s refused a message for good: %s", entry.destination, why)
        self._observe(entry, f"refused: {why}")
        with self._database.transaction() as transaction:
            transaction.execute(_REFUSE, {"entry": entry.id, "why": why, "tried": entry.attempts})

    def _remove_delivered(self) -> None:
        if self._removal is not None:
            self._removal.cancel()
            self._removal = None
        if self._delivered:
            with self._database.transaction() as transaction:
                transaction.execute_many(_DELETE, [{"entry": each} for each in self._delivered])
            self._delivered = []
