"""What a run is asked to do: the content of ``run.yaml``."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from agentsim.schema.guards import Guards
from agentsim.schema.noun import Id, Noun, RoleName, Text

MOST = 10_000_000
"""Dialogues of a run, at most."""

MOST_WINDOW = 4096
"""Dialogues between the newest outcome that is seen and the choice, at most."""

TRIES = 20
"""Dialogues that are tried for each that is to be accepted, at most, where the user names no limit."""


class Sampling(Noun):
    """How answers are drawn. What is left out is left to agentsim's default for the part and the model."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    """Randomness; 0 takes the likeliest token. For roles 0.8 where left out, 0.4 for the embedded model."""

    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    """Nucleus: only the likeliest tokens that together have this probability."""

    max_tokens: Annotated[int, Field(ge=1)] | None = None
    """Most tokens of one answer. For roles 256 where left out, 80 for the embedded model."""

    extra: dict[str, Any] = {}
    """Further parameters, passed to the provider by their own names."""

    def params(self) -> dict[str, Any]:
        """Return the parameters by OpenAI's names."""
        named = {"temperature": self.temperature, "top_p": self.top_p, "max_tokens": self.max_tokens}
        return {**{name: value for name, value in named.items() if value is not None}, **self.extra}


class CriticSampling(Sampling):
    """How grades are drawn."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = 0.0
    """Randomness; 0 takes the likeliest token."""

    max_tokens: Annotated[int, Field(ge=1)] | None = 700
    """Most tokens of one grading."""


class TaskSampling(Sampling):
    """How tasks are drawn."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = 0.7
    """Randomness; 0 takes the likeliest token."""

    max_tokens: Annotated[int, Field(ge=1)] | None = 160
    """Most tokens of one task."""


class GoalSampling(Sampling):
    """How the answers on the goal are drawn."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = 0.0
    """Randomness; 0 takes the likeliest token."""

    max_tokens: Annotated[int, Field(ge=1)] | None = 120
    """Most tokens of one answer."""


class RoleSettings(Noun):
    """What speaks for one role."""

    model: Text | None = None
    """Model of this role; the run's where left out."""

    bare: bool = False
    """A chatbot under test: it is sent the conversation alone, without a prompt of ours."""

    sampling: Sampling | None = None
    """Sampling of this role; what it leaves out is the run's."""


class CriticSettings(Noun):
    """Who grades, and whether the grade decides."""

    enabled: bool = True
    """Whether dialogues are graded at all."""

    model: Text | None = None
    """Grading model; the run's where left out."""

    rubric: Id | None = None
    """Rubric for every scenario; each scenario's own where left out."""

    decides: bool = False
    """Whether a dialogue needs a passing grade. That takes a critic that has passed its examination with the rubric at
    hand (`agentsim critic check`); where it has not, evidence and detectors decide, and the run says so."""

    examination: Path | None = None
    """File of that examination (``--out``); where left out, the last one on this machine of the same model, rubric,
    prompts and sampling."""

    sampling: CriticSampling = CriticSampling()
    """Sampling of the critic."""


class TaskSettings(Noun):
    """The task specifier."""

    enabled: bool = False
    """Whether a model makes each task more specific before the dialogue."""

    model: Text | None = None
    """Its model; the run's where left out."""

    sampling: TaskSampling = TaskSampling()
    """Its sampling."""


class GoalSettings(Noun):
    """How it is found out that the goal is reached."""

    enabled: bool | None = None
    """Whether the goal ends dialogues at all; where left out, only by models not known to be too weak."""

    by: Literal["auto", "tool", "question"] = "auto"
    """Who says so: the leading role's own model, by a tool it is offered from the scenario's ``min_turns`` on; or a
    model that is asked a yes/no question after each round. ``auto`` takes the tool where litellm lists the leading
    model as one that calls functions and no ``model`` is named here. Whoever else leads (a person, a function, an
    agent or chatbot of one's own, a model too weak) or belongs to a provider that refuses tools: the question."""

    callers: tuple[Text, ...] | None = None
    """Models that are offered the tool when they lead. Found out when the run is made, where left out."""

    model: Text | None = None
    """Who is asked the question; the critic's model where left out."""

    sampling: GoalSampling = GoalSampling()
    """Sampling of the question."""


