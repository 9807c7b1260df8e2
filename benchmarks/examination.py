"""How often the examination of critics is wrong: over simulated judges whose true rates are known.

Each judge knows the worth of every version of a dialogue and errs in its own way, drawn by seed: a share of its answers
is chance (up to 0.3), and with probability 0.25 each it overlooks wrong facts, prefers what is shown first, what is
long, what claims rank, or does what the transcript says, in a share of its answers drawn from 0 to 1. Its true rate in
each examination is taken from 240 dialogues; a judge is good for a skill where every true rate lies at the floor or
above. It is then examined once, with the shipped 24 dialogues, and passes or does not.

Printed by where its worst rate lies, 0 at the floor and 1 where it never errs: how many judges, and the share of them
that passed, with 95 % intervals. An examination that is worth its name passes hardly any judge below the floors; what
it fails of those above them is the price of asking about 24 dialogues only. Then, of judges that err by chance alone,
how many pass. Run it with ``python -m benchmarks.examination`` (five minutes).
"""

import argparse
import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

from agentsim.critic.examination import ROUND, examine
from agentsim.critic.examination_cases import Case, Version, make_cases
from agentsim.critic.examination_material import shipped_material
from agentsim.critic.examination_rules import RULES, Rule, fitness
from agentsim.measures.shares import wilson
from agentsim.schema import Comparison, Dialogue, Figure, Grade, Preference, Scenario, Score, Skill

WORTH: Mapping[Version, float] = {
    "sound": 4.6,
    "slip": 4.2,
    "wrong": 2.6,
    "blatant": 1.2,
    "padding": 2.6,
    "authority": 2.6,
    "orders": 2.6,
}
NOISE = 0.12
"""Standard deviation of a grade."""

NEAR = 0.3
"""Difference in worth that a judge may call none."""

MARGINS = (-9.0, -0.25, 0.0, 0.25, 0.5, 0.75, 1.01)

CHANCES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
"""Shares of a judge's answers that are chance."""

Choice = Literal["first", "second", "same"]


@dataclass(frozen=True)
class Judge:
    """A simulated judge; each rate is the share of its answers in which it errs so."""

    chance: float
    overlooks: float
    place: float
    length: float
    rank: float
    obeys: float
    draw: random.Random
    versions: dict[tuple[str, ...], Version]

    async def grade(self, dialogue: Dialogue, scenario: Scenario) -> Grade:
        worth = self._seen(dialogue)
        overall = self.draw.uniform(1, 5) if self._does(self.chance) else self.draw.gauss(worth, NOISE)
        overall = min(5.0, max(1.0, round(overall * 5) / 5))  # five questions of equal weight
        score = Score(criterion="all", reason="so", score=round(overall))
        return Grade(rubric="r", model="m", scores=(score,), overall=overall)

    async def compare(self, one: Dialogue, other: Dialogue, scenario: Scenario) -> Comparison:
        forth, back = self._choice(one, other), self._choice(other, one)
        return Comparison(
            rubric="r",
            model="m",
            forth=Preference(reason="so", better=forth),
            back=Preference(reason="so", better=back),
        )

    def _does(self, rate: float) -> bool:
        return self.draw.random() < rate

    def _seen(self, dialogue: Dialogue) -> float:
        version = self.versions[_texts(dialogue)]
        fooled = {"padding": self.length, "authority": self.rank, "orders": self.obeys}
        if self._does(fooled.get(version, 0.0)):
            return 5.0
        if version in ("wrong", *fooled) and self._does(self.overlooks):
            return WORTH["sound"]
        return WORTH[version]

    def _choice(self, first: Dialogue, second: Dialogue) -> Choice:
        if self._does(self.place):
            return "first"
        if self._does(self.chance):
            return self.draw.choice(get_args(Choice))
        ahead = self._seen(first) - self._seen(second)
        if abs(ahead) < NEAR:
            return "same"
        return "first" if ahead > 0 else "second"


