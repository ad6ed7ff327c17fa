"""What changed between two runs: after a fix, between releases, or from one S1SP to another."""

from reports.comparison.comparison import Comparison, compare
from reports.comparison.page import comparison_page
from reports.comparison.runs import ComparedRun, read_run
from reports.comparison.terminal import comparison_console, print_comparison

__all__ = [
    "ComparedRun",
    "Comparison",
    "compare",
    "comparison_console",
    "comparison_page",
    "print_comparison",
    "read_run",
]
