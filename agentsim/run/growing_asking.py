"""Asking a model for the narrower topics of one topic of an outline."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from agentsim.errors import AgentsimError, BudgetReached
from agentsim.llm.model import Model, Request
from agentsim.llm.structured import ask_json
from agentsim.planning.seeded import derive_seed
from agentsim.prompts.render import Prompts
from agentsim.run.door import FATAL
from agentsim.run.growing_names import schema, usable
from agentsim.run.growing_tree import Standing
from agentsim.run.settings import RunSettings
from agentsim.run.shutter import Drained
from agentsim.run.small_models import SMALL
from agentsim.sanitise import one_line
from agentsim.schema import TopicPath, Usage

ATTEMPTS = 2
NEARBY = 60
"""Names that a model is shown of what is there already."""

SHOWN_NAME = 200
"""Characters that a model is shown of a name."""


@dataclass(frozen=True)
class Named:
    """What came for one topic."""

    names: tuple[str, ...] = ()
    """Names of narrower topics."""

    why: str = ""
    """Why there are none."""


class Asker:
    """Asks for topics, counts what that takes, and knows when it must end.

    Args:
        settings: who is asked; the prompt ``grow`` is used.
    """

    def __init__(self, settings: RunSettings) -> None:
        self._settings = settings
        self._prompts = Prompts(settings.prompts)
        self._brief = settings.model in SMALL
        self.usage = Usage()
        """What all calls took so far."""

        self.why: AgentsimError | None = None
        """A cap that was reached, or the failure that every further call would meet too; then nothing more is sent."""

    @property
    def model(self) -> str:
        """Full name of the model that is asked."""
        return self._settings.model

    async def ask(self, door: Model, standing: Standing, path: TopicPath, each: int) -> Named:
        """Return up to ``each`` topics inside the one with this path.

        Refused are names of the topics above and beside it, and what is no name at all; where nothing is left, the
        model is asked a second time.

        Args:
            door: the way to the model.
            standing: the outline.
            path: whose narrower topics are wanted.
            each: how many.
        """
        settings = self._settings
        taken = standing.names(path)
        try:
            prompt = self._prompt(standing, path, each)
            for attempt in range(ATTEMPTS):
                seed = derive_seed(settings.seed, "grow", *path, attempt)
                params = {**_sampling(settings.model, each), **({"seed": seed} if settings.send_seed else {})}
                if self._brief:
                    message = {"role": "user", "content": prompt}
                    answer = await door.ask(Request(settings.model, [message], params, seed))
                else:
                    _, answer = await ask_json(door, settings.model, prompt, schema(each), params=params, sample=seed)
                self.usage += answer.usage
                if names := usable(answer.text, each, taken, whole=answer.finish != "length"):
                    return Named(names)
        except Drained:
            return Named(why="not asked: it was stopped before")
        except BudgetReached as error:
            self.why = self.why or BudgetReached(error.message, fix="raise the cap, and grow again")
            return Named(why="not asked: the cap was reached before")
        except AgentsimError as error:
            if isinstance(error, FATAL):
                self.why = self.why or error
            return Named(why=error.message)
        return Named(why=f"no usable name in {ATTEMPTS} answers")

    def _prompt(self, standing: Standing, path: TopicPath, each: int) -> str:
        beside = (topic.name for topic in standing.level(path) if topic.name != path[-1])
        siblings = list(islice(beside, NEARBY))
        nearby = standing.around(path, NEARBY - len(siblings), [*path, *siblings])
        return self._prompts.render(
            "grow",
            path=_shown(path),
            about=one_line(standing.index[path].about or "", limit=10 * SHOWN_NAME),
            siblings=_shown(siblings),
            nearby=_shown(nearby),
            each=each,
            brief=self._brief,
        )


def _shown(names: Iterable[str]) -> list[str]:
    return [one_line(name, limit=SHOWN_NAME) for name in names]


def _sampling(model: str, each: int) -> dict[str, Any]:
    if model in SMALL:
        return {"temperature": 0.4, "max_tokens": 40 * each, "repeat_penalty": 1.15}
    return {"temperature": 0.7, "max_tokens": 600 + 40 * each}
