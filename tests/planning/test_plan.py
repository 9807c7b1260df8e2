"""The plan: endless, the same everywhere, and fair to scenarios, topics and people."""

import json
import subprocess
import sys
import time
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsim.errors import UserError
from agentsim.library import Library
from agentsim.planning.plan import Plan
from agentsim.planning.seeded import derive_seed, digest, shuffled
from agentsim.schema import PersonaSelector, Role, Scenario, TaskTemplate, Topic
from tests.dialogue.build import person, situation

LIBRARY = Library.load()
RUBRIC = LIBRARY.rubrics["conversation"]


def role(name: str, part: str = "follows", *, ids: tuple[str, ...] = (), cast: bool = True) -> Role:
    return Role.model_validate(
        {
            "name": name,
            "title": f"the {name}",
            "part": part,
            "train": part == "follows",
            "persona": PersonaSelector(ids=ids) if cast else None,
            "goal": "Talk.",
        }
    )


def library(*scenarios: Scenario, people: int = 5) -> Library:
    return Library.of(personas=[person(place) for place in range(people)], scenarios=scenarios, rubrics=[RUBRIC])


def test_a_longer_plan_begins_with_the_shorter_one() -> None:
    plan = Plan(LIBRARY, 7)
    long = list(Plan(LIBRARY, 7).take(200))
    assert [plan[index] for index in reversed(range(200))] == long[::-1]
    assert list(Plan(LIBRARY, 7).take(3)) == long[:3]


def test_another_seed_gives_another_plan() -> None:
    one, two = (list(Plan(LIBRARY, seed).take(40)) for seed in (1, 2))
    assert [a.scenario for a in one] != [a.scenario for a in two]
    assert not {a.id for a in one} & {a.id for a in two}
    assert not {a.seed for a in one} & {a.seed for a in two}


CODE = """
import json, sys
from agentsim.library import Library
from agentsim.planning.plan import Plan
base = Library.load()
turn = (lambda items: dict(reversed(items))) if sys.argv[1] == "back" else dict
library = Library(*(turn(list(shelf.items())) for shelf in (base.personas, base.scenarios, base.rubrics)))
nine = sorted(base.scenarios)[:9]
plans = [Plan(library, 5), Plan(library, 5, scenarios=nine, personas=library.personas)]
print(json.dumps([[a.model_dump(mode="json") for a in plan.take(120)] for plan in plans]))
"""


def test_the_plan_depends_on_neither_hash_seed_nor_order_of_loading() -> None:
    told = [
        subprocess.run(
            [sys.executable, "-c", CODE, order],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, order in (("1", "forth"), ("2", "back"))
    ]
    assert told[0] == told[1]
    here = [a.model_dump(mode="json") for a in Plan(LIBRARY, 5).take(120)]
    assert json.loads(told[0])[0] == here


def test_the_order_in_which_scenarios_are_asked_for_does_not_matter() -> None:
    names = sorted(LIBRARY.scenarios)[:5]
    one, two = Plan(LIBRARY, 3, scenarios=names), Plan(LIBRARY, 3, scenarios=[*reversed(names), names[0]])
    assert list(one.take(30)) == list(two.take(30))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**63), st.integers(1, 6))
def test_every_scenario_comes_before_any_comes_again(seed: int, rounds: int) -> None:
    plan = Plan(LIBRARY, seed)
    names = [assignment.scenario for assignment in plan.take(len(plan.scenarios) * rounds)]
    for start in range(0, len(names), len(plan.scenarios)):
        assert sorted(names[start : start + len(plan.scenarios)]) == sorted(LIBRARY.scenarios)


def test_rounds_are_not_all_in_one_order() -> None:
    plan = Plan(LIBRARY, 1)
    size = len(plan.scenarios)
    rounds = {tuple(plan[r * size + i].scenario for i in range(size)) for r in range(4)}
    assert len(rounds) == 4


@pytest.mark.parametrize("name", sorted(LIBRARY.scenarios)[::4])
def test_every_topic_of_a_scenario_comes_before_any_comes_again(name: str) -> None:
    leaves = LIBRARY.scenarios[name].topic_paths()
    plan = Plan(LIBRARY, 9, scenarios=[name])
    for cycle in range(3):
        met = [plan[cycle * len(leaves) + i].topic for i in range(len(leaves))]
        assert sorted(met) == sorted(leaves)


def test_every_topic_of_every_scenario_is_met_in_the_whole_plan() -> None:
    most = max(len(s.topic_paths()) for s in LIBRARY.scenarios.values())
    plan = Plan(LIBRARY, 2)
    met = {(a.scenario, a.topic) for a in plan.take(most * len(plan.scenarios))}
    assert met == {(s.id, path) for s in LIBRARY.scenarios.values() for path in s.topic_paths()}


def test_slots_take_all_their_values_and_not_in_step() -> None:
    values = tuple("abc")
    scenario = situation(
        task=TaskTemplate(text="{topic} {one} {two}", slots={"one": values, "two": values}),
        topics=tuple(Topic(name=name) for name in "xyz"),
    )
    plan = Plan(library(scenario), 4)
    seen = Counter((a.slots["one"], a.slots["two"]) for a in plan.take(90))
    assert {one for one, _ in seen} == {two for _, two in seen} == set(values)
    assert len(seen) == 9
    first = plan[0]
    assert first.task == f"{first.topic[-1]} {first.slots['one']} {first.slots['two']}"


