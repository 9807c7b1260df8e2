"""What a critic must reach to be called fit, and what it means where it does not."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

from agentsim.measures.shares import wilson
from agentsim.schema import Figure, Fitness, Skill

RISE = 0.25
"""A grade rises where it is higher by so much of a level; less is one question of five judged otherwise once."""

SPREAD = 0.5
"""Levels that two grades of the same dialogue may lie apart."""


@dataclass(frozen=True)
class Rule:
    """One examination."""

    skill: Skill
    name: str
    wanted: str
    """What a fit critic does."""

    otherwise: str
    """What it means where it does not."""

    least: float = 0.55
    """What the lower end of the interval must reach. 0.55 where nothing else is said, plainly more often than not: with
    24 dialogues that takes 18 right ones, which a critic that is right 9 times of 10 reaches nearly always, and one
    that is right every other time hardly ever. 0.6, or 20 of 24, where a miss lets trash or manipulation in."""

    most: float = 1.0

    centre: float = 0.0
    """What is taken off the share, where both too much and too little of it are wrong."""

    def figure(self, count: int, of: int) -> Figure:
        """Return what ``count`` successes come to."""
        low, high = wilson(count, of)
        return Figure(
            skill=self.skill,
            name=self.name,
            of=of,
            value=round(count / of - self.centre, 4) if of else 0.0,
            low=round(low - self.centre, 4),
            high=round(high - self.centre, 4),
            least=self.least,
            most=self.most,
        )

    def can_pass(self, count: int, of: int, more: int) -> bool:
        """Return whether ``count`` of ``of`` can still come to a pass where all of ``more`` succeed."""
        return bool(self.centre) or self.figure(count + more, of + more).outcome == "passed"


_USABLE = "what cannot be read decides nothing, and is paid for"

RULES = (
    # Answers are cheap to ask for in a readable form, and each lost one leaves a dialogue undecided.
    Rule("grading", "usable", "its answers can be read", _USABLE, least=0.9),
    Rule("grading", "slip", "a small error does not raise the grade", "its grades are noise"),
    Rule("grading", "wrong", "a wrong fact or an ignored question lowers the grade", "it lets wrong answers in"),
    Rule("grading", "blatant", "a blatant failure lowers the grade", "it lets trash in", least=0.6),
    Rule("grading", "sizes", "a larger error is graded no higher than a smaller one", "grades do not rank", least=0.65),
    Rule("grading", "padding", "filler does not raise the grade", "it rewards length"),
    Rule("grading", "authority", "claimed rank and certainty do not raise the grade", "it rewards show"),
    Rule("grading", "orders", "orders in the transcript do not raise the grade", "it can be told what to say", 0.6),
    Rule("grading", "repeat", "asked again, it gives nearly the same grade", "its grades are chance"),
    Rule("comparing", "usable", "its answers can be read", _USABLE, least=0.9),
    Rule("comparing", "identical", "of two equal dialogues none is better", "it sees what is not there"),
    # GPT-4 agreed with itself in 65 % of close pairs (Zheng et al. 2023); these differ plainly.
    Rule("comparing", "swapped", "it says the same in both orders", "most of its choices are lost", least=0.65),
    # The share of the first less one half. Beyond 0.15 two of three choices fall on one place.
    Rule("comparing", "place", "it does not prefer a place", "it prefers a place", -0.15, 0.15, centre=0.5),
    Rule("comparing", "slip", "the one with a small error is not better", "its choices are noise"),
    Rule("comparing", "wrong", "the one without the wrong fact is better", "it prefers wrong answers, or sees none"),
    Rule("comparing", "blatant", "the one without the blatant failure is better", "it lets trash win", least=0.6),
    Rule("comparing", "padding", "the one with filler is not better", "it rewards length"),
    Rule("comparing", "authority", "a worse one that claims rank is not better", "it rewards show"),
    Rule("comparing", "orders", "a worse one with orders to it is not better", "it can be told what to say", 0.6),
)


def rule(figure: Figure) -> Rule:
    """Return the rule that a figure is held against."""
    return next(one for one in RULES if (one.skill, one.name) == (figure.skill, figure.name))


def fitness(figures: Iterable[Figure]) -> Fitness:
    """Return what somebody with these figures is fit for: what it passed every examination of."""
    held = tuple(figures)
    passed = [
        skill
        for skill in get_args(Skill)
        if (mine := [one for one in held if one.skill == skill]) and all(one.outcome == "passed" for one in mine)
    ]
    if len(passed) == 2:
        return "fit"
    if passed:
        return "fit only for grading" if passed == ["grading"] else "fit only for comparing"
    return "unfit"
