"""The team of ours speaks as AutoGen's RoundRobinGroupChat does, and goes on where that cannot."""

import asyncio
import json
from collections.abc import Callable, Sequence

import pytest
from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.base import TaskResult, Team
from autogen_agentchat.conditions import FunctionalTermination, MaxMessageTermination, TextMentionTermination
from autogen_agentchat.messages import BaseAgentEvent, BaseChatMessage, StopMessage, TextMessage, ThoughtEvent
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core import CancellationToken
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsim.dialogue.agent import RoleAgent
from agentsim.dialogue.function_agent import FunctionAgent, Said
from agentsim.dialogue.team import DialogueTeam
from agentsim.errors import RateLimited
from agentsim.llm.client import ChatClient
from tests.dialogue.agents import Echo, Sleeper, Stumbler
from tests.scripted import ScriptedModel, talker


def ours(agents: Sequence[Echo], stop: object) -> Team:
    return DialogueTeam(agents, termination=stop)  # type: ignore[arg-type]


def theirs(agents: Sequence[Echo], stop: object) -> Team:
    return RoundRobinGroupChat(list(agents), termination_condition=stop)  # type: ignore[arg-type]


def shape(result: TaskResult) -> list[tuple[str, str, str]]:
    return [(type(m).__name__, m.source, m.to_text()) for m in result.messages]


async def tell(
    make: Callable[..., Team], count: int, tasks: Sequence[object], stop: Callable[[], object]
) -> list[object]:
    """Run a team once for each task and return everything it told its caller."""
    team = make([Echo(name) for name in "abc"[:count]], stop())
    told: list[object] = []
    for task in tasks:
        streamed: list[str] = []
        async for item in team.run_stream(task=task):  # type: ignore[arg-type]
            if isinstance(item, TaskResult):
                told.append((shape(item), item.stop_reason))
            else:
                streamed.append(f"{type(item).__name__} {item.to_text()}")
        told.append(streamed)
    return told


def three_messages() -> object:
    return MaxMessageTermination(4)


def a_second_time() -> object:
    return TextMentionTermination("b2")


def a_thought_of_b() -> object:
    def seen(messages: Sequence[BaseAgentEvent | BaseChatMessage]) -> bool:
        return any(isinstance(message, ThoughtEvent) and message.source == "b" for message in messages)

    return FunctionalTermination(seen)


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("stop", [three_messages, a_second_time, a_thought_of_b])
@pytest.mark.parametrize(
    "tasks",
    [
        [None],
        ["Begin."],
        [None, None],
        ["Begin.", None, "Again."],
        [[TextMessage(content="one", source="x"), StopMessage(content="two", source="y")]],
    ],
    ids=["alone", "task", "twice", "task-alone-task", "messages"],
)
async def test_says_what_a_round_robin_group_chat_says(
    count: int, stop: Callable[[], object], tasks: list[object]
) -> None:
    if stop is a_second_time:
        tasks = tasks[:1]
    assert await tell(ours, count, tasks, stop) == await tell(theirs, count, tasks, stop)


async def test_a_task_can_be_kept_out_of_the_result() -> None:
    results = []
    for make in (ours, theirs):
        team = make([Echo("a"), Echo("b")], MaxMessageTermination(3))
        results.append(shape(await team.run(task="Begin.", output_task_messages=False)))
    assert results[0] == results[1]
    assert "Begin." not in [text for _, _, text in results[0]]


async def test_a_task_that_ends_it_lets_nobody_speak() -> None:
    agents = [Echo("a"), Echo("b")]
    result = await DialogueTeam(agents, termination=TextMentionTermination("STOP")).run(task="STOP")
    assert shape(result) == [("TextMessage", "user", "STOP")]
    assert [agent.turns for agent in agents] == [0, 0]


