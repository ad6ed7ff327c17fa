"""What a user got wrong, told without a traceback."""

import click


class UserError(click.ClickException):
    """Printed as one message on standard error; the exit code says: harness or configuration error."""

    exit_code = 2
