"""`agentsim show`: a run as a whole, or one dialogue with all that is known of it."""

from pathlib import Path

import click

from agentsim.cli.output import json_option, print_json
from agentsim.cli.run_argument import opened, run_argument, run_folder


@click.command()
@run_argument()
@click.argument("dialogue", required=False)
@click.option("--prompts", is_flag=True, help="Also print each role's system prompt. They hold private text.")
@json_option
def command(run: Path, dialogue: str | None, prompts: bool, as_json: bool) -> None:
    """Show RUN (a run directory, its name, or `last`), or its dialogue DIALOGUE (index or id).

    Without a terminal each fact is one tab-separated line; --json keeps every text as it was.
    """
    if prompts and dialogue is None:
        raise click.UsageError("--prompts shows the prompts of one dialogue: name the DIALOGUE too, e.g. 0")
    with opened(run_folder(run)) as reader:
        if dialogue is None:
            from agentsim.cli.show_run import as_json as run_json
            from agentsim.cli.show_run import show_run

            if as_json:
                print_json(run_json(reader))
            else:
                show_run(reader)
            return
        from agentsim.cli.show_dialogue import as_json as dialogue_json
        from agentsim.cli.show_dialogue import show_dialogue
        from agentsim.cli.show_prompts import system_prompts

        story = reader.story(dialogue)
        told = system_prompts(reader, story) if prompts else None
        if as_json:
            print_json(dialogue_json(reader, story, told))
        else:
            show_dialogue(reader, story, told)
