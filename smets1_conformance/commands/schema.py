"""``smets1-conformance schema``: the JSON Schema of target files, for editors."""

from __future__ import annotations

import click


@click.command()
def schema() -> None:
    """Print the JSON Schema of target files.

    With `#:schema PATH` as the first line of a target file, editors that know TOML complete and explain its
    keys: save the schema and give its path there.
    """
    from target.file_schema import schema_text

    click.echo(schema_text(), nl=False)
