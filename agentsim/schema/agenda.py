"""The private plan of the role that leads: what each of its turns is for, and what has come of it.

After the agenda-based user simulation of Schatzmann et al. (2007): a stack of dialogue acts from which every turn
takes the top one.
"""

import string
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from agentsim.schema.noun import Noun, RoleName, Text

Act = Literal["ask", "inform", "object", "change_mind", "confirm", "close"]
"""What a turn does: ask for something, tell something, push back, take something back, make sure, say goodbye."""

ItemStatus = Literal["waiting", "current", "answered", "given_up"]


class AgendaEntry(Noun):
    """One item of an agenda as a scenario gives it."""

    act: Act
    """What the turn does."""

    text: Text
    """What is said or asked, as a short order to the role: ``Ask how long the refund takes.`` ``{topic}`` and the
    slots of the task may stand in it; write ``{{`` for a brace."""

    needed: bool = True
    """Whether the goal is reached only once this has been answered."""

    held: bool = False
    """Whether it is kept back until somebody asks about it."""

    def names(self) -> frozenset[str]:
        """Return the names in braces, ``topic`` included where it occurs.

        Raises:
            ValueError: where a brace is left open, or a name is more than a plain one.
        """
        parts = [part for part in string.Formatter().parse(self.text) if part[1] is not None]
        for _, name, width, conversion in parts:
            if not str(name).isidentifier() or width or conversion:
                raise ValueError(f"{{{name}}} is not a plain slot name")
        return frozenset(str(name) for _, name, _, _ in parts)


class AgendaPlan(Noun):
    """What a scenario says about the agenda of its leading role."""

    enabled: bool = True
    """Whether there is one at all."""

    items: Annotated[tuple[AgendaEntry, ...], Field(max_length=12)] = ()
    """The items, first to last; drawn from task, topics and goals where none are given. A goodbye is added where
    the last item is none."""

    def faults(self, slots: frozenset[str]) -> list[str]:
        """Return what is wrong with the items, given the slots that the task has."""
        found = []
        for place, item in enumerate(self.items):
            try:
                unknown = sorted(item.names() - slots - {"topic"})
            except ValueError as error:
                found.append(f"agenda.items[{place}].text: {error}; write {{{{ for a brace")
            else:
                found += [
                    f"agenda.items[{place}] uses {{{name}}}, which task.slots does not define" for name in unknown
                ]
            if item.act == "close" and place != len(self.items) - 1:
                found.append(f"agenda.items[{place}] closes the conversation, so it must be the last item")
        return found


class AgendaItem(Noun):
    """One item of the agenda of one dialogue."""

    id: Annotated[int, Field(ge=0)]
    """Number of the item within its agenda."""

    act: Act
    """What the turn does."""

    text: Text
    """What is said or asked, as a short order to the role."""

    needed: bool = True
    """Whether it counts for the goal."""

    held: bool = False
    """Whether it still waits for somebody to ask about it."""

    follows: int | None = None
    """Item that has to be answered first. A held item that follows another is asked for by any question in
    the answer to that one."""

    made_by: Text
    """Where it comes from: ``scenario``, ``task``, ``topic``, ``goal``, ``fact``, ``closing``, or the way of being
    difficult that put it there, e.g. ``vague``."""

    status: ItemStatus = "waiting"
    """Whether it waits, shapes the leader's next turn, has been answered, or was given up."""

    returns: Annotated[int, Field(ge=0)] = 0
    """How often it came back because it was not said, or not answered."""


class Agenda(Noun):
    """The leader's plan for one dialogue. At most one item is current."""

    leader: RoleName
    """The role whose turns it shapes."""

    items: tuple[AgendaItem, ...] = ()
    """The items in the order in which they are taken; empty where there is no agenda."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [item.id for item in self.items]
        if len(set(ids)) < len(ids):
            raise ValueError("two items have the same id")
        if sum(item.status == "current" for item in self.items) > 1:
            raise ValueError("two items are current")
        return self
