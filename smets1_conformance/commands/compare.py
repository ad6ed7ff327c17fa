"""``smets1-conformance compare``: what changed between two runs."""

from __future__ import annotations

from pathlib import Path

import click

from smets1_conformance.errors import UserError

REGRESSION = 1
"""Exit code: something passed in run A and does not in run B, or is not known to."""

_RUN = click.Path(path_type=Path)


@click.command()
@click.argument("run_a", type=_RUN)
@click.argument("run_b", type=_RUN, required=False)
@click.option("--s1sp-a", metavar="S1SP", default="", help="Look only at this S1SP in RUN_A.")
@click.option(
    "--s1sp-b",
    metavar="S1SP",
    default="",
    help="Look only at this S1SP in RUN_B; with another --s1sp-a, one S1SP is compared with the other.",
)
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the comparison as one HTML page too, which needs no network.",
)
def compare(run_a: Path, run_b: Path | None, s1sp_a: str, s1sp_b: str, html: Path | None) -> None:
    """Tell what changed from RUN_A to RUN_B: after a fix, between releases, or from one S1SP to another.

    A run is a results folder (what `run --output` wrote) or a bundle of evidence (zip). Scenarios are matched
    by test case, S1SP, device type and the other values of their row. Without RUN_B, two S1SPs of RUN_A are
    compared: give --s1sp-a and --s1sp-b.

    Exit codes: 0 no regression, 1 something passed in RUN_A and does not in RUN_B, 2 a run cannot be read
    or there is nothing to compare.
    """
    from reports import comparison
    from reports.replacing import replace_file
    from reports.results_folder import ResultsError

    if bool(s1sp_a) != bool(s1sp_b):
        raise UserError(
            "--s1sp-a and --s1sp-b belong together: give both, the same S1SP twice for only that one"
        )
    if run_b is None and s1sp_a == s1sp_b:
        raise UserError("RUN_B is missing: give a second run, or --s1sp-a and --s1sp-b to compare two S1SPs")
    try:
        found = comparison.compare(
            comparison.read_run(run_a, s1sp_a), comparison.read_run(run_b or run_a, s1sp_b)
        )
    except ResultsError as error:
        raise UserError(str(error)) from None
    if html is not None:
        replace_file(html, comparison.comparison_page(found))
    comparison.print_comparison(found, comparison.comparison_console())
    if html is not None:
        click.echo(f"\nPage  {html}")
    raise SystemExit(REGRESSION if found.has_regressions else 0)
