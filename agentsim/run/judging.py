"""After the last turn: checks, the critic, the verdict."""

from collections.abc import Mapping

from agentsim.critic.checks import run_checks
from agentsim.critic.grading import Critic
from agentsim.critic.verdict import decide
from agentsim.dialogue.play import Emit
from agentsim.errors import UserError
from agentsim.events import Decided, Graded
from agentsim.library.library import Library
from agentsim.run.settings import CriticSettings
from agentsim.run.small_models import SMALL
from agentsim.schema import Dialogue, Examination, Grading, Guards, Reason, Rubric, Scenario, Verdict

SHORT = "quick"
"""Rubric for graders that are too small for a scenario's own, where the user names none."""


class Judge:
    """Decides on finished dialogues by a run's settings, and by the critic's examinations, by rubric.

    Raises:
        UserError: where the settings name a rubric that the library does not have.
    """

    def __init__(
        self,
        library: Library,
        settings: CriticSettings,
        critic: Critic | None,
        guards: Guards,
        examinations: Mapping[str, Examination],
    ) -> None:
        self._library = library
        self._examinations = examinations
        self._guards = guards
        self._settings = settings
        self.critic = critic
        """Who grades; ``None`` where nobody does."""
        if settings.rubric is not None and settings.rubric not in library.rubrics:
            raise UserError(f"no rubric called {settings.rubric!r}", fix=f"there are: {', '.join(library.rubrics)}")

    def rubric(self, scenario: Scenario) -> Rubric:
        """Return the rubric that dialogues of this scenario are graded by."""
        name = self._settings.rubric or scenario.rubric
        if self._settings.rubric is None and self.critic is not None and self.critic.model in SMALL:
            # Such a grader loses its way in a long form, and its grades decide nothing.
            name = SHORT if SHORT in self._library.rubrics else name
        return self._library.rubrics[name]

    def decides(self, rubric: Rubric) -> bool:
        """Return whether the critic's grade decides by this rubric: it was to, and has passed its examination."""
        known = self._examinations.get(rubric.id)
        return self._settings.decides and known is not None and known.grades

    def _examined(self, rubric: Rubric) -> Reason | None:
        if not self._settings.decides or self.critic is None:
            return None
        known, who = self._examinations.get(rubric.id), f"{self.critic.model} with the rubric {rubric.id}"
        if known is None:
            return Reason(code="not_examined", detail=f"{who} was to decide, and has passed no examination")
        told = f"{who} was examined and is {known.verdict}"
        if known.grades:
            return Reason(code="examined", detail=told)
        return Reason(code="not_fit", detail=f"{told}: it was to decide, and did not")

    async def judge(
        self, dialogue: Dialogue, scenario: Scenario, *, emit: Emit, grading: Grading | None = None
    ) -> Verdict:
        """Grade the dialogue, unless ``grading`` was made before, decide on it, and return the verdict."""
        rubric = self.rubric(scenario)
        if grading is None and self.critic is not None:
            grading = await self.critic.grade(dialogue, scenario, rubric)
            await emit(Graded(dialogue=dialogue.id, grading=grading))
        verdict = decide(
            dialogue,
            scenario,
            await run_checks(dialogue, scenario),
            grading,
            rubric,
            critic_decides=self.decides(rubric),
            examined=self._examined(rubric),
            failures=[
                finding for finding in dialogue.findings if self._guards.policy(finding.kind, scenario.guards).rejects
            ],
        )
        await emit(Decided(dialogue=dialogue.id, verdict=verdict))
        return verdict
