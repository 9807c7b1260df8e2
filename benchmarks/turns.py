"""Turns a second and client CPU a turn of agentsim, against a bare loop, litellm and AutoGen's own group chat.

All arms talk to one mock server on the loopback, in a process of its own, with the same prompts and growing chats of
ten turns. Every measurement is a process of its own that does nothing else; arms take turns within a round, and ratios
are taken within the round, since the machine's speed drifts. Run it with ``python -m benchmarks.turns``.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

TURNS = 10
"""Turns of a dialogue."""

MODEL = "openai/mock"
SCENARIO = "shop-return"

Messages = list[dict[str, str]]


def chats(dialogues: int) -> list[tuple[str, str, str]]:
    """Return the opener's and the answerer's system prompt and the opening of each dialogue, as agentsim makes them."""
    from agentsim.dialogue.stage import cast_people, others, role_prompt
    from agentsim.library import Library
    from agentsim.planning.plan import Plan
    from agentsim.prompts.render import Prompts

    library, prompts = Library.load(), Prompts()
    scenario = library.scenarios[SCENARIO]
    first, second = (role.name for role in scenario.order)
    made = []
    for assignment in Plan(library, 0, scenarios=[SCENARIO]).take(dialogues):
        people = cast_people(assignment, library.personas)
        opening = prompts.render("opening", others=others(scenario, first, people), task=assignment.task)
        systems = [role_prompt(prompts, scenario, role, people, assignment.task) for role in (first, second)]
        made.append((systems[0], systems[1], opening))
    return made


async def hand_made(dialogues: int, concurrency: int, ask: Callable[[Messages, int], Awaitable[str]]) -> float:
    """Play dialogues with nothing but a loop around ``ask``; return the seconds it took."""
    prepared = iter(enumerate(chats(dialogues)))

    async def worker() -> None:
        for index, (opener, answerer, opening) in prepared:
            said: list[str] = []
            for turn in range(TURNS):
                mine = turn % 2
                messages = [{"role": "system", "content": answerer if mine else opener}]
                if not mine:
                    messages.append({"role": "user", "content": opening})
                messages += [
                    {"role": "assistant" if i % 2 == mine else "user", "content": text} for i, text in enumerate(said)
                ]
                said.append(await ask(messages, index * TURNS + turn))

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(concurrency)))
    return time.perf_counter() - began


async def bare(url: str, dialogues: int, concurrency: int) -> float:
    """The limit: aiohttp and json, nothing kept."""
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def ask(messages: Messages, seed: int) -> str:
            body = {
                "model": "mock",
                "messages": messages,
                "temperature": 0.8,
                "max_tokens": 256,
                "seed": seed,
            }
            async with session.post(
                f"{url}/chat/completions",
                data=json.dumps(body),
                headers={"Content-Type": "application/json", "Authorization": "Bearer none"},
            ) as response:
                answer: dict[str, Any] = json.loads(await response.read())
                return str(answer["choices"][0]["message"]["content"])

        return await hand_made(dialogues, concurrency, ask)


async def litellm_alone(url: str, dialogues: int, concurrency: int) -> float:
    """`litellm.acompletion` in the same loop."""
    from agentsim.llm.litellm_door import litellm as load

    litellm = await asyncio.to_thread(load)

    async def ask(messages: Messages, seed: int) -> str:
        answer = await litellm.acompletion(
            MODEL, messages, temperature=0.8, max_tokens=256, seed=seed, max_retries=0, num_retries=0
        )
        return str(answer.choices[0].message.content)

    await ask([{"role": "user", "content": "warm up"}], 0)
    return await hand_made(dialogues, concurrency, ask)


async def group_chat(url: str, dialogues: int, concurrency: int) -> float:
    """AutoGen's RoundRobinGroupChat of two AssistantAgents over litellm."""
    from autogen_agentchat.agents import AssistantAgent
    from autogen_agentchat.conditions import MaxMessageTermination
    from autogen_agentchat.teams import RoundRobinGroupChat

    from agentsim.llm.client import ChatClient
    from agentsim.llm.ways import Ways

    client = ChatClient(MODEL, Ways(way="general"), params={"temperature": 0.8, "max_tokens": 256})
    prepared = iter(chats(dialogues))

    async def worker() -> None:
        for opener, answerer, opening in prepared:
            team = RoundRobinGroupChat(
                [
                    AssistantAgent("customer", client, system_message=opener),
                    AssistantAgent("agent", client, system_message=answerer),
                ],
                termination_condition=MaxMessageTermination(TURNS + 1),
            )
            await team.run(task=opening)

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(concurrency)))
    return time.perf_counter() - began


