"""What a run shows on the terminal: a picture while it lasts, a line a scenario, the summary at the end."""

from reports.terminal.live_run import Wait
from reports.terminal.terminal import Terminal

__all__ = ["Terminal", "Wait"]
