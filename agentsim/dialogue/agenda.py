"""How far a leader's agenda has come: a fold over the turns, so that nothing has to be stored.

Every turn of the leader takes the first item that may be said. Once the others have replied it is answered, or it
comes back: an item that was not said is tried again at once, one that was said without an answer lets another go
first. After two returns it is given up. A resumed or rewound dialogue folds its turns again.
"""

from collections.abc import Iterator, Sequence

from agentsim.dialogue.agenda_judging import has_question, repeats, was_answered, was_asked_for, was_said
from agentsim.dialogue.agenda_wording import spoken
from agentsim.prompts.render import Prompts
from agentsim.schema import Turn
from agentsim.schema.agenda import Agenda, AgendaItem

MOST_RETURNS = 2
"""How often an item comes back before it is given up."""


def advance(agenda: Agenda, turns: Sequence[Turn]) -> Agenda:
    """Return the agenda as it stands after the turns.

    Args:
        agenda: what `make_agenda` returned.
        turns: all turns of the dialogue so far, of all roles, in order.
    """
    before = ""
    for said, reply in _rounds(agenda.leader, turns):
        agenda = _after(agenda, said, reply, before)
        before = reply or ""
    return agenda


def current(agenda: Agenda) -> AgendaItem | None:
    """Return the item that shapes the leader's next turn; ``None`` where nothing is left to say."""
    return next((item for item in agenda.items if item.status == "current"), None)


def is_done(agenda: Agenda) -> bool:
    """Return whether the plan is carried out: the goodbye is said, and every needed item is answered or given up.

    A needed item that is still held does not keep a dialogue going: nobody asked for it, and `goal_share` tells. An
    empty agenda is never done; the ending's own rules decide.
    """
    if not agenda.items:
        return False
    closed = all(item.status == "answered" for item in agenda.items if item.act == "close")
    return closed and all(
        item.status in ("answered", "given_up") for item in agenda.items if item.needed and not item.held
    )


def goal_share(agenda: Agenda) -> float:
    """Return the share of needed items that were answered, the goodbye left out; 1 where nothing is needed."""
    needed = [item for item in agenda.items if item.needed and item.act != "close"]
    return sum(item.status == "answered" for item in needed) / len(needed) if needed else 1.0


def agenda_note(prompts: Prompts, agenda: Agenda, *, brief: bool) -> str | None:
    """Return the director's private note for the leader's next turn; ``None`` where there is none.

    It belongs to one call only and is in no history. In full it stands behind the last message that the leader hears;
    in brief it is the only message of its call besides a system prompt of one line.

    Args:
        prompts: holds the template ``agenda``.
        agenda: as it stands.
        brief: whether a model plays the leader that loses its way in a long prompt.
    """
    item = current(agenda)
    if item is None:
        return None
    line = spoken(item.text, closes=item.act == "close")
    return prompts.render("agenda", item=item, line=line, brief=brief, again=item.returns > 0, first=_is_first(agenda))


def _is_first(agenda: Agenda) -> bool:
    return all(item.status in ("waiting", "current") and not item.returns for item in agenda.items)


def _rounds(leader: str, turns: Sequence[Turn]) -> Iterator[tuple[str, str | None]]:
    """Yield each turn of the leader with what all others said before its next one; ``None`` before anybody did."""
    said: str | None = None
    replies: list[str] = []
    for turn in turns:
        if turn.role != leader:
            replies.append(turn.text)
            continue
        if said is not None:
            yield said, "\n".join(replies)
        said, replies = turn.text, []
    if said is not None:
        yield said, "\n".join(replies) if replies else None


def _after(agenda: Agenda, said: str, reply: str | None, before: str) -> Agenda:
    """Return the agenda after one turn of the leader and the reply to it.

    Whoever says again what they replied the time ``before`` has not answered.
    """
    taken = current(agenda)
    if taken is None:
        return agenda
    if reply is None:
        # Nothing can be judged yet but a goodbye, which waits for no answer.
        return _with(agenda, taken, status="answered") if taken.act == "close" and was_said(taken, said) else agenda
    items = list(agenda.items)
    place = items.index(taken)
    told = was_said(taken, said)
    new = not (before and repeats(before, reply))
    if told and new and was_answered(taken, said, reply):
        items[place] = taken.model_copy(update={"status": "answered"})
    elif taken.returns == MOST_RETURNS:
        items[place] = taken.model_copy(update={"status": "given_up"})
    else:
        items[place] = taken.model_copy(update={"status": "waiting", "returns": taken.returns + 1})
    items = [_said_along(item, taken, said, reply) if new else item for item in items]
    wanted = {item.id for item in items if _is_asked_for(item, taken, reply)}
    released = [item.model_copy(update={"held": False, "follows": None}) for item in items if item.id in wanted]
    items = _dropped([*released, *(item for item in items if item.id not in wanted)])
    return _taken_up(agenda, items, passed=taken.id if told else None)


def _said_along(item: AgendaItem, taken: AgendaItem, said: str, reply: str) -> AgendaItem:
    """Mark an item that the leader said beside the turn's own one, where it was answered with it."""
    if item.id == taken.id or item.status != "waiting" or item.held or item.act == "close" or item.follows is not None:
        return item
    if was_said(item, said, strict=True) and was_answered(item, said, reply):
        return item.model_copy(update={"status": "answered"})
    return item


def _is_asked_for(item: AgendaItem, taken: AgendaItem, reply: str) -> bool:
    """Return whether the reply asks for a held item; what follows the turn's item is asked for by any question."""
    if not item.held or item.status != "waiting":
        return False
    return was_asked_for(item, reply) or (item.follows == taken.id and has_question(reply))


def _dropped(items: list[AgendaItem]) -> list[AgendaItem]:
    """Give up what follows an item that was given up: nothing was answered that could be doubted or taken back."""
    lost = {item.id for item in items if item.status == "given_up"}
    return [
        item.model_copy(update={"status": "given_up"})
        if item.follows in lost and item.status == "waiting" and not item.held
        else item
        for item in items
    ]


def _taken_up(agenda: Agenda, items: list[AgendaItem], *, passed: int | None) -> Agenda:
    """Return the agenda with its next item current; one that was just said to no avail lets another go first."""
    answered = {item.id for item in items if item.status == "answered"}
    ready = [
        item
        for item in items
        if item.status == "waiting" and not item.held and (item.follows is None or item.follows in answered)
    ]
    others = [item for item in ready if item.id != passed and item.act != "close"]
    chosen = next(iter(others or ready), None)
    after = agenda.model_copy(update={"items": tuple(items)})
    return _with(after, chosen, status="current") if chosen is not None else after


def _with(agenda: Agenda, item: AgendaItem, *, status: str) -> Agenda:
    changed = item.model_copy(update={"status": status})
    return agenda.model_copy(update={"items": tuple(changed if other is item else other for other in agenda.items)})
