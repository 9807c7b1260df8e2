"""A dialogue as one of its roles sees it: a chat in which user and assistant take strict turns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from agentsim.dataset.row import MessageRole
from agentsim.dataset.utf8 import replace_surrogates
from agentsim.schema import Dialogue, Persona, Role, Scenario, Turn

System = Literal["none", "public"]
"""Whether rows open with a system message made of what every role may know."""


@dataclass(frozen=True)
class Piece:
    """One message and the turns it is made of."""

    role: MessageRole
    """Who speaks in the chat."""

    content: str
    """What is said."""

    turns: tuple[Turn, ...] = ()
    """The dialogue's turns in it; none for a system message or an opening."""

    trained: bool = False
    """Whether the trained role said it."""


def conversation(
    dialogue: Dialogue,
    trained: Role,
    scenario: Scenario,
    personas: Mapping[str, Persona],
    *,
    system: System = "public",
) -> list[Piece]:
    """Return the chat of ``dialogue`` with ``trained`` as the assistant, or nothing if it never speaks.

    Turns of one side in a row become one message, turns without text are left out, and so is what others
    said after the last assistant message. Where the trained role opens the dialogue, the user's first
    message is a director's opening. Each part of a user message names its speaker if there are more than
    two roles.
    """
    names = speaker_names(dialogue, scenario, personas) if len(scenario.roles) > 2 else {}
    pieces: list[Piece] = []
    for turn in dialogue.turns:
        text = replace_surrogates(turn.text).strip()
        if not text:
            continue
        own = turn.role == trained.name
        if not own and turn.role in names:
            text = f"{names[turn.role]}: {text}"
        role: MessageRole = "assistant" if own else "user"
        if pieces and pieces[-1].role == role:
            last = pieces.pop()
            pieces.append(Piece(role, f"{last.content}\n\n{text}", (*last.turns, turn), own))
        else:
            pieces.append(Piece(role, text, (turn,), own))
    if pieces and pieces[-1].role == "user":
        pieces.pop()
    if not pieces:
        return []
    if pieces[0].role == "assistant":
        pieces.insert(0, Piece("user", opening(trained, dialogue.task)))
    if system == "public":
        pieces.insert(0, Piece("system", system_message(trained, scenario)))
    return pieces


def opening(role: Role, task: str) -> str:
    """Return the director's message that asks ``role`` to open the conversation; it is public text only."""
    return replace_surrogates(f"Please begin the conversation as {role.title}. What it is about: {task}".strip())


def system_message(role: Role, scenario: Scenario) -> str:
    """Return what ``role`` is told openly: its title, the setting, its goal and its rules.

    Private goals and facts never enter: a model trained on them would learn to know what nobody told it.
    """
    parts = [f"You are {role.title}.", scenario.setting, f"Your goal: {role.goal}"]
    if role.rules:
        parts.append("\n".join(["Rules:", *(f"- {rule}" for rule in role.rules)]))
    return replace_surrogates("\n\n".join(parts))


def speaker_names(dialogue: Dialogue, scenario: Scenario, personas: Mapping[str, Persona]) -> dict[str, str]:
    """Return how each role is called: its persona's name, else the role's; both where two names are equal."""
    cast = dialogue.assignment.cast
    names = {
        role.name: replace_surrogates(personas[cast[role.name]].name)
        if role.name in cast
        else role.name.replace("_", " ").capitalize()
        for role in scenario.roles
    }
    called = list(names.values())
    return {role: f"{name} ({role})" if called.count(name) > 1 else name for role, name in names.items()}
