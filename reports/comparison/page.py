"""A comparison as one HTML page that needs no network and no other file."""

from __future__ import annotations

from reports.comparison import words
from reports.comparison.comparison import Comparison, place
from reports.page_templates import page_templates


def comparison_page(comparison: Comparison) -> str:
    """The page of a comparison; whatever comes from results is escaped."""
    environment = page_templates("reports.comparison")
    return environment.get_template("comparison.html.j2").render(
        comparison=comparison, words=words, place=place
    )