async def test_nests_in_a_group_chat() -> None:
    """Inside a RoundRobinGroupChat a team of ours and one of theirs are the same participant."""
    told = []
    for make in (ours, theirs):
        inner = make([Echo("a"), Echo("b")], MaxMessageTermination(3))
        outer = RoundRobinGroupChat(
            [inner, Echo("c")],
            termination_condition=MaxMessageTermination(12),
        )
        told.append(shape(await outer.run(task="Begin.")))
    assert told[0] == told[1]
    assert {source for _, source, _ in told[0]} == {"user", "a", "b", "c"}


async def test_an_agents_own_error_reaches_the_caller_and_the_same_agent_is_asked_again() -> None:
    smooth = await tell(ours, 2, [None, None], three_messages)
    stumbler = Stumbler("b", at=[1, 2])
    team = DialogueTeam([Echo("a"), stumbler], termination=MaxMessageTermination(8))
    seen: list[str] = []
    for _ in range(2):
        with pytest.raises(Stumbler.Tripped) as caught:
            async for item in team.run_stream():
                seen.append(item.to_text())  # type: ignore[union-attr]
        assert caught.value.args == ("b tripped", 7)
    result = await team.run()
    turns = [text for text in seen if "thinks" not in text]
    turns += [m.to_text() for m in result.messages if isinstance(m, TextMessage)]
    whole = [message for told in smooth[::2] for message in told[0]]  # type: ignore[index]
    assert turns == [text for kind, _, text in whole if kind == "TextMessage"]
    # Asked again with the very same messages: nothing lost, nothing doubled.
    assert stumbler.given[0] == stumbler.given[1]
    assert stumbler.given[2] == stumbler.given[3]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 4), max_size=3, unique=True), st.lists(st.integers(1, 4), max_size=3, unique=True))
def test_stumbling_anywhere_changes_no_transcript(first: list[int], second: list[int]) -> None:
    async def story() -> list[str]:
        team = DialogueTeam([Stumbler("a", at=first), Stumbler("b", at=second)], termination=MaxMessageTermination(8))
        turns: list[str] = []
        while True:
            try:
                async for item in team.run_stream():
                    if isinstance(item, TaskResult):
                        return turns
                    if isinstance(item, TextMessage):
                        turns.append(item.content)
            except Stumbler.Tripped:
                continue

    async def smooth() -> list[str]:
        result = await DialogueTeam([Echo("a"), Echo("b")], termination=MaxMessageTermination(8)).run()
        return [m.content for m in result.messages if isinstance(m, TextMessage)]

    assert asyncio.run(story()) == asyncio.run(smooth())


async def test_an_assistant_agent_that_failed_is_asked_the_same_again() -> None:
    """AutoGen's own agent remembers what it heard before it asks its model; after a failure it must not hear
    it twice."""
    model = ScriptedModel(["one", RateLimited("no", model="m"), "two"])
    client = ChatClient("m", model)
    team = DialogueTeam([Echo("a"), AssistantAgent("b", client)], termination=MaxMessageTermination(4))
    with pytest.raises(RateLimited):
        await team.run()
    await team.run()
    assert model.requests[1].messages == model.requests[2].messages
    roles = [message["role"] for message in model.requests[2].messages]
    assert roles == ["system", "user", "assistant", "user"]


async def test_a_cancelled_token_stops_a_speaker_at_once_and_the_next_run_goes_on() -> None:
    sleeper = Sleeper("b")
    team = DialogueTeam([Echo("a"), sleeper], termination=MaxMessageTermination(2))
    token = CancellationToken()
    task = asyncio.ensure_future(team.run(cancellation_token=token))
    await asyncio.wait_for(sleeper.asleep.wait(), 1)
    token.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 0.5)
    sleeper.wake.set()
    result = await team.run()
    assert [m.to_text() for m in result.messages if isinstance(m, TextMessage)] == ["b1(a:a1())"]


async def test_a_cancelled_token_stops_agents_that_never_look_at_it() -> None:
    token = CancellationToken()

    def counts(turns: Sequence[Said]) -> str:
        if len(turns) == 4:
            token.cancel()
        assert len(turns) < 6, "went on after the token was cancelled"
        return str(len(turns))

    team = DialogueTeam([FunctionAgent("a", counts), FunctionAgent("b", counts)])
    with pytest.raises(asyncio.CancelledError):
        await team.run(cancellation_token=token)


