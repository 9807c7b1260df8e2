"""`agentsim init`: a folder with a persona, a scenario and a run of one's own, which works as it is."""

from pathlib import Path

import click

from agentsim.cli.output import json_option, print_json, say, write

PLACES = {
    "persona.yaml": "personas/marta-lindqvist.yaml",
    "scenario.yaml": "scenarios/bicycle-workshop.yaml",
    "run.yaml": "run.yaml",
    "README.md": "README.md",
}
"""Where each template goes; a persona's and a scenario's file has the name of its id."""

SCHEMAS = ".agentsim"


@click.command()
@click.argument("dir", type=click.Path(path_type=Path), default=Path("my-agentsim"))
@json_option
def command(dir: Path, as_json: bool) -> None:
    """Make DIR (./my-agentsim where left out) with a persona, a scenario and a run.yaml, explained inside.

    Nothing is overwritten: where one of the files exists, nothing at all is written.
    """
    from agentsim.errors import StorageError

    files = {dir / place: text for place, text in _files().items()}
    _refuse_to_overwrite(dir, list(files))
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            # "x": a file that came into being since is not overwritten either.
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except OSError as error:
        raise StorageError(f"cannot write in {dir}: {error.strerror or error}", fix="choose another folder") from None
    if as_json:
        print_json({"folder": str(dir), "files": [str(path) for path in files]})
        return
    for path in files:
        write(f"{path}\n")
    say(f"now: cd {dir} && agentsim run" if dir != Path() else "now: agentsim run")


def _files() -> dict[str, str]:
    """Return the text of every file by its place in the folder."""
    import json
    from importlib.resources import files

    from agentsim.library.editor_schemas import DIALECT, editor_schemas
    from agentsim.run.settings import RunSettings

    templates = files("agentsim.cli.templates")
    texts = {place: (templates / name).read_text(encoding="utf-8") for name, place in PLACES.items()}
    schemas = {**editor_schemas(), "run.schema.json": {"$schema": DIALECT, **RunSettings.model_json_schema()}}
    for name, schema in schemas.items():
        texts[f"{SCHEMAS}/{name}"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    return texts


def _refuse_to_overwrite(folder: Path, paths: list[Path]) -> None:
    from agentsim.errors import UserError

    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file, not a folder", fix="name a folder that is new: agentsim init DIR")
    there = [str(path) for path in paths if path.exists() or path.is_symlink()]
    if there:
        raise UserError(
            f"nothing was written, since these exist: {', '.join(there)}",
            fix="name a folder that is new: agentsim init DIR",
        )
