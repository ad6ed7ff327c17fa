"""``smets1-conformance report``: the reports of a run, made anew from its results."""

from __future__ import annotations

from pathlib import Path

import click

from smets1_conformance.errors import UserError
from smets1_conformance.output_folder import output_option


@click.command()
@output_option("Folder that a run wrote.")
@click.option(
    "--without-allure", "without_allure", is_flag=True, help="Leave the Allure report out; needs no Node."
)
@click.option(
    "--pdf",
    "with_pdf",
    is_flag=True,
    help="Print the completion report into a PDF as well; needs Chromium, Chrome or Edge.",
)
def report(output: Path, without_allure: bool, with_pdf: bool) -> None:
    """Make the completion report, the exports and the Allure report anew from the results of a run.

    The run may be at work still, or have been killed: the report then says "incomplete". No page makes a
    network call when it is opened.
    """
    from reports.allure_report.html import render
    from reports.allure_report.node import AllureUnavailable
    from reports.completion.pdf import PDFUnavailable, find_browser, print_pdf
    from reports.outputs import write_outputs
    from reports.results_folder import ResultsError

    try:
        browser = find_browser() if with_pdf else None
        if not without_allure:
            click.echo(f"Allure report  {render(output.resolve(), say=click.echo)}")
        for path in write_outputs(output.resolve()):
            click.echo(path)
        if browser is not None:
            click.echo(print_pdf(output.resolve(), browser))
    except (AllureUnavailable, PDFUnavailable, ResultsError) as error:
        raise UserError(str(error)) from None