async def test_a_cancelled_token_stops_a_person_who_is_still_thinking() -> None:
    asked = asyncio.Event()

    async def thinks(turns: Sequence[Said]) -> str:
        asked.set()
        await asyncio.sleep(60)
        return "never"

    token = CancellationToken()
    team = DialogueTeam([FunctionAgent("a", thinks, speaker="human"), Echo("b")])
    task = asyncio.ensure_future(team.run(cancellation_token=token))
    await asked.wait()
    token.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 0.5)


async def test_cancelling_the_task_stops_the_call_behind_it() -> None:
    model = ScriptedModel(talker, latency=60)
    agent = RoleAgent("a", client=ChatClient("m", model), system=None, opening="Go.", seed=lambda t, a: t)
    task = asyncio.ensure_future(DialogueTeam([agent, Echo("b")]).run())
    await asyncio.sleep(0.01)
    assert model.requests
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 0.5)


async def test_pause_holds_the_next_turn_until_resume() -> None:
    agents = [Echo("a"), Echo("b")]
    team = DialogueTeam(agents, termination=MaxMessageTermination(4))
    await team.pause()
    assert all(agent.paused for agent in agents)
    task = asyncio.ensure_future(team.run())
    await asyncio.sleep(0.01)
    assert [agent.turns for agent in agents] == [0, 0]
    await team.resume()
    assert not any(agent.paused for agent in agents)
    await asyncio.wait_for(task, 1)
    assert [agent.turns for agent in agents] == [2, 2]


async def test_a_paused_team_can_still_be_cancelled() -> None:
    team = DialogueTeam([Echo("a"), Echo("b")])
    await team.pause()
    token = CancellationToken()
    task = asyncio.ensure_future(team.run(cancellation_token=token))
    await asyncio.sleep(0.01)
    token.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 0.5)


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5])
async def test_a_saved_team_goes_on_as_the_one_it_was_saved_from(turns: int) -> None:
    """Model roles, functions, AutoGen's assistant: the next requests are those of the team that never
    stopped."""

    def team_on(model: ScriptedModel, messages: int = 9) -> DialogueTeam:
        role = RoleAgent("a", client=ChatClient("m", model), system="Be a.", opening="Go.", seed=lambda t, a: t)
        function = FunctionAgent("b", lambda turns: f"heard {len(turns)}: {turns[-1]['text']}")
        assistant = AssistantAgent("c", ChatClient("m", model), system_message="Be c.")
        return DialogueTeam([role, function, assistant], termination=MaxMessageTermination(messages))

    whole = ScriptedModel(talker)
    expected = [m.content for m in (await team_on(whole).run()).messages if isinstance(m, TextMessage)]

    first, second = ScriptedModel(talker), ScriptedModel(talker)
    stopped = team_on(first)
    seen: list[str] = []
    stream = stopped.run_stream()
    if turns:
        async for item in stream:
            if isinstance(item, TextMessage):
                seen.append(item.content)
            if len(seen) == turns:
                break
    await stream.aclose()
    state = json.loads(json.dumps(await stopped.save_state()))
    other = team_on(second, 9 - turns)
    await other.load_state(state)
    seen += [m.content for m in (await other.run()).messages if isinstance(m, TextMessage)]
    assert seen == expected
    asked = [request.messages for request in (*first.requests, *second.requests)]
    assert asked == [request.messages for request in whole.requests]


async def test_messages_that_wait_for_an_agent_keep_their_kind_in_saved_state() -> None:
    team = DialogueTeam([Echo("a", stops_after=1), Echo("b")])
    async for item in team.run_stream():
        if isinstance(item, StopMessage):
            break
    other = DialogueTeam([Echo("a"), Echo("b")], termination=MaxMessageTermination(1))
    await other.load_state(json.loads(json.dumps(await team.save_state())))
    assert [m.to_text() for m in (await other.run()).messages][-1] == "b1(a:a1())"


