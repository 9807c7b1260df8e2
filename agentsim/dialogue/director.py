"""What a role is told for its next turn alone: an agenda's item, a guard's hint, a small model's second try."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agentsim.dialogue.agenda import advance, agenda_note, current, goal_share
from agentsim.dialogue.agenda_making import make_agenda
from agentsim.dialogue.speakers import is_repairable
from agentsim.dialogue.stage import Stage
from agentsim.schema import Assignment, End, Persona, Scenario, Turn

BRIEF_CUE: Mapping[str, Any] = {"temperature": 0.3, "repeat_penalty": 1.0, "max_tokens": 60, "stop": ["\n"]}
"""How a small model says the line of its agenda: a penalty on repetition would forbid it the line's own words, and
behind the line it begins to talk about it."""

WARMER = 0.2
"""What is added to the temperature for each further try: a line that is to be repeated would come out the same."""


@dataclass(frozen=True)
class Direction:
    """What is for one turn alone; see `RoleAgent.direct`."""

    note: str | None = None
    """What the model is told in private."""

    alone: str | None = None
    """System prompt with which the note is all that the model sees."""

    params: Mapping[str, Any] = field(default_factory=dict)
    """Sampling parameters in place of the role's own."""


class Director:
    """Directs the roles of one dialogue.

    Args:
        stage: models, prompts and speakers.
        assignment: what is played.
        scenario: the assignment's scenario.
        people: the persona of each role that has one.
        task: the task as played.
    """

    def __init__(
        self, stage: Stage, assignment: Assignment, scenario: Scenario, people: Mapping[str, Persona], task: str
    ) -> None:
        self._stage = stage
        self._assignment = assignment
        self._scenario = scenario
        self._people = people
        leader = scenario.leader.name
        directed = stage.agenda and is_repairable(stage.spec(scenario, leader))
        self._agenda = make_agenda(scenario, assignment, task, people.get(leader)) if directed else None

    def direction(self, role: str, turns: Sequence[Turn], *, tries: int, hint: str | None) -> Direction:
        """Return what ``role`` is told for its next turn.

        Args:
            role: who speaks next.
            turns: what was said.
            tries: how often this turn was tried before, and found at fault.
            hint: what a guard has to say about that.
        """
        brief = self._stage.template(self._scenario, role) == "brief"
        cue = None
        if self._agenda is not None and role == self._scenario.leader.name:
            cue = agenda_note(self._stage.prompts, advance(self._agenda, turns), brief=brief)
        if not brief:
            return Direction("\n\n".join(filter(None, (cue, hint))) or None)
        if cue:
            warmer = {"temperature": BRIEF_CUE["temperature"] + WARMER * tries}
            return Direction(cue, self._name(role), {**BRIEF_CUE, **warmer})
        if tries and turns:
            # With the conversation before it, a small model imitates its own failure.
            return Direction(turns[-1].text, self._afresh(role))
        return Direction()

    def end(self, turns: Sequence[Turn]) -> End | None:
        """Return how the leading role ends the dialogue where its agenda leaves it nothing to say, else ``None``."""
        if self._agenda is None or not self._agenda.items:
            return None
        agenda = advance(self._agenda, turns)
        if current(agenda) is not None:
            return None
        if goal_share(agenda) == 1:
            return End(reason="goal_reached", detail="every item of the agenda was answered")
        return End(reason="given_up", detail=f"{goal_share(agenda):.0%} of the agenda was answered, and all of it said")

    def _name(self, role: str) -> str:
        name = f"{self._people[role].name}, " if role in self._people else ""
        return f"You are {name}{self._scenario.role(role).title}."

    def _afresh(self, name: str) -> str:
        role = self._scenario.role(name)
        return self._stage.prompts.render(
            "afresh",
            role=role,
            topic=self._assignment.subject,
            leads=role.part == "leads",
            language=self._scenario.language,
        )