def test_text_in_a_slot_is_never_a_slot_itself() -> None:
    scenario = situation(task=TaskTemplate(text="{topic} {one}", slots={"one": ("{two} {0.__class__}",)}))
    assert Plan(library(scenario), 1)[0].task == "figs {two} {0.__class__}"


def test_people_rotate_evenly() -> None:
    scenario = situation().model_copy(update={"roles": (role("asker", "leads"), role("helper", cast=False))})
    counts = Counter(a.cast["asker"] for a in Plan(library(scenario), 1).take(103))
    assert len(counts) == 5
    assert max(counts.values()) - min(counts.values()) <= 1


def test_people_rotate_fairly_where_two_roles_share_them() -> None:
    """Whoever has to step aside does so in turn."""
    plan = Plan(library(situation()), 1)
    for name in ("asker", "helper"):
        counts = Counter(a.cast[name] for a in plan.take(500))
        assert len(counts) == 5
        assert max(counts.values()) < 1.3 * min(counts.values())


def test_in_the_shipped_library_everybody_is_cast_and_nobody_talks_to_themselves() -> None:
    seen: Counter[str] = Counter()
    for assignment in Plan(LIBRARY, 1).take(len(LIBRARY.scenarios) * 40):
        assert len(set(assignment.cast.values())) == len(assignment.cast)
        seen.update(assignment.cast.values())
    able = {p.id for s in LIBRARY.scenarios.values() for r in s.roles for p in LIBRARY.candidates(r)}
    assert set(seen) == able


PEOPLE = tuple(person(place).id for place in range(5))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sets(st.sampled_from(PEOPLE), min_size=1), min_size=2, max_size=5), st.integers(0, 999))
def test_nobody_talks_to_themselves_where_it_can_be_avoided(able: list[set[str]], seed: int) -> None:
    """By Hall's theorem it can, unless some roles together have fewer people than they are."""
    roles = tuple(
        role(f"r{place}", "follows" if place else "leads", ids=tuple(sorted(ids))) for place, ids in enumerate(able)
    )
    plan = Plan(library(situation().model_copy(update={"roles": roles})), seed)
    avoidable = all(
        len(set().union(*some)) >= len(some) for size in range(1, len(able) + 1) for some in combinations(able, size)
    )
    for assignment in plan.take(12):
        assert all(assignment.cast[f"r{place}"] in ids for place, ids in enumerate(able))
        assert (len(set(assignment.cast.values())) == len(able)) == avoidable or not avoidable


def test_ids_are_unique_sorted_and_names_for_folders() -> None:
    ids = [assignment.id for assignment in Plan(LIBRARY, 1).take(2000)]
    assert len(set(ids)) == 2000
    assert ids == sorted(ids)
    assert len({name.split("-")[1] for name in ids}) == 2000


def test_dialogue_seeds_differ_and_fit_every_provider() -> None:
    seeds = [assignment.seed for assignment in Plan(LIBRARY, 1).take(2000)]
    assert len(set(seeds)) == 2000
    assert all(0 <= seed < 2**31 for seed in seeds)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"scenarios": ["shop-return", "nowhere"]}, "no scenario called 'nowhere'"),
        ({"personas": ["nobody", "none"]}, "no persona called 'nobody', 'none'"),
    ],
)
def test_unknown_ids_are_the_users_mistake(chosen: dict[str, list[str]], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Plan(LIBRARY, 1, **chosen)


def test_a_scenario_that_nobody_chosen_may_play_is_told() -> None:
    roles = (role("asker", "leads", ids=("ana",)), role("helper", ids=("bo",)))
    scenario = situation().model_copy(update={"roles": roles})
    with pytest.raises(UserError, match="may play 'helper' in scenario 'market'"):
        Plan(library(scenario), 1, scenarios=["market"], personas=["ana"])
    with pytest.raises(UserError, match="no scenario can be cast"):
        Plan(library(scenario), 1, personas=["ana"])


def test_a_library_without_scenarios_has_no_plan() -> None:
    with pytest.raises(UserError, match="the library has no scenario"):
        Plan(library(), 1)


@settings(max_examples=50)
@given(st.lists(st.text(max_size=4), unique=True, max_size=8), st.integers())
def test_shuffling_depends_on_the_items_and_the_seed_alone(items: list[str], seed: int) -> None:
    one = shuffled(items, seed, "x")
    assert sorted(one) == sorted(items)
    assert shuffled(reversed(items), seed, "x") == one


def test_parts_of_a_seed_are_told_apart() -> None:
    assert digest(1, "ab", "c") != digest(1, "a", "bc")
    assert digest(1, 2, "x") != digest(12, "x")
    assert len({derive_seed(1, "turn", turn, attempt) for turn in range(50) for attempt in range(3)}) == 150


def test_planning_costs_little(capsys: pytest.CaptureFixture[str]) -> None:
    started = time.perf_counter()
    for _ in Plan(LIBRARY, 1).take(2000):
        pass
    seconds = time.perf_counter() - started
    with capsys.disabled():
        print(f"\n2,000 assignments in {seconds:.2f} s")
    assert seconds < 20
