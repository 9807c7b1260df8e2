"""Clean dialogues for the same tokens with guards off, tagging and repairing, on the embedded model.

Each seed plays the same plan in every arm until a budget of generated tokens is used up; what guards throw away counts.
A dialogue is clean if it has at least 8 turns and the detectors find nothing in it once it is over. The figure is clean
dialogues in 10,000 generated tokens; the arms are paired by seed, and intervals are 95 % bootstrap intervals over
seeds. So that cleanliness is not bought with sameness, distinct-4 (share of different four-word runs, over the same
number of words in each arm) and topic spread (1 minus the mean cosine between dialogues) are printed beside it.

The judge is the detectors that guards act by: what they overlook is overlooked in every arm. `--save` writes the
dialogues down, to be read. Run it with ``python -m benchmarks.guards`` (half an hour on two quiet cores).
"""

import argparse
import asyncio
import json
import statistics
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from agentsim.dialogue.conversation import converse
from agentsim.dialogue.stage import cast_people
from agentsim.errors import AgentsimError, BudgetReached
from agentsim.events import Event
from agentsim.guards.detect import detect
from agentsim.guards.scene import scene_of, with_turns
from agentsim.llm.model import Answer, Model, Request
from agentsim.llm.recording import Recording
from agentsim.llm.ways import Ways
from agentsim.meaning import vectors
from agentsim.run.settings import RunSettings
from agentsim.run.setup import Unasked, load_library, make_setup
from agentsim.schema import Dialogue, Finding, Guards

MODEL = "embedded/smollm2-135m"
LEAST_TURNS = 8
LEAST_CONFIDENCE = 0.5
ARMS: Mapping[str, Mapping[str, Any]] = {
    "off": {"guards": Guards(mode="off")},
    "tag": {"guards": Guards(mode="tag")},
    "repair": {"guards": Guards(mode="repair")},
    "off without agenda": {"guards": Guards(mode="off"), "agenda": False},
    "repair without agenda": {"guards": Guards(mode="repair"), "agenda": False},
}


class Memory:
    """Recorded answers, shared by all arms: where two arms ask the same, the model is asked once."""

    def __init__(self) -> None:
        self._bodies: dict[str, str] = {}

    def find(self, key: str) -> str | None:
        return self._bodies.get(key)

    def keep(self, key: str, body: str, answer: Answer) -> None:
        self._bodies[key] = body


class Metered:
    """Counts generated tokens, recorded ones too, and refuses a call once the budget is used up."""

    def __init__(self, inner: Model, budget: int) -> None:
        self._inner = inner
        self._budget = budget
        self.tokens = 0

    async def ask(self, request: Request) -> Answer:
        if self.tokens >= self._budget:
            raise BudgetReached("the budget of this arm is used up")
        answer = await self._inner.ask(request)
        self.tokens += answer.completion_tokens
        return answer

    async def stream(self, request: Request) -> AsyncIterator[str | Answer]:
        yield await self.ask(request)

    async def close(self) -> None:
        """The model is closed by its owner."""


@dataclass
class Arm:
    """What one arm made of one seed's budget."""

    tokens: int = 0
    dialogues: list[Dialogue] = field(default_factory=list)
    found: list[list[Finding]] = field(default_factory=list)
    """What is wrong with each of them."""

    @property
    def clean(self) -> int:
        return sum(
            len(dialogue.turns) >= LEAST_TURNS and not found
            for dialogue, found in zip(self.dialogues, self.found, strict=True)
        )


async def arm(name: str, seed: int, budget: int, door: Model, scenarios: Sequence[str], turns: int) -> Arm:
    """Play one arm of one seed."""
    settings = RunSettings(
        model=MODEL, seed=seed, dialogues=1000, scenarios=tuple(scenarios), max_turns=turns, **ARMS[name]
    )
    library = load_library(settings)
    setup = make_setup(settings, library, Unasked(), speakers={}, stream=False)
    metered = Metered(door, budget)
    stage = replace(setup.stage, door=metered)
    made = Arm()

    async def emit(*_: Event) -> None:
        """Nothing is kept."""

    for index in count():
        assignment = setup.plan[index]
        scenario = setup.scenarios[assignment.scenario]
        try:
            dialogue = await converse(stage, assignment, scenario, library.personas, emit=emit)
        except BudgetReached:
            break
        except AgentsimError:
            continue  # a role that said nothing: its tokens are spent
        people = cast_people(assignment, library.personas)
        talk = with_turns(scene_of(scenario, people, dialogue.task), dialogue.turns, dialogue.end)
        made.dialogues.append(dialogue)
        made.found.append([finding for finding in detect(talk) if finding.confidence >= LEAST_CONFIDENCE])
    made.tokens = metered.tokens
    return made


async def play(seeds: int, budget: int, arms: Sequence[str], scenarios: Sequence[str], turns: int, first: int) -> Any:
    """Return what every arm made of every seed, by arm."""
    ways = Ways()
    made: dict[str, list[Arm]] = {name: [] for name in arms}
    at_once = asyncio.Semaphore(3)

    async def one(seed: int) -> dict[str, Arm]:
        async with at_once:
            door = Recording(ways, Memory())
            return {name: await arm(name, seed, budget, door, scenarios, turns) for name in arms}

    try:
        for done in asyncio.as_completed([one(seed) for seed in range(first, first + seeds)]):
            for name, result in (await done).items():
                made[name].append(result)
            told = {name: f"{results[-1].clean}/{len(results[-1].dialogues)}" for name, results in made.items()}
            print(f"  seed {len(made[arms[0]])} of {seeds}: clean {told}", flush=True)
    finally:
        await ways.close()
    return made


