"""`python -m benchmarks [sign-verify] [round-trips] [data-update] [report]`: all of them by default."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from benchmarks import data_update, report, round_trips, sign_verify

BENCHMARKS: Mapping[str, Callable[[], str]] = {
    "sign-verify": sign_verify.run,
    "round-trips": round_trips.run,
    "data-update": data_update.run,
    "report": report.run,
}


def main(names: list[str]) -> int:
    """Run the named benchmarks and print what they measured."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    for name in names or BENCHMARKS:
        print(f"\n{name}\n{'=' * len(name)}", flush=True)
        print(BENCHMARKS[name](), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
