"""What one dialogue is to be: planned before a word is said."""

from agentsim.schema.noun import Id, Noun, Text
from agentsim.schema.topic import TopicPath


class Assignment(Noun):
    """One planned dialogue. The same library, seed and index always give the same assignment."""

    index: int
    """Position in the plan, from 0."""

    id: Id
    """Id of the dialogue, derived from the seed and the content of the plan; stable across machines."""

    scenario: Id
    """Scenario to play."""

    cast: dict[str, Id]
    """Persona id for each role that has one."""

    topic: TopicPath
    """The leaf of the topic tree it is to be about."""

    slots: dict[str, str] = {}
    """Value of each slot of the task template."""

    task: Text
    """The task text with its slots filled."""

    seed: int
    """Seed from which all sampling seeds of the dialogue are derived."""
