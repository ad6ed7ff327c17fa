"""Posts what is due, one after another, and each again until the answer is final."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import aiohttp

from examples.s1sp_adapter.store import Due

LOGGER = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS: Final = 0.05
LONGEST_PAUSE_SECONDS: Final = 2.0
_TRY_AGAIN: Final = frozenset({408, 425, 429})


def is_final(status: int) -> bool:
    """Whether an answer settles the matter: taken (2xx), or refused for good (4xx)."""
    return 200 <= status < 300 or (400 <= status < 500 and status not in _TRY_AGAIN)


class Sender:
    """One receiver. What it cannot take now holds up all that follows: so everything keeps its order."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        next_due: Callable[[], Due | None],
        body_of: Callable[[Due], tuple[bytes, str]],
        settle: Callable[[Due, int, bytes], None],
    ) -> None:
        """Put a sender together.

        Args:
            session: the connections.
            url: the receiver.
            next_due: what has to be posted next; None when there is nothing.
            body_of: from what is due to the octets to post and their media type.
            settle: told of each final answer: status and body. Afterwards it must not be due any more.
        """
        self._session = session
        self._url = url
        self._next_due = next_due
        self._body_of = body_of
        self._settle = settle
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look again: something may be due."""
        self._woken.set()

    async def run(self) -> None:
        """Send until cancelled."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            due = self._next_due()
            if due is None:
                await self._woken.wait()
                self._woken.clear()
                continue
            status, body = await self._post(due)
            if is_final(status):
                self._settle(due, status, body)
                pause = FIRST_PAUSE_SECONDS
                continue
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _post(self, due: Due) -> tuple[int, bytes]:
        body, media_type = self._body_of(due)
        headers = {"Content-Type": media_type}
        try:
            async with self._session.post(
                self._url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                return answer.status, await answer.read()
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            LOGGER.info("%s: not delivered yet: %s", self._url, error)
            return 0, b""
