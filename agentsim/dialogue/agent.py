"""One role as an AutoGen agent: it hears the others, speaks in turn, and remembers only what succeeded."""

import re
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
from agentsim.dialogue.ending import AskInstead, EndTool, end_called_for
from agentsim.errors import BadRequest, NotRecorded
from agentsim.llm.client import ChatClient
from agentsim.llm.model import Answer
from agentsim.schema import End
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
        seed: gives the sampling seed for a turn index and the number of an attempt at it.
        send_seed: whether the provider is told the seed; it keys the recording in any case.
        stream: whether pieces of the answer are passed on as they arrive.
        silent: whether an empty answer is a turn like any other, for the caller to judge; else it is asked for
            again at once and refused in the end.
        whole: whether an answer that the token limit cut off is cut back to its last whole sentence.
        end_tool: what the model may end the dialogue by; ``None`` leaves the end to others.
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
        silent: bool = False,
        whole: bool = False,
        end_tool: EndTool | None = None,
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
        self._silent = silent
        self._whole = whole
        self._take = 0
        self._note: str | None = None
        self._alone: str | None = None
        self._params: dict[str, Any] = {}
        self._end_tool = end_tool
        self._may_end = True
        self.wish: End | AskInstead | None = None
        """What the latest turn calls for beside its words. An end may come without any; a turn that waits for the
        question has none. A turn without words is not remembered where it calls for something."""

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
        asked = self._asked(chat)
        tool = self._end_tool if self._may_end and self._end_tool and turn >= self._end_tool.first_turn else None
        self.wish = None
        if tool is not None and self._client.model_name in tool.refusing:
            self.wish = AskInstead()
            yield _nothing(self.name)
            return
        attempts = 1 if self._silent else ATTEMPTS
        answers: list[Answer] = []
        tools = (tool.schema,) if tool is not None else ()
        try:
            while len(answers) < attempts and not (answers and (answers[-1].text.strip() or self.wish)):
                seed = self._seed(turn, self._take * ATTEMPTS + len(answers))
                params = {**self._params, **({"seed": seed} if self._send_seed else {})}
                if self._stream:
                    pieces = self._client.stream_answer(
                        asked, tools=tools, extra_create_args=params, cancellation_token=cancellation_token, sample=seed
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
                            asked,
                            tools=tools,
                            extra_create_args=params,
                            cancellation_token=cancellation_token,
                            sample=seed,
                        )
                    )
                self.wish = end_called_for(answers[-1]) if tool is not None else None
        except (BadRequest, NotRecorded) as error:
            if tool is None:
                raise
            # A refusal is not recorded: an offline replay knows only what was asked after it.
            self.wish = tool.refused(self._client.model_name, error)
            yield _nothing(self.name)
            return
        # As the record will hold it, so that a resumed dialogue asks exactly what this one would have.
        text = well_formed(answers[-1].text).strip()
        if self._whole and answers[-1].finish == "length":
            text = whole_sentences(text)
        if not text and self.wish is not None:
            yield Response(chat_message=_message(self.name, text, answers))
            return
        if not text and not self._silent:
            raise EmptyAnswer(f"{self.name} said nothing in {ATTEMPTS} attempts", model=self._client.model_name)
        # Only now, with the turn in hand, does it become part of what this agent remembers.
        self._heard += [*new, (self.name, text)]
        self._chat = [*chat, AssistantMessage(content=text, source=self.name)]
        yield Response(chat_message=_message(self.name, text, answers))

    def direct(
        self,
        *,
        take: int = 0,
        note: str | None = None,
        alone: str | None = None,
        params: Mapping[str, Any] | None = None,
        may_end: bool = True,
    ) -> None:
        """Say what is for the next turn alone; nothing of it is remembered.

        Args:
            take: number of this take of the turn; no two takes have the same sampling seed.
            note: what the model is told in private, behind what it heard.
            alone: system prompt with which the note is all that the model sees, for models that lose their way in a
                conversation.
            params: sampling parameters, in place of the role's own.
            may_end: whether the model is offered the tool that it may have to end the dialogue by.
        """
        self._take, self._note, self._alone, self._params = take, note, alone, dict(params or {})
        self._may_end = may_end

    def _asked(self, chat: list[LLMMessage]) -> list[LLMMessage]:
        """Return what the model is asked for this turn, its note included."""
        if not self._note:
            return chat
        if self._alone is not None:
            return [SystemMessage(content=self._alone), UserMessage(content=self._note, source="director")]
        *before, last = chat  # which is always a user's
        return [*before, UserMessage(content=f"{last.content}\n\n{self._note}", source="director")]

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


_SENTENCE_END = re.compile(r"(?<!\d)[.!?…][\"'”’)\]*]*(?=\s|$)|[。！？]")


def whole_sentences(text: str) -> str:
    """Return a text without what follows its last whole sentence; all of it where it has no whole one."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    return text[: ends[-1]] if ends else text


def _nothing(name: str) -> Response:
    return Response(chat_message=TextMessage(content="", source=name))


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
