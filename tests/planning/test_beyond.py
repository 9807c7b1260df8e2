"""What lies beyond: proposed from what went well, never what was tried, and the same for a seed."""

from hypothesis import given
from hypothesis import strategies as st

from agentsim.planning.beyond import Beyond, Node
from agentsim.planning.plan import Plan
from agentsim.planning.steering import Ended, Steering
from agentsim.schema import Assignment
from tests.planning.test_steering import LEVEL, LIBRARY, run

SCENARIO = ("science-explained",)


def steering(beyond: float, seed: int = 3) -> Steering:
    return Steering(Plan(LIBRARY, seed, scenarios=SCENARIO), levels=LEVEL, window=4, beyond=beyond)


def bridged(assignment: Assignment) -> Ended:
    proposal = assignment.beyond
    bridge = proposal.bridge if proposal is not None else None
    return Ended(True, assignment.topic, (bridge,) if bridge is not None else ())


def test_without_a_share_nothing_is_proposed() -> None:
    assert all(one.beyond is None for one in run(steering(0.0), 100))


def test_a_share_of_the_run_is_proposed_of_both_kinds() -> None:
    made = run(steering(0.4), 200, bridged)
    bridges = [one for one in made if one.beyond is not None and one.beyond.bridge is not None]
    people = [one for one in made if one.beyond is not None and one.beyond.bridge is None]
    assert len(bridges) > 15
    assert len(people) > 15
    assert 0.2 < (len(bridges) + len(people)) / 200 < 0.6
    assert [one.id for one in made] == [one.id for one in run(steering(0.4), 200, bridged)]


def test_a_combination_was_never_tried_and_a_bridge_leads_to_another_branch_once() -> None:
    met: set[tuple[object, ...]] = set()
    pairs: set[frozenset[object]] = set()
    for one in run(steering(0.5), 250, bridged):
        here = {(one.topic, role, person) for role, person in one.cast.items()}
        if one.beyond is not None and one.beyond.bridge is None:
            assert here - met
        if one.beyond is not None and one.beyond.bridge is not None:
            pair: frozenset[object] = frozenset((one.topic, one.beyond.bridge))
            assert one.beyond.bridge[:-1] != one.topic[:-1]
            assert pair not in pairs
            pairs.add(pair)
            assert one.subject in one.task
            assert one.beyond.bridge[-1] in one.subject
        met |= here


def test_where_nothing_went_well_nothing_is_foretold() -> None:
    made = run(steering(1.0), 60, lambda one: Ended(False, None))
    assert all(one.beyond is None for one in made)


nodes = st.sampled_from([("topic", name) for name in "abcd"] + [("persona", name, "tutor") for name in "wxyz"])


@given(st.lists(st.lists(nodes, min_size=1, max_size=4), max_size=12), nodes, st.integers(0, 50))
def test_walks_reach_what_is_tied_and_nothing_else(ties: list[list[Node]], start: Node, index: int) -> None:
    beyond = Beyond(7)
    for members in ties:
        beyond.tie(members, dialogue=True)
    tied, grown = {start}, True
    while grown:
        more = {node for members in ties if tied & set(members) for node in members} - tied
        grown, tied = bool(more), tied | more
    found = beyond.reached(start, index)
    assert set(found) <= tied - {start}
    assert sum(share for share, _ in found.values()) <= 1
    direct = {node for members in ties if start in members for node in members}
    assert all(away >= (1 if node in direct else 2) for node, (_, away) in found.items())
