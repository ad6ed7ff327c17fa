"""A comparison as one HTML page that needs no network and no other file."""

from __future__ import annotations

import jinja2

from reports.comparison import words
from reports.comparison.comparison import Comparison, place


def comparison_page(comparison: Comparison) -> str:
    """The page of a comparison; whatever comes from results is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("reports.comparison", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("comparison.html.j2").render(
        comparison=comparison, words=words, place=place
    )
