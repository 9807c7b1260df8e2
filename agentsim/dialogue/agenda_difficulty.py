"""What a difficult person does to the plan: every way of being difficult rewrites items of the agenda."""

import re
from collections.abc import Callable, Sequence
from math import ceil
from typing import Any

from agentsim.dialogue.agenda_wording import clipped
from agentsim.planning.seeded import shuffled
from agentsim.schema import Assignment, Persona
from agentsim.schema.agenda import Act, AgendaItem
from agentsim.schema.persona import Uncooperative

PRESSED = 0.5
"""Level from which an impatient person also says that time is up."""
STRAYS_TWICE = 0.7
"""Level from which a wandering person leaves the subject twice."""


class _Plan:
    """The items while they are rewritten, with the draws that decide which."""

    def __init__(self, items: Sequence[AgendaItem], persona: Persona, assignment: Assignment) -> None:
        self.items = list(items)
        self.persona = persona
        self.assignment = assignment

    @property
    def level(self) -> float:
        return self.persona.difficulty.level

    def some(self, of: Sequence[AgendaItem], why: Uncooperative) -> list[AgendaItem]:
        """Return the share of the items that the level asks for, at least one, drawn by the seed, in their order."""
        drawn = shuffled(of, self.assignment.seed, "agenda", why, key=lambda item: item.id)[
            : ceil(self.level * len(of))
        ]
        return [item for item in of if item in drawn]

    def open(self, *acts: Act) -> list[AgendaItem]:
        """Return the items of these acts that nobody has rewritten yet."""
        mine = {"scenario", "task", "topic", "goal"}
        return [item for item in self.items if item.act in acts and not item.held and item.made_by in mine]

    def new(self, act: Act, text: str, made_by: Uncooperative, **fields: Any) -> AgendaItem:
        number = 1 + max(item.id for item in self.items)
        return AgendaItem(id=number, act=act, text=text, made_by=made_by, **fields)

    def change(self, item: AgendaItem, **fields: Any) -> AgendaItem:
        changed = item.model_copy(update=fields)
        self.items[self.items.index(item)] = changed
        return changed

    def put(self, item: AgendaItem, place: int) -> None:
        """Insert an item, never behind the goodbye."""
        last = next(index for index, other in enumerate(self.items) if other.act == "close")
        self.items.insert(min(place, last), item)

    def after(self, item: AgendaItem, steps: int = 1) -> int:
        return self.items.index(item) + steps


def made_difficult(
    items: Sequence[AgendaItem], persona: Persona, assignment: Assignment, room: int
) -> list[AgendaItem]:
    """Return the plan as this person would follow it; the same arguments give the same plan.

    The higher the level, the more items are rewritten. Items that only make trouble do not count for the goal. Where
    the leader has fewer turns than items (``room``), what no goal needs is dropped, but never the last item of a way.
    """
    plan = _Plan(items, persona, assignment)
    if plan.level > 0:
        for way in dict.fromkeys(persona.difficulty.how):
            _WAYS[way](plan)
    while sum(not item.held for item in plan.items) > room and (extra := _dispensable(plan.items)) is not None:
        plan.items.remove(extra)
    kept = {item.id for item in plan.items}
    return [item for item in plan.items if item.follows is None or item.follows in kept]


def _dispensable(items: Sequence[AgendaItem]) -> AgendaItem | None:
    """Return what is dropped first where turns are short: the last item that no goal needs and nobody made difficult,
    then the last difficult one of a way that has another."""
    free = [item for item in items if not item.held and not item.needed and item.act != "close"]
    plain = [item for item in free if item.made_by not in _WAYS]
    ways = [item.made_by for item in free]
    return next(iter(plain[::-1] + [item for item in free[::-1] if ways.count(item.made_by) > 1]), None)


def _vague(plan: _Plan) -> None:
    """Say it roughly first; the specifics come only when somebody asks."""
    parent = plan.assignment.topic[0].lower() if len(plan.assignment.topic) > 1 else None
    for item in plan.some(plan.open("inform", "ask"), "vague"):
        if item.act == "ask":
            text = "Ask in a roundabout way for help, without saying with what."
        elif item is plan.items[0] and parent:
            text = f"Say roughly what it is about, something with {parent}, and give no details."
        else:
            text = "Say that there is something more to it, and give no details."
        rough = plan.new("inform", text, "vague", needed=False)
        place = plan.items.index(item)
        plan.change(item, held=True, follows=rough.id)
        plan.put(rough, place)


def _withholding(plan: _Plan) -> None:
    """Keep back what there is to tell; only the opening is offered."""
    for item in plan.some(plan.open("inform")[1:], "withholding"):
        plan.change(item, held=True, made_by="withholding")


def _impatient(plan: _Plan) -> None:
    """Two questions at once, a demand for the point, and soon the final answer."""
    asked = plan.open("ask")
    pairs = [asked[place] for place in range(0, len(asked) - 1, 2)]
    for first in plan.some(pairs, "impatient"):
        second = asked[asked.index(first) + 1]
        text = clipped(f"{first.text.rstrip('.')}, and also {second.text[0].lower()}{second.text[1:]}")
        if text is not None:
            plan.items.remove(second)
            plan.change(first, text=text, made_by="impatient", needed=first.needed or second.needed)
    demand = plan.new("object", "Say that this takes too long and ask for the point.", "impatient", needed=False)
    plan.put(demand, max(1, len(plan.items) // 2))
    if plan.level >= PRESSED:
        hurry = "Say that you have to go now and ask for the final answer."
        plan.put(plan.new("confirm", hurry, "impatient", needed=False), len(plan.items))


def _distrustful(plan: _Plan) -> None:
    """Doubt the answers that were given, and ask for proof."""
    text = "Say that you do not believe that answer, and ask how they can prove it."
    for item in plan.some(plan.open("ask"), "distrustful"):
        plan.put(plan.new("object", text, "distrustful", needed=False, follows=item.id), plan.after(item))


def _contradicting(plan: _Plan) -> None:
    """Take back, two turns later, what was told."""
    for item in plan.some(plan.open("inform"), "contradicting"):
        told = re.sub(r"^Say that |^Tell (?:them )?that ", "", item.text).rstrip(".")
        text = clipped(f"Say the opposite of what you said before, that it is not so: {told}")
        if text is not None:
            change = plan.new("change_mind", f"{text}.", "contradicting", needed=False, follows=item.id)
            plan.put(change, plan.after(item, 2))


def _wandering(plan: _Plan) -> None:
    """Leave the subject for a sentence and come back to it."""
    stories = [
        f"your work: {plan.persona.occupation.rstrip('.')}",
        f"where you live: {plan.persona.region.rstrip('.')}",
    ]
    order = shuffled(stories, plan.assignment.seed, "agenda", "wandering")
    for number, story in enumerate(order[: 2 if plan.level >= STRAYS_TWICE else 1], start=1):
        text = clipped(f"Say one sentence about something else, {story}; then come back to the subject")
        if text is not None:
            place = max(1, number * len(plan.items) // 3)
            plan.put(plan.new("inform", f"{text}.", "wandering", needed=False), place)


_WAYS: dict[Uncooperative, Callable[[_Plan], None]] = {
    "vague": _vague,
    "withholding": _withholding,
    "impatient": _impatient,
    "distrustful": _distrustful,
    "contradicting": _contradicting,
    "wandering": _wandering,
}
