"""Which files belong to a library: its own folders, and those that a user adds."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agentsim.library.faults import Fault

NAMES = ("personas", "scenarios", "rubrics")
SUFFIXES = {".yaml", ".yml"}


@dataclass(frozen=True)
class Folder:
    """One source of nouns: the shipped library, or a folder of the user's."""

    path: Path
    """Where it lies, as the user named it."""

    shelves: Mapping[str, Path]
    """Folder of each kind of noun that it has."""

    closed: bool
    """Whether links that lead out of it are refused."""


def shipped_folder() -> tuple[Folder, list[Fault]]:
    """Return the library that comes with agentsim.

    An installed agentsim has all of it beside this file; in a source checkout, personas and scenarios lie at
    the top of the repository. Its links may lead anywhere: some installers link every file to a store.
    """
    here = Path(__file__).resolve().parent
    shelves = {name: place for name in NAMES for place in _first_folder(here / name, here.parents[1] / name)}
    faults = [
        Fault(str(here), None, "", f"the shipped {name} are missing", "install agentsim again")
        for name in NAMES
        if name not in shelves
    ]
    return Folder(here, shelves, closed=False), faults


def user_folder(path: Path) -> tuple[Folder, list[Fault]]:
    """Return a user's folder with the shelves it has, and what is wrong with it as a whole."""
    shelves = {name: path / name for name in NAMES if _is_folder(path / name)}
    folder = Folder(path, shelves, closed=True)
    if shelves:
        return folder, []
    listed = ", ".join(f"{name}/" for name in NAMES)
    if not _is_folder(path):
        what = "this is not a folder" if path.exists() else "the folder does not exist"
        return folder, [Fault(str(path), None, "", what, f"name a folder that holds {listed}")]
    if path.name in NAMES:
        fix = f"name the folder that holds {path.name}/ instead"
    else:
        fix = f"put the YAML files into folders of these names inside it: {listed}"
    return folder, [Fault(str(path), None, "", f"the folder has none of {listed}", fix)]


def yaml_files(folder: Folder, name: str) -> tuple[list[Path], list[Fault]]:
    """Return the YAML files of a shelf, sorted, and what stands in the way of finding them.

    A file that several links lead to counts once, under its own name. Hidden files and editors' backups are
    left out.
    """
    root = folder.path.resolve()
    found: list[Path] = []
    faults: list[Fault] = []
    seen: set[Path] = set()
    waiting = [folder.shelves[name]]
    while waiting:
        path = waiting.pop()
        try:
            real = path.resolve(strict=True)
            if folder.closed and not real.is_relative_to(root):
                fix = "copy what it leads to into the folder, or load that folder too"
                faults.append(Fault(str(path), None, "", "the link leads out of the folder", fix))
            elif real in seen:
                continue
            elif real.is_dir():
                seen.add(real)
                waiting.extend(entry for entry in path.iterdir() if _counts(entry))
            else:
                seen.add(real)
                found.append(folder.path / real.relative_to(root) if folder.closed else path)
        # A loop of links is an OSError or, before Python 3.13, a RuntimeError.
        except (OSError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or "a loop of links"
            fix = "mend or remove it, and check that it may be read"
            faults.append(Fault(str(path), None, "", f"this cannot be read ({reason})", fix))
    return sorted(found), faults


def _counts(path: Path) -> bool:
    """Say whether an entry of a folder is to be looked at: YAML, or a folder that may hold some."""
    if path.name.startswith((".", "#", "~")) or path.stem.endswith("~"):
        return False
    return path.suffix.lower() in SUFFIXES or _is_folder(path)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _first_folder(*places: Path) -> list[Path]:
    return [place for place in places if place.is_dir()][:1]
