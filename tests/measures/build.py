"""People and dialogues for the tests of the measures: only what a test speaks of has to be named."""

from collections.abc import Mapping, Sequence
from typing import Any

from agentsim.schema import Assignment, Dialogue, Difficulty, End, Lineage, Persona, Scenario, Turn
from tests.dataset.build import persona, role, scenario

FACT = "He has not opened the letters from the housing company since Easter."


def tenant(id: str = "uwe", *, level: float = 0.0, how: Sequence[str] = (), **fields: Any) -> Persona:
    """Somebody with one secret."""
    given = {"private_facts": (FACT,), "difficulty": Difficulty.model_validate({"level": level, "how": how})}
    return persona(id, **{**given, **fields})


def visit(id: str = "visit", **fields: Any) -> Scenario:
    """A tenant, who leads, and a clerk."""
    return scenario(id, roles=(role("tenant", leads=True), role("clerk", train=True)), **fields)


def dialogue(
    *said: str, persona: str = "uwe", index: int = 0, scenario: str = "visit", slots: Mapping[str, str] | None = None
) -> Dialogue:
    """Tenant and clerk say these texts in turn."""
    return Dialogue(
        assignment=Assignment(
            index=index,
            id=f"d{index:05}",
            scenario=scenario,
            cast={"tenant": persona},
            topic=("Heating",),
            slots=dict(slots or {}),
            task="The tenant wants the heating bill corrected.",
            seed=3,
        ),
        task="The tenant wants the heating bill corrected.",
        turns=tuple(Turn(index=n, role=("tenant", "clerk")[n % 2], text=text) for n, text in enumerate(said)),
        end=End(reason="turn_limit"),
        lineage=Lineage(method="simulated"),
    )
