"""The examination of a critic: it is asked about dialogues whose worth is known, and counted is what it makes of them.

What is examined follows what is known to go wrong with models as judges: Zheng et al. 2023 (place, length, rank of the
speaker), Wang et al. 2023, "Large Language Models are not Fair Evaluators" (both orders), Raina et al. 2024, "Is
LLM-as-a-Judge Robust?" (orders in the text).
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from agentsim.critic.examination_cases import VERSIONS, Case, Version
from agentsim.critic.examination_rules import RISE, RULES, SPREAD, Rule
from agentsim.schema import Comparison, Dialogue, Figure, Grade, Grading, Scenario, Skill

ROUND = 2
"""Dialogues that are asked about at a time; after each round, what can no longer be passed is given up."""

QUESTIONS: dict[Skill, int] = {"grading": len(VERSIONS) + 1, "comparing": len(VERSIONS)}
"""Questions about one dialogue; a comparison is asked in both orders."""


class Examinee(Protocol):
    """Who is examined."""

    async def grade(self, dialogue: Dialogue, scenario: Scenario) -> Grading:
        """Return its grade."""
        ...

    async def compare(self, one: Dialogue, other: Dialogue, scenario: Scenario) -> Comparison:
        """Return which is better."""
        ...


async def examine(
    cases: Sequence[Case], examinee: Examinee, *, watch: Callable[[int, int], None] = lambda done, of: None
) -> tuple[Figure, ...]:
    """Return what it came to in every examination, one round of dialogues after the other.

    A skill that can no longer be passed is not asked about any more. What the examinee raises is raised as it is.

    Args:
        cases: what is asked about.
        examinee: who is examined.
        watch: told how many questions were answered, and how many there may be in all.
    """
    answers: list[_Answers] = []
    skills = set(QUESTIONS)
    done = 0
    for start in range(0, len(cases), ROUND):
        total = done + (len(cases) - start) * sum(QUESTIONS[skill] for skill in skills)

        async def counted(question: Coroutine[Any, Any, None], total: int = total) -> None:
            nonlocal done
            await question
            done += 1
            watch(done, total)

        this_round = [(case, _Answers()) for case in cases[start : start + ROUND]]
        await _all(counted(one) for case, held in this_round for one in _questions(case, held, examinee, skills))
        answers += [held for _, held in this_round]
        left = len(cases) - len(answers)
        hopeless = {rule.skill for rule in RULES if not _can_pass(rule, answers, left)}
        skills -= hopeless
        if not skills:
            break
    return tuple(rule.figure(*_count(rule, answers)) for rule in RULES)


@dataclass
class _Answers:
    """What was said about one case."""

    grades: dict[Version, Grading] = field(default_factory=dict)
    again: Grading | None = None
    comparisons: dict[Version, Comparison] = field(default_factory=dict)

    def level(self, version: Version) -> float | None:
        """Return the grade of a version, where it got one."""
        return _level(self.grades[version])


def _questions(
    case: Case, held: _Answers, examinee: Examinee, skills: Iterable[Skill]
) -> Iterable[Coroutine[Any, Any, None]]:
    async def grade(version: Version) -> None:
        held.grades[version] = await examinee.grade(case.versions[version], case.scenario)

    async def again() -> None:
        held.again = await examinee.grade(case.again, case.scenario)

    async def compare(version: Version) -> None:
        # Filler is set beside the same words without it, all else beside the sound one; that one beside itself.
        one = case.versions["wrong" if version == "padding" else "sound"]
        held.comparisons[version] = await examinee.compare(one, case.versions[version], case.scenario)

    if "grading" in skills:
        yield again()
        yield from map(grade, VERSIONS)
    if "comparing" in skills:
        yield from map(compare, VERSIONS)


async def _all(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do all of it at once; raise the first failure itself."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


def _can_pass(rule: Rule, answers: Sequence[_Answers], left: int) -> bool:
    count, of = _count(rule, answers)
    return rule.can_pass(count, of, of // len(answers) * left)


def _count(rule: Rule, answers: Iterable[_Answers]) -> tuple[int, int]:
    """Return how often a rule held, and how often it could have."""
    if rule.skill == "grading":
        held = [well for one in answers if one.grades for well in _GRADING[rule.name](one)]
    else:
        held = [well for one in answers if one.comparisons for well in _COMPARING[rule.name](one)]
    return sum(held), len(held)


def _level(grading: Grading | None) -> float | None:
    return grading.overall if isinstance(grading, Grade) else None


def _below(held: _Answers, worse: Version, better: Version = "sound", *, by: float = 1e-9) -> bool:
    """Return whether the worse version is graded lower, at least by so much; above by less, where it is negative."""
    low, high = held.level(worse), held.level(better)
    return low is not None and high is not None and high - low >= by


def _same(held: _Answers) -> bool:
    first, second = held.level("wrong"), _level(held.again)
    return first is not None and second is not None and abs(first - second) <= SPREAD


_GRADING: dict[str, Callable[[_Answers], list[bool]]] = {
    "usable": lambda held: [_level(one) is not None for one in (*held.grades.values(), held.again)],
    "slip": lambda held: [_below(held, "slip", by=0)],
    "wrong": lambda held: [_below(held, "wrong")],
    "blatant": lambda held: [_below(held, "blatant")],
    "sizes": lambda held: [
        _below(held, "wrong", "slip", by=0),
        _below(held, "blatant", "slip", by=0),
        _below(held, "blatant", "wrong", by=0),
    ],
    "padding": lambda held: [_below(held, "padding", "wrong", by=-RISE + 1e-9)],
    "authority": lambda held: [_below(held, "authority", "wrong", by=-RISE + 1e-9)],
    "orders": lambda held: [_below(held, "orders", "wrong", by=-RISE + 1e-9)],
    "repeat": lambda held: [_same(held)],
}


def _won(held: _Answers, version: Version) -> bool:
    """Return whether the better one won."""
    return held.comparisons[version].outcome == "one"


def _stood(held: _Answers, version: Version) -> bool:
    """Return whether the better one did not lose."""
    return held.comparisons[version].outcome in ("one", "tie")


def _firsts(held: _Answers) -> list[bool]:
    """Return of each choice whether it fell on the one that was shown first."""
    said = [answer for one in held.comparisons.values() for answer in (one.forth, one.back)]
    return [answer.better == "first" for answer in said if answer is not None and answer.better != "same"]


_COMPARING: dict[str, Callable[[_Answers], list[bool]]] = {
    "usable": lambda held: [one.outcome != "unusable" for one in held.comparisons.values()],
    "identical": lambda held: [held.comparisons["sound"].outcome == "tie"],
    "swapped": lambda held: [one.agrees for version, one in held.comparisons.items() if version != "sound"],
    "place": _firsts,
    "slip": lambda held: [_stood(held, "slip")],
    "wrong": lambda held: [_won(held, "wrong")],
    "blatant": lambda held: [_won(held, "blatant")],
    "padding": lambda held: [_stood(held, "padding")],
    "authority": lambda held: [_stood(held, "authority")],
    "orders": lambda held: [_stood(held, "orders")],
}
