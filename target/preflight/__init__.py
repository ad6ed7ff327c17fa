"""Looking at a target before a run, and while it goes on, without changing anything there."""

from target.preflight.check import Demand, preflight, requests_of
from target.preflight.findings import Finding, Group, Outcome, exit_code_of
from target.preflight.sanity import Sanity, read_one_device

__all__ = [
    "Demand",
    "Finding",
    "Group",
    "Outcome",
    "Sanity",
    "exit_code_of",
    "preflight",
    "read_one_device",
    "requests_of",
]
