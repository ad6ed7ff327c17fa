"""The results of a run in the formats of other tools, and what a CI is told of it (docs/ci.md)."""
