"""`agentsim ls`: list runs, or the dialogues of one."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from agentsim.cli.output import json_option, print_json, say, table
from agentsim.cli.run_argument import BASE, opened, run_argument, run_folder, runs_by_time

if TYPE_CHECKING:
    from agentsim.run.reader import RunReader

COLUMNS = ("run", "model", "planned", "accepted", "rejected", "failed", "tokens", "cost", "state")
NARROW = ("run", "planned", "accepted", "rejected", "failed", "state")
WIDE = 120
"""Columns of the screen from which on all of the table is shown."""

STATES = ("running", "failed", "accepted", "rejected", "undecided")


@click.command()
@run_argument(required=False)
@click.option("--base", type=click.Path(path_type=Path), default=BASE, show_default=True, help="Where runs are kept.")
@click.option(
    "--state", "states", multiple=True, type=click.Choice(STATES), help="Dialogues in this state; repeatable."
)
@click.option("--scenario", "scenarios", multiple=True, help="Dialogues of this scenario; repeatable.")
@json_option
def command(run: Path | None, base: Path, states: tuple[str, ...], scenarios: tuple[str, ...], as_json: bool) -> None:
    """List the runs below ./runs, or the dialogues of RUN: a run directory, its name, or `last`.

    A run that cannot be read is listed as damaged.
    """
    if run is None:
        if states or scenarios:
            raise click.UsageError("--state and --scenario choose among the dialogues of a run: name the RUN too")
        _list_runs(base, as_json)
        return
    with opened(run_folder(run, base)) as reader:
        _list_dialogues(reader, states, scenarios, as_json)


def _list_runs(base: Path, as_json: bool) -> None:
    from agentsim.errors import UserError

    # Without --base a missing folder only says that nothing was run here yet.
    if not base.is_dir() and base != BASE:
        raise UserError(f"there is no folder {base}", fix="give the folder that holds the run directories")
    runs = [_facts(folder) for folder in runs_by_time(base)]
    if as_json:
        print_json({"base": str(base), "runs": runs})
        return
    columns = COLUMNS if _room() else NARROW
    table(columns, ([_cell(run, column, base) for column in columns] for run in runs))
    if not runs:
        say(f"there is no run below {base} yet; `agentsim run` makes one")


def _facts(folder: Path) -> dict[str, Any]:
    from agentsim.cli.run_state import facts
    from agentsim.errors import AgentsimError

    try:
        with opened(folder) as reader:
            return facts(reader)
    except AgentsimError as error:
        return {"run": str(folder), "state": "damaged", "error": error.message}


def _room() -> bool:
    """Say whether all columns fit; what is no terminal has room for everything."""
    from agentsim.cli.output import console

    return not console().is_terminal or console().width >= WIDE


def _cell(run: dict[str, Any], column: str, base: Path) -> object:
    from agentsim.cli.run_state import given_up, in_words
    from agentsim.schema import Tally

    if column == "run":
        return run["run"] if _room() or base != BASE else Path(run["run"]).name
    if run["state"] == "damaged":
        return f"damaged: {run['error']}" if column == "state" else "-"
    tally, usage = Tally.model_validate(run["tally"]), run["usage"]
    return {
        "model": run["model"],
        "planned": tally.planned,
        "accepted": tally.accepted,
        "rejected": sum(tally.rejected.values()),
        "failed": given_up(tally),
        "tokens": usage["prompt_tokens"] + usage["completion_tokens"],
        "cost": f"${usage['cost']:.4f}",
        "state": in_words(run["state"], run["to_do"]),
    }[column]


def _list_dialogues(reader: "RunReader", states: tuple[str, ...], scenarios: tuple[str, ...], as_json: bool) -> None:
    _check_scenarios(reader, scenarios)
    begun = reader.summaries()
    chosen = [
        summary
        for summary in begun
        if (not states or summary.state in states) and (not scenarios or summary.scenario in scenarios)
    ]
    rows: list[dict[str, Any]] = [
        {
            "index": summary.index,
            "id": summary.id,
            "scenario": summary.scenario,
            "topic": _topic(reader, summary.index),
            "state": summary.state,
            "code": summary.code,
            "turns": summary.turns,
        }
        for summary in chosen
    ]
    counts = {state: sum(summary.state == state for summary in begun) for state in STATES}
    counts = {"planned": reader.planned, **counts, "not_run": max(reader.planned - len(begun), 0)}
    if as_json:
        print_json({"run": str(reader.folder), "counts": counts, "dialogues": rows})
        return
    headings = ("index", "id", "scenario", "topic", "state", "reason", "turns")
    table(headings, map(_dialogue_cells, rows))
    told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count)
    say(f"{len(rows)} shown of: {told}")


def _dialogue_cells(row: dict[str, Any]) -> tuple[object, ...]:
    leaf = row["topic"][-1] if row["topic"] else "-"
    return row["index"], row["id"], row["scenario"], leaf, row["state"], row["code"] or "-", row["turns"]


def _check_scenarios(reader: "RunReader", scenarios: tuple[str, ...]) -> None:
    from agentsim.errors import UserError

    known = reader.scenarios() if scenarios else {}
    unknown = [name for name in scenarios if name not in known]
    if unknown:
        raise UserError(f"the run has no scenario {', '.join(map(repr, unknown))}", fix=f"it has: {', '.join(known)}")


def _topic(reader: "RunReader", index: int) -> list[str] | None:
    """Return the topic path of a dialogue; its first event tells it, so no more than that is read."""
    from agentsim.events import DialogueStarted

    for event in reader.events(index):
        if isinstance(event, DialogueStarted):
            return list(event.assignment.topic)
    return None
