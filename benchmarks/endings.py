"""How often dialogues end too early and how often never, by the question and by the leading role's tool.

`tests/data/endings.jsonl` holds written dialogues of shipped scenarios, each with the index of the turn with which its
scenario's `ending.goal` is reached (``null``: never). The question is put as a run puts it: after every round from the
scenario's `min_turns` on; the tool is offered as a run offers it: before every such turn of the leading role. The first
yes, or call, would have ended the dialogue there. Printed, with 95 % Wilson intervals:

- early: dialogues that were ended before the goal was reached, of all;
- never: dialogues that went on to their last turn though the goal was reached, of those in which it was;
- delay: turns from the goal to the end, mean over dialogues that were ended neither early nor never;
- answers before and after: how often the goal was said to be reached where it was not yet, and where it was;
- tokens: read and written for it in one dialogue, up to its end. The tool's include the turns spoken beside it.

A call on the very turn with which the leading role reaches the goal, with words beside it, counts as being on time.
Run it with ``python -m benchmarks.endings`` (some three minutes on two quiet cores), or with ``--model`` any other.
"""

import argparse
import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from autogen_agentchat.messages import TextMessage
from autogen_core import CancellationToken

from agentsim.dialogue.agent import RoleAgent
from agentsim.dialogue.ending import AskInstead
from agentsim.dialogue.side_calls import goal_reached
from agentsim.dialogue.speakers import ModelSpeaker, make_agent
from agentsim.dialogue.stage import SideModel, Stage, others, role_prompt
from agentsim.library import Library
from agentsim.llm.ways import Ways
from agentsim.measures.shares import wilson
from agentsim.prompts.render import Prompts
from agentsim.run.settings import GoalSampling, RunSettings
from agentsim.run.setup import model_speaker
from agentsim.schema import Assignment, Scenario, Turn

DATA = Path(__file__).parent.parent / "tests" / "data" / "endings.jsonl"
MODEL = "embedded/smollm2-135m"

By = Literal["question", "tool"]