async def spoken(team: DialogueTeam, *names: str | None) -> list[str]:
    """Let the team speak once for each name; where there is one, it is set as the next speaker first."""
    stream = team.run_stream()
    turns: list[str] = []
    for name in names:
        if name is not None:
            team.next_speaker = name
        async for item in stream:
            if item is team.latest:
                turns.append(item.to_text())  # type: ignore[union-attr]
                break
    await stream.aclose()
    return turns


async def test_the_next_speaker_may_be_chosen_before_each_turn() -> None:
    team = DialogueTeam([Echo("a"), Echo("b"), Echo("c")])
    assert (team.next_speaker, team.latest_speaker) == ("a", None)
    assert await spoken(team, "c", "a", "c", "b", None) == [
        "c1()",
        "a1(c:c1())",
        "c2(a:a1(c:c1()))",
        "b1(c:c1()|a:a1(c:c1())|c:c2(a:a1(c:c1())))",
        "c3(b:b1(c:c1()|a:a1(c:c1())|c:c2(a:a1(c:c1()))))",
    ]
    assert (team.next_speaker, team.latest_speaker) == ("a", "c")


async def test_a_chosen_speaker_that_fails_is_asked_again() -> None:
    stumbler = Stumbler("c", at=[1])
    team = DialogueTeam([Echo("a"), Echo("b"), stumbler], termination=MaxMessageTermination(1))
    await spoken(team, None)
    team.next_speaker = "c"
    with pytest.raises(Stumbler.Tripped):
        await team.run()
    assert team.next_speaker == "c"
    await spoken(team, None)
    assert team.latest_speaker == "c"
    assert stumbler.given[0] == stumbler.given[1]


async def test_only_another_participant_can_be_the_next_speaker() -> None:
    team = DialogueTeam([Echo("a"), Echo("b")])
    with pytest.raises(ValueError, match="no agent of this dialogue is called 'x'"):
        team.next_speaker = "x"
    await spoken(team, None)
    with pytest.raises(ValueError, match="'a' spoke last"):
        team.next_speaker = "a"
    saved, other = await team.save_state(), DialogueTeam([Echo("a"), Echo("b")])
    await other.load_state(json.loads(json.dumps(saved)))
    with pytest.raises(ValueError, match="'a' spoke last"):
        other.next_speaker = "a"
    assert other.next_speaker == "b"


async def test_while_somebody_speaks_nothing_can_be_chosen_or_taken_back() -> None:
    team = DialogueTeam([Echo("a"), Echo("b")])
    stream = team.run_stream()
    thought = await anext(stream)
    assert isinstance(thought, ThoughtEvent)
    with pytest.raises(RuntimeError, match="'a' is speaking"):
        team.next_speaker = "b"
    with pytest.raises(RuntimeError, match="'a' is speaking"):
        await team.rewind([], {})
    await stream.aclose()
    team.next_speaker = "b"
    assert await spoken(team, None) == ["b1()"]


PLAN = "aobaofcobfaob"
"""Who speaks when: a, b and c are roles with a model, f is a function, o an agent of the user's."""


def mixed(model: ScriptedModel) -> DialogueTeam:
    """Two roles, a function and AutoGen's own assistant."""

    def role(name: str) -> RoleAgent:
        client = ChatClient(f"m/{name}", model)
        return RoleAgent(name, client=client, system=None, opening="Go.", seed=lambda turn, take: turn)

    function = FunctionAgent("f", lambda turns: f"heard {len(turns)}: {turns[-1]['text']}")
    assistant = AssistantAgent("o", ChatClient("m/o", model), system_message="Be o.")
    return DialogueTeam([role("a"), role("b"), role("c"), function, assistant])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(PLAN)), st.integers(0, len(PLAN)), st.booleans())
