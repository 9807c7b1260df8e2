"""A role played by a Python function or by a person: same place in the team, no model."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal

from autogen_agentchat.agents import BaseChatAgent
from autogen_agentchat.base import Response
from autogen_agentchat.messages import BaseChatMessage, TextMessage
from autogen_core import CancellationToken

from agentsim.dialogue.empty import EmptyAnswer
from agentsim.llm.client import NeverCancelled
from agentsim.schema.noun import well_formed

Said = Mapping[str, str]
"""One earlier turn: ``{"role": <role name>, "text": <what was said>}``."""

Function = Callable[[Sequence[Said]], str | Awaitable[str]]
"""Takes the turns so far, oldest first, and returns the next turn's text."""


class FunctionAgent(BaseChatAgent):
    """Plays a role by calling a function with the turns so far.

    Args:
        name: the role's name, a Python identifier.
        function: what speaks; it may be async.
        speaker: whether a person stands behind it, for the record.
    """

    def __init__(self, name: str, function: Function, *, speaker: Literal["callable", "human"] = "callable") -> None:
        super().__init__(name, "a role played by a function")
        self._function = function
        self._speaker = speaker
        self._heard: list[tuple[str, str]] = []

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (TextMessage,)

    async def on_messages(self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken) -> Response:
        new = [(message.source, well_formed(message.to_model_text())) for message in messages]
        heard = [*self._heard, *new]
        said = self._function([{"role": source, "text": text} for source, text in heard])
        if inspect.isawaitable(said):
            if not isinstance(cancellation_token, NeverCancelled):
                # A person may think for hours: the token must not wait for them.
                said = asyncio.ensure_future(said)
                cancellation_token.link_future(said)
            text = await said
        else:
            text = said
        if not isinstance(text, str):
            raise TypeError(f"the function that plays {self.name!r} returned {type(text).__name__}, not str")
        text = well_formed(text).strip()
        if not text:
            raise EmptyAnswer(f"the function that plays {self.name!r} returned no text", model=self._speaker)
        self._heard = [*heard, (self.name, text)]
        return Response(chat_message=TextMessage(content=text, source=self.name, metadata={"speaker": self._speaker}))

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        self._heard = []

    async def save_state(self) -> Mapping[str, Any]:
        return {"heard": [list(item) for item in self._heard]}

    async def load_state(self, state: Mapping[str, Any]) -> None:
        self._heard = [(source, text) for source, text in state["heard"]]
