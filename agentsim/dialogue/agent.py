"""One role as an AutoGen agent: it hears the others, speaks in turn, and remembers only what succeeded."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from autogen_agentchat.agents import BaseChatAgent
from autogen_agentchat.base import Response
from autogen_agentchat.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    ModelClientStreamingChunkEvent,
    TextMessage,
)
from autogen_core import CancellationToken
from autogen_core.models import AssistantMessage, LLMMessage, RequestUsage, SystemMessage, UserMessage

from agentsim.dialogue.empty import EmptyAnswer
from agentsim.llm.client import ChatClient
from agentsim.llm.model import Answer
from agentsim.schema.noun import well_formed

ATTEMPTS = 3
"""How often a model is asked for one turn when it answers with nothing."""

Heard = tuple[str, str]
"""Who spoke (the agent's name) and what was said."""


class RoleAgent(BaseChatAgent):
    """Plays a role with a model.

    The model sees a well-formed chat: this role's turns as assistant, everybody else's as user, strictly
    alternating. Where several others spoke in between, their words form one user message, each part under its
    speaker's name.

    Args:
        name: the role's name, a Python identifier.
        client: the model.
        system: system prompt; ``None`` for a chatbot that has its own.
        opening: the director's first message, for the role that speaks first; a chatbot gets it too, since no
            model answers an empty chat.
        names: what to call the others, by agent name, in dialogues of more than two.
        seed: gives the sampling seed for a turn index and an attempt.
        send_seed: whether the provider is told the seed; it keys the recording in any case.
        stream: whether pieces of the answer are passed on as they arrive.
    """

    def __init__(
        self,
        name: str,
        *,
        client: ChatClient,
        system: str | None,
        opening: str | None = None,
        names: Mapping[str, str] | None = None,
        seed: Callable[[int, int], int],
        send_seed: bool = True,
        stream: bool = False,
        description: str = "a role in a simulated conversation",
    ) -> None:
        super().__init__(name, description)
        self._client = client
        self._system = SystemMessage(content=system) if system else None
        self._opening = opening
        self._names = names
        self._seed = seed
        self._send_seed = send_seed
        self._stream = stream
        self._heard: list[Heard] = []
        self._chat: list[LLMMessage] = []

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (TextMessage,)

    async def on_messages(self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken) -> Response:
        async for item in self.on_messages_stream(messages, cancellation_token):
            if isinstance(item, Response):
                return item
        raise AssertionError("the stream of a turn ends with its response")

    async def on_messages_stream(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
        new = [(message.source, well_formed(message.to_model_text())) for message in messages]
        chat = [*self._chat, self._said(new)] if self._heard else self._chat_of(new)
        turn = len(self._heard) + len(new)
        answers: list[Answer] = []
        while len(answers) < ATTEMPTS and not (answers and answers[-1].text.strip()):
            seed = self._seed(turn, len(answers))
            params = {"seed": seed} if self._send_seed else {}
            if self._stream:
                pieces = self._client.stream_answer(
                    chat, extra_create_args=params, cancellation_token=cancellation_token, sample=seed
                )
                async with aclosing(pieces):
                    async for item in pieces:
                        if isinstance(item, Answer):
                            answers.append(item)
                        else:
                            yield ModelClientStreamingChunkEvent(content=item, source=self.name)
            else:
                answers.append(
                    await self._client.answer(
                        chat, extra_create_args=params, cancellation_token=cancellation_token, sample=seed
                    )
                )
        # As the record will hold it, so that a resumed dialogue asks exactly what this one would have.
        text = well_formed(answers[-1].text).strip()
        if not text:
            raise EmptyAnswer(f"{self.name} said nothing in {ATTEMPTS} attempts", model=self._client.model_name)
        # Only now, with the turn in hand, does it become part of what this agent remembers.
        self._heard += [*new, (self.name, text)]
        self._chat = [*chat, AssistantMessage(content=text, source=self.name)]
        yield Response(chat_message=_message(self.name, text, answers))

    def _chat_of(self, heard: Sequence[Heard]) -> list[LLMMessage]:
        """Return the chat that the model sees once all of ``heard`` was said; it may end on this role's own
        turn."""
        chat: list[LLMMessage] = [self._system] if self._system else []
        waiting: list[Heard] = [("director", self._opening)] if self._opening else []
        for source, text in heard:
            if source == self.name:
                chat.append(self._said(waiting))
                chat.append(AssistantMessage(content=text, source=source))
                waiting = []
            else:
                waiting.append((source, text))
        return [*chat, self._said(waiting)] if waiting else chat

    def _said(self, parts: Sequence[Heard]) -> UserMessage:
        if not parts:
            raise ValueError(f"{self.name} would speak twice in a row")
        text = "\n\n".join(
            f"{self._names[source]}: {text}" if self._names and source in self._names else text
            for source, text in parts
        )
        return UserMessage(content=text, source=parts[-1][0])

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        self._heard, self._chat = [], []

    async def save_state(self) -> Mapping[str, Any]:
        return {"heard": [list(item) for item in self._heard]}

    async def load_state(self, state: Mapping[str, Any]) -> None:
        self._heard = [(source, text) for source, text in state["heard"]]
        self._chat = self._chat_of(self._heard)


def _message(name: str, text: str, answers: Sequence[Answer]) -> TextMessage:
    """Return the turn as an AutoGen message; what `Turn` keeps beyond the text travels in its metadata."""
    last = answers[-1]
    metadata = {
        "model": last.model,
        "finish": last.finish,
        "cost": repr(sum(answer.cost for answer in answers)),
        "calls": str(len(answers)),
    }
    if last.reasoning:
        metadata["reasoning"] = last.reasoning
    usage = RequestUsage(
        prompt_tokens=sum(answer.prompt_tokens for answer in answers),
        completion_tokens=sum(answer.completion_tokens for answer in answers),
    )
    return TextMessage(content=text, source=name, models_usage=usage, metadata=metadata)
