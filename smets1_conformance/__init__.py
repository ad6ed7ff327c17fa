"""The command line: a convenience over pytest and the packages beside it, imported by nothing."""
