"""`python -m target.inbox --config FILE`: the inbox as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from pydantic import ValidationError

from duis.schema import SchemaUnavailable
from target.errors import HarnessError
from target.inbox.config import InboxConfig
from target.inbox.server import serve
from target.keys import read_passphrase_line
from target.process import no_core_files


def main() -> int:
    """Read the arguments and serve.

    Returns:
        Exit code: 0, or 2 when the configuration or the port cannot be used.
    """
    parser = argparse.ArgumentParser(prog="python -m target.inbox", description="The callback inbox.")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="configuration (JSON)")
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when standard input closes")
    parser.add_argument(
        "--passphrases-on-stdin",
        action="store_true",
        help="the first line of standard input holds what opens the TLS key",
    )
    arguments = parser.parse_args()
    no_core_files()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    try:
        if arguments.passphrases_on_stdin:
            read_passphrase_line(sys.stdin.fileno())
        config = InboxConfig.model_validate_json(arguments.config.read_text("utf-8"))
        return asyncio.run(serve(config, until_stdin_closes=arguments.until_stdin_closes))
    except ValidationError as error:
        print(f"{arguments.config}: {error}", file=sys.stderr)
    except (OSError, HarnessError, SchemaUnavailable) as error:
        print(f"the inbox cannot start: {error}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
