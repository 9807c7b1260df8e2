"""A model that says which topic a dialogue was about, among those its words are nearest to."""

from collections.abc import Sequence
from typing import Any

from agentsim.dialogue.stage import SideModel
from agentsim.dialogue.transcript import fence_mark, transcript_lines
from agentsim.llm.model import Model
from agentsim.llm.structured import ask_json
from agentsim.planning.seeded import derive_seed
from agentsim.prompts.render import Prompts
from agentsim.schema import Dialogue, TopicPath, Usage


class Tagger:
    """Asks a model.

    Args:
        door: the way to the model.
        prompts: prompt templates; ``tag`` is used.
        side: the model.
    """

    def __init__(self, door: Model, prompts: Prompts, side: SideModel) -> None:
        self._door = door
        self._prompts = prompts
        self._side = side

    @property
    def model(self) -> str:
        """Full name of the model."""
        return self._side.model

    async def tag(self, dialogue: Dialogue, topics: Sequence[TopicPath]) -> tuple[int | None, Usage]:
        """Return the number of the topic that a dialogue was about, from 1 on, and what asking took.

        It is 0 where the model says that none of them was spoken of, and ``None`` where its answer cannot be used.
        """
        prompt = self._prompts.render(
            "tag",
            topics=[" / ".join(topic) for topic in topics],
            transcript=transcript_lines(dialogue.turns),
            mark=fence_mark(dialogue.turns),
        )
        seed = derive_seed(dialogue.assignment.seed, "tag")
        found, answer = await ask_json(
            self._door, self._side.model, prompt, _schema(len(topics)), params=dict(self._side.params), sample=seed
        )
        number = found.get("topic") if found else None
        usable = isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= len(topics)
        return number if usable else None, answer.usage


def _schema(topics: int) -> dict[str, Any]:
    return {
        "title": "topic",
        "type": "object",
        "properties": {
            "reason": {"type": "string", "maxLength": 200},
            "topic": {"type": "integer", "minimum": 0, "maximum": topics},
        },
        "required": ["reason", "topic"],
        "additionalProperties": False,
    }