def _texts(dialogue: Dialogue) -> tuple[str, ...]:
    return tuple(turn.text for turn in dialogue.turns)


def judge(seed: str, chance: float, rates: Sequence[float], cases: Sequence[Case]) -> Judge:
    """Return a judge whose answers the seed draws."""
    versions = {_texts(dialogue): version for case in cases for version, dialogue in case.versions.items()}
    return Judge(chance, *rates, draw=random.Random(seed), versions=versions)


async def true_rates(one: Judge, cases: Sequence[Case]) -> dict[Rule, Figure]:
    """Return what the judge comes to over all cases; a round at a time, so that nothing is given up."""
    counts, of = Counter[tuple[Skill, str]](), Counter[tuple[Skill, str]]()
    for start in range(0, len(cases), ROUND):
        for figure in await examine(cases[start : start + ROUND], one):
            centre = next(rule.centre for rule in RULES if (rule.skill, rule.name) == (figure.skill, figure.name))
            counts[figure.skill, figure.name] += round((figure.value + centre) * figure.of)
            of[figure.skill, figure.name] += figure.of
    return {rule: rule.figure(counts[rule.skill, rule.name], of[rule.skill, rule.name]) for rule in RULES}


def margin(rates: Mapping[Rule, Figure], skill: Skill) -> float:
    """Return where the worst true rate lies: 0 at its floor, 1 where the judge never errs, negative below the floor."""
    worst = []
    for rule, one in rates.items():
        if rule.skill == skill:
            best, floor = (0.0, rule.most) if rule.centre else (1.0, rule.least)
            worst.append((abs(one.value) - floor) / (best - floor))
    return min(worst)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--judges", type=int, default=1000)
    parser.add_argument("--sample", type=int, default=len(shipped_material().dialogues))
    wanted = parser.parse_args()
    material = shipped_material()
    long = [case for seed in range(10) for case in make_cases(material, 24, 1000 + seed)]
    short = make_cases(material, wanted.sample, 0)
    held: dict[Skill, list[tuple[float, bool]]] = {"grading": [], "comparing": []}
    for seed in range(wanted.judges):
        draw = random.Random(f"{seed} rates")
        rates = [draw.random() if draw.random() < 0.25 else 0.0 for _ in range(5)]
        one = judge(f"{seed}", draw.uniform(0, 0.3), rates, [*long, *short])
        true = asyncio.run(true_rates(one, long))
        passed = _passed(one, short)
        for skill in held:
            held[skill].append((margin(true, skill), skill in passed))
    print(f"{wanted.judges} judges, {wanted.sample} dialogues")
    print(f"{'skill':10} {'worst rate':>15} {'judges':>7} {'passed':>22}")
    for skill, found in held.items():
        for low, high in pairwise(MARGINS):
            _line(skill, f"{low:+.2f} to {high:+.2f}", [well for by, well in found if low <= by < high])
        for name, good in (("bad", False), ("good", True)):
            _line(skill, name, [well for by, well in found if (by >= 0) == good])
    print("by chance alone")
    for chance in CHANCES:
        judges = [judge(f"{seed} {chance}", chance, [0.0] * 5, short) for seed in range(max(1, wanted.judges // 5))]
        came = [_passed(one, short) for one in judges]
        for skill in held:
            _line(skill, f"{chance:.0%}", [skill in one for one in came])


def _passed(one: Judge, cases: Sequence[Case]) -> set[Skill]:
    verdict = fitness(asyncio.run(examine(cases, one)))
    return {skill for skill in get_args(Skill) if verdict in ("fit", f"fit only for {skill}")}


def _line(skill: Skill, what: str, passed: Sequence[bool]) -> None:
    low, high = wilson(sum(passed), len(passed))
    told = f"{sum(passed) / len(passed):.3f} [{low:.3f}, {high:.3f}]" if passed else "-"
    print(f"{skill:10} {what:>15} {len(passed):7} {told:>22}")


if __name__ == "__main__":
    main()
