"""What the documents say: their links lead somewhere, and the commands they name exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from smets1_conformance.cli import group

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md", "targets/**/*.md", "benchmarks/**/*.md")
    for path in ROOT.glob(pattern)
)
WITH_COMMANDS = ("README.md", "docs/running.md", "docs/target.md", "docs/emulators.md")

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
_INVOCATION = re.compile(r"(?<![\w/.-])smets1-conformance +([^\n`#,;:]+)")
_OPTION = re.compile(r"(?<!\S)-{1,2}[a-z][a-z-]*$")


def without_code(text: str) -> str:
    return _CODE.sub("", _FENCE.sub("", text))


def anchors(page: Path) -> set[str]:
    """The anchors GitHub gives the headings of a page, and those that stand in it."""
    text = _FENCE.sub("", page.read_text("utf-8"))
    headings = _HEADING.findall(text)
    kept = (re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", each)) for each in headings)
    return {each.lower().replace(" ", "-") for each in kept} | set(re.findall(r'<a id="([^"]+)"></a>', text))


def broken_links(page: Path, text: str) -> Iterator[str]:
    for link in _LINK.findall(without_code(text)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            yield link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert list(broken_links(page, page.read_text("utf-8"))) == []


def test_a_link_that_leads_nowhere_is_noticed() -> None:
    text = (
        "[a](docs/target.md) [b](docs/gone.md) [c](docs/target.md#editors) [d](docs/target.md#gone) `[e](f)`"
    )
    assert list(broken_links(ROOT / "README.md", text)) == ["docs/gone.md", "docs/target.md#gone"]


def invocations(text: str) -> Iterator[str]:
    joined = re.sub(r" *\\\n *", " ", text).replace(r"\|", "|")
    for found in _INVOCATION.findall(joined):
        yield found.strip()


def command_at(words: list[str]) -> tuple[click.Command, list[str]] | None:
    """The command that words name, and the words after it."""
    command: click.Command = group
    context = click.Context(group)
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        following = command.get_command(context, rest.pop(0))
        if following is None:
            return None
        command = following
    return command, rest


def unknown(invocation: str) -> Iterator[str]:
    """What in an invocation the command line does not know; `a|b|c` stands for each of them."""
    words = invocation.replace("[", " ").replace("]", " ").split()
    alternatives = next((word.split("|") for word in words if "|" in word), [""])
    for alternative in alternatives:
        chosen = [alternative if "|" in word else word for word in words]
        found = command_at(chosen)
        if found is None:
            yield f"smets1-conformance {' '.join(chosen)}"
            continue
        command, rest = found
        known = {"-h", "--help", *(each for parameter in command.params for each in parameter.opts)}
        for word in rest[: rest.index("--")] if "--" in rest else rest:
            if _OPTION.match(word) and word not in known:
                yield f"{word} of smets1-conformance {' '.join(chosen)}"


@pytest.mark.parametrize("name", WITH_COMMANDS)
def test_every_command_and_option_named_exists(name: str) -> None:
    found = list(invocations((ROOT / name).read_text("utf-8")))
    assert found
    assert [each for invocation in found for each in unknown(invocation)] == []


def test_a_command_or_option_that_does_not_exist_is_noticed() -> None:
    text = (
        "`smets1-conformance ruin`, `smets1-conformance pool list\\|mend --target F`, "
        "`smets1-conformance run --gone -- -k x`"
    )
    assert [each for invocation in invocations(text) for each in unknown(invocation)] == [
        "smets1-conformance ruin",
        "smets1-conformance pool mend --target F",
        "--gone of smets1-conformance run --gone -- -k x",
    ]


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    named = {invocation.split()[0] for invocation in invocations(readme)}
    assert set(group.list_commands(click.Context(group))) <= named
