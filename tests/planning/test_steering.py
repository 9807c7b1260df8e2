"""What comes next: thin topics first, by what was said, never hammering what is hopeless."""

import random
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsim.errors import UserError
from agentsim.library import Library
from agentsim.planning.frontier import Frontier
from agentsim.planning.gain import PATIENCE, chance, gain
from agentsim.planning.plan import Plan
from agentsim.planning.shares import weights
from agentsim.planning.spread import spread
from agentsim.planning.steering import Ended, Goals, Steering, Wait
from agentsim.schema import Assignment, Topic, TopicPath
from agentsim.topics.graph import LEVELS, level_of

LIBRARY = Library.load()
LEVEL = {name: level_of(persona) for name, persona in LIBRARY.personas.items()}


def steering(seed: int = 3, *, window: int = 8, scenarios: tuple[str, ...] = (), **options: object) -> Steering:
    return Steering(Plan(LIBRARY, seed, scenarios=scenarios), levels=LEVEL, window=window, **options)  # type: ignore[arg-type]


def run(steered: Steering, count: int, outcome: object = None) -> list[Assignment]:
    """Make so many assignments; every dialogue is about its topic and accepted, where nothing else is said."""
    made = []
    while len(made) < count and isinstance(chosen := steered.next(), Assignment):
        made.append(chosen)
        steered.ended(chosen.index, outcome(chosen) if callable(outcome) else Ended(True, chosen.topic))
    return made


@given(st.data())
def test_the_best_cell_is_the_best(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 12))
    frontier, worth = Frontier(range(count)), [0.0] * count
    for _ in range(data.draw(st.integers(0, 200))):
        cell, value = data.draw(st.integers(0, count - 1)), data.draw(st.sampled_from([0.0, 1.0, 1.5, 2.0, 3.0]))
        frontier.tell(cell, value)
        worth[cell] = value
        best = max(range(count), key=lambda one: (worth[one], -one))
        assert frontier.best() == (best if worth[best] > 0 else None)


@given(st.integers(0, 30), st.integers(0, 30))
def test_success_is_likelier_after_success_and_less_so_after_failure(tries: int, hits: int) -> None:
    hits = min(hits, tries)
    assert 0 < chance(tries, hits) < 1
    assert chance(tries + 1, hits) < chance(tries, hits) < chance(tries + 1, hits + 1)


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_each_further_dialogue_is_worth_less(held: int, in_flight: int, tries: int, hits: int) -> None:
    told = tries, min(hits, tries)
    worth = gain(1, held, in_flight, *told)
    assert worth > gain(1, held + 1, in_flight, *told) > 0
    assert worth > gain(1, held, in_flight + 1, *told)
    assert gain(2, held, in_flight, *told) == pytest.approx(2 * worth)


paths = st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=3).map(tuple), min_size=1, max_size=40)


@given(paths, st.integers(0, 5))
def test_the_first_few_topics_are_spread_over_the_tree(topics: list[TopicPath], seed: int) -> None:
    every = list(
        dict.fromkeys(topic for topic in topics if not any(o != topic and o[: len(topic)] == topic for o in topics))
    )
    order = spread(every, seed)
    assert sorted(order) == sorted(every)
    assert spread(every[::-1], seed) == order
    whole = Counter(topic[0] for topic in every)
    for count in range(1, len(every) + 1):
        so_far = Counter(topic[0] for topic in order[:count])
        assert all(abs(so_far[name] - count * size / len(every)) <= len(whole) / 2 + 1 for name, size in whole.items())


def test_every_topic_comes_before_any_repeats() -> None:
    steered = steering()
    topics = [one.topic for one in run(steered, len(steered.cells))]
    assert len(set(topics)) == len(topics) == len(steered.cells)


@pytest.mark.parametrize("window", [1, 5, 40])
def test_the_choice_sees_nothing_newer_than_the_window(window: int) -> None:
    """Whatever the newest outcomes are, the choice is the same; those behind the window change it."""

    def play(after: int, good: bool) -> list[str]:
        steered = steering(window=window, scenarios=("science-explained",))
        return [one.id for one in run(steered, 120, lambda one: Ended(good if one.index >= after else True, one.topic))]

    good, bad = play(60, True), play(60, False)
    assert good[: 60 + window] == bad[: 60 + window]
    assert good[60 + window :] != bad[60 + window :]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 99), st.integers(1, 20))
