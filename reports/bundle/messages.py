"""The messages of a run as a table: of each what it is, when it was, who sent it, and in which step."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reports.results import Attachment, Message, ScenarioResult
from reports.results_folder import EVIDENCE_DIRECTORY
from reports.run_information import RunInformation

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = (
    "file",
    "scenario",
    "s1sp",
    "device type",
    "title of the scenario",
    "step",
    "line",
    "kind",
    "title",
    "at",
    "from",
    "to",
    "message",
    "code",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One message or note; what is not known of it is empty.

    Attributes:
        result: the scenario; `None` for a sanity check, and for evidence no record names.
        step: the sentence, with its keyword.
        line: of the sentence in the feature file; 0 for none.
        attachment: the message.
        message: who sent what to whom.
    """

    result: ScenarioResult | None
    step: str
    line: int
    attachment: Attachment
    message: Message | None

    @property
    def file(self) -> str:
        """Its path in the bundle."""
        return f"{EVIDENCE_DIRECTORY}/{self.attachment.file}"

    def cells(self) -> dict[str, Any]:
        """What is told of it, by column."""
        result, attachment, message = self.result, self.attachment, self.message
        values = (
            self.file,
            result.scenario_id if result else "",
            result.s1sp if result else "",
            result.device_type if result else "",
            result.title if result else "",
            self.step,
            self.line or "",
            attachment.kind,
            attachment.title,
            attachment.at,
            message.sender if message else "",
            message.receiver if message else "",
            message.label if message else "",
            message.code if message else "",
        )
        return dict(zip(_COLUMNS, values, strict=True))


def rows_of(run: RunInformation, results: Iterable[ScenarioResult], unnamed: Iterable[str]) -> Iterator[Row]:
    """Every message, in the order of the results.

    Args:
        run: with the sanity checks before and after the scenarios.
        results: the scenarios.
        unnamed: files below ``evidence`` that no record names, as of a scenario that a kill cut short.
    """
    for check in run.sanity:
        for attachment in check.attachments:
            timed = attachment if attachment.at else replace(attachment, at=check.at)
            yield Row(None, f"sanity check, {check.when}", 0, timed, None)
    for result in results:
        messages = {message.file: message for message in result.messages if message.file}
        for attachment in result.attachments:
            yield Row(result, "", 0, attachment, messages.get(attachment.file))
        for step in result.steps:
            sentence = f"{step.keyword} {step.text}"
            for attachment in step.attachments:
                yield Row(result, sentence, step.line, attachment, messages.get(attachment.file))
    for name in unnamed:
        yield Row(None, "of a scenario without a record", 0, Attachment("", "", "", name), None)


def as_json(rows: Sequence[Row]) -> Iterator[bytes]:
    """The table as a JSON array, a line for each message."""
    yield b"["
    for number, row in enumerate(rows):
        cells = {name: value for name, value in row.cells().items() if value != ""}
        record = {**cells, "facts": row.attachment.facts}
        yield (",\n" if number else "\n").encode() + json.dumps(record, ensure_ascii=False).encode()
    yield b"\n]\n"


def as_csv(rows: Sequence[Row]) -> Iterator[bytes]:
    """The table as CSV (RFC 4180, UTF-8), a column for each fact that is known of any message."""
    facts = sorted({name for row in rows for name in row.attachment.facts})
    yield _csv_line([*_COLUMNS, *facts])
    for row in rows:
        known = row.attachment.facts
        yield _csv_line([*row.cells().values(), *(known.get(name, "") for name in facts)])


def _csv_line(values: Iterable[Any]) -> bytes:
    """One line; a text that a spreadsheet would take for a formula has an apostrophe before it."""
    texts = (str(value) for value in values)
    line = io.StringIO()
    csv.writer(line).writerow(f"'{text}" if text.startswith(_FORMULA) else text for text in texts)
    return line.getvalue().encode()
