"""What became of what was proposed beyond coverage, and what would be proposed next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agentsim.planning.casting import Casting
from agentsim.planning.proposals import Proposals
from agentsim.run.covering import Placed, Survey
from agentsim.run.steered import skill_groups
from agentsim.schema import Proposal, Scenario, TopicPath
from agentsim.topics.graph import level_of, node_id, path_of

STARTS = 300
"""Topics from which walks start, at most: those that were spoken of, the first ones."""

KINDS = ("combination", "bridge")
"""What can be proposed."""

Kind = Literal["combination", "bridge", "other"]
"""What a dialogue was: proposed as one of the first two, or none of them."""


@dataclass
class Yield:
    """How dialogues of one kind came out."""

    ended: int = 0
    accepted: int = 0
    hit: int = 0
    """Of those accepted: about the topic that was assigned, bridges about both of theirs."""


def yields(ended: Sequence[Placed]) -> dict[Kind, Yield]:
    """Return how dialogues of each kind came out; without a kind that there was none of."""
    found: dict[Kind, Yield] = {}
    for one in ended:
        planned = one.assignment
        told = found.setdefault(planned.beyond.kind if planned.beyond is not None else "other", Yield())
        told.ended += 1
        told.accepted += one.accepted
        wanted = {node_id("topic", *topic) for topic in (planned.topic, planned.bridge) if topic is not None}
        told.hit += one.accepted and wanted <= {one.placement.topic, *one.placement.also}
    return found


@dataclass(frozen=True)
class Foretold:
    """Something that was never tried and is likely to go well."""

    scenario: str
    topic: TopicPath
    cast: dict[str, str]
    """Who is to play which role, where people are what is new."""

    proposal: Proposal


def foretell(survey: Survey, most: int) -> list[Foretold]:
    """Return the combinations and the bridges that score highest, at most so many of each."""
    plan, graph = survey.plan, survey.graph
    casting = Casting(plan, {name: level_of(persona) for name, persona in survey.personas.items()}, {})
    scenarios = {scenario.id: scenario for scenario in plan.scenarios}
    able: dict[TopicPath, list[Scenario]] = {}
    for scenario in plan.scenarios:
        for topic in scenario.topic_paths():
            able.setdefault(topic, []).append(scenario)
    proposals = Proposals(plan, casting, 1.0, sorted(able), skill_groups(survey.personas))
    spoken: dict[TopicPath, None] = {}
    for one in survey.ended:
        casting.keep(scenarios[one.assignment.scenario], one.assignment.topic, one.assignment.cast)
        proposals.keep(one.assignment)
        if one.accepted and one.placement.topic is not None:
            about, *also = (path_of(graph, node) for node in (one.placement.topic, *one.placement.also))
            proposals.went_well(one.assignment, about, also)
            spoken[about] = None
    found: list[Foretold] = []
    for at, topic in enumerate(list(spoken)[:STARTS]):
        for scenario in able[topic]:
            for told in proposals.foretold(at, scenario, topic):
                if told is not None:
                    found.append(Foretold(scenario.id, topic, dict(told[0]), told[1]))
    found.sort(key=lambda one: (-one.proposal.score, one.topic, one.scenario))
    return [one for kind in KINDS for one in [one for one in found if one.proposal.kind == kind][:most]]
