"""A person at the keyboard as one of the roles."""

import asyncio
import sys
from collections.abc import Sequence

from agentsim.dialogue.function_agent import Said
from agentsim.dialogue.speakers import FunctionSpeaker
from agentsim.errors import UserError
from agentsim.sanitise import sanitise


def person(role: str) -> FunctionSpeaker:
    """Return a speaker that shows what was said and reads this role's turns from the terminal.

    Raises:
        UserError: where there is no terminal to read from.
    """
    if not sys.stdin.isatty():
        raise UserError("--human needs a terminal to read from", fix="run it in a terminal")
    told = 0

    async def speak(said: Sequence[Said]) -> str:
        nonlocal told
        if told > len(said):
            told = 0  # a new dialogue
        for turn in said[told:]:
            if turn["role"] != role:
                sys.stderr.write(f"{turn['role']}: {sanitise(turn['text'])}\n")
        told = len(said)
        while True:
            text = (await asyncio.to_thread(input, f"{role}> ")).strip()
            if text:
                return text

    return FunctionSpeaker(speak, human=True)
