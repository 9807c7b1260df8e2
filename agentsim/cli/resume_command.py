"""`agentsim resume`: go on with a run that was stopped."""

from pathlib import Path

import click

from agentsim.cli.output import json_option


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--max-cost", type=float, help="A new cap in US dollars, for what was spent before too.")
@click.option("--max-tokens-total", type=int, help="A new cap on all tokens together.")
@click.option("-j", "--concurrency", type=int, help="Dialogues at work at one time.")
@click.option("-n", "--dialogues", type=int, help="A new number of dialogues; more than were planned.")
@click.option("--accepted", type=int, help="A new number of accepted dialogues; more than before.")
@click.option("--per-topic", type=int, help="A new number of accepted dialogues of each topic; more than before.")
@click.option("--replay", type=click.Path(path_type=Path), help="Take all answers from another run; send nothing.")
@click.option("--stream/--no-stream", default=None, help="Show one dialogue's words as they arrive.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong.")
@json_option
def command(
    run: Path,
    max_cost: float | None,
    max_tokens_total: int | None,
    concurrency: int | None,
    dialogues: int | None,
    accepted: int | None,
    per_topic: int | None,
    replay: Path | None,
    stream: bool | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Go on with the run in the directory RUN (or `last`) from its last stored turn.

    Nothing that was answered is asked again. Dialogues that failed are tried again; all else of the run
    stays as it was set up, whatever has changed in the library since.
    """
    from agentsim.cli.playing import Look, play_and_report
    from agentsim.cli.run_argument import run_folder
    from agentsim.run.runner import adjust

    folder = run_folder(run)
    adjust(
        folder,
        max_cost=max_cost,
        max_tokens_total=max_tokens_total,
        concurrency=concurrency,
        dialogues=dialogues,
        accepted=accepted,
        per_topic=per_topic,
    )
    return play_and_report(
        folder,
        Look(as_json=as_json, quiet=quiet, stream=stream),
        replay=replay and run_folder(replay),
    )
