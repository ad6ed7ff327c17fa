"""A sequence diagram as inline SVG: who sent what to whom in one scenario."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup, escape

from reports.results import Message

_COLUMN = 190
_ROW = 42
_HEAD = 44
_LONGEST_LABEL = 44
_REQUEST_ID = re.compile(
    r"(?: for| about)? [0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){7}(?::[0-9A-Fa-f-]{23}:[0-9]+)?"
)
_CHARACTER = 6.3
"""Width of a character of the label font in pixels, for a rough fit."""


def sequence_diagram(messages: Sequence[Message]) -> Markup:
    """Draw `messages` from top to bottom; empty when there are none. All texts are escaped."""
    if not messages:
        return Markup("")
    parties = list(dict.fromkeys(name for message in messages for name in (message.sender, message.receiver)))
    longest = max(len(_short(message.label)) for message in messages)
    widest = max(_name_width(name) for name in parties)
    column = max(_COLUMN, round(longest * _CHARACTER) + 30, widest + 14)
    width, height = column * len(parties), _HEAD + _ROW * len(messages) + 16
    centre = {name: column * index + column // 2 for index, name in enumerate(parties)}
    parts = [
        f'<svg class="sequence" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(_described(messages))}">'
    ]
    for name, x in centre.items():
        parts.append(f'<line class="life" x1="{x}" y1="{_HEAD - 8}" x2="{x}" y2="{height - 4}"/>')
        box = _name_width(name)
        parts.append(f'<rect class="party" x="{x - box // 2}" y="6" width="{box}" height="26" rx="5"/>')
        parts.append(f'<text class="name" x="{x}" y="24" text-anchor="middle">{escape(name)}</text>')
    for index, message in enumerate(messages):
        parts.append(_arrow(message, centre, _HEAD + _ROW * index + 28))
    parts.append("</svg>")
    return Markup("".join(parts))  # noqa: S704 - every text in it went through escape()


def _arrow(message: Message, centre: dict[str, int], y: int) -> str:
    start, end = centre[message.sender], centre[message.receiver]
    label = Markup("<title>{}</title>{}").format(message.label, _short(message.label))
    if start == end:
        path = f"M{start} {y} h34 v12 h-28"
        return (
            f'<path class="wire" d="{path}"/><path class="head" d="M{start + 2} {y + 12} l8 -4 v8 z"/>'
            f'<text class="label" x="{start + 40}" y="{y + 8}">{label}</text>'
        )
    direction = 1 if end > start else -1
    tip = end - direction * 2
    return (
        f'<line class="wire" x1="{start}" y1="{y}" x2="{tip - direction * 6}" y2="{y}"/>'
        f'<path class="head" d="M{tip} {y} l{-8 * direction} -4 v8 z"/>'
        f'<text class="label" x="{(start + end) // 2}" y="{y - 6}" text-anchor="middle">{label}</text>'
    )


def _short(label: str) -> str:
    """A label that fits between two lifelines; the whole of it shows when the pointer rests on it."""
    text = _REQUEST_ID.sub("", label)
    return text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1] + "…"


def _name_width(name: str) -> int:
    return max(90, round(len(name) * 7.8) + 24)


def _described(messages: Sequence[Message]) -> str:
    return "; ".join(f"{message.sender} to {message.receiver}: {message.label}" for message in messages)
