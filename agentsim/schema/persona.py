"""A person who can be played: what they know, want, hide, and how they talk."""

from typing import Annotated, Literal

from pydantic import Field

from agentsim.schema.lineage import Lineage
from agentsim.schema.noun import Id, Noun, Text

Trait = Annotated[float, Field(ge=0, le=1)]
Knowledge = Literal["none", "basic", "working", "expert"]
Uncooperative = Literal["vague", "impatient", "distrustful", "contradicting", "wandering", "withholding"]


class Personality(Noun):
    """The Big Five, each from 0 (very low) to 1 (very high); 0.5 is the middle of the population."""

    openness: Trait = 0.5
    """Curiosity and appetite for the new."""

    conscientiousness: Trait = 0.5
    """Order, persistence, care for detail."""

    extraversion: Trait = 0.5
    """Energy drawn from company; talkativeness."""

    agreeableness: Trait = 0.5
    """Trust, warmth, willingness to yield."""

    neuroticism: Trait = 0.5
    """Proneness to worry, anger and low spirits."""


class Difficulty(Noun):
    """How hard this person makes a conversation, and in which ways."""

    level: Trait = 0.0
    """From 0 (helps all they can) to 1 (as hard as people get while still taking part)."""

    how: tuple[Uncooperative, ...] = ()
    """The ways: vague, impatient, distrustful, contradicting (themselves), wandering (off the subject),
    withholding (tells only what is asked)."""

    note: Text | None = None
    """What it looks like in this person, in a sentence."""


class Persona(Noun):
    """A person who can be cast in a role. Only ``name`` and ``occupation`` are known to the other side."""

    id: Id
    """Unique name in the library; the file is called ``<id>.yaml``."""

    name: Text
    """The name the person goes by."""

    summary: Text
    """One sentence: who this is."""

    background: Text
    """A short life story: what made this person who they are."""

    occupation: Text
    """What they do all day, paid or not."""

    age: Annotated[int, Field(ge=1, le=120)]
    """Years."""

    region: Text
    """Where they live, or the place that shaped their speech."""

    schooling: Text
    """How they learned what they know: school, trade, self-taught."""

    languages: tuple[Text, ...] = ("en",)
    """Languages as BCP-47 codes, mother tongue first."""

    personality: Personality = Personality()
    """Big Five."""

    mood: Text | None = None
    """How they feel on the day of the conversation."""

    values: tuple[Text, ...] = ()
    """What matters to them when they must choose."""

    knowledge: dict[Text, Knowledge] = {}
    """What they know, by topic: none, basic, working or expert."""

    goals: tuple[Text, ...] = ()
    """What they want from life or from this year, in their own terms."""

    speaking_style: Text
    """How they talk: sentence length, vocabulary, habits, what they never say."""

    difficulty: Difficulty = Difficulty()
    """How uncooperative they are, and how."""

    private_facts: tuple[Text, ...] = ()
    """Facts that only this person's own prompt may ever carry."""

    tags: tuple[Id, ...] = ()
    """Words that scenarios select personas by."""

    source: Text = "agentsim"
    """Who wrote it, or where it was taken from."""

    licence: Text = "Apache-2.0"
    """SPDX licence expression of this file."""

    lineage: Lineage | None = None
    """What it was made from, for personas that were not written by hand."""
