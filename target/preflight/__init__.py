"""Looking at a target before a run, and while it goes on, without changing anything there."""

from target.preflight.sanity import Sanity, read_one_device

__all__ = ["Sanity", "read_one_device"]
