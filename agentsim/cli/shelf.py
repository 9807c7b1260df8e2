"""`agentsim personas` and `agentsim scenarios`: one group of commands for either shelf of the library."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from agentsim.cli.flattened import flattened
from agentsim.cli.library_options import SHELVES, Sources, here, library_options, sources
from agentsim.cli.output import json_option, part, print_json, say, table, write

Noun = Any
"""A persona or a scenario; which one the `Shelf` knows."""


@dataclass(frozen=True)
class Shelf:
    """What differs between the two groups."""

    kind: str
    """``persona`` or ``scenario``."""

    headings: Sequence[str]
    """Columns of the list after id and tags."""

    cells: Callable[[Noun], Sequence[object]]
    """A noun's cells in these columns."""

    domains: Callable[[Noun], Sequence[str]]
    """What --domain looks for."""

    domain_help: str
    """What a domain is, for --help."""

    @property
    def name(self) -> str:
        """Name of the shelf: the folder, the command and the field of the library."""
        return f"{self.kind}s"


class ListsByDefault(click.Group):
    """A group whose bare call, or call with options only, is its command ``list``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        asks_help = args and args[0] in self.get_help_option_names(ctx)
        if not args or (args[0].startswith("-") and not asks_help):
            args = ["list", *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            told = f"{error.message} To see one: `agentsim {ctx.info_name} show {args[0]}`."
            raise click.UsageError(told, ctx) from None


def shelf_group(shelf: Shelf) -> click.Group:
    """Return the group of commands for a shelf."""

    @click.group(cls=ListsByDefault, help=f"List, show and check {shelf.name}. Without a command they are listed.")
    def group() -> None:
        pass

    @group.command("list", help=f"List the {shelf.name} of the library.")
    @click.option("--tag", "tags", multiple=True, help="With this tag; repeatable, all must be there.")
    @click.option("--domain", help=shelf.domain_help)
    @click.option("--search", metavar="TEXT", help="With all these words anywhere in them, upper or lower case.")
    @library_options
    @json_option
    def list_(
        tags: tuple[str, ...],
        domain: str | None,
        search: str | None,
        folders: tuple[Path, ...],
        no_shipped: bool,
        as_json: bool,
    ) -> None:
        nouns = list(getattr(sources(folders, no_shipped).load(), shelf.name).values())
        found = [noun for noun in nouns if _meets(shelf, noun, tags, domain, search)]
        if as_json:
            print_json({shelf.name: [noun.model_dump(mode="json") for noun in found]})
            return
        table(
            ("id", *shelf.headings, "tags"),
            ((noun.id, *shelf.cells(noun), " ".join(noun.tags)) for noun in found),
        )
        say(f"{len(found)} of {len(nouns)} {shelf.name}")

    @group.command("show", help=f"Show one {shelf.kind} with all its fields, and the file it was read from.")
    @click.argument("id")
    @library_options
    @json_option
    def show(id: str, folders: tuple[Path, ...], no_shipped: bool, as_json: bool) -> None:
        found = sources(folders, no_shipped)
        nouns = getattr(found.load(), shelf.name)
        if id not in nouns:
            raise _no_such(shelf, id, nouns)
        noun, path = nouns[id], found.file(shelf.name, id)
        if as_json:
            print_json({"file": None if path is None else str(path), shelf.kind: noun.model_dump(mode="json")})
            return
        part("file", f"{shelf.kind.capitalize()} {id}", [(str(path),)] if path else [])
        part(shelf.kind, "Fields", list(flattened(noun.model_dump(mode="json"))))

    @group.command("check", help=_CHECK.format(shelf=shelf))
    @click.argument("dirs", nargs=-1, type=click.Path(path_type=Path))
    @library_options
    @json_option
    @click.pass_context
    def check(
        ctx: click.Context, dirs: tuple[Path, ...], folders: tuple[Path, ...], no_shipped: bool, as_json: bool
    ) -> None:
        where = Sources((*folders, *dirs) or here(), not no_shipped)
        ctx.exit(_check(shelf, where, as_json))

    @group.command("schema", help="Write JSON Schemas of all the library's files into DIR, for editors.")
    @click.argument("dir", type=click.Path(path_type=Path))
    @json_option
    def schema(dir: Path, as_json: bool) -> None:
        from agentsim.errors import StorageError
        from agentsim.library import write_schemas

        try:
            paths = [str(path) for path in write_schemas(dir)]
        except OSError as error:
            raise StorageError(
                f"cannot write schemas into {dir}: {error.strerror or error}", fix="choose another folder"
            ) from None
        if as_json:
            print_json({"files": paths})
            return
        for path in paths:
            write(f"{path}\n")
        say(f"an editor uses one where a file begins with: # yaml-language-server: $schema={paths[0]}")

    return group


_CHECK = """Check the {shelf.name} in folders, and all else of the library there.

DIRS hold personas/, scenarios/ or rubrics/; without any, --library or the current folder is checked. Every
fault is one line: file, line, field, what is wrong, what to do."""


def _meets(shelf: Shelf, noun: Noun, tags: Sequence[str], domain: str | None, search: str | None) -> bool:
    if not set(tags) <= set(noun.tags):
        return False
    if domain is not None and not any(domain.lower() in name.lower() for name in shelf.domains(noun)):
        return False
    words = (search or "").lower().split()
    if not words:
        return True
    text = "\n".join(str(value) for _, value in flattened(noun.model_dump(mode="json"))).lower()
    return all(word in text for word in words)


def _counted(name: str, count: int) -> str:
    return f"{count} {name.removesuffix('s') if count == 1 else name}"


def _no_such(shelf: Shelf, name: str, known: Sequence[str]) -> Exception:
    from agentsim.errors import UserError
    from agentsim.library.faults import nearest

    close = nearest(name, known)
    fix = f"did you mean {close!r}?" if close else f"`agentsim {shelf.name}` lists them"
    return UserError(f"there is no {shelf.kind} {name!r}", fix=fix)


def _check(shelf: Shelf, where: Sources, as_json: bool) -> int:
    """Tell every fault of the folders and return the exit status."""
    from agentsim.errors import UserError
    from agentsim.library import LibraryError

    if not where.folders:
        raise UserError(
            "the current folder holds no personas/, scenarios/ or rubrics/",
            fix=f"name a folder that does: agentsim {shelf.name} check DIR",
        )
    faults: list[dict[str, Any]] = []
    lines: list[str] = []
    try:
        where.load()
    except LibraryError as error:
        faults = [vars(fault) for fault in error.faults]
        lines = [str(fault) for fault in error.faults]
    counts = {name: where.count(name) for name in SHELVES}
    if as_json:
        print_json({"folders": [str(folder) for folder in where.folders], "files": counts, "faults": faults})
    for text in [] if as_json else lines:
        write(f"{text}\n")  # a fault's text is one harmless line
    told = ", ".join(_counted(name, count) for name, count in counts.items())
    say(f"{_counted('faults', len(faults))} in {told}")
    return 2 if faults else 0
