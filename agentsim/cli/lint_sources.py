"""What `agentsim lint` is given: files, folders, runs, standard input."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from agentsim.cli.run_argument import opened, run_folder
from agentsim.dataset.chats import Chat, Unreadable
from agentsim.dataset.chats_files import FORMS, files_in, form_of, read_chats, read_lines
from agentsim.errors import UserError
from agentsim.guards.scene import scene_of, with_turns

STDIN = Path("-")


@dataclass(frozen=True)
class Source:
    """One thing to read chats from."""

    label: str
    """What it is called on the screen: its path."""

    name: str
    """What it is called in the ids of rows that have none."""

    chats: Callable[[str], Iterator[Chat | Unreadable]]
    """Reads it; takes the name for such ids."""


def sources_of(arguments: Iterable[Path]) -> list[Source]:
    """Return what the arguments mean, in their order; nothing is read yet.

    Raises:
        UserError: where one means nothing, cannot be opened, or is in no known format.
    """
    found: list[Source] = []
    for argument in arguments:
        if argument == STDIN:
            found.append(Source("-", "stdin", lambda name: read_lines(sys.stdin.buffer, name)))
        elif argument.is_dir() and not (argument / "run.db").is_file():
            found += [_file(path) for path in files_in(argument)]
        elif argument.exists() and not argument.is_dir():
            found.append(_file(argument))
        elif argument.is_dir() or _may_be_a_run(argument):
            folder = run_folder(argument)
            found.append(Source(str(folder), folder.name, lambda _, folder=folder: _run(folder)))  # type: ignore[misc]
        else:
            raise UserError(f"{argument} does not exist", fix="check the path")
    return found


def _may_be_a_run(argument: Path) -> bool:
    return argument.name == str(argument) and argument.suffix not in (set(FORMS) - {""} | {".gz"})


def _file(path: Path) -> Source:
    form_of(path)
    if not os.access(path, os.R_OK):
        raise UserError(f"{path} may not be read", fix="change its permissions, or copy it")
    return Source(str(path), path.name, lambda name: read_chats(path, name=name))


def _run(folder: Path) -> Iterator[Chat]:
    """Yield every dialogue of a run in which somebody spoke, with all that the run knows of its situation."""
    with opened(folder) as reader:
        scenarios, personas = reader.scenarios(), reader.personas()
        for _, story in reader.stories():
            plan, history = story.assignment, story.history
            if plan is None or not history.turns:
                continue
            people = {role: personas[name] for role, name in plan.cast.items()}
            scene = scene_of(scenarios[plan.scenario], people, history.task or plan.task)
            talk = with_turns(scene, history.turns, history.end)
            yield Chat(plan.id, plan.id, talk, "run")
