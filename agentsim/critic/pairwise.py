"""Which of two dialogues is better: asked in both orders, since models prefer a place as much as a text.

Two orders and a tie where they disagree: Zheng et al. 2023, "Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena".
"""

from collections.abc import Sequence
from itertools import takewhile
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agentsim.critic.grading import ATTEMPTS, unreadable, unusable
from agentsim.dialogue.stage import SideModel
from agentsim.dialogue.transcript import fence_mark, transcript_lines
from agentsim.llm.model import Model
from agentsim.llm.structured import ask_json
from agentsim.planning.seeded import derive_seed
from agentsim.prompts.render import Prompts
from agentsim.schema import Comparison, Dialogue, Preference, Rubric, Scenario, Turn, Usage


class _Choice(BaseModel):
    """What the critic must write, in this order. The longest length is asked for, and a longer answer counts."""

    model_config = ConfigDict(extra="forbid", strict=True, title="preference")

    reason: Annotated[str, Field(min_length=1, json_schema_extra={"maxLength": 240})]
    better: Literal["first", "second", "same"]


class Pairwise:
    """Compares dialogues with a model.

    Args:
        door: the way to the model.
        prompts: prompt templates; ``prefer`` is used.
        side: the model that compares.
    """

    def __init__(self, door: Model, prompts: Prompts, side: SideModel) -> None:
        self._door = door
        self._prompts = prompts
        self._side = side

    async def compare(self, one: Dialogue, other: Dialogue, scenario: Scenario, rubric: Rubric) -> Comparison:
        """Return which of two dialogues of one scenario is better by the rubric, asked in both orders.

        The critic reads the public setting, the task of the one and both transcripts, fenced as data; what both begin
        with it reads once. An answer that cannot be read is asked for once more, and never mended. The seed of the
        one shapes the sampling seeds.
        """
        forth, why, used = await self._ask(one, other, scenario, rubric, turned=False)
        back, why_not, more = await self._ask(one, other, scenario, rubric, turned=True)
        return Comparison(
            rubric=rubric.id,
            model=self._side.model,
            forth=forth,
            back=back,
            unusable=why or why_not,
            usage=used + more,
        )

    async def _ask(
        self, one: Dialogue, other: Dialogue, scenario: Scenario, rubric: Rubric, *, turned: bool
    ) -> tuple[Preference | None, str | None, Usage]:
        """Return the answer in one of the orders, or why there is none, and what asking took."""
        first, second = (other.turns, one.turns) if turned else (one.turns, other.turns)
        shared = _shared(first, second)
        prompt = self._prompts.render(
            "prefer",
            setting=scenario.setting,
            task=one.task,
            beginning=transcript_lines(first[:shared]),
            first=transcript_lines(first[shared:]),
            second=transcript_lines(second[shared:]),
            mark=fence_mark([*first, *second]),
            criteria=rubric.criteria,
        )
        used, why = Usage(), ""
        for attempt in range(ATTEMPTS):
            found, answer = await ask_json(
                self._door,
                self._side.model,
                prompt if not why else f"{prompt}\nAn earlier answer could not be used: {why}.",
                _Choice.model_json_schema(),
                params=dict(self._side.params),
                sample=derive_seed(one.assignment.seed, "prefer", rubric.id, turned, attempt),
            )
            used += answer.usage
            if found is None:
                why = unreadable(answer)
                continue
            try:
                read = _Choice.model_validate(found)
            except ValidationError as error:
                fault = error.errors(include_url=False)[0]
                why = unusable(fault["loc"], fault["type"], fault["msg"])
                continue
            return Preference(reason=read.reason, better=read.better), None, used
        return None, why, used


def _shared(one: Sequence[Turn], other: Sequence[Turn]) -> int:
    """Return how many turns both begin with; one is left of each, that there is something to tell apart."""
    most = min(len(one), len(other)) - 1
    alike = ((a.role, a.text) == (b.role, b.text) for a, b in zip(one, other, strict=False))
    return min(sum(takewhile(bool, alike)), max(most, 0))
