"""`agentsim critic`: whether a critic's word may count."""

from pathlib import Path
from typing import Any

import click

from agentsim.cli.output import json_option


@click.group()
def command() -> None:
    """Examine the critic: a model that grades dialogues by a rubric.

    Its grades decide in a run (`critic.decides`) only where it has passed.
    """


@command.command(
    epilog="Other settings (`critic.sampling`, `models:`, `way`, ...) are taken from run.yaml, where there is one. "
    "Exit status 0 where it is fit for something, 3 where it is not."
)
@click.option("-m", "--model", help="The critic's model, in litellm's manner.  [the settings' critic, or model]")
@click.option("--rubric", help="Rubric it grades by.  [conversation; quick for the embedded model]")
@click.option("--sample", type=int, metavar="N", help="Dialogues that it is asked about.  [24; embedded 8]")
@click.option("--seed", type=int, help="Shapes what is asked.  [0]")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Also write the result to this file.")
@click.option("-l", "--library", multiple=True, type=click.Path(path_type=Path), help="Folder of one's own.")
@click.option("--prompts", type=click.Path(path_type=Path), help="Folder with prompt templates of one's own.")
@click.option("-j", "--concurrency", type=int, help="Calls at one time.  [4]")
@click.option("--max-cost", type=float, help="Cap in US dollars.")
@click.option("--max-tokens-total", type=int, help="Cap on all tokens together.")
@json_option
def check(**given: Any) -> int:
    """Ask a critic about dialogues whose worth is known, and say what it is fit for.

    Sound dialogues are set beside the same ones with errors of three sizes, with filler, claimed rank and orders to
    the critic; pairs are asked about in both orders. What it can no longer pass is not asked to the end. The result is
    kept on this machine for runs with the same critic; with Ctrl+C, the same command goes on later.
    """
    from agentsim.cli.critic_checking import Wish, check_and_report

    names = ("seed", "concurrency", "max_cost", "max_tokens_total")
    flags: dict[str, Any] = {name: given[name] for name in names if given[name] is not None}
    critic = {name: given[name] for name in ("model", "rubric") if given[name] is not None}
    if critic:
        flags["critic"] = critic
    if given["library"]:
        flags["library"] = tuple(path.resolve() for path in given["library"])
    if given["prompts"] is not None:
        flags["prompts"] = given["prompts"].resolve()
    return check_and_report(Wish(flags, given["sample"], given["out"], given["as_json"]))
