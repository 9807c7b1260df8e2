"""`agentsim export`: write a run's dataset again, in another format or with other settings."""

from pathlib import Path

import click

from agentsim.cli.output import json_option, print_json, say, table
from agentsim.cli.run_argument import run_argument, run_folder

FORMATS = ("messages", "parquet")


@click.command()
@run_argument()
@click.option(
    "-f",
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(FORMATS),
    help="JSON Lines or Parquet; repeatable.  [both]",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="The dataset's folder; OUT/<format>/ where both are written.  [exports/ of the run]",
)
@click.option("--validation-share", type=float, help="Share of the rows set apart, 0 to 0.5.  [the run's]")
@click.option(
    "--system",
    type=click.Choice(["public", "none"]),
    help="Whether rows begin with a system message.  [the run's]",
)
@click.option(
    "--tokenizer",
    type=click.Path(path_type=Path),
    help="A tokenizer.json, for exact token counts.  [as models reported]",
)
@json_option
def command(
    run: Path,
    formats: tuple[str, ...],
    out: Path | None,
    validation_share: float | None,
    system: str | None,
    tokenizer: Path | None,
    as_json: bool,
) -> None:
    """Write the accepted dialogues of RUN (a run directory, its name, or `last`) as datasets.

    A run that is still being written gives what is finished of it so far. An earlier export in the same place
    is replaced as a whole.
    """
    from agentsim.run.exporting import export_run

    results = export_run(
        run_folder(run),
        formats or FORMATS,
        out=out,
        validation_share=validation_share,
        system=system,
        tokenizer=tokenizer,
    )
    if as_json:
        exports = {
            result.format: {
                "folder": str(result.folder),
                "files": [str(path) for path in result.paths],
                "train": result.train,
                "validation": result.validation,
                "accepted": result.accepted,
                "silent": result.silent,
                "tokens": result.tokens,
                "trained_tokens": result.trained_tokens,
                "why_no_validation": result.why_no_validation,
            }
            for result in results
        }
        print_json({"exports": exports})
        return
    headings = ("format", "train", "validation", "dialogues", "tokens", "trained", "folder")
    table(
        headings,
        ((r.format, r.train, r.validation, r.accepted, r.tokens, r.trained_tokens, r.folder) for r in results),
    )
    for result in results[:1]:
        if not result.accepted:
            say("no dialogue is accepted so far: the dataset is empty")
        elif result.why_no_validation:
            say(f"no validation split: {result.why_no_validation}")
        if result.silent:
            say(f"{result.silent} accepted dialogues gave no row: no trained role spoke in them")
