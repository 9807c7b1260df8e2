"""`agentsim run`: simulate dialogues and make a dataset of them."""

from pathlib import Path
from typing import Any

import click

from agentsim.cli.output import json_option, say


@click.command(epilog="Every option may also stand in run.yaml; see `agentsim init`.")
@click.argument("config", type=click.Path(path_type=Path), required=False)
@click.option("-n", "--dialogues", type=int, help="How many dialogues.  [10]")
@click.option("--accepted", type=int, metavar="N", help="Stop at N accepted; -n is then the most tried.  [20 N]")
@click.option("--per-topic", type=int, metavar="K", help="Go on until each topic has K accepted, or is given up.")
@click.option("--plan", type=click.Choice(["rotation", "coverage"]), help="How the next is chosen.  [rotation]")
@click.option("--window", type=int, help="By coverage, the choice sees what ended so many dialogues ago.  [16]")
@click.option("--tagger", metavar="MODEL", help="Model that is asked what each dialogue was about.  [by its words]")
@click.option("--beyond", type=float, metavar="SHARE", help="By coverage, share spent on what was never tried.  [0]")
@click.option("-m", "--model", help="Model of every part, in litellm's manner.  [embedded/smollm2-135m]")
@click.option("--role", "roles", multiple=True, metavar="ROLE=MODEL", help="Model of one role; repeatable.")
@click.option("--critic-model", help="Model that grades.")
@click.option("--task-model", help="Model that makes tasks more specific (turns the task specifier on).")
@click.option("-s", "--scenario", "scenarios", multiple=True, help="Scenario to play; repeatable.  [all]")
@click.option("-p", "--persona", "personas", multiple=True, help="Persona to cast; repeatable.  [all]")
@click.option("--outline", type=click.Path(path_type=Path), help="Topics of one's own: .md list, .csv or .yaml.")
@click.option("-l", "--library", multiple=True, type=click.Path(path_type=Path), help="Folder of one's own.")
@click.option("--seed", type=int, help="Shapes the plan and every sampling seed.  [0]")
@click.option("-j", "--concurrency", type=int, help="Dialogues at work at one time.  [4]")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Run directory.  [runs/<time>-<name>]")
@click.option("--name", help="Second half of the run directory's name.  [run]")
@click.option("--temperature", type=float, help="Sampling temperature of the roles.  [0.8; embedded 0.4]")
@click.option("--max-tokens", type=int, help="Most tokens of one turn.  [256; embedded 80]")
@click.option("--max-turns", type=int, help="Turn limit, where lower than the scenario's own.")
@click.option("--max-cost", type=float, help="Cap in US dollars.")
@click.option("--max-tokens-total", type=int, help="Cap on all tokens together.")
@click.option("--critic/--no-critic", default=None, help="Whether dialogues are graded.  [critic]")
@click.option("--rubric", help="Rubric to grade every dialogue by.  [each scenario's own]")
@click.option("--critic-decides", is_flag=True, default=None, help="Accept only what the critic passes.")
@click.option("--specify-task", is_flag=True, default=None, help="Let a model make each task more specific.")
@click.option("--goal-check/--no-goal-check", default=None, help="Whether a model is asked if the goal is reached.")
@click.option("--guards", type=click.Choice(["off", "tag", "repair"]), help="What is done about failures.  [repair]")
@click.option("--prompts", type=click.Path(path_type=Path), help="Folder with prompt templates of one's own.")
@click.option("--way", type=click.Choice(["auto", "lean", "general"]), help="How calls go out.  [auto]")
@click.option("--timeout", type=float, help="Seconds that one call may take.  [120]")
@click.option("--human", "humans", multiple=True, metavar="ROLE", help="Play this role yourself, at the keyboard.")
@click.option("--replay", type=click.Path(path_type=Path), help="Take all answers from another run; send nothing.")
@click.option("--stream/--no-stream", default=None, help="Show one dialogue's words as they arrive.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong.")
@json_option
def command(config: Path | None, **given: Any) -> int:
    """Simulate dialogues, grade them, and write those that pass as a chat dataset.

    CONFIG is a run file or a folder with run.yaml; without one, run.yaml of the working folder is used if it
    is there.
    The run's directory is printed; the dataset lies in its exports/.
    """
    import asyncio

    from agentsim.cli.embedded_weights import fetch_bar
    from agentsim.cli.keyboard import person
    from agentsim.cli.playing import Look, play_and_report
    from agentsim.cli.run_argument import run_folder
    from agentsim.library.merging import renamed
    from agentsim.run.runner import create
    from agentsim.run.setup import load_library
    from agentsim.run.sources import resolve

    look = Look(as_json=given["as_json"], quiet=given["quiet"], stream=given["stream"])
    settings = resolve(_flags(given), project=config).settings
    speakers = {role: person(role) for role in given["humans"]}
    library = load_library(settings)
    if settings.outline is not None and not given["quiet"]:
        for path, names in renamed(library.scenarios[settings.scenarios[0]].topics):
            say(f"one topic of the outline: {' / '.join(path)}, and {', '.join(names)}")
    replay = given["replay"] and run_folder(given["replay"])
    with fetch_bar() as progress:
        folder = asyncio.run(
            create(
                settings,
                library,
                given["out"],
                speakers=speakers,
                check_models=replay is None,
                progress=progress,
            )
        )
    return play_and_report(folder, look, speakers=speakers, replay=replay)


_PLAIN = (
    "dialogues",
    "accepted",
    "per_topic",
    "model",
    "seed",
    "concurrency",
    "name",
    "max_turns",
    "max_cost",
    "max_tokens_total",
    "way",
    "timeout",
)
"""Options that are named as the setting they set."""


def _flags(given: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that were given on the command line, nested as settings are."""
    flags: dict[str, Any] = {name: given[name] for name in _PLAIN if given[name] is not None}
    flags.update({name: given[name] for name in ("scenarios", "personas") if given[name]})
    if given["library"]:
        flags["library"] = tuple(path.resolve() for path in given["library"])
    for name in ("outline", "prompts"):
        if given[name] is not None:
            flags[name] = given[name].resolve()
    nested = {
        ("sampling", "temperature"): given["temperature"],
        ("sampling", "max_tokens"): given["max_tokens"],
        ("critic", "enabled"): given["critic"],
        ("critic", "model"): given["critic_model"],
        ("critic", "decides"): given["critic_decides"],
        ("critic", "rubric"): given["rubric"],
        ("task_specifier", "model"): given["task_model"],
        ("task_specifier", "enabled"): given["specify_task"] or (given["task_model"] and True) or None,
        ("goal_check", "enabled"): given["goal_check"],
        ("guards", "mode"): given["guards"],
        ("planning", "by"): given["plan"],
        ("planning", "window"): given["window"],
        ("planning", "beyond"): given["beyond"],
        ("planning", "tagger"): given["tagger"],
    }
    for (group, name), value in nested.items():
        if value is not None:
            flags.setdefault(group, {})[name] = value
    for pair in given["roles"]:
        role, found, model = pair.partition("=")
        if not found or not role or not model:
            raise click.BadParameter(f"{pair!r} is not of the form ROLE=MODEL", param_hint="--role")
        flags.setdefault("roles", {})[role] = {"model": model}
    return flags
