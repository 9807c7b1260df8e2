"""Which library a command looks at: options, loading, and where a noun of it was read from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from agentsim.library import Library

SHELVES = ("personas", "scenarios", "rubrics")


def library_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --library and --no-shipped, which `sources` takes."""
    for option in (
        click.option("--no-shipped", is_flag=True, help="Leave out the library that comes with agentsim."),
        click.option(
            "-l",
            "--library",
            "folders",
            multiple=True,
            type=click.Path(path_type=Path),
            help="Folder of one's own; repeatable.  [run.yaml's]",
        ),
    ):
        command = option(command)
    return command


@dataclass(frozen=True)
class Sources:
    """Where a library is read from."""

    folders: tuple[Path, ...]
    shipped: bool

    def load(self) -> "Library":
        """Return the library; raise ``LibraryError`` with every fault of every file."""
        from agentsim.library import Library

        return Library.load(*self.folders, shipped=self.shipped)

    def file(self, shelf: str, name: str) -> Path | None:
        """Return the file a noun was read from: the last source that has it wins, as in the library."""
        from agentsim.library.folders import shipped_folder, user_folder, yaml_files

        sources = [user_folder(folder)[0] for folder in reversed(self.folders)]
        if self.shipped:
            sources.append(shipped_folder()[0])
        for source in sources:
            if shelf in source.shelves:
                for path in yaml_files(source, shelf)[0]:
                    if path.stem == name:
                        return path
        return None

    def count(self, shelf: str) -> int:
        """Return how many files the folders, without the shipped library, have on a shelf."""
        from agentsim.library.folders import user_folder, yaml_files

        sources = [user_folder(folder)[0] for folder in self.folders]
        return sum(len(yaml_files(source, shelf)[0]) for source in sources if shelf in source.shelves)


def sources(folders: Sequence[Path], no_shipped: bool) -> Sources:
    """Return what the options say; without folders, what a run in this folder would read."""
    from agentsim.run.sources import resolve

    if folders:
        return Sources(tuple(folders), not no_shipped)
    settings = resolve().settings
    return Sources(settings.library, settings.shipped_library and not no_shipped)


def here() -> tuple[Path, ...]:
    """Return the current folder if it holds nouns."""
    folder = Path()
    return (folder,) if any((folder / name).is_dir() for name in SHELVES) else ()
