"""How long results have taken at a target, as its earlier runs tell."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from target.site import Site

_RUNS_LOOKED_AT = 5
_FIRST_MESSAGES = """
SELECT correlation.request_id, min(message.received_at_ns)
FROM correlation JOIN message USING (sequence) GROUP BY correlation.request_id
"""


def median_answer_seconds(site: Site) -> float | None:
    """The median time from sending a request to its result, over the latest runs.

    Args:
        site: The site of a pooled target; nothing is made where there is none yet.

    Returns:
        Seconds; `None` when no run has had a result.
    """
    if not site.inbox_database.exists():
        return None
    with closing(_read_only(site.inbox_database)) as inbox:
        arrived = {
            request_id: datetime.fromtimestamp(at / 1_000_000_000, UTC)
            for request_id, at in inbox.execute(_FIRST_MESSAGES)
        }
    journals = [run.journal for run in site.runs()[-_RUNS_LOOKED_AT:] if run.journal.exists()]
    seconds = [
        (arrived[request_id] - sent_at).total_seconds()
        for journal in journals
        for request_id, sent_at in _sent(journal)
        if request_id in arrived and arrived[request_id] >= sent_at
    ]
    return median(seconds) if seconds else None


def _sent(journal: Path) -> Iterator[tuple[str, datetime]]:
    with closing(_read_only(journal)) as connection:
        rows = connection.execute("SELECT request_id, sent_at FROM parcel WHERE request_id IS NOT NULL")
        for request_id, sent_at in rows:
            yield request_id, datetime.fromisoformat(sent_at)


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30.0)
