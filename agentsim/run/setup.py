"""From settings to what a run is played with: library, plan, speakers."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from agentsim.critic.grading import Critic
from agentsim.critic.tagging import Tagger
from agentsim.dialogue.speakers import FunctionSpeaker, ModelSpeaker, SpeakerSpec
from agentsim.dialogue.stage import SideModel, Stage
from agentsim.errors import UserError
from agentsim.library.library import Library
from agentsim.library.merging import merge
from agentsim.library.outline import load_outline
from agentsim.llm.endpoint import Endpoint
from agentsim.llm.model import Answer, Model, Request
from agentsim.planning.plan import Plan
from agentsim.planning.steering import Steering
from agentsim.prompts.render import Prompts
from agentsim.run.fitness import critic_side
from agentsim.run.judging import Judge
from agentsim.run.settings import GoalSettings, RunSettings, Sampling
from agentsim.run.small_models import SMALL, default_sampling
from agentsim.run.steered import make_steering
from agentsim.run.subjects import Subjects
from agentsim.schema import Examination, Persona, Rubric, Scenario


@dataclass(frozen=True)
class Setup:
    """Everything a run is played with."""

    plan: Plan
    stage: Stage
    judge: Judge
    scenarios: Mapping[str, Scenario]
    """Scenarios by id, with the run's turn limit applied."""

    personas: Mapping[str, Persona]
    """Personas by id."""

    subjects: Subjects
    """Says what dialogues were about."""

    steering: Steering | None
    """What chooses the next dialogue by what became of earlier ones; ``None`` where the plan's own order is kept."""

    @property
    def rubrics(self) -> list[Rubric]:
        """The rubrics that dialogues are graded by, by id."""
        used = {rubric.id: rubric for rubric in map(self.judge.rubric, self.scenarios.values())}
        return [used[name] for name in sorted(used)]


def load_library(settings: RunSettings) -> Library:
    """Return the library that the settings name; the chosen scenarios are about the outline's topics, if any.

    Raises:
        LibraryError: with all faults of the library, or of the outline.
        UserError: where it is not said which scenarios the outline is for, or one of them cannot be about it.
    """
    library = Library.load(*settings.library, shipped=settings.shipped_library)
    if settings.outline is None:
        return library
    topics = merge(load_outline(settings.outline))
    if not settings.scenarios:
        raise UserError(
            "an outline needs scenarios that can be about its topics, and none is chosen",
            fix="name them, e.g. `--scenario science-explained`; `agentsim scenarios` lists them",
        )
    about = []
    for name in settings.scenarios:
        if (scenario := library.scenarios.get(name)) is None:
            continue  # the plan says which one is not known
        if "topic" not in scenario.task.names():
            raise UserError(
                f"scenario {name!r} cannot be about an outline's topics: its task has no {{topic}}",
                fix="choose another scenario, or write {topic} into its task",
            )
        about.append(scenario.model_copy(update={"topics": topics}))
    return Library.of(scenarios=about, base=library)


def make_setup(
    settings: RunSettings,
    library: Library,
    door: Model,
    *,
    speakers: Mapping[str, SpeakerSpec],
    stream: bool,
    examinations: Mapping[str, Examination] | None = None,
) -> Setup:
    """Return what the run is played with; ``examinations`` of its critic are by rubric.

    Raises:
        UserError: where settings name what the library or the prompt folder does not have.
    """
    plan = Plan(library, settings.seed, scenarios=settings.scenarios, personas=settings.personas)
    prompts = Prompts(settings.prompts)
    scenarios = {scenario.id: _limited(scenario, settings.max_turns) for scenario in plan.scenarios}
    stage = Stage(
        door=door,
        prompts=prompts,
        speaker=model_speaker(settings, settings.model),
        model_speaker=partial(model_speaker, settings),
        speakers=_speakers(settings, plan.scenarios, speakers),
        task=SideModel(settings.part_model("task"), settings.task_specifier.sampling.params())
        if settings.task_specifier.enabled
        else None,
        goal=SideModel(settings.part_model("goal"), settings.goal_check.sampling.params())
        if asks_for_goal(settings)
        else None,
        ends_by_tool=_ends_by_tool(settings.goal_check),
        order=None
        if settings.part_model("order") in SMALL
        else SideModel(settings.part_model("order"), settings.speaker_choice.sampling.params()),
        agenda=settings.agenda,
        guards=settings.guards,
        stream=stream,
    )
    critic = None
    if settings.critic.enabled:
        critic = Critic(door, prompts, critic_side(settings))
    judge = Judge(library, settings.critic, critic, settings.guards, examinations or {})
    tagger = None
    if settings.planning.tagger is not None:
        tagger = Tagger(door, prompts, SideModel(settings.planning.tagger, settings.critic.sampling.params()))
    steering = make_steering(settings, plan, library.personas) if settings.steered else None
    return Setup(plan, stage, judge, scenarios, library.personas, Subjects(plan, tagger), steering)


