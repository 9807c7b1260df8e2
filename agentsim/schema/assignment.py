"""What one dialogue is to be: planned before a word is said."""

from typing import Annotated, Literal

from pydantic import Field

from agentsim.schema.noun import Id, Noun, Text
from agentsim.schema.topic import TopicPath


class Proposal(Noun):
    """Why something was planned that lies beyond what was tried: random walks over what went well reached it."""

    bridge: TopicPath | None = None
    """A leaf of another branch that the dialogue is to be about too; without one it is a combination of topic and
    people that was never tried."""

    score: Annotated[float, Field(gt=0)]
    """How often walks reached it; of bridges, less where it had many dialogues and more where it is far."""

    distance: Annotated[int, Field(ge=1)]
    """Ties (dialogues, branches of the tree, skills) between it and the topic on the shortest of these walks."""

    @property
    def kind(self) -> Literal["combination", "bridge"]:
        """Which of the two it is."""
        return "combination" if self.bridge is None else "bridge"


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

    beyond: Proposal | None = None
    """Where it was foretold rather than asked for by coverage: what is proposed, and why."""

    seed: int
    """Seed from which all sampling seeds of the dialogue are derived."""

    @property
    def bridge(self) -> TopicPath | None:
        """The other topic that it is to be about, where a bridge was proposed."""
        return self.beyond.bridge if self.beyond is not None else None

    @property
    def subject(self) -> str:
        """What it is to be about, in words."""
        return joined(self.topic, self.bridge)


def joined(topic: TopicPath, bridge: TopicPath | None) -> str:
    """Return what a dialogue on a topic, and on another where there is one, is to be about, in words."""
    return topic[-1] if bridge is None else f"{topic[-1]} & {bridge[-1]}"
