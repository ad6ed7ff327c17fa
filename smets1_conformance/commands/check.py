"""``smets1-conformance check``: whether a target file and the target are ready for a run."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smets1_conformance.target_file import target_option

if TYPE_CHECKING:
    from target.file import TargetFile, TargetFileError
    from target.preflight import Demand, Finding

_PLAIN_WIDTH = 120


@click.command()
@target_option("Target file (TOML).")
@click.option("--offline", is_flag=True, help="Leave out whatever needs the network.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def check(target_file: Path, offline: bool, as_json: bool) -> None:
    """Check a target before a run: file, certificates, connections, callback, devices.

    Only reads are sent (SRV 8.2 and 6.24.1): nothing is changed at the target. Each problem comes with its
    mend.

    \b
    Exit code: 0 fine (there may be warnings)
               2 a problem in the file or the environment
               3 something could not be reached
    """  # noqa: D301 - click wants the character, not its name
    from target.errors import HarnessError
    from target.file import TargetFileError, load_target
    from target.preflight import Finding, Group, Outcome, exit_code_of, preflight, requests_of

    try:
        target = load_target(target_file)
    except TargetFileError as error:
        findings = _problems(error)
        _show(findings, as_json, 2)
        raise SystemExit(2) from None
    number = requests_of(target, offline=offline)
    if number:
        _tell(f"up to {number} Service Requests (8.2 and 6.24.1, which change nothing) go to {target.name}")
    findings = []
    try:
        findings.extend(preflight(target, _demands(target), offline=offline, progress=_tell))
    except TargetFileError as error:  # what only its use shows, such as a schema that cannot be read
        findings += _problems(error)
    except HarnessError as error:
        text = f"the check could not be finished: {error}"
        findings.append(Finding(Group.FILE, target.path.name, Outcome.PROBLEM, text, "See the message"))
    code = exit_code_of(findings)
    _show(findings, as_json, code)
    raise SystemExit(code)


def _problems(error: TargetFileError) -> list[Finding]:
    """Every problem of a target file that could not be read."""
    from target.preflight import Finding, Group, Outcome

    return [
        Finding(
            Group.FILE,
            f"{error.path.name}:{problem.line}" if problem.line else error.path.name,
            Outcome.PROBLEM,
            f"{problem.field}: {problem.message}" if problem.field else problem.message,
        )
        for problem in error.problems
    ]


def _demands(target: TargetFile) -> Sequence[Demand]:
    """The devices that all features together need, of those that can run at this target."""
    from smets1_conformance.selection import select
    from steps.plan import Outlook, plan
    from target.pool import DeviceNeed
    from target.preflight import Demand

    if target.isolated:
        return ()
    at_once: Counter[DeviceNeed] = Counter()
    used_up: Counter[DeviceNeed] = Counter()
    planned = plan(target, select(()), 1)
    for scenario in planned.scenarios:
        needs = scenario.needs
        lacks_devices = not needs.whatever_devices and _for_want_of_devices(needs.devices, target)
        if scenario.outlook is Outlook.NOT_APPLICABLE and not lacks_devices:
            continue
        for need, number in Counter(needs.devices).items():
            if need.s1sp not in target.s1sp:
                continue  # the target has fewer S1SPs, and says so
            at_once[need] = max(at_once[need], number)
            if need.under_dcc_control and target.kind_of(need.s1sp) == "endpoint":
                used_up[need] += number
    return [
        Demand(need, number, used_up[need])
        for need, number in sorted(at_once.items(), key=lambda item: item[0].describe())
    ]


def _for_want_of_devices(needs: Sequence[object], target: TargetFile) -> bool:
    """Whether the target file lists no device for one of the needs: that is for `check` to say."""
    from target.pool import DeviceNeed, Population

    population = Population.of(target)
    return any(isinstance(need, DeviceNeed) and not population.candidates(need) for need in needs)


def _show(findings: Sequence[Finding], as_json: bool, code: int) -> None:
    if as_json:
        content = {"exit_code": code, "findings": [finding.as_json() for finding in findings]}
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
        return
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from target.preflight import Group, Outcome

    styles = {
        Outcome.FINE: "green",
        Outcome.WARNING: "yellow",
        Outcome.PROBLEM: "bold red",
        Outcome.UNREACHABLE: "bold red",
        Outcome.UNCHECKED: "cyan",
    }
    console = Console(
        file=sys.stdout,
        width=None if sys.stdout.isatty() else _PLAIN_WIDTH,
        highlight=False,
        emoji=False,
    )
    for group in Group:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_header=False, expand=True)
        table.add_column(no_wrap=True, width=11)
        table.add_column(overflow="fold", width=32)
        table.add_column(overflow="fold", ratio=1)
        for finding in (each for each in findings if each.group is group):
            text = escape(finding.text) + (f"\n[bold]Mend:[/] {escape(finding.mend)}" if finding.mend else "")
            outcome = f"[{styles[finding.outcome]}]{finding.outcome}[/]"
            table.add_row(outcome, escape(finding.subject), text)
        if table.row_count:
            console.print(f"[bold]{str(group).capitalize()}[/]")
            console.print(table)
    counts = Counter(finding.outcome for finding in findings)
    told = ", ".join(f"[{styles[each]}]{counts[each]} {each}[/]" for each in Outcome if counts[each])
    meaning = {0: "ready for a run", 2: "not ready: mend the problems", 3: "not everything could be reached"}
    console.print(f"{told}\n[bold]Exit code[/] {code}: {meaning[code]}")


def _tell(line: str) -> None:
    click.echo(line, err=True)