@dataclass(frozen=True)
class Case:
    """A written dialogue."""

    scenario: Scenario
    turns: tuple[Turn, ...]
    reached: int | None
    """Index of the turn with which the goal is reached."""

    @property
    def lengths(self) -> range:
        """After how many turns it may end."""
        roles = len(self.scenario.order)
        first = -(-self.scenario.ending.min_turns // roles) * roles
        return range(first, len(self.turns) + 1, roles)


@dataclass(frozen=True)
class Answer:
    """What was said after so many turns."""

    length: int
    yes: bool | None
    """Whether the dialogue was said to be over; ``None`` where the answer could not be read."""

    spoken: bool
    """Whether last words were spoken beside it, which are a turn too."""

    tokens: int


def cases(path: Path = DATA) -> list[Case]:
    """Return the written dialogues."""
    scenarios = Library.load().scenarios
    made = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        scenario = scenarios[row["scenario"]]
        names = [role.name for role in scenario.order]
        turns = [Turn(index=i, role=names[i % len(names)], text=text) for i, text in enumerate(row["turns"])]
        made.append(Case(scenario, tuple(turns), row["reached"]))
    return made


async def asked(stage: Stage, side: SideModel, case: Case) -> list[Answer]:
    """Return what a model says to the question after every round."""
    assignment = _assignment(case)
    answers = []
    for length in case.lengths:
        reached, used = await goal_reached(stage, side, case.scenario, assignment, case.turns[:length])
        answers.append(Answer(length, reached, spoken=False, tokens=used.prompt_tokens + used.completion_tokens))
    return answers


async def offered(stage: Stage, case: Case) -> list[Answer]:
    """Return what the leading role's model does with the tool before every turn of its own."""
    scenario, leader = case.scenario, case.scenario.leader.name
    answers = []
    for length in case.lengths:
        agent = make_agent(
            leader,
            stage.speaker,
            door=stage.door,
            system=role_prompt(stage.prompts, scenario, leader, {}, case.turns[0].text),
            opening=stage.prompts.render("opening", others=others(scenario, leader, {}), task=case.turns[0].text),
            names=None,
            seed=0,
            stream=False,
            silent=True,
            end_tool=stage.end_tool(scenario),
        )
        assert isinstance(agent, RoleAgent)
        *heard, last = ((turn.role, turn.text) for turn in case.turns[:length])
        await agent.load_state({"heard": heard})
        response = await agent.on_messages([TextMessage(source=last[0], content=last[1])], CancellationToken())
        if isinstance(agent.wish, AskInstead):
            raise SystemExit("this model's provider refuses tools")
        said, used = response.chat_message, response.chat_message.models_usage
        tokens = used.prompt_tokens + used.completion_tokens if used else 0
        over = agent.wish is not None
        answers.append(Answer(length, over, over and bool(said.to_model_text()), tokens))
    return answers


def _assignment(case: Case) -> Assignment:
    topic, task = case.scenario.topic_paths()[0], case.turns[0].text
    return Assignment(index=0, id="000000-bench", scenario=case.scenario.id, cast={}, topic=topic, task=task, seed=0)


def there(case: Case, answer: Answer) -> bool:
    """Return whether the goal is reached where a dialogue was said to be over."""
    return case.reached is not None and answer.length + answer.spoken > case.reached


def told(count: int, of: int) -> str:
    """Return a share with its 95 % interval."""
    if not of:
        return "none"
    low, high = wilson(count, of)
    return f"{count:3} of {of:3} = {count / of:4.0%} ({low:.0%} to {high:.0%})"


def report(by: By, found: Sequence[tuple[Case, Sequence[Answer]]]) -> None:
    """Print what came out."""
    early, never, delays, tokens = 0, 0, list[int](), 0
    for case, answers in found:
        stop = next((answer for answer in answers if answer.yes), None)
        tokens += sum(answer.tokens for answer in answers if stop is None or answer.length <= stop.length)
        if stop is None:
            never += case.reached is not None
        elif not there(case, stop):
            early += 1
        elif case.reached is not None:
            delays.append(stop.length + stop.spoken - case.reached - 1)
    single = [(there(case, answer), answer.yes) for case, answers in found for answer in answers]
    before, after = ([yes for is_there, yes in single if is_there == wanted] for wanted in (False, True))
    print(f"\n{by}")
    print(f"  early           {told(early, len(found))}")
    print(f"  never           {told(never, sum(case.reached is not None for case, _ in found))}")
    print(f"  delay           {f'{sum(delays) / len(delays):.1f} turns ({len(delays)})' if delays else 'none'}")
    print(f"  yes before      {told(sum(yes is True for yes in before), len(before))}")
    print(f"  yes after       {told(sum(yes is True for yes in after), len(after))}")
    print(f"  unreadable      {told(sum(yes is None for _, yes in single), len(single))}")
    print(f"  tokens          {tokens / len(found):.0f} a dialogue")


async def measure(model: str, ways_of_ending: Sequence[By], at_once: int) -> None:
    """Measure and print one way after the other."""
    door, written = Ways(), cases()
    print(f"{model}: {len(written)} dialogues, the goal is reached in {sum(c.reached is not None for c in written)}")
    speaker = model_speaker(RunSettings(), model)
    stage = Stage(
        door=door,
        prompts=Prompts(),
        speaker=ModelSpeaker(model, speaker.params, send_seed=False),
        ends_by_tool=lambda _: True,
    )
    side = SideModel(model, GoalSampling().params())
    places = asyncio.Semaphore(at_once)

    async def one(by: By, case: Case) -> tuple[Case, Sequence[Answer]]:
        async with places:
            return case, await (asked(stage, side, case) if by == "question" else offered(stage, case))

    try:
        for by in ways_of_ending:
            report(by, await asyncio.gather(*(one(by, case) for case in written)))
    finally:
        await door.close()


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--by", nargs="+", choices=["question", "tool"], default=["question"])
    parser.add_argument("--at-once", type=int, default=4, help="dialogues")
    given = parser.parse_args()
    asyncio.run(measure(given.model, given.by, given.at_once))


if __name__ == "__main__":
    main()
