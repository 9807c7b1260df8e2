"""The examination of a critic through the door: with caps, recorded while it lasts, and kept once it is done."""

import asyncio
from collections.abc import Callable
from typing import Any

import agentsim
from agentsim.critic.examination import examine
from agentsim.critic.examination_cases import make_cases
from agentsim.critic.examination_material import shipped_material
from agentsim.critic.examination_rules import fitness
from agentsim.critic.grading import Critic
from agentsim.critic.pairwise import Pairwise
from agentsim.dialogue.stage import SideModel
from agentsim.errors import BudgetReached, ContextTooLong, Refused, UserError
from agentsim.library.library import Library
from agentsim.llm.answers_file import AnswersFile
from agentsim.llm.model import Model
from agentsim.llm.recording import Recording
from agentsim.prompts.render import Prompts
from agentsim.run.door import Unkept, live_door, places
from agentsim.run.fitness import critic_fingerprint, critic_side, kept_file, write_examination
from agentsim.run.judging import SHORT
from agentsim.run.settings import RunSettings
from agentsim.run.small_models import SMALL
from agentsim.run.sources import validated
from agentsim.schema import Comparison, Dialogue, Examination, Grading, Rubric, Scenario, Ungraded, Usage

UNANSWERED = (Refused, ContextTooLong)
"""Failures that belong to a question, not to the way to the model."""

FEW = 8
"""Dialogues that models known to be no judges are asked about, where nothing else is said: the first ones tell."""

MOST = len(shipped_material().dialogues)

FEWEST = 6
"""Dialogues with which a critic that never errs passes; with fewer, intervals are too wide."""

USUAL = Scenario.model_fields["rubric"].get_default()
"""Rubric of scenarios that name none."""


async def check_critic(
    *,
    sample: int | None = None,
    watch: Callable[[int, int], None] = lambda done, of: None,
    notice: Callable[[str], None] = lambda _: None,
    model_object: Model | None = None,
    **settings: Any,
) -> Examination:
    """Examine a critic, keep the result for runs whose critic is the same, and return it.

    Answers are recorded until it is done: who stops it and begins again with the same seed pays nothing twice, and the
    cap counts both times.

    Args:
        sample: how many of the shipped dialogues are asked about; all where left out, 8 for one known to be no judge.
        watch: told how many questions were answered, and how many there may be in all.
        notice: told, in words, what a person should know.
        model_object: answers in place of the model.
        settings: fields of `RunSettings` that say who the critic is (``critic``, ``model``, ``prompts``, ``library``)
            and how it is asked: ``seed``, ``concurrency``, ``max_cost``, ``models``, ``timeout`` and the like.

    Raises:
        UserError: where there is no such rubric, or no such number of dialogues.
        AgentsimError: what ended it: a cap, or a failure that every further question would meet too.
    """
    wanted = validated(settings)
    rubric, side, prompts = critic_rubric(wanted), critic_side(wanted), Prompts(wanted.prompts)
    if sample is None:
        sample = FEW if side.model in SMALL else MOST
    if not FEWEST <= sample <= MOST:
        raise UserError(
            f"a critic is examined with {FEWEST} to {MOST} dialogues: with fewer nobody could pass, and no more ship",
            fix=f"ask for a sample from {FEWEST} to {MOST}",
        )
    critic = critic_fingerprint(side, prompts, rubric)
    kept = kept_file(critic)
    answers = AnswersFile(kept.with_name(f"{kept.stem}-{wanted.seed}.answers"))
    door = live_door(
        wanted,
        Unkept(),
        spent=answers.spent(),
        notice=notice,
        closed=lambda: False,
        in_flight=lambda model: min(places(wanted, model) or wanted.concurrency, wanted.concurrency),
        inner=model_object,
    )
    examinee = _Examinee(Recording(door, answers), prompts, side, rubric)
    try:
        figures = await examine(make_cases(shipped_material(), sample, wanted.seed), examinee, watch=watch)
    except BudgetReached as error:
        raise BudgetReached(error.message, fix="raise the cap and check again: what was answered is kept") from None
    finally:
        answers.close()
        await asyncio.shield(door.close())
    found = Examination(
        model=side.model,
        rubric=rubric.id,
        fingerprint=critic,
        sample=sample,
        seed=wanted.seed,
        figures=figures,
        verdict=fitness(figures),
        usage=examinee.usage,
        version=agentsim.__version__,
    )
    write_examination(found, kept)
    answers.discard()
    return found


def critic_rubric(settings: RunSettings) -> Rubric:
    """Return the rubric that the critic is examined with: the settings', else the one most scenarios have.

    Raises:
        UserError: where there is no such rubric.
    """
    rubrics = Library.load(*settings.library, shipped=settings.shipped_library).rubrics
    name = settings.critic.rubric or (SHORT if settings.part_model("critic") in SMALL else USUAL)
    if name not in rubrics:
        raise UserError(f"no rubric called {name!r}", fix=f"there are: {', '.join(rubrics)}")
    return rubrics[name]


class _Examinee:
    """The critic as it is in a run. A dialogue that its provider refuses, or that it cannot hold, is one without a
    usable answer; other failures say nothing about the critic."""

    def __init__(self, door: Model, prompts: Prompts, side: SideModel, rubric: Rubric) -> None:
        self._critic = Critic(door, prompts, side)
        self._pairwise = Pairwise(door, prompts, side)
        self._rubric = rubric
        self._used: list[Usage] = []

    @property
    def usage(self) -> Usage:
        """What all answers took; to the last digit the same in whatever order they came."""
        return sum(sorted(self._used, key=lambda one: one.cost), Usage())

    async def grade(self, dialogue: Dialogue, scenario: Scenario) -> Grading:
        try:
            found = await self._critic.grade(dialogue, scenario, self._rubric)
        except UNANSWERED as error:
            return Ungraded(rubric=self._rubric.id, model=self._critic.model, reason=error.message)
        self._used.append(found.usage)
        return found

    async def compare(self, one: Dialogue, other: Dialogue, scenario: Scenario) -> Comparison:
        try:
            found = await self._pairwise.compare(one, other, scenario, self._rubric)
        except UNANSWERED as error:
            rubric, model = self._rubric.id, self._critic.model
            return Comparison(rubric=rubric, model=model, forth=None, back=None, unusable=error.message)
        self._used.append(found.usage)
        return found