def test_outcomes_may_come_in_any_order(seed: int, window: int) -> None:
    draw = random.Random(seed)
    said = {index: Ended(draw.random() < 0.6, None) for index in range(200)}

    def about(one: Assignment) -> Ended:
        return Ended(said[one.index].accepted, one.topic if one.index % 3 else None)

    steered, waiting, made = steering(window=window), list[Assignment](), list[str]()
    while len(made) < 80:
        chosen = steered.next()
        assert chosen is not None
        if isinstance(chosen, Wait):
            assert any(one.index == chosen.index for one in waiting)
            one = waiting.pop(draw.randrange(len(waiting)))
            steered.ended(one.index, about(one))
        else:
            waiting.append(chosen)
            made.append(chosen.id)
    assert made == [one.id for one in run(steering(window=window), 80, about)]


def test_it_goes_on_from_what_was_chosen_before() -> None:
    first = steering(window=6)
    made, seen = [], []
    for one in run(first, 50):
        made.append(one)
    whole = steering(window=6)
    for _ in range(30):
        chosen = whole.next()
        assert isinstance(chosen, Assignment)
        seen.append(whole.seen)
        whole.ended(chosen.index, Ended(True, chosen.topic))
    again = steering(window=6)
    for one in made[:30]:
        again.ended(one.index, Ended(True, one.topic))
    for one, count in zip(made, seen, strict=False):
        again.take(one, count)
    assert run(again, 20) == made[30:]
    with pytest.raises(UserError, match="does not belong"):
        again.take(made[0].model_copy(update={"topic": ("nowhere",)}), 0)


def test_hopeless_topics_are_not_hammered() -> None:
    steered = steering(scenarios=("science-explained",))
    hopeless = steered.cells[0].topic
    topics = Counter(one.topic for one in run(steered, 600, lambda one: Ended(one.topic != hopeless, one.topic)))
    others = [times for topic, times in topics.items() if topic != hopeless]
    assert 3 <= topics[hopeless] < min(others)


def test_what_is_spoken_of_anyway_is_assigned_less() -> None:
    steered = steering(scenarios=("science-explained",))
    popular = steered.cells[5].topic
    made = run(steered, 200, lambda one: Ended(True, one.topic if one.index % 2 else popular))
    topics = Counter(one.topic for one in made)
    assert topics[popular] <= 1 < min(times for topic, times in topics.items() if topic != popular)


def test_it_stops_when_there_is_enough() -> None:
    steered = steering(goals=Goals(accepted=20))
    made = run(steered, 500, lambda one: Ended(one.index % 3 == 0, one.topic))
    assert len(made) == 58, "the twentieth accepted one"
    assert steered.next() is None


def test_each_topic_gets_its_number_and_the_hopeless_are_named() -> None:
    steered = steering(scenarios=("science-explained",), goals=Goals(per_topic=3))
    hopeless = steered.cells[2].topic
    assert steered.lacking == 3 * len(steered.cells)
    topics = Counter(one.topic for one in run(steered, 5000, lambda one: Ended(one.topic != hopeless, one.topic)))
    assert topics.pop(hopeless) == PATIENCE
    assert set(topics.values()) == {3}
    assert [cell.topic for cell in steered.given_up()] == [hopeless]
    assert steered.lacking == 0, "what was given up is not waited for"


def test_shares_are_kept() -> None:
    steered = steering(
        shares={
            "scenario": {"science-explained": 0.5, "cooking-along": 0.1},
            "difficulty": {"hard": 0.6},
        }
    )
    made = run(steered, 1000)
    scenarios = Counter(one.scenario for one in made)
    assert scenarios["science-explained"] == pytest.approx(500, abs=60)
    assert scenarios["cooking-along"] == pytest.approx(100, abs=40)
    people = Counter(LEVEL[person] for one in made for person in one.cast.values())
    plain = Counter(LEVEL[person] for one in run(steering(), 1000) for person in one.cast.values())
    assert people["hard"] / people.total() > 1.3 * plain["hard"] / plain.total()
    assert people["hard"] / people.total() == pytest.approx(0.6, abs=0.1)


def test_a_topics_share_is_for_all_below_it() -> None:
    topics = [("a", "x"), ("a", "y"), ("b", "x"), ("b", "z"), ("c",)]
    found = weights(topics, {"a": 0.5, "b / z": 0.2})
    assert found == pytest.approx([1.25, 1.25, 0.75, 1.0, 0.75])
    assert sum(found) == pytest.approx(len(topics))
    for shares, told in (
        ({"x": 0.1}, "several topics 'x'"),
        ({"q": 0.1}, "no|not have"),
        ({"a": 0.1, "a / x": 0.1}, "overlap"),
        ({"a": 0.7, "b": 0.7}, "add up to 1.4"),
        ({"a": 0.2, "b": 0.2, "c": 0.2}, "add up to 0.6"),
    ):
        with pytest.raises(UserError, match=told):
            weights(topics, shares)
    with pytest.raises(UserError, match="did you mean 'hard'"):
        steering(shares={"difficulty": {"hart": 0.5}})