def asks_for_goal(settings: RunSettings) -> bool:
    """Return whether a model is asked if the goal is reached, where the leading role does not say so itself."""
    if settings.goal_check.enabled is None:
        return settings.part_model("goal") not in SMALL
    return settings.goal_check.enabled


def _ends_by_tool(goal: GoalSettings) -> Callable[[str], bool] | None:
    """Return what says of a leading model whether it is offered the tool that ends a dialogue."""
    if goal.enabled is False or not _may_use_tool(goal):
        return None
    if goal.callers is None:
        return (lambda _: True) if goal.by == "tool" else None
    return frozenset(goal.callers).__contains__


def _may_use_tool(goal: GoalSettings) -> bool:
    # Whoever names a model for the question wants it asked.
    return goal.by == "tool" or (goal.by == "auto" and goal.model is None)


def with_callers(settings: RunSettings, endpoints: Iterable[Endpoint]) -> RunSettings:
    """Return the settings with the models that are offered the tool, so that a resume and a replay offer it to the
    same ones."""
    goal = settings.goal_check
    if goal.callers is not None or not _may_use_tool(goal):
        return settings
    able = [one for one in endpoints if one.sends_tools and (goal.by == "tool" or one.calls_functions)]
    callers = tuple(sorted(one.name for one in able))
    return settings.model_copy(update={"goal_check": goal.model_copy(update={"callers": callers})})


def model_names(setup: Setup) -> tuple[str, ...]:
    """Return the name of every model that the setup may ask."""
    stage = setup.stage
    specs = [stage.spec(scenario, role.name) for scenario in setup.plan.scenarios for role in scenario.roles]
    names = {spec.model for spec in specs if isinstance(spec, ModelSpeaker)}
    names.update(side.model for side in (stage.task, stage.goal) if side is not None)
    if stage.order is not None and any(scenario.turn_taking == "model" for scenario in setup.plan.scenarios):
        names.add(stage.order.model)
    if setup.judge.critic is not None:
        names.add(setup.judge.critic.model)
    if setup.subjects.model is not None:
        names.add(setup.subjects.model)
    return tuple(sorted(names))


def with_callers_of(settings: RunSettings, recorded: RunSettings) -> RunSettings:
    """Return the settings with the models that were offered the tool in a run that is replayed."""
    goal = settings.goal_check.model_copy(update={"callers": recorded.goal_check.callers})
    return settings.model_copy(update={"goal_check": goal})


def _limited(scenario: Scenario, max_turns: int | None) -> Scenario:
    ending = scenario.ending
    if max_turns is None or max_turns >= ending.max_turns:
        return scenario
    least = min(ending.min_turns, max_turns)
    return scenario.model_copy(
        update={"ending": ending.model_copy(update={"max_turns": max_turns, "min_turns": least})}
    )


def model_speaker(
    settings: RunSettings, model: str, sampling: Sampling | None = None, *, bare: bool = False
) -> ModelSpeaker:
    """Return the speaker of a role that ``model`` plays; what ``sampling`` leaves out is the run's."""
    return ModelSpeaker(
        model,
        {**default_sampling(model), **settings.sampling.params(), **(sampling.params() if sampling else {})},
        bare=bare,
        send_seed=settings.send_seed,
        brief=model in SMALL,
    )


def _speakers(
    settings: RunSettings, scenarios: tuple[Scenario, ...], given: Mapping[str, SpeakerSpec]
) -> dict[str, SpeakerSpec]:
    names = {role.name for scenario in scenarios for role in scenario.roles}
    unknown = sorted({*settings.roles, *given} - names)
    if unknown:
        raise UserError(
            f"no chosen scenario has a role called {', '.join(map(repr, unknown))}",
            fix=f"their roles are: {', '.join(sorted(names))}",
        )
    speakers: dict[str, SpeakerSpec] = {
        name: model_speaker(settings, role.model or settings.model, role.sampling, bare=role.bare)
        for name, role in settings.roles.items()
    }
    speakers.update(given)
    return speakers


def needs_a_person(speakers: Mapping[str, SpeakerSpec]) -> bool:
    """Return whether a person sits at one of the roles, so that dialogues must come one at a time."""
    return any(isinstance(spec, FunctionSpeaker) and spec.human for spec in speakers.values())


class Unasked:
    """Stands where a setup is only checked."""

    async def ask(self, request: Request) -> Answer:
        raise AssertionError("a setup that is only checked asks nothing")

    def stream(self, request: Request) -> AsyncIterator[str | Answer]:
        raise AssertionError("a setup that is only checked asks nothing")

    async def close(self) -> None:
        """Nothing to release."""
