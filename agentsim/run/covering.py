"""What a run's dialogues were about: its topic graph, and the coverage of each topic by what was said."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

from agentsim import events
from agentsim.library.library import Library
from agentsim.measures.diversity import Spoken, Texts
from agentsim.planning.pairs import Pair, Pairs
from agentsim.planning.plan import Plan
from agentsim.run.reader import RunReader
from agentsim.run.steered import make_steering
from agentsim.run.story import Story
from agentsim.schema import Assignment, Persona
from agentsim.topics.candidates import Candidate, add_candidates, candidates
from agentsim.topics.coverage import Coverage, Outcome, cover
from agentsim.topics.graph import build, discuss_together, leaves, level_of, node_id, path_of
from agentsim.topics.placing import Placement, Placer

if TYPE_CHECKING:
    from agentsim.topics.graph import Graph


@dataclass(frozen=True)
class Placed:
    """A dialogue with a verdict, and where it belongs."""

    assignment: Assignment
    accepted: bool
    placement: Placement
    turns: tuple[tuple[str, str], ...]
    """Role and text of each turn."""


@dataclass(frozen=True)
class Survey:
    """A run seen by its topics."""

    graph: "Graph"
    coverage: Coverage
    ended: tuple[Placed, ...]
    """Dialogues with a verdict, in plan order."""

    wanted: frozenset[str]
    """Leaves that the run is to be about: all, but for those whose share is 0."""

    plan: Plan
    """What the run can be about, and who may play what."""

    personas: Mapping[str, Persona]
    """People by id."""

    candidates: tuple[Candidate, ...]
    """Subjects of dialogues that belong to no topic; positions are those in ``ended``."""

    def texts(self) -> Texts:
        """Return what the measures of diversity look at."""
        spoken = [
            Spoken(
                tuple(text for _, text in one.turns),
                node_id("topic", *one.assignment.topic),
                one.placement.topic,
                self.met(one),
            )
            for one in self.ended
        ]
        return Texts(spoken, self.coverage.leaves, sum(self.pairs.reachable().values()))

    @cached_property
    def pairs(self) -> Pairs:
        """The pairs that the run's dialogues may meet."""
        return Pairs(self.plan, {name: level_of(persona) for name, persona in self.personas.items()})

    def met(self, one: Placed) -> frozenset[Pair]:
        """Return the pairs that a dialogue met, by what was said in it."""
        topic = path_of(self.graph, one.placement.topic) if one.placement.topic is not None else None
        return self.pairs.of(one.assignment.scenario, one.assignment.cast, topic)


def survey(reader: RunReader) -> Survey:
    """Return the topic graph of a run's scenarios and people, and how its dialogues so far cover it."""
    settings = reader.settings
    library = Library(reader.personas(), reader.scenarios(), reader.rubrics())
    plan = Plan(library, settings.seed, scenarios=settings.scenarios, personas=settings.personas)
    people = [library.personas[name] for name in settings.personas or library.personas]
    graph = build(plan.scenarios, people)
    placer = Placer(graph)
    # What outcomes decide is known as far as it was chosen: it stands in the stories.
    planned = () if settings.steered else plan.take(reader.planned)
    outcomes = {index: Outcome(node_id("topic", *one.topic), "planned") for index, one in enumerate(planned)}
    ended: list[Placed] = []
    end = reader.end
    for index, story in reader.stories():
        if story.assignment is None or index >= end:
            continue
        placement = None
        if story.verdict is not None:
            turns = tuple((turn.role, turn.text) for turn in story.history.turns)
            placement = _stored(story.placed) if story.placed else placer.place([[text for _, text in turns]])[0]
            ended.append(Placed(story.assignment, story.verdict.outcome == "accepted", placement, turns))
        outcomes[index] = _outcome(story, story.assignment, placement)
    coverage = cover(graph, (outcomes[index] for index in sorted(outcomes)))
    wanted = frozenset(leaves(graph))
    if settings.steered:
        cells = make_steering(settings, plan, library.personas).cells
        wanted &= {node_id("topic", *cell.topic) for cell in cells if cell.weight > 0}
    new = candidates(
        [[text for _, text in one.turns] for one in ended],
        [at for at, one in enumerate(ended) if one.placement.topic is None],
    )
    add_candidates(graph, new)
    discuss_together(graph, _together(ended))
    return Survey(graph, coverage, tuple(ended), wanted, plan, library.personas, tuple(new))


def _stored(placed: events.Placed) -> Placement:
    topic = node_id("topic", *placed.topic) if placed.topic is not None else None
    also = tuple(node_id("topic", *path) for path in placed.also)
    return Placement(topic, placed.evidence, placed.confidence, also)


def _together(ended: Iterable[Placed]) -> Mapping[tuple[str, str], int]:
    """Return for pairs of topics how many dialogues were about both."""
    found: Counter[tuple[str, str]] = Counter()
    for one in ended:
        if one.placement.topic is not None:
            found.update(combinations(sorted((one.placement.topic, *one.placement.also)), 2))
    return found


def _outcome(story: Story, assignment: Assignment, placement: Placement | None) -> Outcome:
    history = story.history
    tokens = sum(turn.usage.prompt_tokens + turn.usage.completion_tokens for turn in history.turns)
    if story.verdict is not None:
        state = str(story.verdict.outcome)
    else:
        state = "failed" if story.failure else "in flight" if history.task is not None else "planned"
    return Outcome(node_id("topic", *assignment.topic), state, placement, tokens)
