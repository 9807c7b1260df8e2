"""The library: all personas, scenarios and rubrics at hand, known to fit together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

from agentsim.library.casting import suits
from agentsim.library.crosscheck import cross_faults
from agentsim.library.faults import Fault, LibraryError
from agentsim.library.fingerprint import digest, fingerprint
from agentsim.library.folders import Folder, shipped_folder, user_folder, yaml_files
from agentsim.library.load import N, Reading, read
from agentsim.schema import Persona, Role, Rubric, Scenario


@dataclass(frozen=True)
class Library:
    """Nouns by id, sorted. Made by ``load`` from folders or ``of`` from nouns; both check that all fits."""

    personas: Mapping[str, Persona]
    """Who can be cast."""

    scenarios: Mapping[str, Scenario]
    """What can be simulated."""

    rubrics: Mapping[str, Rubric]
    """What can be graded by."""

    @classmethod
    def load(cls, *folders: Path | str, shipped: bool = True) -> "Library":
        """Read the shipped library, unless told not to, and the user's folders.

        A folder holds any of ``personas/``, ``scenarios/`` and ``rubrics/``. On equal ids a user's noun wins
        over a shipped one, and a later folder over an earlier one. Raises ``LibraryError`` with all faults of
        all files at once.
        """
        faults: list[Fault] = []
        sources: list[Folder] = []
        opened = [shipped_folder()] if shipped else []
        for source, wrong in [*opened, *(user_folder(Path(folder)) for folder in folders)]:
            sources.append(source)
            faults += wrong
        personas = _Shelf.read(Persona, "personas", sources)
        scenarios = _Shelf.read(Scenario, "scenarios", sources)
        rubrics = _Shelf.read(Rubric, "rubrics", sources)
        return cls._checked(personas, scenarios, rubrics, faults)

    @classmethod
    def of(
        cls,
        *,
        personas: Iterable[Persona] = (),
        scenarios: Iterable[Scenario] = (),
        rubrics: Iterable[Rubric] = (),
        base: "Library | None" = None,
    ) -> "Library":
        """Make a library from nouns, on top of ``base`` where one is given: on equal ids the given noun wins.

        Raises ``LibraryError`` with all faults at once.
        """
        base = base or Library({}, {}, {})
        return cls._checked(
            _Shelf.of("persona", base.personas, personas),
            _Shelf.of("scenario", base.scenarios, scenarios),
            _Shelf.of("rubric", base.rubrics, rubrics),
            [],
        )

    @classmethod
    def _checked(
        cls,
        personas: "_Shelf[Persona]",
        scenarios: "_Shelf[Scenario]",
        rubrics: "_Shelf[Rubric]",
        faults: list[Fault],
    ) -> "Library":
        library = cls(personas.nouns(), scenarios.nouns(), rubrics.nouns())
        faults = [*faults, *personas.faults, *scenarios.faults, *rubrics.faults]
        faults += cross_faults(
            scenarios.readings,
            library.personas,
            library.rubrics,
            broken_personas=personas.broken,
            broken_rubrics=rubrics.broken,
        )
        if faults:
            raise LibraryError(faults)
        return library

    def candidates(self, role: Role) -> tuple[Persona, ...]:
        """Return the personas that may play the role, by id; none for a role without a selector."""
        if role.persona is None:
            return ()
        return tuple(persona for persona in self.personas.values() if suits(persona, role.persona))

    def fingerprint(self) -> str:
        """Return 32 hexadecimal digits that change when any noun does, whatever the order of loading."""
        shelves: dict[str, Mapping[str, Persona | Scenario | Rubric]] = {
            "personas": self.personas,
            "scenarios": self.scenarios,
            "rubrics": self.rubrics,
        }
        return digest(
            {name: {id_: fingerprint(noun) for id_, noun in nouns.items()} for name, nouns in shelves.items()}
        )


class _Shelf(Generic[N]):
    """The nouns of one kind while a library is put together."""

    def __init__(self) -> None:
        self.readings: dict[str, Reading[N]] = {}
        self.faults: list[Fault] = []
        self.broken: set[str] = set()
        """Names that stand for something which could not be read."""

    @classmethod
    def read(cls, kind: type[N], name: str, sources: Iterable[Folder]) -> "_Shelf[N]":
        """Read a shelf of every source; later sources win."""
        shelf = cls()
        for source in sources:
            if name in source.shelves:
                files, faults = yaml_files(source, name)
                shelf.faults += faults
                shelf.broken |= {Path(fault.file).stem for fault in faults}
                shelf._lay([read(kind, path) for path in files])
        return shelf

    @classmethod
    def of(cls, kind: str, base: Mapping[str, N], nouns: Iterable[N]) -> "_Shelf[N]":
        """Lay nouns made in Python over those of another library."""
        shelf = cls()
        for layer in (base.values(), nouns):
            shelf._lay([Reading(f"{kind} {noun.id!r}", noun.id, noun) for noun in layer])
        return shelf

    def nouns(self) -> dict[str, N]:
        """Return what could be read, by id."""
        return {name: noun for name, reading in sorted(self.readings.items()) if (noun := reading.noun)}

    def _lay(self, readings: list[Reading[N]]) -> None:
        """Add the readings of one source; no id may stand in it twice."""
        here: dict[str, Reading[N]] = {}
        for reading in readings:
            self.faults += reading.faults
            if reading.noun is None:
                # The id it gives and the name of its file may differ; either may have been meant.
                self.broken |= {Path(reading.file).stem, reading.id or ""}
            if reading.id is None:
                continue
            first = here.setdefault(reading.id, reading)
            if first is not reading:
                line = reading.lines.get(("id",))
                message = f"id {reading.id!r} is taken by {first.file}"
                self.faults.append(Fault(reading.file, line, "id", message, "rename or remove one of them"))
        self.readings |= {name: reading for name, reading in here.items() if reading.noun is not None}
