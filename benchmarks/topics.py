"""What choosing the next dialogue and placing a finished one take, as topics and dialogues grow: time and memory.

Topics in a tree, 40 below each, in one scenario with everybody of the shipped library; dialogues end at once, half of
them accepted and about their topic. The reference, in the same run, is the rotation's choice over the same plan, which
sees no outcome. Each size is also given as a ratio to the smallest one. ``--beyond 0.1`` lets one choice of ten be
foretold by walks. Run it with ``python -m benchmarks.topics`` (about ten minutes); ``--dialogues 100000`` is quicker.
"""

import argparse
import json
import resource
import statistics
import time
from typing import Any

from agentsim.library import Library
from agentsim.planning.plan import Plan
from agentsim.planning.steering import Ended, Steering, Wait
from agentsim.run.steered import skill_groups
from agentsim.schema import Topic
from agentsim.topics.graph import build, level_of
from agentsim.topics.placing import Placer

BELOW = 40
PLACED = 100
"""Dialogues of eight turns that are placed."""

SCENARIO = "science-explained"


def library_of(count: int) -> Library:
    """Return the shipped library with one scenario about so many topics."""
    shipped = Library.load()
    level = [Topic(name=f"topic {number}") for number in range(count)]
    while len(level) > BELOW:
        level = [
            Topic(name=f"area {at} of {len(level)}", topics=tuple(level[at : at + BELOW]))
            for at in range(0, len(level), BELOW)
        ]
    scenario = shipped.scenarios[SCENARIO].model_copy(update={"topics": tuple(level)})
    return Library.of(scenarios=[scenario], base=shipped)


def measure(count: int, dialogues: int, beyond: float) -> dict[str, Any]:
    """Choose so many dialogues over so many topics."""
    library = library_of(count)
    plan = Plan(library, 1, scenarios=[SCENARIO])
    began = time.perf_counter()
    levels = {name: level_of(persona) for name, persona in library.personas.items()}
    steering = Steering(plan, levels=levels, window=16, beyond=beyond, skills=skill_groups(library.personas))
    setup = time.perf_counter() - began
    took = []
    for index in range(dialogues):
        start = time.perf_counter()
        chosen = steering.next()
        took.append(time.perf_counter() - start)
        assert chosen is not None and not isinstance(chosen, Wait)
        good = index % 2 == 0
        steering.ended(index, Ended(good, chosen.topic if good else None))
    rotation = []
    for index in range(0, dialogues, max(1, dialogues // 5000)):
        start = time.perf_counter()
        plan[index]
        rotation.append(time.perf_counter() - start)
    placer = Placer(build(plan.scenarios))
    talks = [[f"Tell me of topic {at}.", f"Topic {at} is about things that float."] * 4 for at in range(PLACED)]
    start = time.perf_counter()
    placer.place(talks)
    placing = time.perf_counter() - start
    last = took[-max(1, dialogues // 10) :]
    return {
        "topics": count,
        "dialogues": dialogues,
        "setup_s": setup,
        "median_ms": statistics.median(took) * 1e3,
        "median_last_tenth_ms": statistics.median(last) * 1e3,
        "p99_ms": statistics.quantiles(took, n=100)[-1] * 1e3,
        "placing_ms": placing / PLACED * 1e3,
        "rotation_median_ms": statistics.median(rotation) * 1e3,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--topics", default="100,1000,10000,100000")
    parser.add_argument("--dialogues", type=int, default=1_000_000, help="of the largest size; at most 20 a topic")
    parser.add_argument("--beyond", type=float, default=0.0, help="share of choices that lie beyond [0]")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    print(
        f"{'topics':>8} {'dialogues':>10} {'setup s':>8} {'median ms':>10} {'last tenth':>11} {'p99 ms':>7}"
        f" {'x smallest':>11} {'x rotation':>11} {'placing ms':>11} {'peak MiB':>9}"
    )
    figures: list[dict[str, Any]] = []
    for count in map(int, given.topics.split(",")):
        found = measure(count, min(given.dialogues, 20 * count), given.beyond)
        figures.append(found)
        print(
            f"{count:8} {found['dialogues']:10} {found['setup_s']:8.2f} {found['median_ms']:10.3f}"
            f" {found['median_last_tenth_ms']:11.3f} {found['p99_ms']:7.2f}"
            f" {found['median_ms'] / figures[0]['median_ms']:11.2f}"
            f" {found['median_ms'] / found['rotation_median_ms']:11.2f} {found['placing_ms']:11.1f}"
            f" {found['peak_mib']:9.0f}",
            flush=True,
        )
    if given.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
