"""A part in a scenario: what it is to do, what it hides, and who may play it."""

from typing import Annotated, Literal

from pydantic import Field

from agentsim.schema.noun import Id, Noun, RoleName, Text


class PersonaSelector(Noun):
    """Which personas of the library may be cast. All given conditions must hold; none given means anyone."""

    ids: tuple[Id, ...] = ()
    """Only these personas."""

    any_tags: tuple[Id, ...] = ()
    """At least one of these tags."""

    all_tags: tuple[Id, ...] = ()
    """All of these tags."""

    no_tags: tuple[Id, ...] = ()
    """None of these tags."""

    min_age: Annotated[int, Field(ge=1, le=120)] | None = None
    """Youngest age allowed, in years."""

    max_age: Annotated[int, Field(ge=1, le=120)] | None = None
    """Oldest age allowed, in years."""


class Role(Noun):
    """One part of a scenario."""

    name: RoleName
    """Name of the part, unique in its scenario, e.g. ``customer``; a valid Python identifier."""

    title: Text
    """How the part is called in prompts, e.g. ``a customer of the shop``."""

    part: Literal["leads", "follows"]
    """Whether this role opens and drives the conversation, or answers. Exactly one role leads."""

    train: bool = False
    """Whether this role's turns are to be trained on; they become the assistant's turns of the dataset."""

    persona: PersonaSelector | None = None
    """Who may play it; ``None`` for a part without a persona, such as an assistant."""

    goal: Text
    """What the role is openly there to do. Every role may know it."""

    private_goal: Text | None = None
    """What it really wants, or its limit. Only its own prompt carries it."""

    private_facts: tuple[Text, ...] = ()
    """Facts of the case that only this role knows."""

    rules: tuple[Text, ...] = ()
    """How the role must behave."""

    model: Text | None = None
    """Model that plays this role; the run's model when left out."""