def distinct_4(dialogues: Sequence[Dialogue], words: int) -> float:
    """Return the share of different four-word runs in the first ``words`` words."""
    told = " ".join(turn.text for dialogue in dialogues for turn in dialogue.turns).casefold().split()[:words]
    runs = list(zip(told, told[1:], told[2:], told[3:], strict=False))
    return len(set(runs)) / len(runs) if runs else 0.0


def spread(dialogues: Sequence[Dialogue]) -> float:
    """Return 1 minus the mean cosine between two dialogues."""
    if len(dialogues) < 2:
        return 0.0
    found = vectors([" ".join(turn.text for turn in dialogue.turns) for dialogue in dialogues])
    near = found @ found.T
    upper = near[np.triu_indices(len(found), 1)]
    return float(1 - upper.mean())


def interval(values: np.ndarray[Any, Any]) -> str:
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return f"[{low:.2f}, {high:.2f}]"


def report(made: Mapping[str, Sequence[Arm]]) -> dict[str, Any]:
    """Print the table and return its figures."""
    arms = list(made)
    seeds = len(made[arms[0]])
    draw = np.random.default_rng(0).integers(0, seeds, (4000, seeds))
    count_of = {name: np.array([one.clean for one in made[name]], float) for name in arms}
    token_of = {name: np.array([one.tokens for one in made[name]], float) for name in arms}
    dialogue_of = {name: np.array([len(one.dialogues) for one in made[name]], float) for name in arms}
    rate = {name: count_of[name].sum() / token_of[name].sum() * 1e4 for name in arms}
    drawn = {name: count_of[name][draw].sum(1) / token_of[name][draw].sum(1) * 1e4 for name in arms}
    texts = {name: [dialogue for one in made[name] for dialogue in one.dialogues] for name in arms}
    words = min(sum(len(turn.text.split()) for d in texts[name] for turn in d.turns) for name in arms)
    figures: dict[str, Any] = {}
    print(f"\n{seeds} seeds, {int(statistics.mean(token_of[arms[0]]))} generated tokens a seed and arm")
    print(
        f"{'arm':20} {'dialogues':>9} {'clean':>6} {'share clean':>24} {'clean/10k tokens':>26}"
        f" {'distinct-4':>11} {'spread':>7}"
    )
    for name in arms:
        share = count_of[name].sum() / max(dialogue_of[name].sum(), 1)
        shares = count_of[name][draw].sum(1) / np.maximum(dialogue_of[name][draw].sum(1), 1)
        lost = sum(i.discarded.completion_tokens for d in texts[name] for i in d.interventions)
        figures[name] = {
            "dialogues": int(dialogue_of[name].sum()),
            "clean": int(count_of[name].sum()),
            "share": share,
            "rate": rate[name],
            "distinct_4": distinct_4(texts[name], words),
            "spread": spread(texts[name]),
            "thrown_away": lost / token_of[name].sum(),
        }
        print(
            f"{name:20} {figures[name]['dialogues']:9} {figures[name]['clean']:6} {share:8.2f} {interval(shares):>15}"
            f" {rate[name]:10.2f} {interval(drawn[name]):>15}"
            f" {figures[name]['distinct_4']:11.3f} {figures[name]['spread']:7.3f}"
        )
    for name in arms:
        kinds: dict[str, int] = {}
        for one in made[name]:
            for dialogue, found in zip(one.dialogues, one.found, strict=True):
                for kind in {finding.kind for finding in found}:
                    kinds[kind] = kinds.get(kind, 0) + 1
                kinds["under 8 turns"] = kinds.get("under 8 turns", 0) + (len(dialogue.turns) < LEAST_TURNS)
        figures[name]["dialogues_with"] = kinds
        lost = f"thrown away {figures[name]['thrown_away']:.0%}"
        print(f"{name:20} dialogues with: {dict(sorted(kinds.items()))}; {lost}")
    reference = arms[0]
    for name in arms[1:]:
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = rate[name] / rate[reference] if rate[reference] else float("inf")
            ratios = drawn[name] / drawn[reference]
        wins = int((count_of[name] / token_of[name] > count_of[reference] / token_of[reference]).sum())
        figures[name]["ratio"] = ratio
        print(
            f"{name} against {reference}: {ratio:.2f} times the clean dialogues a token {interval(ratios)},"
            f" better in {wins} of {seeds} seeds"
        )
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=100, help="first seed")
    parser.add_argument("--budget", type=int, default=2500, help="generated tokens a seed and arm")
    parser.add_argument("--arms", default="off,tag,repair", help="of: " + "; ".join(ARMS))
    parser.add_argument("--scenarios", default="", help="comma-separated; all shipped conversations where left out")
    parser.add_argument("--turns", type=int, default=10, help="turn limit")
    parser.add_argument("--save", type=Path, help="write the dialogues, one JSON object a line")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    arms = [name.strip() for name in given.arms.split(",")]
    scenarios = [name for name in given.scenarios.split(",") if name]
    made = asyncio.run(play(given.seeds, given.budget, arms, scenarios, given.turns, given.first))
    if given.save:
        with given.save.open("w") as file:
            for name, results in made.items():
                for one in results:
                    for dialogue, found in zip(one.dialogues, one.found, strict=True):
                        told = {
                            "arm": name,
                            "scenario": dialogue.assignment.scenario,
                            "task": dialogue.task,
                            "turns": [f"{turn.role}: {turn.text}" for turn in dialogue.turns],
                            "found": [finding.model_dump() for finding in found],
                            "interventions": [done.told() for done in dialogue.interventions],
                            "end": dialogue.end.reason,
                        }
                        file.write(json.dumps(told, ensure_ascii=False) + "\n")
    figures = report(made)
    if given.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
