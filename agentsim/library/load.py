"""One YAML file -> one noun, or all that is wrong with it."""

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from agentsim.library.explain import explain
from agentsim.library.faults import Fault, LibraryError, Place
from agentsim.library.shape import with_json_values
from agentsim.library.strict_yaml import MAX_BYTES, parse
from agentsim.schema import Persona, Rubric, Scenario

N = TypeVar("N", Persona, Scenario, Rubric)

MAX_FAULTS = 100
"""Faults told of one file; the last one then says that there are more."""


@dataclass(frozen=True)
class Reading(Generic[N]):
    """What came of reading one file."""

    file: str
    """The file, as messages name it."""

    id: str | None
    """The id that the file gives, even where the rest of it is faulty."""

    noun: N | None
    """The noun; ``None`` where anything is wrong."""

    lines: Mapping[Place, int] = field(default_factory=dict)
    """Line of each place in the file."""

    faults: tuple[Fault, ...] = ()
    """All that is wrong with the file taken alone."""


def load_persona(path: Path) -> Persona:
    """Read a persona from its file; raise ``LibraryError`` with every fault."""
    return _noun(read(Persona, path))


def load_scenario(path: Path) -> Scenario:
    """Read a scenario from its file; raise ``LibraryError`` with every fault. It is taken alone."""
    return _noun(read(Scenario, path))


def load_rubric(path: Path) -> Rubric:
    """Read a rubric from its file; raise ``LibraryError`` with every fault."""
    return _noun(read(Rubric, path))


def parse_persona(text: str, *, file: str = "<text>") -> Persona:
    """Read a persona from YAML text; raise ``LibraryError`` with every fault."""
    return _noun(read_text(Persona, text, file))


def parse_scenario(text: str, *, file: str = "<text>") -> Scenario:
    """Read a scenario from YAML text; raise ``LibraryError`` with every fault. It is taken alone."""
    return _noun(read_text(Scenario, text, file))


def parse_rubric(text: str, *, file: str = "<text>") -> Rubric:
    """Read a rubric from YAML text; raise ``LibraryError`` with every fault."""
    return _noun(read_text(Rubric, text, file))


def read(kind: type[N], path: Path) -> Reading[N]:
    """Read a file. Never raises for what it finds there."""
    file = str(path)
    try:
        # A pipe or a device would be waited on for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            return _unread(file, "this is not a regular file", "put a YAML file here, or remove it")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        return _unread(file, f"the file cannot be read ({reason})", "check that it exists and may be read")
    return _read(kind, data, file, path.stem)


def read_text(kind: type[N], text: str, file: str) -> Reading[N]:
    """Read YAML text. Never raises for what it finds there."""
    return _read(kind, text.encode("utf-8", "surrogatepass"), file, None)


def _read(kind: type[N], data: bytes, file: str, stem: str | None) -> Reading[N]:
    document = parse(data, file)
    faults = list(document.faults)
    noun: N | None = None
    name: str | None = None
    if document.tree is not None:
        broken = {fault.line for fault in faults}
        try:
            noun = kind.model_validate(with_json_values(document.tree, (kind,)))
        except ValidationError as error:
            told = explain(error, kind, document.tree, document.lines, file)
            # What YAML made of a refused line says nothing about what its author meant.
            faults += [fault for fault in told if fault.line not in broken]
        given = document.tree.get("id")
        name = str(given) if isinstance(given, str) else None
        if stem is not None and name is not None and name != stem and not _has_fault(faults, "id"):
            faults.append(
                Fault(
                    file,
                    document.lines[("id",)],
                    "id",
                    f"id {name!r} and the name of the file differ",
                    f"rename the file to {name}.yaml, or write `id: {stem}`",
                )
            )
    if len(faults) > MAX_FAULTS:
        fix = "mend the ones below, then load again"
        faults[MAX_FAULTS - 1 :] = [Fault(file, None, "", "not all faults of this file are listed", fix)]
    return Reading(file, name, None if faults else noun, document.lines, tuple(faults))


def _unread(file: str, message: str, fix: str) -> Reading[N]:
    return Reading(file, None, None, {}, (Fault(file, None, "", message, fix),))


def _has_fault(faults: list[Fault], place: str) -> bool:
    return any(fault.field == place for fault in faults)


def _noun(reading: Reading[N]) -> N:
    if reading.noun is None:
        raise LibraryError(reading.faults)
    return reading.noun
