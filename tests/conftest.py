"""What any test may ask for."""

from tests.postgresql import new_postgresql_database

__all__ = ["new_postgresql_database"]
