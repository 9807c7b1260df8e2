"""Each judge comes out as what it is, and what it is examined with is what it is said to be."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from agentsim.critic.examination import QUESTIONS, ROUND, examine
from agentsim.critic.examination_cases import VERSIONS, make_cases
from agentsim.critic.examination_material import shipped_material
from agentsim.critic.examination_rules import RULES, Rule, fitness, rule
from agentsim.critic.grading import Critic
from agentsim.critic.pairwise import Pairwise
from agentsim.dialogue.stage import SideModel
from agentsim.guards.detect import detect
from agentsim.guards.scene import scene_of, with_turns
from agentsim.library import Library
from agentsim.llm.model import Request
from agentsim.llm.recording import request_key
from agentsim.run.examining import FEWEST
from agentsim.schema import Comparison, Dialogue, Figure, Grading, Scenario
from tests.critic import judges
from tests.dialogue.build import PROMPTS
from tests.scripted import ScriptedModel

MATERIAL = shipped_material()
ALL = len(MATERIAL.dialogues)
CASES = make_cases(MATERIAL, ALL, 0)
KNOWN = judges.knower(CASES)
QUICK = Library.load().rubrics["quick"]

Judge = Callable[[Request], str]


class Asked:
    """A critic in front of a scripted model, as it would be in front of a real one."""

    def __init__(self, judge: Judge) -> None:
        self.model = ScriptedModel(judge)
        side = SideModel("scripted/judge", {"temperature": 0.0})
        self._critic = Critic(self.model, PROMPTS, side)
        self._pairwise = Pairwise(self.model, PROMPTS, side)

    async def grade(self, dialogue: Dialogue, scenario: Scenario) -> Grading:
        return await self._critic.grade(dialogue, scenario, QUICK)

    async def compare(self, one: Dialogue, other: Dialogue, scenario: Scenario) -> Comparison:
        return await self._pairwise.compare(one, other, scenario, QUICK)


def wrong_in(figures: tuple[Figure, ...]) -> set[str]:
    return {f"{one.skill}: {one.name}" for one in figures if one.outcome != "passed"}


async def test_the_perfect_judge_is_fit() -> None:
    asked = Asked(judges.perfect(KNOWN))
    figures = await examine(CASES, asked)
    assert wrong_in(figures) == set()
    assert fitness(figures) == "fit"
    assert [(one.skill, one.name) for one in figures] == [(one.skill, one.name) for one in RULES]
    assert len(asked.model.requests) == ALL * (QUESTIONS["grading"] + 2 * QUESTIONS["comparing"])
    assert len(set(map(request_key, asked.model.requests))) == len(asked.model.requests)


@pytest.mark.parametrize(
    ("judge", "verdict", "reasons"),
    [
        (judges.position_biased(KNOWN), "fit only for grading", {"comparing: place", "comparing: swapped"}),
        (judges.perfect(judges.length_lover), "unfit", {"grading: padding", "comparing: padding"}),
        (judges.by_chance, "unfit", {"grading: repeat", "comparing: swapped", "comparing: wrong"}),
        (judges.perfect(judges.obedient(KNOWN)), "unfit", {"grading: orders", "comparing: orders"}),
        (judges.perfect(judges.boaster(KNOWN)), "unfit", {"grading: authority", "comparing: authority"}),
        (judges.perfect(judges.flat), "unfit", {"grading: wrong", "grading: blatant", "comparing: wrong"}),
        (judges.silent, "unfit", {"grading: usable", "comparing: usable"}),
    ],
    ids=["position-biased", "length-lover", "random", "obedient", "boaster", "flat", "silent"],
)
async def test_every_other_judge_is_found_out_for_what_it_is(judge: Judge, verdict: str, reasons: set[str]) -> None:
    figures = await examine(CASES, Asked(judge))
    assert fitness(figures) == verdict
    failed = {f"{one.skill}: {one.name}" for one in figures if one.outcome == "failed"}
    assert reasons <= failed
    assert all(rule(one).otherwise for one in figures)


@pytest.mark.parametrize(
    ("judge", "only"),
    [
        (judges.position_biased(KNOWN), {"place", "swapped", "wrong", "blatant"}),
        (judges.perfect(judges.obedient(KNOWN)), {"orders"}),
        (judges.perfect(judges.boaster(KNOWN)), {"authority"}),
    ],
    ids=["position-biased", "obedient", "boaster"],
)
async def test_and_for_nothing_else(judge: Judge, only: set[str]) -> None:
    # One round is too little to pass anything, so what is failed is looked at alone.
    figures = await examine(CASES[:ROUND], Asked(judge))
    assert {one.name for one in figures if one.outcome == "failed"} <= only


async def test_nothing_more_is_asked_once_it_cannot_be_passed() -> None:
    asked = Asked(judges.silent)
    told: list[tuple[int, int]] = []
    figures = await examine(CASES, asked, watch=lambda done, of: told.append((done, of)))
    each = sum(QUESTIONS.values())
    rounds = len(told) // (ROUND * each)
    assert len(told) == rounds * ROUND * each
    assert rounds * ROUND < ALL
    assert told[0] == (1, ALL * each)
    assert [done for done, _ in told] == list(range(1, len(told) + 1))
    assert fitness(figures) == "unfit"


async def test_the_skill_that_can_still_be_passed_is_asked_about_to_the_end() -> None:
    asked = Asked(judges.position_biased(KNOWN))
    figures = await examine(CASES, asked)
    of = {(one.skill, one.name): one.of for one in figures}
    assert of["grading", "wrong"] == ALL
    assert of["comparing", "wrong"] < ALL


async def test_what_is_asked_does_not_depend_on_when_answers_come() -> None:
    async def late(sleeps: int) -> tuple[Figure, ...]:
        asked = Asked(judges.by_chance)
        asked.model._latency = sleeps / 1000
        return await examine(CASES[:8], asked)

    assert await late(0) == await late(1)


@pytest.mark.parametrize(("sample", "verdict"), [(FEWEST - 1, "unfit"), (FEWEST, "fit")])
async def test_whoever_never_errs_passes_with_six_dialogues_and_cannot_with_fewer(sample: int, verdict: str) -> None:
    figures = await examine(CASES[:sample], Asked(judges.perfect(KNOWN)))
    assert fitness(figures) == verdict
    assert {one.outcome for one in figures} <= {"not shown", "passed"}


async def test_what_the_critic_raises_is_raised_as_it_is() -> None:
    class Refusing(Asked):
        async def grade(self, dialogue: Dialogue, scenario: Scenario) -> Grading:
            raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        await examine(CASES, Refusing(judges.silent))


@given(st.integers(0, 300).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))), st.sampled_from(RULES))
def test_only_a_whole_interval_in_bounds_is_a_pass(pair: tuple[int, int], one: Rule) -> None:
    figure = one.figure(*pair)
    inside = [figure.least <= value <= figure.most for value in (figure.low, figure.high)]
    if pair[1]:
        inside.append(figure.least <= figure.value <= figure.most)
    match figure.outcome:
        case "passed":
            assert all(inside)
        case "failed":
            assert not any(inside)
        case "not shown":
            assert not all(inside)


@given(st.integers(1, 24), st.integers(0, 2**31))
@hypothesis_settings(max_examples=25, deadline=None)
def test_cases_depend_on_the_seed_alone_and_versions_differ_as_they_should(sample: int, seed: int) -> None:
    cases = make_cases(MATERIAL, sample, seed)
    assert cases == make_cases(MATERIAL, sample, seed)
    assert make_cases(MATERIAL, ALL, seed)[:sample] == cases
    for case in cases:
        texts = {version: tuple(turn.text for turn in case.versions[version].turns) for version in VERSIONS}
        assert len(set(texts.values())) == len(VERSIONS)
        assert texts["wrong"] == tuple(turn.text for turn in case.again.turns)
        for version in ("padding", "authority", "orders"):
            pairs = zip(texts["wrong"], texts[version], strict=True)
            assert all(text in longer for text, longer in pairs)
        seeds = {dialogue.assignment.seed for dialogue in (*case.versions.values(), case.again)}
        assert len(seeds) == len(VERSIONS) + 1


def test_no_detector_finds_a_failure_in_a_sound_dialogue() -> None:
    """What is called plainly good must not be what agentsim itself turns down."""
    for case in CASES:
        sound = case.versions["sound"]
        talk = with_turns(scene_of(case.scenario, {}, sound.task), sound.turns, sound.end)
        assert detect(talk) == [], sound.id


def test_no_text_stands_twice_so_that_nothing_is_compared_with_itself() -> None:
    texts = [text for one in MATERIAL.dialogues for text in (*one.turns, one.slip.text, one.wrong.text)]
    assert len(set(texts)) == len(texts)
    assert len({one.id for one in MATERIAL.dialogues}) == ALL >= 20
