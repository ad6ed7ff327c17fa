"""``smets1-conformance emulate``: the bundled DSP and S1SPs in the foreground."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import click

DEFAULT_STATE = Path(".smets1-conformance/emulators")


@click.command()
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_STATE,
    show_default=True,
    metavar="DIR",
    help="Folder for keys, databases, configurations and the target file; kept between runs.",
)
@click.option("--plain-http", is_flag=True, help="No TLS, as DCC Boxed has it.")
@click.option(
    "--port",
    "first_port",
    type=click.IntRange(1, 65528),
    metavar="N",
    help="Use the eight ports from N on (default: free ones).",
)
@click.option(
    "--deviation", "deviations", multiple=True, metavar="NAME", help="Break one rule; may be repeated."
)
@click.option("--seed", type=int, metavar="N", help="Of the population of the main estate (default: 1).")
@click.option(
    "--sets-per-s1sp",
    type=click.IntRange(1),
    metavar="N",
    help="Sets of devices each S1SP serves in the main estate (default: 1).",
)
@click.option(
    "--sets-under-dcc-control",
    type=click.IntRange(0),
    metavar="N",
    help="Of those, the last N have the DCC's certificate in their Network Operator slots.",
)
@click.option(
    "--entity-prefix",
    metavar="P",
    help="Other EUI-64s for all parties, in a PKI of their own: the first seven octets.",
)
@click.option("--paths-under", metavar="PATH", help="Other HTTP paths, all of them below PATH.")
@click.option(
    "--answer-after",
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="Hold every answer of an S1SP back that long.",
)
@click.option(
    "--callbacks",
    metavar="URL",
    help="Deliver messages of the main estate to URL/main/<user>/smartdcc/duis.",
)
@click.option(
    "--as-endpoint",
    is_flag=True,
    help="Write the target file of a real system: declared devices, no management plane.",
)
@click.option(
    "--elsewhere",
    multiple=True,
    metavar="NAME=URL",
    help="Do not start NAME (dsp, s1sp1 ...), which is at URL; may be repeated.",
)
def emulate(state: Path, plain_http: bool, **options: Any) -> None:
    """Run the DSP and S1SP1, S1SP2, S1SP3 as processes on this machine until stopped with Ctrl-C.

    With --as-endpoint they play a vendor's system: a run then uses the devices of one estate, as they are,
    and nothing but the protocol.
    """
    command = [sys.executable, "-m", "emulators.up", "--state", str(state)]
    if plain_http:
        command.append("--plain-http")
    command += _passed_on(options)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program

    def pass_on(number: int, frame: FrameType | None) -> None:
        del number, frame
        process.terminate()

    signal.signal(signal.SIGTERM, pass_on)
    signal.signal(signal.SIGINT, pass_on)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("ready"):
            click.echo(banner(state.resolve(), options["deviations"]))
        else:
            click.echo(line.rstrip("\n"))
    raise SystemExit(process.wait())


def _passed_on(options: Mapping[str, Any]) -> list[str]:
    """The options that were given, as `emulators.up` has them."""
    names = {"first_port": "port", "deviations": "deviation"}
    arguments: list[str] = []
    for key, value in options.items():
        option = f"--{names.get(key, key).replace('_', '-')}"
        if value is True:
            arguments.append(option)
        elif isinstance(value, tuple):
            for each in value:
                arguments += [option, each]
        elif value is not None and value is not False:
            arguments += [option, str(value)]
    return arguments


def banner(state: Path, deviations: tuple[str, ...] = ()) -> str:
    """What a user of the emulators needs to know: where they listen, where the keys are, how to stop."""
    lines = ["The emulators are ready.", ""]
    for name in json.loads((state / "ports.json").read_text(encoding="utf-8")):
        configuration = _toml(state / f"{name}.toml")
        listen = configuration["listen"]
        scheme = "http" if configuration["transport"]["mode"] == "plain-http" else "https"
        base = f"{scheme}://{listen['host']}"
        url, management = f"{base}:{listen['port']}", f"{base}:{listen['management_port']}"
        lines.append(f"  {configuration['name']:<6} {url:<26} management {management}")
    target_file = state / "target.toml"
    target = _toml(target_file) if target_file.is_file() else None
    lines.append("")
    if target is not None:
        lines += [
            f"  Send Command   {target['dsp']['send_command']}",
            f"  Transform      {target['dsp']['transform']}",
            f"  Non-Device     {target['dsp']['non_device']}",
            "",
        ]
    lines.append(f"  Keys and certificates  {state / 'pki'}  (test keys: for this machine only)")
    if target is not None:
        lines.append(f"  Target file            {target_file}")
    if deviations:
        lines.append(f"  Deviations             {', '.join(deviations)}")
    lines.append("")
    if target is not None:
        lines.append(f"  Test them:  smets1-conformance run --target {target_file}")
    lines += ["  Stop them:  Ctrl-C", ""]
    return "\n".join(lines)


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
