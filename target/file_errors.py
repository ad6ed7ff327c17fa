"""What is wrong with a target file, said so that its author can mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from target.file_positions import KeyPath, line_of

_EXPECTED = {
    "missing": "this key is required and is not there; add it",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "string_type": "expected text in quotes",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "list_type": "expected a list, such as [ ... ]",
    "tuple_type": "expected a list, such as [ ... ]",
    "dict_type": "expected a table",
    "model_type": "expected a table",
    "model_attributes_type": "expected a table",
}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        field: Dotted key, such as `service_user[0].signing.key`; empty for the file as a whole.
        message: What was expected and how to mend it.
        line: Line of the key, where it is known.
        variable: The environment variable that gave the value, where it is not from the file.
    """

    field: str
    message: str
    line: int | None = None
    variable: str | None = None


class TargetFileError(Exception):
    """A target file cannot be used.

    Attributes:
        path: The file.
        problems: Everything found wrong with it, in the order of the file.
    """

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        self.path = path
        self.problems = tuple(problems)
        super().__init__("\n".join(self._sentence(problem) for problem in self.problems))

    def _sentence(self, problem: Problem) -> str:
        if problem.variable is not None:
            field = f" ({problem.field})" if problem.field else ""
            return f"{self.path}: environment variable {problem.variable}{field}: {problem.message}"
        where = f"{self.path}:{problem.line}" if problem.line is not None else str(self.path)
        field = f" {problem.field}:" if problem.field else ""
        return f"{where}:{field} {problem.message}"


def field_name(location: KeyPath) -> str:
    """The dotted name of a key: `service_user[0].signing.key`."""
    name = ""
    for part in location:
        if isinstance(part, int):
            name += f"[{part}]"
        else:
            name += f".{part}" if name else str(part)
    return name


def problem_at(
    text: str, location: KeyPath, message: str, variables: Mapping[KeyPath, str] | None = None
) -> Problem:
    """A problem with the line on which its key stands, or the environment variable that set it.

    Args:
        text: The text of the file.
        location: The key.
        message: What was expected.
        variables: Environment variables by the key they set.
    """
    for length in range(len(location), 0, -1):
        variable = (variables or {}).get(location[:length])
        if variable is not None:
            return Problem(field_name(location), message, variable=variable)
    return Problem(field_name(location), message, line_of(text, location))


def problems_of(
    error: ValidationError, text: str, variables: Mapping[KeyPath, str] | None = None
) -> tuple[Problem, ...]:
    """Translate the findings of pydantic into the terms of the file.

    Args:
        error: What pydantic found.
        text: The text of the file, to find the lines.
        variables: Environment variables by the key they set.

    Returns:
        The problems, in the order of the lines.
    """
    problems = []
    findings = error.errors()
    for finding in findings:
        location: KeyPath = tuple(finding["loc"])
        if location[-1:] == ("[key]",):  # pydantic's mark of a key that is no choice
            location = location[:-1]
        # A list is not too short only because its elements are wrong.
        inside = any(
            other["loc"][: len(finding["loc"])] == finding["loc"] and other["loc"] != finding["loc"]
            for other in findings
        )
        if not (finding["type"] == "too_short" and inside):
            problems.append(problem_at(text, location, _message(finding), variables))
    return tuple(sorted(problems, key=lambda problem: problem.line or 0))


def _message(finding: Any) -> str:
    kind: str = finding["type"]
    if kind == "extra_forbidden":
        return "this key is not known here; remove it or correct it (docs/target.md lists every key)"
    if kind in ("value_error", "assertion_error"):
        return str(finding["ctx"]["error"])
    if kind in _EXPECTED:
        expected = _EXPECTED[kind]
        return expected if kind == "missing" else f"{expected}, found {_shown(finding['input'])}"
    message = str(finding["msg"])
    return f"{message[:1].lower()}{message[1:]}, found {_shown(finding['input'])}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
