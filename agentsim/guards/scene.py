"""What the detectors are told about a dialogue of ours."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from agentsim.guards.talk import Said, Talk
from agentsim.schema import End, Persona, Scenario, Turn


def scene_of(scenario: Scenario, people: Mapping[str, Persona], task: str) -> Talk:
    """Return the situation of a dialogue, still without turns.

    Args:
        scenario: what is played.
        people: the persona of each role that has one, by role name.
        task: the task as played.
    """
    return Talk(
        turns=(),
        leader=scenario.leader.name,
        setting=f"{scenario.style}. {scenario.title}. {scenario.setting}",
        task=task,
        private={
            role.name: [
                *([role.private_goal] if role.private_goal else []),
                *role.private_facts,
                *(people[role.name].private_facts if role.name in people else ()),
            ]
            for role in scenario.roles
        },
        goals={role.name: f"{role.title}: {role.goal}" for role in scenario.roles},
        language=scenario.language,
        over=False,
    )


def with_turns(scene: Talk, turns: Sequence[Turn], end: End | None) -> Talk:
    """Return the situation with what was said in it, and how that ended; ``None`` while it goes on."""
    said = tuple([Said(turn.index, turn.role, turn.text) for turn in turns])
    decided = end is not None and end.reason in ("turn_limit", "token_limit", "goal_reached")
    return replace(scene, turns=said, over=end is not None, decided=decided)
