"""The command line of `emulators.up`, read and checked."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from duis.smki.testpki import TestPKIError, canonical_prefix
from emulators.config import ConfigurationError
from emulators.estate_settings import LONGEST_ANSWER_SECONDS
from emulators.urls import checked_path, checked_url

COMPONENTS: Final = ("dsp", "s1sp1", "s1sp2", "s1sp3")
"""The emulators of a set, by their party in the PKI."""

_DEVICES = re.compile(r"02-(0[1-9A-F]|[1-4][0-9A-F]|50)-")
"""How the identifiers of generated devices start; those of parties must not."""

_LAST_FIRST_PORT = 65535 - 2 * len(COMPONENTS) + 1

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchOptions:
    """What a set of emulators is to be like.

    Attributes:
        state: the folder everything is kept in.
        host: address to listen on.
        first_port: of eight consecutive ones; None for free ones.
        plain_http: no TLS.
        deviations: what the main estate does wrong on purpose.
        seed: of the population of the main estate.
        sets_per_s1sp: sets of devices in it for each S1SP.
        sets_under_dcc_control: of those, the last so many with Network Operator slots under DCC control.
        entity_prefix: first seven octets of the parties' EUI-64s; None for the usual ones.
        paths_under: what all protocol paths start with; None for the usual paths.
        answer_after_seconds: how long S1SPs hold answers back.
        callbacks: base URL of the callbacks of every user of the main estate; None for no callbacks.
        as_endpoint: write the target file of a real system: nothing of a management plane in it.
        elsewhere: full or base URL of each component that somebody else runs.
        until_stdin_closes: stop when the standard input ends.
        prepare_only: write everything, start nothing.
    """

    state: Path
    host: str = "127.0.0.1"
    first_port: int | None = None
    plain_http: bool = False
    deviations: Sequence[str] = ()
    seed: int = 1
    sets_per_s1sp: int = 1
    sets_under_dcc_control: int = 0
    entity_prefix: str | None = None
    paths_under: str | None = None
    answer_after_seconds: float = 0.0
    callbacks: str | None = None
    as_endpoint: bool = False
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    until_stdin_closes: bool = False
    prepare_only: bool = False

    @property
    def components(self) -> tuple[str, ...]:
        """The emulators to start."""
        return tuple(name for name in COMPONENTS if name not in self.elsewhere)

    @property
    def scheme(self) -> str:
        """The URL scheme of every port."""
        return "http" if self.plain_http else "https"


def launch_options(arguments: Sequence[str] | None, description: str | None) -> LaunchOptions:
    """Read the command line.

    Raises:
        ConfigurationError: an option cannot be used; the text names it.
        SystemExit: an option is unknown or has a value of the wrong kind (exit code 2).
    """
    given = _parser(description).parse_args(arguments)
    options = LaunchOptions(
        state=given.state.resolve(),
        host=given.host,
        first_port=given.port,
        plain_http=given.plain_http,
        deviations=tuple(given.deviation),
        seed=given.seed,
        sets_per_s1sp=given.sets_per_s1sp,
        sets_under_dcc_control=given.sets_under_dcc_control,
        entity_prefix=_checked("--entity-prefix", _prefix, given.entity_prefix),
        paths_under=_checked("--paths-under", _folder, given.paths_under),
        answer_after_seconds=given.answer_after,
        callbacks=_checked("--callbacks", _base_url, given.callbacks),
        as_endpoint=given.as_endpoint,
        elsewhere=dict(_elsewhere(text) for text in given.elsewhere),
        until_stdin_closes=given.until_stdin_closes,
        prepare_only=given.prepare_only,
    )
    _check(options)
    return options


def _parser(description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="emulators.up", allow_abbrev=False, description=description)
    parser.add_argument("--state", type=Path, required=True, metavar="DIR", help="where everything is kept")
    parser.add_argument(
        "--deviation", action="append", default=[], metavar="NAME", help="break one rule (repeatable)"
    )
    parser.add_argument("--plain-http", action="store_true", help="no TLS, as DCC Boxed has it")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, metavar="N", help="use the eight ports from N on (default: free ones)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the main estate (default: %(default)s)")
    parser.add_argument("--sets-per-s1sp", type=int, default=1, metavar="N", help="of the main estate")
    parser.add_argument(
        "--sets-under-dcc-control",
        type=int,
        default=0,
        metavar="N",
        help="of those, the last N of each S1SP have the DCC's certificate in the Network Operator slots",
    )
    parser.add_argument(
        "--entity-prefix", metavar="P", help="first seven octets of the parties' EUI-64s, for a PKI to mint"
    )
    parser.add_argument("--paths-under", metavar="PATH", help="other HTTP paths, all of them below PATH")
    parser.add_argument(
        "--answer-after", type=float, default=0.0, metavar="SECONDS", help="how late an S1SP answers"
    )
    parser.add_argument(
        "--callbacks",
        metavar="URL",
        help="in the main estate, users are called back at URL/main/<user>/smartdcc/duis",
    )
    parser.add_argument(
        "--as-endpoint",
        action="store_true",
        help="write a target file as for a real system: declared devices, no management plane",
    )
    parser.add_argument(
        "--elsewhere",
        action="append",
        default=[],
        metavar="NAME=URL",
        help="do not start NAME (dsp, s1sp1 ...); the others find it at URL (repeatable)",
    )
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when the standard input ends")
    parser.add_argument(
        "--prepare-only", action="store_true", help="write DIR, start nothing (ports are free ones just now)"
    )
    return parser


def _checked(option: str, check: Callable[[str], T], value: str | None) -> T | None:
    if value is None:
        return None
    try:
        return check(value)
    except ValueError as error:
        raise ConfigurationError(f"{option}: {error}") from error


def _prefix(text: str) -> str:
    prefix = canonical_prefix(text)
    if _DEVICES.match(prefix):
        raise TestPKIError(f"the emulated devices have identifiers from 02-01 to 02-50, found {text!r}")
    return prefix


def _folder(text: str) -> str:
    return checked_path(text.rstrip("/"))


def _base_url(text: str) -> str:
    return checked_url(text).rstrip("/")


def _elsewhere(text: str) -> tuple[str, str]:
    name, _, url = text.partition("=")
    if name.lower() not in COMPONENTS:
        raise ConfigurationError(
            f"--elsewhere: expected one of {', '.join(COMPONENTS)} before =, found {text!r}"
        )
    try:
        return name.lower(), checked_url(url)
    except ValueError as error:
        raise ConfigurationError(f"--elsewhere: {error}") from error


def _check(options: LaunchOptions) -> None:
    """Refuse options that do not fit together; what a configuration checks itself is left to it."""
    if options.first_port is not None and not 1 <= options.first_port <= _LAST_FIRST_PORT:
        raise ConfigurationError(f"--port: expected 1 to {_LAST_FIRST_PORT}, found {options.first_port}")
    if not 0 <= options.answer_after_seconds <= LONGEST_ANSWER_SECONDS:
        raise ConfigurationError(
            f"--answer-after: expected 0 to {LONGEST_ANSWER_SECONDS} seconds, "
            f"found {options.answer_after_seconds:g}"
        )
    if options.callbacks is not None:
        parts = urlsplit(options.callbacks)
        if parts.scheme != options.scheme:
            how = "without TLS" if options.plain_http else "over TLS"
            raise ConfigurationError(
                f"--callbacks: these emulators deliver {how}, so {options.scheme}:// is expected, "
                f"found {options.callbacks}"
            )
        if options.as_endpoint and parts.port is None:
            raise ConfigurationError(f"--callbacks: a port is needed with --as-endpoint: {options.callbacks}")
    elif options.as_endpoint:
        raise ConfigurationError(
            "--as-endpoint: needs --callbacks URL, as nobody can tell such a system where to deliver to"
        )
    if options.elsewhere and not options.as_endpoint:
        raise ConfigurationError(
            "--elsewhere: needs --as-endpoint, as no scenario gets an estate of its own then"
        )
    if not options.components:
        raise ConfigurationError("--elsewhere: nothing is left to start")
