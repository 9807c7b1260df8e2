"""The speakers of a dialogue as one AutoGen team, driven directly, in a round unless the caller says who is next.

AutoGen's own group chat goes through a message runtime that costs about a millisecond a turn, loses the type
of an agent's exception and cannot go on after one. Here an agent's exception reaches the caller as it was
raised, and the next run asks the same agent again; the transcript is the same as RoundRobinGroupChat's.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, cast

from autogen_agentchat.base import ChatAgent, Response, TaskResult, Team, TerminationCondition
from autogen_agentchat.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    MessageFactory,
    ModelClientStreamingChunkEvent,
    StopMessage,
    StructuredMessage,
    TextMessage,
)
from autogen_core import CancellationToken

from agentsim.dialogue.agent import RoleAgent
from agentsim.dialogue.function_agent import FunctionAgent
from agentsim.llm.client import NeverCancelled


class DialogueTeam(Team):
    """Two or more agents that speak one after the other, the first one first, never one twice in a row.

    They speak in a round. Whoever runs the team may choose another speaker for a turn by setting
    `next_speaker` between turns, and may take turns back by `rewind`.

    Each agent is given what the others said since its own last turn. A turn that fails changes nothing:
    running the team again asks the same agent, with the same messages.

    Args:
        participants: the agents in speaking order; names must differ.
        termination: AutoGen's condition for when to stop; without one the stream goes on until the caller
            stops reading.
        name: the team's name inside a larger team.
    """

    def __init__(
        self,
        participants: Sequence[ChatAgent],
        *,
        termination: TerminationCondition | None = None,
        name: str = "dialogue",
    ) -> None:
        names = [agent.name for agent in participants]
        if len(participants) < 2 or len(set(names)) < len(names):
            raise ValueError("a dialogue takes two or more agents with different names")
        self._name = name
        self._participants = tuple(participants)
        self._termination = termination
        self._inbox: dict[str, list[BaseChatMessage]] = {agent: [] for agent in names}
        self._next = 0
        self._speaking = False
        self._going = asyncio.Event()
        self._going.set()
        self.latest: BaseChatMessage | None = None
        """The last turn of this run; what agents say on the way to a turn is none."""
        self.latest_speaker: str | None = None
        """The agent that spoke last, by name; ``None`` before the first turn."""

    @property
    def name(self) -> str:
        return self._name

    @property
    def description(self) -> str:
        return f"a conversation between {', '.join(agent.name for agent in self._participants)}"

    @property
    def next_speaker(self) -> str:
        """Name of the agent that speaks next: the one after the last speaker, unless another one was set.

        Setting it holds for one turn, a turn that fails and is asked for again included.

        Raises:
            ValueError: where the name set is no participant's, or the last speaker's.
            RuntimeError: where it is set while a turn is being spoken.
        """
        return self._participants[self._next].name

    @next_speaker.setter
    def next_speaker(self, name: str) -> None:
        self._between_turns()
        if name == self.latest_speaker:
            raise ValueError(f"{name!r} spoke last and cannot speak twice in a row")
        self._next = self._place(name)

    def _place(self, name: str) -> int:
        for place, agent in enumerate(self._participants):
            if agent.name == name:
                return place
        raise ValueError(f"no agent of this dialogue is called {name!r}")

    def _between_turns(self) -> None:
        if self._speaking:
            raise RuntimeError(f"{self.next_speaker!r} is speaking; close the stream first")

    async def run(
        self,
        *,
        task: str | BaseChatMessage | Sequence[BaseChatMessage] | None = None,
        cancellation_token: CancellationToken | None = None,
        output_task_messages: bool = True,
    ) -> TaskResult:
        async for item in self.run_stream(
            task=task, cancellation_token=cancellation_token, output_task_messages=output_task_messages
        ):
            if isinstance(item, TaskResult):
                return item
        raise AssertionError("the stream of a team ends with its result")

    async def run_stream(
        self,
        *,
        task: str | BaseChatMessage | Sequence[BaseChatMessage] | None = None,
        cancellation_token: CancellationToken | None = None,
        output_task_messages: bool = True,
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | TaskResult, None]:
        token = cancellation_token or NeverCancelled()
        produced: list[BaseAgentEvent | BaseChatMessage] = []
        given = _task_messages(task)
        for agent in self._participants:
            self._inbox[agent.name].extend(given)
        if output_task_messages:
            for message in given:
                produced.append(message)
                yield message
        stop = await self._stop_after(given) if given else None
        while stop is None:
            await self._may_go_on(token)
            agent = self._participants[self._next]
            # A foreign agent may remember what it heard before it fails; then it has to forget it again.
            before = None if isinstance(agent, RoleAgent | FunctionAgent) else await agent.save_state()
            response: Response | None = None
            items = agent.on_messages_stream(tuple(self._inbox[agent.name]), token)
            self._speaking = True
            try:
                async with aclosing(cast("AsyncGenerator[Any, None]", items)):
                    async for item in items:
                        if isinstance(item, Response):
                            response = item
                        else:
                            if not isinstance(item, ModelClientStreamingChunkEvent):
                                produced.append(item)
                            yield item
                if response is None:
                    raise RuntimeError(f"agent {agent.name!r} ended its turn without a response")
            except BaseException:
                if before is not None:
                    await agent.load_state(before)
                raise
            finally:
                self._speaking = False
            self._spoken(agent.name, response.chat_message)
            produced.append(response.chat_message)
            yield response.chat_message
            if self.latest is not response.chat_message:
                # Taken back by whoever read it: it counts for no ending.
                continue
            stop = await self._stop_after([*(response.inner_messages or ()), response.chat_message])
        yield TaskResult(messages=produced, stop_reason=stop.content)

    async def _may_go_on(self, token: CancellationToken) -> None:
        """Return at once, or when a pause is over; raise ``CancelledError`` where the token was cancelled."""
        if token.is_cancelled():
            raise asyncio.CancelledError
        if not self._going.is_set():
            waiting = asyncio.ensure_future(self._going.wait())
            token.link_future(waiting)
            await waiting

    def tell(self, agent: str, text: str) -> None:
        """Give one agent alone a message of the director's, which it hears before its next turn."""
        self._inbox[agent].append(TextMessage(content=text, source="director"))

    def _spoken(self, speaker: str, message: BaseChatMessage) -> None:
        self._inbox[speaker].clear()
        for name, waiting in self._inbox.items():
            if name != speaker:
                waiting.append(message)
        self._next = (self._place(speaker) + 1) % len(self._participants)
        self.latest, self.latest_speaker = message, speaker

    async def _stop_after(self, messages: Sequence[BaseAgentEvent | BaseChatMessage]) -> StopMessage | None:
        if self._termination is None:
            return None
        stop = await self._termination(messages)
        if stop is not None:
            await self._termination.reset()
        return stop

    async def reset(self) -> None:
        self._next, self.latest, self.latest_speaker = 0, None, None
        for waiting in self._inbox.values():
            waiting.clear()
        for agent in self._participants:
            await agent.on_reset(CancellationToken())
        if self._termination is not None:
            await self._termination.reset()

    async def pause(self) -> None:
        self._going.clear()
        for agent in self._participants:
            await agent.on_pause(CancellationToken())

    async def resume(self) -> None:
        for agent in self._participants:
            await agent.on_resume(CancellationToken())
        self._going.set()

    async def save_state(self) -> Mapping[str, Any]:
        return {
            "next": self._next,
            "latest_speaker": self.latest_speaker,
            "inbox": {name: [message.dump() for message in waiting] for name, waiting in self._inbox.items()},
            "agents": {agent.name: await agent.save_state() for agent in self._participants},
        }

    async def load_state(self, state: Mapping[str, Any]) -> None:
        self._next = state["next"]
        self.latest_speaker = state["latest_speaker"]
        messages = self._messages()
        for agent in self._participants:
            self._inbox[agent.name] = [
                cast("BaseChatMessage", messages.create(message)) for message in state["inbox"][agent.name]
            ]
            await agent.load_state(state["agents"][agent.name])

    def _messages(self) -> MessageFactory:
        """Return what reads saved messages back: AutoGen's own kinds, and structured ones of the
        participants."""
        factory = MessageFactory()
        for agent in self._participants:
            for kind in agent.produced_message_types:
                if issubclass(kind, StructuredMessage) and not factory.is_registered(kind):
                    factory.register(kind)
        return factory

    async def restore(self, said: Sequence[tuple[str, str]], agent_states: Mapping[str, Mapping[str, Any]]) -> None:
        """Put the team where it was after the turns ``said`` (agent name, text), whoever spoke when.

        Agents of this package remember from the words alone; a foreign agent takes its saved state from
        ``agent_states``, by name, which it had after its own last turn.
        """
        await self.reset()
        for agent in self._participants:
            mine = [index for index, (name, _) in enumerate(said) if name == agent.name]
            known = mine[-1] + 1 if mine else 0
            if agent.name in agent_states:
                await agent.load_state(agent_states[agent.name])
            elif known:
                await agent.load_state({"heard": [list(item) for item in said[:known]]})
            self._inbox[agent.name] = [
                TextMessage(content=text, source=name) for name, text in said[known:] if name != agent.name
            ]
        if said:
            self.latest_speaker = said[-1][0]
            self._next = (self._place(said[-1][0]) + 1) % len(self._participants)

    async def rewind(self, said: Sequence[tuple[str, str]], agent_states: Mapping[str, Mapping[str, Any]]) -> None:
        """Take back all turns but ``said`` (agent name, text), which the dialogue began with.

        A stream that waits at a turn may be read on: it goes on from here. What the director told an agent is
        gone with the turns and has to be told again.

        Args:
            said: the turns that remain; none are none.
            agent_states: of each foreign agent that speaks in ``said``, by name, the state it had after its
                last turn there. What an agent remembers that does not speak there is not taken.

        Raises:
            ValueError: where the state of such an agent is missing; nothing was changed then.
            RuntimeError: where a turn is being spoken.
        """
        self._between_turns()
        speakers = {name for name, _ in said}
        for agent in self._participants:
            own = isinstance(agent, RoleAgent | FunctionAgent)
            if agent.name in speakers and not own and agent.name not in agent_states:
                raise ValueError(f"the state that {agent.name!r} had after its last remaining turn is missing")
        await self.restore(said, {name: state for name, state in agent_states.items() if name in speakers})


def _task_messages(
    task: str | BaseChatMessage | Sequence[BaseChatMessage] | None,
) -> list[BaseChatMessage]:
    if task is None:
        return []
    if isinstance(task, str):
        return [TextMessage(content=task, source="user")]
    if isinstance(task, BaseChatMessage):
        return [task]
    return list(task)
