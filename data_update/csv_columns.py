"""What the CSV files of the data update have in common: the checks of their form."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

NOT_UTF_8 = "not UTF-8; save the file as CSV in UTF-8"


def header_problems(header: Sequence[str], needed: Sequence[str], optional: Sequence[str]) -> Iterator[str]:
    """Say what is wrong with a header line, with the mend.

    Args:
        header: the names in it.
        needed: the columns there must be.
        optional: the columns there may be.
    """
    known = f"the columns are {', '.join(needed)} and, if wanted, {', '.join(optional)}, separated by commas"
    if not any(header):
        yield f"the first line is empty; {known}"
        return
    for name in needed:
        if name not in header:
            yield f"column {name} is missing; {known}"
    for name in dict.fromkeys(header):
        if name not in needed and name not in optional:
            yield f"unknown column {name!r}; {known}"
        elif header.count(name) > 1:
            yield f"column {name} is there twice; leave one out"


def fields_problem(row: Sequence[str], header: Sequence[str]) -> str:
    """Say that a row has too few or too many fields, with the mend."""
    return f"{len(row)} fields, expected {len(header)} as in the header; quote a field that holds a comma"


def not_csv(error: csv.Error) -> str:
    """Say that a line cannot be read as CSV, with the mend."""
    return f"not CSV: {error}; close every quoted field, and write a quote in it twice"
