"""Wiring only: the harness's sentences and the report path."""

pytest_plugins = ["reports.plugin", "steps.plugin"]
