"""AutoGen agents that say what they heard, so that a transcript tells who was given what."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from autogen_agentchat.agents import BaseChatAgent
from autogen_agentchat.base import Response
from autogen_agentchat.messages import BaseAgentEvent, BaseChatMessage, StopMessage, TextMessage, ThoughtEvent
from autogen_core import CancellationToken


class Echo(BaseChatAgent):
    """Says its name, how often it has spoken, and all that it was given; thinks aloud first."""

    def __init__(self, name: str, *, stops_after: int | None = None) -> None:
        super().__init__(name, "an echo")
        self.turns = 0
        self.paused = False
        self._stops_after = stops_after

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (TextMessage, StopMessage)

    async def on_messages_stream(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
        thought = ThoughtEvent(content=f"{self.name} thinks", source=self.name)
        yield thought
        response = await self.on_messages(messages, cancellation_token)
        yield Response(chat_message=response.chat_message, inner_messages=[thought])

    async def on_messages(self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken) -> Response:
        heard = "|".join(f"{message.source}:{message.to_model_text()}" for message in messages)
        self.turns += 1
        kind = StopMessage if self.turns == self._stops_after else TextMessage
        return Response(chat_message=kind(content=f"{self.name}{self.turns}({heard})"[:200], source=self.name))

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        self.turns = 0

    async def on_pause(self, cancellation_token: CancellationToken) -> None:
        self.paused = True

    async def on_resume(self, cancellation_token: CancellationToken) -> None:
        self.paused = False


class Stumbler(Echo):
    """Fails with an error of its own at the turns named, once each; keeps what it was given when it
    failed."""

    class Tripped(Exception):
        """Nobody outside knows this class."""

    def __init__(self, name: str, *, at: Sequence[int]) -> None:
        super().__init__(name)
        self._at = list(at)
        self.given: list[list[str]] = []

    async def on_messages(self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken) -> Response:
        self.given.append([message.to_model_text() for message in messages])
        if self.turns + 1 in self._at:
            self._at.remove(self.turns + 1)
            raise self.Tripped(f"{self.name} tripped", 7)
        return await super().on_messages(messages, cancellation_token)


class Sleeper(Echo):
    """Sleeps before it speaks, until it is woken or the token is cancelled."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.asleep = asyncio.Event()
        self.wake = asyncio.Event()

    async def on_messages(self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken) -> Response:
        self.asleep.set()
        waiting = asyncio.ensure_future(self.wake.wait())
        cancellation_token.link_future(waiting)
        await waiting
        return await super().on_messages(messages, cancellation_token)
