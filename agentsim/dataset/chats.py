"""Chats of other people's datasets: one row, whatever its shape, as a conversation that detectors can look at.

Shapes that are read, the first that a row has:

- ``messages``: a list of ``{role, content}`` (OpenAI, TRL); ``name`` tells speakers of one role apart.
- ``conversations``: a list of ``{from, value}`` (ShareGPT).
- ``prompt`` with ``chosen`` or ``completion`` (TRL), each text or a list of messages: the prompt and the chosen
  answer, one after the other. ``chosen`` that begins with the user holds the prompt already. What was rejected
  is not read: nobody trains a model to say it.

A row may tell more of the situation: ``id``, ``setting``, ``leader``, ``task``, ``language``, ``system`` and
``private`` (``{speaker: [texts]}``).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentsim.dataset.chats_messages import Heard, NoChat, hear, role_of
from agentsim.guards.talk import Talk
from agentsim.sanitise import one_line
from agentsim.schema.noun import well_formed

CONVERSATION = ("messages", "conversations", "chosen", "completion", "prompt")
"""Keys that hold what was said."""

SITUATION = ("id", "setting", "leader", "task", "language", "system", "private")
"""Keys that tell the situation."""

_SHOWN = 8
"""Most keys of a row that are named when none of them holds a conversation."""

_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation of a dataset."""

    id: str
    """The row's own ``id``, or its file's name and its number there."""

    place: str
    """Where it stands, for a person: file and line."""

    talk: Talk
    """What was said. A turn's index counts all messages of the row, those that are no turns too."""

    shape: str = "messages"
    """Key or keys that it was read from, e.g. ``prompt + chosen``."""

    ignored: tuple[str, ...] = ()
    """What of the row is not understood and was left out, in words."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row, or the rest of a file, that holds no conversation."""

    place: str
    """Where it stands."""

    reason: str
    """Why it cannot be read."""


def chat_of(row: object, *, id: str, place: str) -> Chat:
    """Return the conversation that a row holds.

    Args:
        row: what the dataset has, parsed.
        id: name of the conversation where the row has no ``id`` of its own.
        place: where the row stands.

    Raises:
        NoChat: where the row holds none, or a message of it cannot be understood.
    """
    if not isinstance(row, Mapping):
        raise NoChat(f"the row is {_kind(row)}, not an object with `messages`")
    messages, shape = _conversation(row)
    heard = hear(messages)
    ignored: list[str] = []
    instructions = dict(heard.instructions)
    system = _text(row, "system", ignored)
    if system:
        for speaker in heard.assistants:
            instructions[speaker] = "\n\n".join(filter(None, (system, instructions.get(speaker))))
    talk = Talk(
        turns=heard.turns,
        leader=_leader(row, heard, ignored),
        setting=_text(row, "setting", ignored),
        task=_text(row, "task", ignored),
        instructions=instructions,
        private=_private(row.get("private"), heard, ignored),
        language=_language(row, ignored),
    )
    return Chat(_id(row, id, ignored), place, talk, shape, tuple(ignored))


def _conversation(row: Mapping[str, Any]) -> tuple[Sequence[Any], str]:
    """Return the messages and the keys they are from."""
    for key in ("messages", "conversations"):
        if row.get(key) is not None:
            return _messages(row[key], key), key
    prompt = row.get("prompt")
    key = "completion" if row.get("chosen") is None else "chosen"
    answer = row.get(key)
    if answer is None:
        if prompt is not None:
            raise NoChat("it has a `prompt` and no answer to it (`completion` or `chosen`)")
        has = ", ".join(one_line(str(name), limit=30) for name in list(row)[:_SHOWN]) or "no keys"
        more = ", ..." if len(row) > _SHOWN else ""
        raise NoChat(f"it has no `messages`, `conversations`, `chosen` or `completion`, but {has}{more}")
    if isinstance(answer, str):
        if prompt is None:
            raise NoChat(f"`{key}` is plain text without a `prompt`: who says what cannot be told")
        return [*_asked(prompt), {"role": "assistant", "content": answer}], f"prompt + {key}"
    messages = _messages(answer, key)
    opens = messages[0] if messages else None
    whole = isinstance(opens, Mapping) and role_of(opens.get("role") or opens.get("from")) != "assistant"
    if whole or prompt is None:
        return messages, key
    return [*_asked(prompt), *messages], f"prompt + {key}"


def _asked(prompt: object) -> Sequence[Any]:
    return [{"role": "user", "content": prompt}] if isinstance(prompt, str) else _messages(prompt, "prompt")


def _messages(value: object, key: str) -> Sequence[Any]:
    if isinstance(value, Mapping):
        # A column of records is kept as a record of columns by some writers of Parquet.
        columns = {name: column for name, column in value.items() if isinstance(column, list)}
        if columns and len(set(map(len, columns.values()))) == 1:
            return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    if not isinstance(value, (list, tuple)):
        raise NoChat(f"`{key}` is {_kind(value)}, not a list of messages")
    return value


def _text(row: Mapping[str, Any], key: str, ignored: list[str]) -> str:
    value = row.get(key)
    if value is None or isinstance(value, str):
        return well_formed(value or "")
    ignored.append(f"`{key}` is {_kind(value)}, not text")
    return ""


def _id(row: Mapping[str, Any], otherwise: str, ignored: list[str]) -> str:
    value = row.get("id")
    if isinstance(value, str) and value.strip():
        return well_formed(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is not None:
        ignored.append("`id` is neither text nor a whole number")
    return otherwise


def _language(row: Mapping[str, Any], ignored: list[str]) -> str | None:
    tag = _text(row, "language", ignored).strip()
    if not tag:
        return None
    if not _TAG.fullmatch(tag):
        ignored.append("`language` is no language tag such as en or pt-BR")
        return None
    return tag.replace("_", "-")


def _leader(row: Mapping[str, Any], heard: Heard, ignored: list[str]) -> str | None:
    name = _text(row, "leader", ignored)
    if not name:
        return None
    leader = heard.speaker(name)
    if leader is None:
        ignored.append("`leader` names nobody who speaks there")
    return leader


def _private(value: object, heard: Heard, ignored: list[str]) -> dict[str, list[str]]:
    if value is None:
        return {}
    if isinstance(value, list) and all(isinstance(pair, tuple) and len(pair) == 2 for pair in value):
        value = dict(value)  # a map column of Parquet
    if not isinstance(value, Mapping):
        ignored.append(f"`private` is {_kind(value)}, not texts by speaker")
        return {}
    told: dict[str, list[str]] = {}
    for name, texts in value.items():
        texts = [texts] if isinstance(texts, str) else [] if texts is None else texts
        speaker = heard.speaker(str(name))
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            ignored.append("`private` holds something else than texts")
        elif texts and speaker is None:
            ignored.append("`private` names somebody who does not speak there")
        elif texts and speaker is not None:
            told.setdefault(speaker, []).extend(map(well_formed, texts))
    return told


def _kind(value: object) -> str:
    names = {
        type(None): "null",
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "an object",
    }
    return names.get(type(value), f"of type {type(value).__name__}")
