"""The shell in the files of ``examples/ci``, and what it calls."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import yaml

from smets1_conformance.cli import group

CI = Path(__file__).parents[2] / "examples" / "ci"
GITHUB, GITLAB, JENKINS = "github-actions.yml", "gitlab-ci.yml", "Jenkinsfile"
FILES = (GITHUB, GITLAB, JENKINS)
COMMAND = "smets1-conformance"
_SHELL_OF_JENKINS = r"""
      stage\('(?P<stage>\w+)'\) | (?P<post>post\ \{)
    | (?:\bsh\ |\bscript:\ )'''(?P<block>.*?)''' | \bsh\ '(?P<line>[^'\n]+)'
"""
_OPERATORS = frozenset({"||", "&&", ";", "|", "then", "else", "fi", ")"})


@dataclass(frozen=True)
class Script:
    """A piece of shell; `name` says where it is."""

    name: str
    text: str


def loaded(file: str) -> Any:
    """A YAML file."""
    return yaml.safe_load((CI / file).read_text(encoding="utf-8"))


def scripts(file: str) -> list[Script]:
    """Every piece of shell in a file, in its order."""
    if file == GITHUB:
        steps = loaded(GITHUB)["jobs"]["conformance"]["steps"]
        return [Script(step["name"], step["run"]) for step in steps if "run" in step]
    if file == GITLAB:
        job = loaded(GITLAB)["conformance"]
        parts = ("before_script", "script", "after_script")
        return [Script(part, "\n".join(job[part])) for part in parts]
    return list(_of_jenkins())


def _of_jenkins() -> Iterator[Script]:
    text = (CI / JENKINS).read_text(encoding="utf-8")
    stage = ""
    for found in re.finditer(_SHELL_OF_JENKINS, text, re.DOTALL | re.VERBOSE):
        stage = found["stage"] or ("post" if found["post"] else stage)
        told = found["block"] or found["line"]
        if told is not None:
            yield Script(stage, re.sub(r"\\\n\s*", "", told))  # Groovy joins such lines itself


def script(file: str, name: str) -> str:
    """The shell of one step or stage."""
    return "\n".join(each.text for each in scripts(file) if each.name.startswith(name))


def commands(shell: str) -> Iterator[list[str]]:
    """The arguments of every call of the command line in a piece of shell."""
    for line in re.sub(r"\\\n\s*", " ", shell).splitlines():
        words = _split(line) if COMMAND in line else []
        for number, word in enumerate(words):
            if word.rpartition("/")[2] == COMMAND:
                yield _until_operator(words[number + 1 :])


def _split(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    return list(lexer)


def _until_operator(words: list[str]) -> list[str]:
    end = next((number for number, word in enumerate(words) if word in _OPERATORS), len(words))
    return words[:end]


def check_call(arguments: list[str]) -> None:
    """Parse arguments as the command line does, and call nothing.

    Raises:
        click.UsageError: there is no such command or option, or an argument too many.
    """
    command: click.Command = group
    context = click.Context(group, info_name=COMMAND)
    rest = arguments
    while isinstance(command, click.Group):
        _, found, rest = command.resolve_command(context, list(rest))
        assert found is not None
        command, context = found, click.Context(found, parent=context)
    _, left, _ = command.make_parser(context).parse_args(list(rest))
    if left:
        raise click.UsageError(f"unexpected: {' '.join(left)}", context)
