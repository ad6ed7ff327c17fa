"""``smets1-conformance report``: the summary and the Allure report from the results of a run."""

from __future__ import annotations

from pathlib import Path

import click

from smets1_conformance.errors import UserError


@click.command()
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("reports/output"),
    show_default=True,
    metavar="DIR",
    help="Folder that a run wrote.",
)
@click.option("--summary-only", is_flag=True, help="Leave the Allure report out; needs no Node.")
def report(output: Path, summary_only: bool) -> None:
    """Render the self-contained summary and the Allure report; neither makes a network call when opened."""
    from reports.allure_html import AllureUnavailable, render
    from reports.results import ResultsError
    from reports.summary import write_summary

    try:
        if not summary_only:
            click.echo(f"Allure report  {render(output.resolve(), say=click.echo)}")
        click.echo(f"Summary        {write_summary(output.resolve())}")
    except (AllureUnavailable, ResultsError) as error:
        raise UserError(str(error)) from None
