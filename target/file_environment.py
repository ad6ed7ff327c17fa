"""Environment variables that override keys of a target file: paths, URLs and whatever differs by machine.

`SMETS1_CONFORMANCE__DSP__SEND_COMMAND` sets `dsp.send_command`: the keys in upper case, joined by two
underscores, any other character than a letter or digit written as one underscore. Text, numbers and booleans
can be set, in tables; lists and arrays of tables cannot. A table that the file leaves out is made, except one
whose name is the user's choice, such as `[s1sp.NAME]`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

from target.file_errors import Problem
from target.file_positions import KeyPath

PREFIX = "SMETS1_CONFORMANCE__"


class _Unusable(Exception):
    """A variable that sets nothing; the text says why and what to do."""


@dataclass(frozen=True)
class Overrides:
    """A target file after the environment had its say.

    Attributes:
        content: The content of the file with the overridden values, not yet checked.
        variables: The environment variable by the key it has set.
        problems: Variables that set nothing.
    """

    content: dict[str, Any]
    variables: Mapping[KeyPath, str]
    problems: tuple[Problem, ...]


def overridden(
    content: Mapping[str, Any], model: type[BaseModel], environment: Mapping[str, str]
) -> Overrides:
    """Override keys of a target file by environment variables.

    Args:
        content: The file as TOML has it; left as it is.
        model: The model of the file.
        environment: Environment variables.
    """
    merged: dict[str, Any] = dict(content)
    variables: dict[KeyPath, str] = {}
    problems: list[Problem] = []
    for variable in sorted(environment):
        if not variable.startswith(PREFIX):
            continue
        try:
            location = _location(variable.removeprefix(PREFIX).split("__"), merged, model)
            _set(merged, location, environment[variable])
            variables[location] = variable
        except _Unusable as error:
            problems.append(Problem("", str(error), variable=variable))
    return Overrides(merged, variables, tuple(problems))


def _location(parts: list[str], content: Mapping[str, Any], model: type[BaseModel]) -> KeyPath:
    """The key a variable names."""
    location: list[str | int] = []
    annotation: Any = model
    table: Any = content
    for part in parts:
        fields = _fields(annotation)
        if fields is None:  # a table whose keys the user chooses
            arguments = get_args(annotation)
            if get_origin(annotation) is not dict:
                raise _Unusable(f"{_dotted(location)} is no table; expected {_variable(location)}")
            fields = {str(key): arguments[1] for key in (table if isinstance(table, Mapping) else {})}
        key = next((key for key in fields if _written(key) == part), None)
        if key is None:
            known = ", ".join(_variable([*location, key]) for key in fields) or "none"
            raise _Unusable(
                f"names no key of this target file; remove it or correct it (known here: {known})"
            )
        location.append(key)
        annotation = _plain(fields[key])
        table = table.get(key) if isinstance(table, Mapping) else None
    if get_origin(annotation) is tuple:
        raise _Unusable(f"{_dotted(location)} is a list, which can only be given in the file; remove it")
    if _fields(annotation) is not None or get_origin(annotation) is dict:
        raise _Unusable(
            f"{_dotted(location)} is a table; name one of its keys, as in {_variable(location)}__KEY"
        )
    return tuple(location)


def _set(content: dict[str, Any], location: KeyPath, value: str) -> None:
    """Set one key, on copies of the tables around it."""
    table = content
    for key in location[:-1]:
        inner = table.get(str(key), {})
        if not isinstance(inner, Mapping):
            return  # told when the file is checked: expected a table
        table[str(key)] = dict(inner)
        table = table[str(key)]
    table[str(location[-1])] = value


def _fields(annotation: Any) -> dict[str, Any] | None:
    """The keys of a table and their types; `None` for what is no table with keys of its own."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields
        return {field.alias or name: field.annotation for name, field in fields.items()}
    return None


def _plain(annotation: Any) -> Any:
    """A type without `Annotated` and without `None`."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    members = [member for member in get_args(annotation) if member is not type(None)]
    if type(None) in get_args(annotation) and len(members) == 1:
        return _plain(members[0])
    return annotation


def _written(key: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", key.upper())


def _variable(location: list[str | int]) -> str:
    return PREFIX + "__".join(_written(str(key)) for key in location)


def _dotted(location: list[str | int]) -> str:
    return ".".join(str(key) for key in location)