def agentsim_way(way: str) -> Callable[[str, int, int], Awaitable[float]]:
    """Return the arm of a whole agentsim run over one way, its store, recording and events on."""

    async def arm(url: str, dialogues: int, concurrency: int) -> float:
        from agentsim.library import Library
        from agentsim.run.runner import create, play
        from agentsim.run.settings import RunSettings

        settings = RunSettings.model_validate(
            {
                "model": MODEL,
                "dialogues": dialogues,
                "concurrency": concurrency,
                "scenarios": [SCENARIO],
                "max_turns": TURNS,
                "way": way,
                "critic": {"enabled": False},
                "goal_check": {"enabled": False},
            }
        )
        seen = 0

        def watch(_: object) -> None:
            nonlocal seen
            seen += 1

        with tempfile.TemporaryDirectory() as folder:
            run = await create(settings, Library.load(), Path(folder) / "run")
            began = time.perf_counter()
            outcome = await play(run, watchers=[watch])
            took = time.perf_counter() - began
        turns = outcome.finished.usage.calls
        if turns != dialogues * TURNS or seen < turns:
            raise SystemExit(f"{turns} turns and {seen} events, {dialogues * TURNS} turns were wanted")
        return took

    return arm


ARMS: dict[str, tuple[Callable[[str, int, int], Awaitable[float]], int]] = {
    "bare aiohttp": (bare, 1),
    "agentsim lean": (agentsim_way("lean"), 1),
    "litellm alone": (litellm_alone, 8),
    "agentsim general": (agentsim_way("general"), 8),
    "RoundRobinGroupChat": (group_chat, 8),
}
"""Each arm, and by how much fewer dialogues it gets, since it is slow."""


def measure(arm: str, url: str, dialogues: int, concurrency: int) -> dict[str, float]:
    """Run one arm in this process; return turns a second and CPU milliseconds a turn."""
    play, fewer = ARMS[arm]
    count = max(dialogues // fewer, concurrency)
    # CPU before and after: the arm's own preparation (imports, prompts) is not what is measured.
    marks: list[float] = []

    async def run() -> float:
        await play(url, min(concurrency, 16), min(concurrency, 16))
        marks.append(time.process_time())
        return await play(url, count, concurrency)

    took = asyncio.run(run())
    cpu = time.process_time() - marks[0]
    return {"turns_per_s": count * TURNS / took, "cpu_ms": 1e3 * cpu / (count * TURNS)}


def main() -> None:
    """Measure all arms and print the table, or one arm as JSON for the process that asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[16, 64, 256])
    parser.add_argument("--latency", type=float, default=0.0, help="seconds the server waits")
    parser.add_argument("--dialogues", type=int, default=600, help="for the fast arms")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS))
    parser.add_argument("--one", choices=list(ARMS), help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(given.one, given.url, given.dialogues, given.concurrency[0])))
        return
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.mock_server", str(given.latency)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None and server.stdin is not None
    url = f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
    try:
        print(f"server latency {given.latency * 1e3:g} ms, {given.rounds} rounds, medians; {os.cpu_count()} cores")
        for concurrency in given.concurrency:
            table(given, url, concurrency)
    finally:
        server.stdin.close()
        server.wait()


def table(given: argparse.Namespace, url: str, concurrency: int) -> None:
    """Measure every arm at one concurrency and print a row for each."""
    rounds: list[dict[str, dict[str, float]]] = []
    environment = {
        **os.environ,
        "OPENAI_BASE_URL": url,
        "OPENAI_API_BASE": url,
        "OPENAI_API_KEY": "none",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_MODE": "PRODUCTION",
    }
    for _ in range(given.rounds):
        rounds.append({})
        for arm in given.arms:
            command = [sys.executable, "-m", "benchmarks.turns", "--one", arm, "--url", url]
            command += ["--dialogues", str(given.dialogues), "--concurrency", str(concurrency)]
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(f"{arm}: {done.stderr[-2000:]}")
            rounds[-1][arm] = json.loads(done.stdout.splitlines()[-1])
    print(f"\n{concurrency} dialogues at once")
    print(f"{'':22}{'turns/s':>10}{'CPU ms/turn':>14}{'vs bare':>10}{'vs group chat':>16}{'CPU vs litellm':>17}")

    def ratio(arm: str, reference: str, figure: str) -> str:
        if reference not in given.arms:
            return "-"
        return f"{statistics.median(r[arm][figure] / r[reference][figure] for r in rounds):.2f}"

    for arm in given.arms:
        speed, cpu = (statistics.median(r[arm][figure] for r in rounds) for figure in ("turns_per_s", "cpu_ms"))
        print(
            f"{arm:22}{speed:>10.0f}{cpu:>14.3f}{ratio(arm, 'bare aiohttp', 'turns_per_s'):>10}"
            f"{ratio(arm, 'RoundRobinGroupChat', 'turns_per_s'):>16}{ratio(arm, 'litellm alone', 'cpu_ms'):>17}"
        )


if __name__ == "__main__":
    main()
