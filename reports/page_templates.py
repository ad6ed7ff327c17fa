"""Templates of pages: whatever comes from results is escaped, and a name that is missing is an error."""

from __future__ import annotations

import jinja2


def page_templates(package: str, folder: str = ".") -> jinja2.Environment:
    """Return the environment of the templates in a folder of a package, for HTML and Markdown."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader(package, folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
