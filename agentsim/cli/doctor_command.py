"""`agentsim doctor`: is everything there that a run needs, and where does each setting come from."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from agentsim.cli.output import json_option, line, print_json, say

if TYPE_CHECKING:
    from agentsim.cli.doctor_finding import Finding


@click.command()
@click.argument("config", type=click.Path(path_type=Path), required=False)
@click.option("--deep", is_flag=True, help="Also ask the embedded model for a token; may fetch its weights.")
@json_option
def command(config: Path | None, deep: bool, as_json: bool) -> int:
    """Check the installation, the working folder and the settings.

    CONFIG is a run file or a folder with run.yaml; without one, run.yaml of the working folder is used.
    Each line is ok, warn or fail, and says what to do. The exit status is 2 where anything fails.
    """
    from agentsim.cli import doctor_machine

    findings = [*doctor_machine.findings(), *_settings(config)]
    if deep:
        findings.append(doctor_machine.one_token())
    failed = sum(finding.status == "fail" for finding in findings)
    if as_json:
        print_json({"ok": not failed, "findings": [vars(finding) for finding in findings]})
        return 2 if failed else 0
    _print(findings)
    warned = sum(finding.status == "warn" for finding in findings)
    say(f"{len(findings)} looked at: {failed} failed, {warned} to know about")
    return 2 if failed else 0


def _settings(config: Path | None) -> "list[Finding]":
    from agentsim.cli.doctor_finding import Finding

    try:
        from agentsim.cli import doctor_settings
    except ImportError as error:
        # Reading settings needs most packages; a doctor that falls over a missing one is of no use.
        return [Finding("fail", "setting", "settings", f"not looked at: {error}", "install what is missing above")]
    return list(doctor_settings.findings(config))


def _print(findings: "list[Finding]") -> None:
    from rich.table import Table
    from rich.text import Text

    from agentsim.cli.output import console
    from agentsim.sanitise import one_line

    out = console()
    if not out.is_terminal:
        for finding in findings:
            line(finding.status, finding.area, finding.what, finding.found, finding.fix or "-")
        return
    colours = {"ok": "green", "warn": "yellow", "fail": "bold red"}
    grid = Table.grid(padding=(0, 2, 0, 0))
    for finding in findings:
        told = finding.found if finding.fix is None else f"{finding.found}; {finding.fix}"
        grid.add_row(
            Text(finding.status, style=colours[finding.status]),
            Text(finding.area, style="dim"),
            Text(one_line(finding.what)),
            Text(one_line(told)),
        )
    out.print(grid)
