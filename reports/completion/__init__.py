"""The test completion report: one HTML file for whoever never sees the terminal."""

from reports.completion.report import write_completion_report

__all__ = ["write_completion_report"]
