"""The choice of what comes next, set up for a run and brought to where the run stands."""

import asyncio
from collections.abc import Mapping

from agentsim.planning.plan import Plan
from agentsim.planning.steering import Ended, Goals, Steering
from agentsim.run.line import Begun
from agentsim.run.reader import RunReader
from agentsim.run.settings import RunSettings
from agentsim.run.subjects import Subjects
from agentsim.schema import Assignment, Persona
from agentsim.topics.graph import level_of


def make_steering(settings: RunSettings, plan: Plan, personas: Mapping[str, Persona]) -> Steering:
    """Return the choice by a run's settings, before anything is chosen.

    Raises:
        UserError: where a share names what the run does not have.
    """
    asked = settings.planning
    return Steering(
        plan,
        levels={name: level_of(persona) for name, persona in personas.items()},
        window=asked.window,
        goals=Goals(settings.accepted, settings.per_topic),
        shares={
            "topic": asked.topics,
            "scenario": asked.scenarios,
            "persona": asked.personas,
            "difficulty": asked.difficulties,
        },
        beyond=asked.beyond,
        skills=skill_groups(personas),
    )


def skill_groups(personas: Mapping[str, Persona]) -> list[list[str]]:
    """Return people who know of the same, a group each."""
    found: dict[str, list[str]] = {}
    for name, persona in sorted(personas.items()):
        for skill in persona.knowledge:
            found.setdefault(skill, []).append(name)
    return list(found.values())


async def take_in(reader: RunReader, steering: Steering, subjects: Subjects) -> Begun:
    """Bring the choice to where a run stands."""
    states = {summary.index: summary.state for summary in reader.summaries()}
    open_: list[Assignment] = []
    accepted: set[int] = set()
    for index, story in reader.stories():
        if story.verdict is not None:
            good = story.verdict.outcome == "accepted"
            placed = story.placed or subjects.by_words("", [turn.text for turn in story.history.turns])
            steering.ended(index, Ended(good, placed.topic, placed.also))
            accepted.update([index] if good else ())
        elif story.assignment is not None:
            open_.append(story.assignment)
        await asyncio.sleep(0)  # a long run takes its time, and may be stopped meanwhile
    for event in reader.chosen():
        for index in range(steering.seen, event.seen):
            if states.get(index) not in ("accepted", "rejected", "undecided"):
                # It had failed when the choice was made; now it is tried again.
                steering.ended(index, Ended(accepted=False, about=None))
        steering.take(event.assignment, event.seen)
    return Begun(tuple(open_), frozenset(accepted))
