"""Messages of a foreign chat as turns: who speaks, what is said, what is no turn at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentsim.guards.talk import Said
from agentsim.sanitise import one_line
from agentsim.schema.noun import well_formed

ROLES: Mapping[str, str] = {
    **dict.fromkeys(("user", "human", "prompter"), "user"),
    **dict.fromkeys(("assistant", "gpt", "chatgpt", "bing", "bard", "model", "bot", "ai"), "assistant"),
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("tool", "function", "observation", "environment", "ipython"), "machine"),
    **dict.fromkeys(("function_call", "function_response", "tool_call", "tool_response", "tool_result"), "machine"),
}
"""What the roles that datasets use come down to. Any other role is a speaker by its own name."""

_CALLS = ("tool_calls", "function_call", "audio")
"""What an assistant may do in a message instead of saying something."""


class NoChat(ValueError):
    """Something holds no conversation; the message is the reason, in words that say where."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a list of messages says."""

    turns: tuple[Said, ...]
    """What people said; the index counts all messages."""

    instructions: Mapping[str, str]
    """The system messages, by each speaker that they are for."""

    assistants: tuple[str, ...]
    """Speakers that system messages are for; ``assistant`` where none of that role speaks."""

    _called: Mapping[str, str]

    def speaker(self, name: str) -> str | None:
        """Return the speaker whom a name means: a speaker, a role or a ``name`` of a message; else ``None``."""
        return self._called.get(name, self._called.get(role_of(name)))


def role_of(name: object) -> str:
    """Return what a message's role comes down to: ``user``, ``assistant``, ``system``, ``machine``, or itself."""
    if not isinstance(name, str):
        return ""
    return ROLES.get(name.strip().lower(), name)


def hear(messages: Sequence[Any]) -> Heard:
    """Return what was said. Output of tools, calls of tools and messages of pictures alone are no turns.

    Raises:
        NoChat: where nobody speaks, or a message cannot be understood.
    """
    said: list[tuple[int, str, str, str]] = []
    told: list[str] = []
    for index, message in enumerate(messages):
        if not isinstance(message, Mapping):
            raise NoChat(f"message {index} is no object")
        role = role_of(message.get("role") or message.get("from"))
        if not role.strip():
            raise NoChat(f"message {index} has no `role`")
        if role == "machine":
            continue
        text = _words(message, index)
        if role == "system":
            told.append(text or "")
        elif text is not None:
            name = message.get("name")
            said.append((index, role, name if isinstance(name, str) else "", text))
    if not said:
        raise NoChat("nobody says anything" if messages else "the list of messages is empty")
    labels = _labels([(role, name) for _, role, name, _ in said])
    called: dict[str, str] = {label: label for label in labels.values()}
    for (role, name), label in labels.items():
        called.setdefault(role, label)
        called.setdefault(name, label)
    assistants = tuple(label for (role, _), label in labels.items() if role == "assistant") or ("assistant",)
    instruction = "\n\n".join(filter(None, told))
    return Heard(
        turns=tuple([Said(index, labels[role, name], text) for index, role, name, text in said]),
        instructions=dict.fromkeys(assistants, instruction) if instruction else {},
        assistants=assistants,
        _called={name: label for name, label in called.items() if name},
    )


def _labels(pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return what each speaker is called: the role where nobody shares it, else the name."""
    different = list(dict.fromkeys(pairs))
    alone = [role for role, _ in different]
    labels: dict[tuple[str, str], str] = {}
    taken: set[str] = set(alone)
    for role, name in different:
        label = role
        if alone.count(role) > 1 and name:
            label = f"{role}:{name}" if name in taken else name
            taken.add(label)
        labels[role, name] = well_formed(label)
    return labels


def _words(message: Mapping[str, Any], index: int) -> str | None:
    """Return what a message says, or ``None`` where it does something else than say."""
    keys = [key for key in ("content", "value") if key in message]
    content = next((message[key] for key in keys if message[key] is not None), None)
    if content is None:
        if any(message.get(key) for key in _CALLS):
            return None
        if isinstance(message.get("refusal"), str):
            return well_formed(message["refusal"])
        if not keys:
            raise NoChat(f"message {index} has no `content`")
        return ""
    if isinstance(content, str):
        if not content.strip() and any(message.get(key) for key in _CALLS):
            return None
        return well_formed(content)
    if isinstance(content, list):
        return _parts(content, index)
    raise NoChat(f"message {index}: `content` is neither text nor a list of parts")


def _parts(parts: Sequence[Any], index: int) -> str | None:
    """Return the text of a message in parts, or ``None`` where it has parts and none of them is text."""
    texts: list[str] = []
    other = False
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
        elif not isinstance(part, Mapping):
            raise NoChat(f"message {index}: a part of `content` is neither text nor an object")
        elif part.get("type") in ("text", "input_text", "output_text", "refusal"):
            text = part.get("refusal" if part["type"] == "refusal" else "text")
            if not isinstance(text, str):
                raise NoChat(f"message {index}: a part of type {one_line(str(part['type']))} has no text")
            texts.append(text)
        else:
            other = True
    return None if other and not texts else well_formed("\n".join(texts))
