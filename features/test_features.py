"""Collects every Gherkin scenario below this folder; the sentences live in ``steps``."""

from pytest_bdd import scenarios

scenarios(".")