def pairs(made: list[Assignment]) -> set[tuple[str, ...]]:
    """The pairs of scenario, topic, person by role, and difficulty by role that were met."""
    met: set[tuple[str, ...]] = set()
    for one in made:
        for role, person in one.cast.items():
            for other in (one.scenario, " / ".join(one.topic)):
                met |= {(other, role, person), (other, role, LEVEL[person])}
    return met


def test_pairs_are_met_earlier_than_in_rotation() -> None:
    plan = Plan(LIBRARY, 3)
    for count in (100, 400, 1000):
        steered, rotated = run(steering(), count), list(plan.take(count))
        assert len(pairs(steered)) > len(pairs(rotated)) * 0.99
    met = {(one.scenario, role, LEVEL[person]) for one in run(steering(), 400) for role, person in one.cast.items()}
    able = {
        (scenario.id, role.name, LEVEL[person])
        for scenario in plan.scenarios
        for role in scenario.roles
        if role.persona is not None
        for person in plan.candidates(scenario.id, role.name)
    }
    assert met == able
    assert {level for *_, level in able} == set(LEVELS)


def test_nobody_talks_to_themselves() -> None:
    for one in run(steering(), 500):
        assert len(set(one.cast.values())) == len(one.cast)


def test_it_never_stops_by_itself() -> None:
    """However often nothing came of the only topics there are."""
    steered = steering(scenarios=("science-explained",))
    assert len(run(steered, 3000, lambda one: Ended(True, None))) == 3000
    assert chance(10**6, 0) > 0


def test_shares_that_leave_nothing_or_name_nobody_are_refused() -> None:
    top = Plan(LIBRARY, 3, scenarios=("science-explained",)).scenarios[0].topic_paths()[0][0]
    with pytest.raises(UserError, match="leave nothing"):
        steering(
            shares={"scenario": dict.fromkeys(LIBRARY.scenarios, 0.0) | {"cooking-along": 1.0}, "topic": {top: 1.0}}
        )
    with pytest.raises(UserError, match=r"add up to 0\.4"):
        steering(shares={"scenario": {"cooking-along": 0.4}}, scenarios=("cooking-along",))
    able = {person for one in run(steering(scenarios=("cooking-along",)), 400) for person in one.cast.values()}
    with pytest.raises(UserError, match="persona"):
        steering(shares={"persona": {next(iter(LEVEL.keys() - able)): 0.5}}, scenarios=("cooking-along",))
    out = sorted(able)[0]
    shares = {"persona": {out: 0.0, sorted(able)[1]: 0.5}}
    cast = Counter(
        person
        for one in run(steering(scenarios=("cooking-along",), shares=shares), 200)
        for person in one.cast.values()
    )
    assert cast[out] == 0
    assert cast[sorted(able)[1]] / cast.total() == pytest.approx(0.5, abs=0.1)


def test_a_leaf_with_narrower_topics_elsewhere_is_reached_by_these() -> None:
    base = LIBRARY.scenarios["science-explained"]
    broad = base.model_copy(update={"id": "broad", "topics": (Topic(name="Health"),)})
    deep = base.model_copy(update={"topics": (Topic(name="Health", topics=(Topic(name="Sleep"),)),)})
    library = Library.of(scenarios=[broad, deep], base=LIBRARY)
    plan = Plan(library, 1, scenarios=("broad", "science-explained"))
    steered = Steering(plan, levels=LEVEL, window=2, goals=Goals(per_topic=2))
    made = run(steered, 100, lambda one: Ended(True, ("Health", "Sleep")))
    assert len(made) <= 5 and steered.given_up() == []


def test_a_topic_with_a_slash_in_its_name_can_have_a_share() -> None:
    assert weights([("Either / Or",), ("b",)], {"Either / Or": 0.75}) == [1.5, 0.5]


def test_assignments_differ_by_seed_and_their_ids_do() -> None:
    one, two = run(steering(1), 60), run(steering(2), 60)
    assert not {a.id for a in one} & {a.id for a in two}
    assert all(a.index + 1 == b.index for a, b in pairwise(one))
