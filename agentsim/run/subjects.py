"""Which topic each dialogue was about: by its words, or by a model that is asked."""

from functools import cached_property
from typing import TYPE_CHECKING

from agentsim.critic.tagging import Tagger
from agentsim.events import Placed
from agentsim.planning.plan import Plan
from agentsim.schema import Dialogue, Usage
from agentsim.topics.graph import build, path_of
from agentsim.topics.placing import Placement, Placer

if TYPE_CHECKING:
    from agentsim.topics.graph import Graph

OFFERED = 8
"""Topics among which a model chooses: those that the words are nearest to."""


class Subjects:
    """Says which topics of a plan dialogues were about.

    Args:
        plan: what is played.
        tagger: who is asked; the words alone decide where ``None``.
    """

    def __init__(self, plan: Plan, tagger: Tagger | None = None) -> None:
        self._plan = plan
        self._tagger = tagger

    @property
    def model(self) -> str | None:
        """Full name of the model that is asked, where one is."""
        return self._tagger.model if self._tagger is not None else None

    @cached_property
    def _graph(self) -> "Graph":
        return build(self._plan.scenarios)

    @cached_property
    def _placer(self) -> Placer:
        return Placer(self._graph)

    def by_words(self, dialogue: str, turns: list[str]) -> Placed:
        """Return where the words of a dialogue, given by its id and its turns, place it."""
        (placement,) = self._placer.place([turns])
        return self._placed(dialogue, placement)

    async def place(self, dialogue: Dialogue) -> Placed:
        """Return what a finished dialogue was about.

        A model's answer that cannot be used leaves it where its words place it.
        """
        turns = [turn.text for turn in dialogue.turns]
        placed = self.by_words(dialogue.id, turns)
        offered = self._placer.nearest(turns, OFFERED) if self._tagger is not None else []
        if self._tagger is None or not offered:
            return placed
        number, usage = await self._tagger.tag(dialogue, [path_of(self._graph, leaf) for leaf, _ in offered])
        if number is None:
            return placed.model_copy(update={"usage": usage})
        leaf, evidence = offered[number - 1] if number else (None, offered[0][1])
        topic = path_of(self._graph, leaf) if leaf is not None else None
        also = tuple(other for other in (placed.topic, *placed.also) if other not in (topic, None)) if topic else ()
        told = {"topic": topic, "also": also, "evidence": evidence, "by": "model", "usage": usage}
        return placed.model_copy(update=told)

    def _placed(self, dialogue: str, found: Placement) -> Placed:
        return Placed(
            dialogue=dialogue,
            topic=path_of(self._graph, found.topic) if found.topic is not None else None,
            also=tuple(path_of(self._graph, leaf) for leaf in found.also),
            evidence=found.evidence,
            confidence=found.confidence,
            by="words",
            usage=Usage(),
        )
