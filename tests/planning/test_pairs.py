"""Two-way coverage: what a plan allows, and what its dialogues meet of it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from agentsim import Library
from agentsim.planning.pairs import Pair, Pairs
from agentsim.planning.plan import Plan
from agentsim.topics.graph import level_of

LIBRARY = Library.load()
LEVELS = {name: level_of(persona) for name, persona in LIBRARY.personas.items()}
SCENARIOS = sorted(LIBRARY.scenarios)


def every(plan: Plan) -> set[Pair]:
    """All pairs, one by one."""
    found: set[Pair] = set()
    for scenario in plan.scenarios:
        roles = sorted(role.name for role in scenario.roles if role.persona is not None)
        for at, role in enumerate(roles):
            for person in plan.candidates(scenario.id, role):
                found.add(("scenario and person", scenario.id, role, person))
                for topic in scenario.topic_paths():
                    found.add(("topic and person", topic, role, person))
                    found.add(("topic and difficulty", topic, role, LEVELS[person]))
                for other in roles[at + 1 :]:
                    for there in plan.candidates(scenario.id, other):
                        if there != person:
                            found.add(("person and person", role, person, other, there))
    return found


@settings(max_examples=25, deadline=None)
@given(st.sets(st.sampled_from(SCENARIOS), min_size=1, max_size=6), st.integers(0, 5))
def test_what_is_reachable_is_counted_and_what_dialogues_meet_is_part_of_it(chosen: set[str], seed: int) -> None:
    plan = Plan(LIBRARY, seed, scenarios=chosen)
    pairs, all_ = Pairs(plan, LEVELS), every(plan)
    assert sum(pairs.reachable().values()) == len(all_)
    for kind, count in pairs.reachable().items():
        assert count == sum(pair[0] == kind for pair in all_)
    for one in plan.take(40):
        met = pairs.of(one.scenario, one.cast, one.topic)
        assert met and met <= all_
        assert {kind for kind, *_ in pairs.of(one.scenario, one.cast, None)} <= {
            "scenario and person",
            "person and person",
        }


def test_a_dialogue_about_another_scenario_s_topic_meets_no_pair_that_cannot_be() -> None:
    plan = Plan(LIBRARY, 1, scenarios=["science-explained", "card-dispute"])
    pairs, all_ = Pairs(plan, LEVELS), every(plan)
    for one in plan.take(30):
        for scenario in plan.scenarios:
            for topic in scenario.topic_paths():
                assert pairs.of(one.scenario, one.cast, topic) <= all_


def test_a_long_rotation_meets_every_person_in_every_scenario() -> None:
    plan = Plan(LIBRARY, 1, scenarios=["trip-planning", "cooking-along"])
    pairs = Pairs(plan, LEVELS)
    met = frozenset().union(*(pairs.of(one.scenario, one.cast, one.topic) for one in plan.take(600)))
    assert sum(pair[0] == "scenario and person" for pair in met) == pairs.reachable()["scenario and person"]
