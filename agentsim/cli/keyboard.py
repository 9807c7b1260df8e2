"""A person at the keyboard as one of the roles."""

import asyncio
import sys
import threading
from collections.abc import Sequence

from agentsim.dialogue.function_agent import Said
from agentsim.dialogue.speakers import FunctionSpeaker
from agentsim.errors import UserError
from agentsim.events import DialogueStarted, Event
from agentsim.sanitise import one_line, sanitise


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
            text = (await _line(f"{role}> ")).strip()
            if text:
                return text

    return FunctionSpeaker(speak, human=True)


def brief(event: Event, roles: Sequence[str]) -> None:
    """Tell the person at the keyboard, when a dialogue begins, who they are and what it is about."""
    played = [name for name in roles if name in event.names] if isinstance(event, DialogueStarted) else []
    if isinstance(event, DialogueStarted) and played:
        for role in played:
            sys.stderr.write(f"You are {one_line(event.names[role])}, the {role}. {sanitise(event.task)}\n")
        sys.stderr.write("(an empty line is asked again; ctrl+c stops and keeps what was said)\n")


async def _line(prompt: str) -> str:
    """Read a line without holding up the event loop, nor the program's end where nobody types one."""
    loop = asyncio.get_running_loop()
    line: asyncio.Future[str] = loop.create_future()

    def read() -> None:
        try:
            text = input(prompt)
        except EOFError:
            end = UserError("the input ended before the dialogue did", fix="`agentsim run --human` needs a keyboard")
            loop.call_soon_threadsafe(line.set_exception, end)
            return
        loop.call_soon_threadsafe(line.set_result, text)

    threading.Thread(target=read, daemon=True, name="keyboard").start()
    return await line
