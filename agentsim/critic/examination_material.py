"""What critics are examined with, as they see it: sound dialogues and planted errors (``examination.yaml``)."""

from functools import cache
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import Field, model_validator

from agentsim.schema import (
    Assignment,
    Dialogue,
    End,
    Ending,
    Lineage,
    Role,
    Scenario,
    TaskTemplate,
    Topic,
    Turn,
)
from agentsim.schema.noun import Id, Noun, RoleName, Text


class Planted(Noun):
    """An error: another text for one turn."""

    turn: int
    text: Text


class Sound(Noun):
    """A good dialogue of two roles, and what would be wrong in it."""

    id: Id
    setting: Text
    task: Text
    roles: Annotated[tuple[RoleName, ...], Field(min_length=2, max_length=2)]
    """Who leads, and who answers; they take turns."""

    turns: Annotated[tuple[Text, ...], Field(min_length=4)]
    slip: Planted
    """A small error."""

    wrong: Planted
    """A wrong fact, or a question ignored."""

    @model_validator(mode="after")
    def _answered(self) -> Self:
        for planted in (self.slip, self.wrong):
            if planted.turn % 2 == 0 or planted.turn >= len(self.turns):
                raise ValueError(f"turn {planted.turn} is none of the role that answers")
        return self

    def scenario(self) -> Scenario:
        """Return what it plays."""
        leads, follows = self.roles
        return Scenario(
            id=self.id,
            title=self.task,
            domain="examination",
            setting=self.setting,
            roles=(
                Role(name=leads, title=f"the {leads}", part="leads", goal=self.task),
                Role(name=follows, title=f"the {follows}", part="follows", train=True, goal=f"Help the {leads}."),
            ),
            task=TaskTemplate(text=self.task),
            topics=(Topic(name=self.id),),
            ending=Ending(goal=self.task),
        )

    def dialogue(self, texts: tuple[str, ...], seed: int) -> Dialogue:
        """Return the dialogue with these texts in place of its own; the seed shapes what is asked about it."""
        plan = Assignment(index=0, id=self.id, scenario=self.id, cast={}, topic=(self.id,), task=self.task, seed=seed)
        return Dialogue(
            assignment=plan,
            task=self.task,
            turns=tuple(Turn(index=at, role=self.roles[at % 2], text=text) for at, text in enumerate(texts)),
            end=End(reason="goal_reached"),
            lineage=Lineage(method="handwritten"),
        )


class Material(Noun):
    """All of it."""

    dialogues: tuple[Sound, ...]
    padding: tuple[Text, ...]
    """Filler that says nothing."""

    authority: tuple[Text, ...]
    """Openings that claim rank or certainty."""

    orders: tuple[Text, ...]
    """Texts that tell the critic what to say."""


@cache
def shipped_material() -> Material:
    """Return what comes with agentsim."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = (Path(__file__).parent / "examination.yaml").read_text(encoding="utf-8")
    return Material.model_validate(yaml.load(text, Loader=loader))  # noqa: S506