class ChooserSettings(Noun):
    """The question who speaks next, in scenarios whose turn taking is by a model."""

    model: Text | None = None
    """Who is asked; the run's model where left out. A model known to be too weak is not asked: the address decides."""

    sampling: GoalSampling = GoalSampling()
    """Its sampling."""


class ModelSettings(Noun):
    """How to reach one model, where the environment does not say."""

    api_base: Text | None = None
    """Address of the server, e.g. ``http://127.0.0.1:8000/v1``."""

    api_key_env: Text | None = None
    """Name of the environment variable that holds the key."""

    input_price: Annotated[float, Field(ge=0)] | None = None
    """US dollars for a million prompt tokens."""

    output_price: Annotated[float, Field(ge=0)] | None = None
    """US dollars for a million completion tokens."""

    in_flight: Annotated[int, Field(ge=1)] | None = None
    """Most calls at once."""


Shares = dict[Text, Annotated[float, Field(ge=0, le=1)]]


class PlanningSettings(Noun):
    """How the next dialogue is chosen."""

    by: Literal["rotation", "coverage"] | None = None
    """``rotation``: every scenario in turn, every topic before any repeats, whatever becomes of them. ``coverage``:
    what was said and accepted so far decides. Where left out, coverage if anything else here, or a number of accepted
    dialogues, is asked for; else rotation."""

    window: Annotated[int, Field(ge=1, le=MOST_WINDOW)] = 16
    """By coverage: the choice of dialogue ``k`` sees the outcomes of those up to ``k - window``, and waits for them.
    The choice knows more the smaller it is; four times the concurrency or more, and hardly anybody waits."""

    topics: Shares = {}
    """Target share of topics, by name or path (``Health / Sleep``), with all that is narrower; the others share the
    rest by their number of leaves."""

    scenarios: Shares = {}
    """Target share of scenarios, by id."""

    personas: Shares = {}
    """Target share of people among all that are cast, by id, as far as roles take them."""

    difficulties: Shares = {}
    """The same of ``easy``, ``middling`` and ``hard`` people."""

    beyond: Annotated[float, Field(ge=0, le=1)] = 0.0
    """By coverage: share of the dialogues that are spent on combinations of topic and people never tried and on bridges
    between topics of different branches, as foretold from what was accepted."""

    tagger: Text | None = None
    """Model that is asked which topic each finished dialogue was about, among those its words are nearest to; by words
    alone where left out. It is asked as the critic is, with its sampling."""

    @property
    def shares(self) -> bool:
        """Whether any share is asked for."""
        return bool(self.topics or self.scenarios or self.personas or self.difficulties)


