"""`agentsim scenarios`: the situations that can be simulated."""

from typing import TYPE_CHECKING

from agentsim.cli.shelf import Shelf, shelf_group

if TYPE_CHECKING:
    from agentsim.schema import Scenario


def _cells(scenario: "Scenario") -> tuple[object, ...]:
    roles = ", ".join(f"{role.name}*" if role.train else role.name for role in scenario.order)
    return scenario.domain, scenario.title, roles, len(scenario.topic_paths())


def _domains(scenario: "Scenario") -> tuple[str, ...]:
    return (scenario.domain,)


command = shelf_group(
    Shelf(
        kind="scenario",
        headings=("domain", "title", "roles (* trained)", "topics"),
        cells=_cells,
        domains=_domains,
        domain_help="Of this domain, e.g. health.",
    )
)
