"""Asking a model for a JSON object of a given schema, and reading what comes back."""

import json
import re
from collections.abc import Iterator
from typing import Any

from agentsim.errors import BadRequest, NotRecorded
from agentsim.llm.model import Answer, Model, Request

LONGEST = 100_000
"""Characters of an answer in which JSON is looked for."""

MOST_TRIES = 2_000
"""Braces at which reading is tried; an answer of nothing but braces must not take seconds."""


async def ask_json(
    model: Model, name: str, prompt: str, schema: dict[str, Any], *, params: dict[str, Any], sample: int
) -> tuple[dict[str, Any] | None, Answer]:
    """Ask for an object under ``schema`` and return it with the answer; ``None`` where no object could be
    read.

    The prompt must describe the shape too: a provider that refuses schemas is asked once more without one.
    The object is not validated beyond being an object.
    """
    messages = [{"role": "user", "content": prompt}]
    wanted = {
        "type": "json_schema",
        "json_schema": {"name": schema.get("title", "answer"), "schema": schema, "strict": True},
    }
    try:
        answer = await model.ask(Request(name, messages, {**params, "response_format": wanted}, sample))
    except (BadRequest, NotRecorded):
        # A refusal is not recorded: an offline replay knows only the answer to the second question.
        answer = await model.ask(Request(name, messages, params, sample))
    return first_object(answer.text), answer


def first_object(text: str) -> dict[str, Any] | None:
    """Return the first JSON object in a text that may have words or a fence around it, or ``None``."""
    return next(_values(text, "{"), None)


def json_values(text: str) -> Iterator[dict[str, Any] | list[Any]]:
    """Yield every JSON object and array in a text, in order; not those inside others."""
    return _values(text, "{[")


def _values(text: str, openings: str) -> Iterator[Any]:
    text = text[:LONGEST]
    decoder = json.JSONDecoder()
    opening = re.compile(f"[{re.escape(openings)}]")
    at = 0
    for _ in range(MOST_TRIES):
        found = opening.search(text, at)
        if found is None:
            return
        try:
            value, at = decoder.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            at = found.start() + 1
            continue
        yield value
