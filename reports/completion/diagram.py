"""A sequence diagram as inline SVG: who sent what to whom in one scenario."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup, escape

from reports.completion.exchange import ALERT, REFUSAL, SUCCESS, Exchanged, party_names

_TIMES: Final = 54
"""Width of the column with the times, in pixels, as all lengths here."""
_NARROWEST, _WIDEST = 118, 216
_ROW: Final = 40
_HEAD: Final = 44
_LOOP: Final = 38
"""Width of the arrow of a message to oneself."""
_CHARACTER: Final = 6.3
"""Width of a character of the label font, for a rough fit."""
_OF_NAMES: Final = 7.6
_SIGNS: Final = {SUCCESS: "✓ ", REFUSAL: "⊘ ", ALERT: "△ "}
"""So that success and refusal are told apart without colour; the words beside them say which is which."""


def sequence_diagram(exchanged: Sequence[Exchanged]) -> Markup:
    """Draw messages from top to bottom; empty when there are none. All texts are escaped.

    What the drawing says stands as text in the list of messages that follows it, which its label points to.
    """
    if not exchanged:
        return Markup("")
    parties = party_names(exchanged)
    column = _column(exchanged, parties)
    boxes = [min(column - 6, round(len(name) * _OF_NAMES) + 20) for name in parties]
    talks_to_itself = any(message.sender == message.receiver for message in exchanged)
    after = column if talks_to_itself else boxes[-1] // 2 + 6
    before = _TIMES + boxes[0] // 2
    width = before + column * (len(parties) - 1) + after
    height = _HEAD + sum(_height(message) for message in exchanged) + 4
    centre = {name: before + column * index for index, name in enumerate(parties)}
    parts = [
        f'<svg class="sequence" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="Sequence diagram of {len(exchanged)} messages; the list below says the same in words">'
    ]
    lives = "".join(f"M{x} {_HEAD - 10}V{height}" for x in centre.values())
    parts.append(f'<path class="life" d="{lives}"/>')
    for (name, x), box in zip(centre.items(), boxes, strict=True):
        shown = _fitted(name, box - 12, _OF_NAMES)
        parts.append(f'<rect class="party" x="{x - box // 2}" y="6" width="{box}" height="26" rx="5"/>')
        parts.append(f'<text class="name" x="{x}" y="24">{_titled(name, shown)}</text>')
    y = _HEAD
    for message in exchanged:
        parts.append(_arrow(message, centre, y, width, column))
        y += _height(message)
    parts.append("</svg>")
    return Markup("".join(parts))  # noqa: S704 - every text in it went through escape()


def _arrow(message: Exchanged, centre: dict[str, int], top: int, width: int, column: int) -> str:
    start, end = centre[message.sender], centre[message.receiver]
    y = top + 20
    classes = " ".join(filter(None, (message.outcome, "last" if message.fault else "")))
    parts = [f'<g class="{classes}">' if classes else "<g>"]
    parts.append(f"<title>{escape(message.told)}{escape(f', {message.at}' if message.at else '')}</title>")
    if message.fault:
        parts.append(
            f'<rect x="1" y="{top + 1}" width="{width - 2}" height="{_height(message) - 2}" rx="4"/>'
        )
    if message.offset:
        parts.append(f'<text class="time" x="4" y="{y + 4}">{message.offset}</text>')
    if start == end:
        path, middle, room = f"M{start} {y - 6}h24v10h-20l7-4v8z", start + 34, column - _LOOP
        anchor = ' style="text-anchor:start"'
    else:
        sign = 1 if end > start else -1
        path = f"M{start} {y}H{end - sign * 2}l{-8 * sign}-4v8l{8 * sign}-4"
        middle, room, anchor = (start + end) // 2, abs(end - start) - 10, ""
    parts.append(f'<path d="{path}"/>')
    label = _fitted(f"{message.number} {message.label}", room, _CHARACTER)
    parts.append(f'<text x="{middle}" y="{y - 5}"{anchor}>{escape(label)}</text>')
    conclusion = f"{_SIGNS.get(message.outcome, '')}{message.code} {message.word}".strip()
    if conclusion:
        text = escape(_fitted(conclusion, max(room, column) + 30, _CHARACTER))
        parts.append(f'<text class="code" x="{middle}" y="{y + 13}"{anchor}>{text}</text>')
    if message.fault:
        parts.append(f'<text class="fault" x="8" y="{y + 31}">▲ {message.fault}</text>')
    return "".join([*parts, "</g>"])


def _height(message: Exchanged) -> int:
    return _ROW + 18 if message.fault else _ROW


def _column(exchanged: Sequence[Exchanged], parties: Sequence[str]) -> int:
    """Wide enough for the labels between neighbours, within reason: a page of paper has to hold it."""
    place = {name: index for index, name in enumerate(parties)}
    widths = [len(name) * _OF_NAMES + 28 for name in parties]
    for message in exchanged:
        label = len(f"{message.number} {message.label}") * _CHARACTER
        columns = abs(place[message.sender] - place[message.receiver])
        widths.append((label + 14) / columns if columns else label + _LOOP + 8)
        widths.append((len(f"{message.code} {message.word}") + 3) * _CHARACTER + 14)
    return round(min(_WIDEST, max(_NARROWEST, *widths)))


def _fitted(text: str, room: float, character: float) -> str:
    """A text that fits; the list of messages has the whole of it."""
    most = max(6, int(room / character))
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _titled(name: str, shown: str) -> Markup:
    if name == shown:
        return escape(name)
    return Markup("<title>{}</title>{}").format(name, shown)