class RunSettings(Noun):
    """A run. Every field has a default, so an empty file is a valid one."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")] = "run"
    """Second half of the run directory's name."""

    model: Text = "embedded/smollm2-135m"
    """Model of every part that names none of its own, in litellm's manner."""

    dialogues: Annotated[int, Field(ge=1, le=MOST)] | None = None
    """How many dialogues to simulate; 10 where left out and nothing else says when there is enough."""

    accepted: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Accepted dialogues at which the run has enough: it stops at exactly that many. ``dialogues`` is then the most
    that are tried; where it is left out, 20 times as many."""

    per_topic: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Accepted dialogues that each topic is to have. A topic where nothing comes of 8 tries is given up and reported.
    ``dialogues`` is then the most that are tried; where it is left out, there is no such limit."""

    planning: PlanningSettings = PlanningSettings()
    """How the next dialogue is chosen."""

    concurrency: Annotated[int, Field(ge=1, le=4096)] = 4
    """Most dialogues at work at one time."""

    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    """Shapes every choice of the plan and every sampling seed."""

    scenarios: tuple[Id, ...] = ()
    """Scenarios to play; all of the library where empty."""

    personas: tuple[Id, ...] = ()
    """Personas to cast; all of the library where empty."""

    library: tuple[Path, ...] = ()
    """Folders of one's own with ``personas/``, ``scenarios/``, ``rubrics/``; they win on equal ids."""

    shipped_library: bool = True
    """Whether the personas and scenarios that come with agentsim are in the library."""

    outline: Path | None = None
    """Topics of one's own, as a Markdown list, CSV or YAML; the chosen scenarios are about these."""

    prompts: Path | None = None
    """Folder with prompt templates of one's own."""

    sampling: Sampling = Sampling()
    """Sampling of the roles."""

    roles: dict[RoleName, RoleSettings] = {}
    """What speaks for a role, by role name."""

    critic: CriticSettings = CriticSettings()
    """Who grades."""

    task_specifier: TaskSettings = TaskSettings()
    """Who makes tasks more specific."""

    goal_check: GoalSettings = GoalSettings()
    """Who says whether the goal is reached."""

    speaker_choice: ChooserSettings = ChooserSettings()
    """Who says who speaks next."""

    agenda: bool = True
    """Whether leading roles have an agenda, where their scenario does not switch it off."""

    guards: Guards = Guards()
    """What is done about failures of role-play."""

    max_turns: Annotated[int, Field(ge=2, le=200)] | None = None
    """Turn limit for every scenario, where it is lower than the scenario's own."""

    models: dict[Text, ModelSettings] = {}
    """How to reach a model, by its full name."""

    way: Literal["auto", "lean", "general"] = "auto"
    """How calls go out: directly where the endpoint speaks OpenAI's protocol (auto), or all by litellm."""

    send_seed: bool = True
    """Whether providers are told the sampling seed of each call."""

    timeout: Annotated[float, Field(gt=0)] = 120.0
    """Seconds that one call may take."""

    retries: Annotated[int, Field(ge=0, le=20)] = 4
    """How often a call is tried again where waiting may help."""

    max_cost: Annotated[float, Field(ge=0)] | None = None
    """Cap in US dollars; the call that could exceed it is not sent."""

    max_tokens_total: Annotated[int, Field(ge=1)] | None = None
    """Cap on prompt and completion tokens of all calls together."""

    validation_share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Share of the dataset's dialogues that is set apart for validation."""

    system: Literal["public", "none"] = "public"
    """Whether exported rows begin with a system message made of the role's public text."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        asked = self.accepted is not None or self.per_topic is not None
        if self.planning.by == "rotation" and (asked or self.planning.shares or self.planning.beyond):
            raise ValueError(
                "rotation sees no outcomes: accepted, per_topic, shares and beyond need `planning: {by: coverage}`"
            )
        return self

    @property
    def most(self) -> int:
        """Dialogues that are played, at most."""
        if self.dialogues is not None:
            return self.dialogues
        if self.accepted is not None:
            return min(MOST, TRIES * self.accepted)
        return 10 if self.per_topic is None else MOST

    @property
    def steered(self) -> bool:
        """Whether what was said and accepted decides what comes next."""
        if self.planning.by is None:
            asked = self.planning != PlanningSettings()
            return asked or self.accepted is not None or self.per_topic is not None
        return self.planning.by == "coverage"

    def part_model(self, part: Literal["critic", "task", "goal", "order"]) -> str:
        """Return the model of a part beside the roles."""
        if part == "order":
            return self.speaker_choice.model or self.model
        if part == "task":
            return self.task_specifier.model or self.model
        if part == "critic":
            return self.critic.model or self.model
        return self.goal_check.model or self.part_model("critic")
