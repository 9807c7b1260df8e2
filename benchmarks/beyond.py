"""Whether what is foretold goes better than what is not: `agentsim run --plan coverage --beyond`, in simulated worlds.

The protocol, fixed before it was first run on these seeds; what is divided by what was chosen on seeds 100 to 111. 60
topics in 12 branches, two roles, the shipped people. Each branch and each person has one of four leanings, which
nothing but outcomes shows. 600 dialogues a run, three in ten of them proposed, window 16.

- ``leanings``: a dialogue is accepted and about its topic with a chance of 0.9 where the tutor leans as the branch
  does, else 0.2; a bridge is about both topics with 0.8 where their branches lean alike, else 0.2.
- ``none``: with 0.4 and 0.35, whoever plays what. Foretelling cannot help, and no gain may appear.

Figures, paired by seed: the share of proposed combinations that went well less that of all other dialogues of the same
run (whose people are cast for new pairs too, so most of them were never tried either); the share of bridges less what
bridges drawn by chance would reach (0.35). 95 % bootstrap intervals over seeds. Expected: both above 0 in ``leanings``
in 18 of 20 seeds or more, and intervals that hold 0 in ``none``. Run it with ``python -m benchmarks.beyond`` (a
minute).
"""

import argparse
import json
import random
from typing import Any

from agentsim.library import Library
from agentsim.planning.plan import Plan
from agentsim.planning.steering import Ended, Steering, Wait
from agentsim.schema import Assignment, Topic
from agentsim.topics.graph import level_of
from benchmarks.coverage import interval

WORLDS = ("leanings", "none")
BRANCHES, EACH, LEANINGS, PEOPLE = 12, 5, 4, 30
DIALOGUES = 600
SHARE = 0.3
BY_CHANCE = 0.35


def play(world: str, seed: int) -> dict[str, float]:
    """Return the shares of one run that went well, by what dialogues were."""
    shipped = Library.load()
    tree = tuple(
        Topic(name=f"branch {at}", topics=tuple(Topic(name=f"topic {at}.{of}") for of in range(EACH)))
        for at in range(BRANCHES)
    )
    scenario = shipped.scenarios["science-explained"].model_copy(update={"topics": tree})
    draw = random.Random(f"{seed} leanings")
    plan = Plan(Library(shipped.personas, {scenario.id: scenario}, shipped.rubrics), seed)
    people = {name for role in ("tutor", "student") for name in plan.candidates(scenario.id, role)[:PEOPLE]}
    library = Library({name: shipped.personas[name] for name in people}, {scenario.id: scenario}, shipped.rubrics)
    leans: dict[str, int] = {name: draw.randrange(LEANINGS) for name in sorted(people)}
    leans |= {topic.name: draw.randrange(LEANINGS) for topic in tree}
    levels = {name: level_of(persona) for name, persona in shipped.personas.items()}
    steering = Steering(Plan(library, seed), levels=levels, window=16, beyond=SHARE)
    told: dict[str, list[bool]] = {"combination": [], "bridge": [], "other": []}
    for index in range(DIALOGUES):
        chosen = steering.next()
        assert chosen is not None and not isinstance(chosen, Wait)
        kind, well = _came(world, chosen, leans, random.Random(f"{seed} came {index}"))
        told[kind].append(well)
        also = (chosen.bridge,) if chosen.bridge is not None and well else ()
        accepted = well or kind == "bridge"
        steering.ended(index, Ended(accepted, chosen.topic if accepted else None, also))
    return {kind: sum(held) / len(held) for kind, held in told.items()} | {
        f"n {kind}": len(held) for kind, held in told.items()
    }


def _came(world: str, chosen: Assignment, leans: dict[str, int], draw: random.Random) -> tuple[str, bool]:
    here = leans[chosen.topic[0]]
    if chosen.bridge is not None:
        alike = leans[chosen.bridge[0]] == here
        return "bridge", draw.random() < (BY_CHANCE if world == "none" else 0.8 if alike else 0.2)
    alike = leans[chosen.cast["tutor"]] == here
    well = draw.random() < (0.4 if world == "none" else 0.9 if alike else 0.2)
    return "other" if chosen.beyond is None else "combination", well


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    figures: dict[str, Any] = {}
    for world in WORLDS:
        runs = [play(world, seed) for seed in range(given.first, given.first + given.seeds)]
        mean = {name: sum(run[name] for run in runs) / len(runs) for name in runs[0]}
        print(f"\n{world}: " + ", ".join(f"{name} {value:.3g}" for name, value in mean.items()))
        for name, gains in (
            ("combinations less others", [run["combination"] - run["other"] for run in runs]),
            ("bridges less chance", [run["bridge"] - BY_CHANCE for run in runs]),
        ):
            middle, low, high = interval(gains)
            above = sum(gain > 0 for gain in gains)
            print(f"  {name:26} {middle:+.3f} [{low:+.3f}, {high:+.3f}], above 0 in {above} of {len(runs)} seeds")
            figures[f"{world}: {name}"] = {"mean": middle, "interval": [low, high], "above": above}
    if given.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
