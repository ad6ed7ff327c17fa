"""`python -m examples.s1sp_adapter --config FILE`: runs the adapter until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from duis.signature import SigningIdentityError
from duis.smki.trust import TrustMaterialError
from examples.s1sp_adapter.adapter import Adapter
from examples.s1sp_adapter.config import ConfigurationError, load_config


def main() -> int:
    """Run; return the exit code: 0 after an orderly end, 2 when something configured cannot be used."""
    parser = argparse.ArgumentParser(prog="s1sp_adapter", allow_abbrev=False)
    parser.add_argument("--config", type=Path, required=True, help="the TOML configuration file")
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s s1sp_adapter %(levelname)s %(message)s")
    try:
        adapter = Adapter(load_config(parser.parse_args().config))
        asyncio.run(_run(adapter))
    except (ConfigurationError, SigningIdentityError, TrustMaterialError, OSError) as error:
        print(f"s1sp_adapter: {error}", file=sys.stderr)
        return 2
    return 0


async def _run(adapter: Adapter) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await adapter.run(stopped)


if __name__ == "__main__":
    sys.exit(main())
