"""What a user of the data update can put right."""

from __future__ import annotations


class DataUpdateError(Exception):
    """Something that was given, or the database, cannot be used.

    The text names the file or the table, the line or the field, what was expected and how to mend it. Several
    problems are several lines. Nothing has been written when it is raised, unless the text says so.
    """
