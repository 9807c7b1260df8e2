"""`agentsim personas`: the people who can be cast."""

from typing import TYPE_CHECKING

from agentsim.cli.shelf import Shelf, shelf_group

if TYPE_CHECKING:
    from agentsim.schema import Persona


def _cells(persona: "Persona") -> tuple[object, ...]:
    return persona.name, persona.age, persona.region, persona.occupation


def _domains(persona: "Persona") -> tuple[str, ...]:
    return (persona.occupation, *persona.knowledge)


command = shelf_group(
    Shelf(
        kind="persona",
        headings=("name", "age", "region", "occupation"),
        cells=_cells,
        domains=_domains,
        domain_help="Whose occupation or field of knowledge has this in it.",
    )
)
