"""An AutoGen agent of one's own plays a role, and the run is watched from async code."""

import asyncio

from autogen_agentchat.agents import AssistantAgent

from agentsim import AgentSpeaker, asimulate
from agentsim.events import Event, TurnDone
from agentsim.llm.client import ChatClient
from agentsim.llm.ways import Ways


def watch(event: Event) -> None:
    """Print turns as they are stored."""
    if isinstance(event, TurnDone):
        print(f"{event.turn.role} [{event.turn.speaker}]: {event.turn.text}")


async def main() -> None:
    """Simulate two dialogues in which AutoGen's AssistantAgent is the assistant."""
    ways = Ways()
    client = ChatClient("embedded/smollm2-135m", ways, params={"max_tokens": 60})

    def make() -> AssistantAgent:
        return AssistantAgent("assistant", client, system_message="You help at home. Be brief.")

    try:
        run = await asimulate(
            scenarios=["home-helper"],
            roles={"assistant": AgentSpeaker(make)},
            dialogues=2,
            max_turns=4,
            out="runs/autogen-agent",
            watch=watch,
        )
        print(run.tally)
    finally:
        await ways.close()


if __name__ == "__main__":
    asyncio.run(main())