def test_restored_or_rewound_to_any_turn_of_any_order_it_goes_on_as_if_nothing_had_been(
    reached: int, back: int, fresh: bool
) -> None:
    """The requests of a team that went on and was taken back, or of a new one in its place, are those of one that
    never was."""

    async def story() -> None:
        whole, model = ScriptedModel(talker), ScriptedModel(talker)
        expected = await spoken(mixed(whole), *PLAN)
        team, said = mixed(model), list[tuple[str, str]]()
        states: list[dict[str, object]] = [{}]
        for name in PLAN[: max(reached, back)]:
            said.append((name, *await spoken(team, name)))
            states.append({**states[-1], **({name: await team._participants[4].save_state()} if name == "o" else {})})
        back_to = min(reached, back)
        model.requests.clear()
        if fresh:
            team = mixed(model)
            await team.restore(said[:back_to], states[back_to])  # type: ignore[arg-type]
        else:
            # States of agents that do not speak in what remains may be later ones: they are not taken.
            late = {**states[-1], **states[back_to]}
            await team.rewind(said[:back_to], late)  # type: ignore[arg-type]
        assert team.latest_speaker == (PLAN[back_to - 1] if back_to else None)
        names = [agent.name for agent in team._participants]
        following = names.index(PLAN[back_to - 1]) + 1 if back_to else 0
        assert team.next_speaker == names[following % len(names)]
        assert await spoken(team, *PLAN[back_to:]) == expected[back_to:]
        calls = sum(name != "f" for name in PLAN[:back_to])
        assert [r.messages for r in model.requests] == [r.messages for r in whole.requests[calls:]]

    asyncio.run(story())


async def test_a_stream_that_waits_at_a_turn_goes_on_from_where_it_was_rewound_to() -> None:
    agents = [FunctionAgent(name, lambda turns: f"after {[turn['text'] for turn in turns]}") for name in "abc"]
    team = DialogueTeam(agents, termination=MaxMessageTermination(3))
    told: list[str] = []
    async for item in team.run_stream():
        if item is team.latest:
            told.append(f"{team.latest_speaker} {item.to_text()}")  # type: ignore[union-attr]
            if len(told) == 2:
                await team.rewind([("a", "after []")], {})
                team.next_speaker = "c"
    # The turn that was taken back and those before it are no part of what the ending counts.
    assert told == [
        "a after []",
        "b after ['after []']",
        "c after ['after []']",
        """a after ['after []', "after ['after []']"]""",
        *told[4:],
    ]
    assert len(told) == 5


async def test_an_agent_of_the_users_is_not_rewound_without_its_state() -> None:
    model = ScriptedModel(talker)
    team = mixed(model)
    said = list(zip("ao", await spoken(team, "a", "o"), strict=True))
    with pytest.raises(ValueError, match="the state that 'o' had"):
        await team.rewind(said, {})
    # Nothing was changed.
    assert team.latest_speaker == "o"
    await spoken(team, "b")
    assert [message["role"] for message in model.requests[-1].messages] == ["user"]


async def test_reset_forgets_everything() -> None:
    agents = [Echo("a"), Echo("b")]
    team = DialogueTeam(agents, termination=MaxMessageTermination(3))
    first = shape(await team.run())
    await team.reset()
    assert shape(await team.run()) == first


async def test_an_agent_that_gives_no_response_is_a_bug_that_is_told() -> None:
    class Mute(Echo):
        async def on_messages_stream(self, messages, cancellation_token):  # type: ignore[no-untyped-def]
            return
            yield

    with pytest.raises(RuntimeError, match="'a' ended its turn without a response"):
        await DialogueTeam([Mute("a"), Echo("b")]).run()


@pytest.mark.parametrize("names", [["a"], ["a", "a"], []])
def test_a_dialogue_takes_two_agents_with_different_names(names: list[str]) -> None:
    with pytest.raises(ValueError, match="two or more"):
        DialogueTeam([Echo(name) for name in names])


def test_a_team_does_not_pretend_to_be_dumpable() -> None:
    """A dump without the participants would load as nothing."""
    with pytest.raises(NotImplementedError):
        DialogueTeam([Echo("a"), Echo("b")]).dump_component()
