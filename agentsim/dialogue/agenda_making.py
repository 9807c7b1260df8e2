"""The agenda that a dialogue begins with: the scenario's own, or drawn from task, topics, goals and private facts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from agentsim.dialogue.agenda_difficulty import made_difficult
from agentsim.dialogue.agenda_wording import SECOND_VERBS, WH, clipped, lowered, second_person, sentences
from agentsim.planning.seeded import shuffled
from agentsim.schema import Assignment, Persona, Scenario, Topic
from agentsim.schema.agenda import Act, Agenda, AgendaItem

FEWEST, MOST = 4, 8
"""Items of a drawn agenda, where the scenario's turns have room for them."""
FACTS = 2
"""Private facts that are held ready in a drawn agenda."""

_KNOWS = r"(?:knows?|understands?|learns?|has learned|has been told|is told|can say|can tell)\b(?: in own words)?"
_WANTS_TO_KNOW = re.compile(
    rf"(?:What you most want to know is|You (?:ask|wonder|want to know|would like to know)) ({WH}\b.*)", re.I
)


@dataclass(frozen=True)
class _Draft:
    """An item before it has its number; the lower the rank, the earlier it comes."""

    act: Act
    text: str
    made_by: str
    rank: int
    needed: bool = True


def make_agenda(scenario: Scenario, assignment: Assignment, task: str, persona: Persona | None) -> Agenda:
    """Return the leader's agenda for one dialogue, with its first item current. Only the leader may see it.

    The same arguments always give the same agenda. A drawn agenda holds what the leader brings (sentences of the
    task), what it has to find out (the ending's goal), its subject and one neighbouring topic, a last check and a
    goodbye: 4 to 8 items, one for each turn of the leader but one, fewer where there are no turns for them. The
    scenario's private facts of the leader are added as items held until somebody asks; its private goal stays in its
    system prompt, since to say it would give it away. Then the persona's difficulty rewrites the plan.

    Args:
        scenario: with the run's limits applied.
        assignment: its seed draws what the drawn agenda holds.
        task: as played.
        persona: who leads; ``None`` for a part without a persona.
    """
    leader = scenario.leader.name
    if not scenario.agenda.enabled:
        return Agenda(leader=leader)
    roles = len(scenario.roles)
    room = max(1, -(-scenario.ending.max_turns // roles))
    if scenario.agenda.items:
        items = _written(scenario, assignment)
    else:
        # One turn is left over for an item that comes back.
        size = min(room, max(FEWEST, min(MOST, room - 1)))
        items = _numbered(_drawn(scenario, assignment, task, size))
        items += _facts(scenario, len(items))
    items = _with_goodbye(items)
    if persona is not None:
        items = made_difficult(items, persona, assignment, room)
    first = next(place for place, item in enumerate(items) if not item.held)
    items[first] = items[first].model_copy(update={"status": "current"})
    return Agenda(leader=leader, items=tuple(items))


def _written(scenario: Scenario, assignment: Assignment) -> list[AgendaItem]:
    values = {**assignment.slots, "topic": assignment.subject}
    return [
        AgendaItem(
            id=place,
            act=entry.act,
            text=entry.text.format_map(values),
            needed=entry.needed,
            held=entry.held,
            made_by="scenario",
        )
        for place, entry in enumerate(scenario.agenda.items)
    ]


def _with_goodbye(items: list[AgendaItem]) -> list[AgendaItem]:
    if any(item.act == "close" for item in items):
        return items
    text = "Thank them and say goodbye."
    return [*items, AgendaItem(id=len(items), act="close", text=text, made_by="closing")]


def _numbered(drafts: list[_Draft]) -> list[AgendaItem]:
    ordered = sorted(drafts, key=lambda draft: draft.rank)
    return [
        AgendaItem(id=place, act=draft.act, text=draft.text, needed=draft.needed, made_by=draft.made_by)
        for place, draft in enumerate(ordered)
    ]


def _facts(scenario: Scenario, start: int) -> list[AgendaItem]:
    told = [sentences(fact)[0] for fact in scenario.leader.private_facts[:FACTS] if sentences(fact)]
    texts = [text for fact in told if (text := clipped(f"Now tell it: {lowered(fact)}"))]
    return [
        AgendaItem(id=start + place, act="inform", text=f"{text}.", needed=False, held=True, made_by="fact")
        for place, text in enumerate(texts)
    ]


def _drawn(scenario: Scenario, assignment: Assignment, task: str, size: int) -> list[_Draft]:
    """Return the drafts without the goodbye: the opening always, then what the goal needs, then by lot."""
    brought = list(_from_task(scenario, assignment, task))
    needs = [*_from_bridge(assignment), *_from_goal(scenario)]
    rest = shuffled(
        [*brought[1:], *_from_topic(scenario, assignment)],
        assignment.seed,
        "agenda",
        key=lambda draft: draft.text,
    )
    room = max(1, size - 1)
    # What has to be found out leaves at least half of the plan to what is told and to the subject.
    kept = needs[: max(1, room // 2)]
    unlike: list[_Draft] = []
    for draft in [brought[0], *kept, *rest, *needs[len(kept) :]]:
        if draft.text not in {other.text for other in unlike}:
            unlike.append(draft)
    return unlike[:room]


def _from_task(scenario: Scenario, assignment: Assignment, task: str) -> Iterator[_Draft]:
    """Yield what the leader tells or asks for, sentence by sentence; always at least one."""
    leader, they = scenario.leader.name, len(scenario.roles) == 2
    found = 0
    for sentence in sentences(task):
        text = second_person(sentence, leader, they=they)
        asked = _WANTS_TO_KNOW.match(text)
        wished = re.match(r"You ask for (.*)", text)
        act: Act = "inform" if not (asked or wished) else "ask"
        if asked:
            order = f"Ask {asked[1].rstrip('.')}"
        elif wished:
            order = f"Ask for {wished[1].rstrip('.')}"
        else:
            order = f"Say that {lowered(text)}"
        fitting = clipped(order)
        if fitting is None or text.endswith("?"):
            continue
        yield _Draft(act, f"{fitting}.", "task", rank=found if act == "inform" else 20 + found)
        found += 1
    if not found:
        yield _Draft("inform", f"Say what this is about: {assignment.subject}.", "task", rank=0)


def _from_goal(scenario: Scenario) -> Iterator[_Draft]:
    """Yield what the leader has to find out for the ending's goal, then a check that it is reached."""
    leader, they = scenario.leader.name, len(scenario.roles) == 2
    # What stands behind a semicolon or an "or" is another way to end, not another thing to reach.
    goal = re.split(r"; |, or ", scenario.ending.goal.rstrip("."))[0]
    name = re.escape(leader.replace("_", " "))
    known = re.search(rf"\b(?:the {name}|both|all [a-z]+)\b.*?\b{_KNOWS} (.*)", goal, re.I)
    rank = 30
    if known:
        parts = re.split(rf",? and (?:{_KNOWS} )?(?={WH}\b)|, (?={WH}\b)", second_person(known[1], leader, they=they))
        # What comes after "and" and another verb is a deed, not something to find out.
        asked = (re.split(rf",? and (?:{SECOND_VERBS})\b", part)[0] for part in parts)
        for part in (part for part in asked if " " in part):
            order = clipped(f"Ask {part}" if re.match(rf"{WH}\b", part) else f"Ask about {part}")
            if order:
                yield _Draft("ask", f"{order}.", "goal", rank)
                rank += 1
    else:
        # Where both are meant, "their" is not the leader's alone.
        clause = second_person(re.split(r", (?!an? |the )", goal)[0], leader, they=they and "both" not in goal.lower())
        if check := clipped(f"Ask whether {lowered(clause)}"):
            yield _Draft("confirm", f"{check}.", "goal", 50)
    aim = scenario.leader.goal.rstrip(".")
    if pressed := clipped(f"Say that you want to {aim[:1].lower()}{aim[1:]}"):
        yield _Draft("confirm", f"{pressed}.", "goal", 45)


def _from_bridge(assignment: Assignment) -> Iterator[_Draft]:
    """Yield a question on what a topic has to do with the other one that the dialogue is to be about."""
    if assignment.bridge is not None:
        order = clipped(f"Ask what {assignment.topic[-1]} has to do with {assignment.bridge[-1]}")
        yield _Draft("ask", f"{order or f'Ask about {assignment.bridge[-1]}'}.", "topic", 24)


def _from_topic(scenario: Scenario, assignment: Assignment) -> Iterator[_Draft]:
    """Yield a question on the topic, on each narrower one, and on one neighbour drawn by the seed."""
    level: tuple[Topic, ...] = scenario.topics
    beside: list[Topic] = []
    topic: Topic | None = None
    for name in assignment.topic:
        beside = [other for other in level if other.name != name]
        topic = next((other for other in level if other.name == name), None)
        level = topic.topics if topic is not None else ()
    name = assignment.topic[-1]
    about = f"Ask about {name}: {topic.about}" if topic is not None and topic.about else None
    text = (clipped(about.rstrip(".")) if about else None) or f"Ask what matters most about {name}"
    yield _Draft("ask", f"{text}.", "topic", 25)
    for narrower in level:
        yield _Draft("ask", f"Ask about {narrower.name}.", "topic", 26)
    if beside:
        neighbour = shuffled(beside, assignment.seed, "agenda neighbour", key=lambda other: other.name)[0]
        yield _Draft("ask", f"Ask whether the same goes for {neighbour.name}.", "topic", 40, needed=False)
