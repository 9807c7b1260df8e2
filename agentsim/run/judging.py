"""After the last turn: checks, the critic, the verdict."""

from agentsim.critic.checks import run_checks
from agentsim.critic.grading import Critic
from agentsim.critic.verdict import decide
from agentsim.dialogue.play import Emit
from agentsim.errors import UserError
from agentsim.events import Decided, Graded
from agentsim.library.library import Library
from agentsim.run.settings import CriticSettings
from agentsim.run.small_models import SMALL
from agentsim.schema import Dialogue, Grading, Guards, Rubric, Scenario, Verdict

SHORT = "quick"
"""Rubric for graders that are too small for a scenario's own, where the user names none."""


class Judge:
    """Decides on finished dialogues by a run's settings.

    Raises:
        UserError: where the settings name a rubric that the library does not have.
    """

    def __init__(self, library: Library, settings: CriticSettings, critic: Critic | None, guards: Guards) -> None:
        self._library = library
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
            critic_decides=self._settings.decides,
            failures=[
                finding for finding in dialogue.findings if self._guards.policy(finding.kind, scenario.guards).rejects
            ],
        )
        await emit(Decided(dialogue=dialogue.id, verdict=verdict))
        return verdict
