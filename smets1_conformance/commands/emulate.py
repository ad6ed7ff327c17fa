"""``smets1-conformance emulate``: the bundled DSP and S1SPs in the foreground."""

from __future__ import annotations

import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from types import FrameType

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
def emulate(state: Path, plain_http: bool, first_port: int | None, deviations: tuple[str, ...]) -> None:
    """Run the DSP and S1SP1, S1SP2, S1SP3 as four processes on this machine until stopped with Ctrl-C."""
    command = [sys.executable, "-m", "emulators.up", "--state", str(state)]
    if plain_http:
        command.append("--plain-http")
    if first_port is not None:
        command += ["--port", str(first_port)]
    for name in deviations:
        command += ["--deviation", name]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program

    def pass_on(number: int, frame: FrameType | None) -> None:
        del number, frame
        process.terminate()

    signal.signal(signal.SIGTERM, pass_on)
    signal.signal(signal.SIGINT, pass_on)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("ready"):
            click.echo(banner(state.resolve(), deviations))
        else:
            click.echo(line.rstrip("\n"))
    raise SystemExit(process.wait())


def banner(state: Path, deviations: tuple[str, ...] = ()) -> str:
    """What a user of the emulators needs to know: where they listen, where the keys are, how to stop."""
    lines = ["The emulators are ready.", ""]
    rows: list[tuple[str, str, str]] = []
    for name in ("dsp", "s1sp1", "s1sp2", "s1sp3"):
        configuration = tomllib.loads((state / f"{name}.toml").read_text(encoding="utf-8"))
        listen = configuration["listen"]
        scheme = "http" if configuration["transport"]["mode"] == "plain-http" else "https"
        base = f"{scheme}://{listen['host']}"
        rows.append(
            (configuration["name"], f"{base}:{listen['port']}", f"{base}:{listen['management_port']}")
        )
    lines += [f"  {name:<6} {url:<26} management {management}" for name, url, management in rows]
    dsp = rows[0][1]
    lines += [
        "",
        f"  Send Command   {dsp}/api/v1/serviceS",
        f"  Transform      {dsp}/api/v1/serviceT",
        f"  Non-Device     {dsp}/api/v1/serviceD",
        "",
        f"  Keys and certificates  {state / 'pki'}  (test keys: for this machine only)",
        f"  Target file            {state / 'target.toml'}",
    ]
    if deviations:
        lines.append(f"  Deviations             {', '.join(deviations)}")
    lines += [
        "",
        f"  Test them:  smets1-conformance run --target {state / 'target.toml'}",
        "  Stop them:  Ctrl-C",
        "",
    ]
    return "\n".join(lines)
