"""A situation in which roles talk: the task, its topics, how it ends and how it is judged."""

import string
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from agentsim.schema.agenda import AgendaPlan
from agentsim.schema.check import Check
from agentsim.schema.finding import FailureKind
from agentsim.schema.guards import Policy
from agentsim.schema.lineage import Lineage
from agentsim.schema.noun import Id, Noun, Text
from agentsim.schema.role import Role
from agentsim.schema.topic import Topic, TopicPath


class TaskTemplate(Noun):
    """The task with slots. ``{topic}`` is always the topic at hand; other slots take one of their values."""

    text: Text
    """One to four sentences, with ``{slot}`` places; write ``{{`` for a brace."""

    slots: dict[str, Annotated[tuple[Text, ...], Field(min_length=1)]] = {}
    """Values for each slot."""

    def names(self) -> frozenset[str]:
        """Return the slot names that the text uses, ``topic`` included where it occurs.

        Raises:
            ValueError: where a brace is left open, or a slot is more than a plain name.
        """
        names: set[str] = set()
        for _, name, width, conversion in string.Formatter().parse(self.text):
            if name is None:
                continue
            if not name.isidentifier() or width or conversion:
                raise ValueError(f"{{{name}}} is not a plain slot name")
            names.add(name)
        return frozenset(names)

    def fill(self, topic: TopicPath, values: dict[str, str]) -> str:
        """Return the text with every slot replaced; values are inserted as they are, never parsed again."""
        return self.text.format_map({"topic": topic[-1], **values})


class Ending(Noun):
    """When a dialogue is over."""

    goal: Text
    """What has been reached when the conversation has done its job, put so that a reader of the transcript
    can tell."""

    min_turns: Annotated[int, Field(ge=2, le=200)] = 4
    """Turns (of all roles together) before the goal may end the dialogue."""

    max_turns: Annotated[int, Field(ge=2, le=200)] = 10
    """Turns (of all roles together) after which the dialogue ends in any case."""

    max_tokens: Annotated[int, Field(ge=16)] = 4000
    """Generated tokens (of all roles together) after which the dialogue ends."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_turns > self.max_turns:
            raise ValueError(f"min_turns ({self.min_turns}) is above max_turns ({self.max_turns})")
        return self


class Scenario(Noun):
    """A situation that can be simulated many times with other people, topics and slot values."""

    id: Id
    """Unique name in the library; the file is called ``<id>.yaml``."""

    title: Text
    """What it is, in a few words."""

    domain: Id
    """Field of life it belongs to, e.g. ``health``; coverage is reported by it."""

    setting: Text
    """Where and when it takes place, and what all roles know."""

    style: Literal["conversation", "instruction"] = "conversation"
    """Prompt style: natural conversation, or CAMEL's instruction/solution protocol."""

    language: Text = "en"
    """Language of the dialogue, BCP-47."""

    roles: Annotated[tuple[Role, ...], Field(min_length=2, max_length=8)]
    """The parts, in speaking order; the one that leads speaks first."""

    turn_taking: Literal["round_robin", "addressed", "model"] = "round_robin"
    """Who speaks next where there are three roles or more: the next in the round; whoever the last turn
    addresses by name or title, else whoever was silent longest; or whoever a model names. Nobody speaks twice
    in a row or is left out for more than two rounds. Two roles always alternate."""

    task: TaskTemplate
    """What the leading role brings to the conversation."""

    topics: Annotated[tuple[Topic, ...], Field(min_length=1)]
    """Tree of subjects; each dialogue is assigned one of its leaves."""

    ending: Ending
    """When it is over."""

    guards: dict[FailureKind, Policy] = {}
    """What is done about failures of role-play in this scenario; the run's and agentsim's policies elsewhere."""

    agenda: AgendaPlan = AgendaPlan()
    """The leading role's private plan, turn by turn."""

    checks: tuple[Check, ...] = ()
    """Evidence that decides before any opinion."""

    rubric: Id = "conversation"
    """Rubric that the critic grades by."""

    tags: tuple[Id, ...] = ()
    """Words to choose scenarios by."""

    source: Text = "agentsim"
    """Who wrote it, or where it was taken from."""

    licence: Text = "Apache-2.0"
    """SPDX licence expression of this file."""

    lineage: Lineage | None = None
    """What it was made from, for scenarios that were not written by hand."""

    @property
    def leader(self) -> Role:
        """The role that opens and drives the conversation."""
        return next(role for role in self.roles if role.part == "leads")

    @property
    def order(self) -> tuple[Role, ...]:
        """The roles in the order they speak: the leader, then the others as written."""
        return (self.leader, *(role for role in self.roles if role.part == "follows"))

    def role(self, name: str) -> Role:
        """Return the role of that name; raise ``KeyError`` where there is none."""
        for role in self.roles:
            if role.name == name:
                return role
        raise KeyError(name)

    def topic_paths(self) -> tuple[TopicPath, ...]:
        """Return the path of every leaf of the topic tree."""
        return tuple(path for topic in self.topics for path in topic.leaves())

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [role.name for role in self.roles]
        faults: list[str] = []
        if len(set(names)) < len(names):
            faults.append("two roles have the same name")
        leaders = sum(role.part == "leads" for role in self.roles)
        if leaders != 1:
            faults.append(f"exactly one role must have `part: leads`, found {leaders}")
        if not any(role.train for role in self.roles):
            faults.append("no role has `train: true`, so nothing could be exported")
        try:
            used = self.task.names() - {"topic"}
        except ValueError as error:
            faults.append(f"task.text: {error}; write {{{{ for a brace")
        else:
            for name in sorted(used - set(self.task.slots)):
                faults.append(f"task.text uses {{{name}}}, which task.slots does not define")
            for name in sorted(set(self.task.slots) - used):
                faults.append(f"task.slots defines {name!r}, which task.text does not use")
        faults.extend(self.agenda.faults(frozenset(self.task.slots)))
        ids = [check.id for check in self.checks]
        if len(set(ids)) < len(ids):
            faults.append("two checks have the same id")
        for check in self.checks:
            if check.role is not None and check.role not in names:
                faults.append(f"check {check.id!r} names role {check.role!r}, which is not a role here")
            for slot, value in check.when.items():
                if value not in self.task.slots.get(slot, ()):
                    faults.append(f"check {check.id!r} waits for {slot}={value!r}, which task.slots never gives")
        faults.extend(_twins(self.topics, ()))
        if faults:
            raise ValueError("; ".join(faults))
        return self


def _twins(topics: tuple[Topic, ...], above: TopicPath) -> list[str]:
    """Name the topics that stand twice below one parent."""
    names = [topic.name for topic in topics]
    faults = [
        f"topic {name!r} stands twice below {'/'.join(above) or 'the root'}"
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    for topic in topics:
        faults.extend(_twins(topic.topics, (*above, topic.name)))
    return faults
