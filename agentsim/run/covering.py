"""What a run's dialogues were about: its topic graph, and the coverage of each topic by what was said."""

from typing import TYPE_CHECKING

from agentsim.library.library import Library
from agentsim.planning.plan import Plan
from agentsim.run.reader import RunReader
from agentsim.topics.coverage import Coverage, Outcome, cover
from agentsim.topics.graph import build, node_id
from agentsim.topics.placing import Placer

if TYPE_CHECKING:
    from agentsim.topics.graph import Graph


def covered(reader: RunReader) -> tuple["Graph", Coverage]:
    """Return the topic graph of a run's scenarios and people, and how its dialogues so far cover it."""
    settings = reader.settings
    library = Library(reader.personas(), reader.scenarios(), reader.rubrics())
    plan = Plan(library, settings.seed, scenarios=settings.scenarios, personas=settings.personas)
    people = [library.personas[name] for name in settings.personas or library.personas]
    graph = build(plan.scenarios, people)
    placer = Placer(graph)
    planned = () if settings.steered else plan.take(reader.planned)
    outcomes: dict[int, Outcome] = {
        index: Outcome(node_id("topic", *assignment.topic), "planned") for index, assignment in enumerate(planned)
    }
    end = reader.end
    for index, story in reader.stories():
        if story.assignment is None or index >= end:
            continue
        history = story.history
        tokens = sum(turn.usage.prompt_tokens + turn.usage.completion_tokens for turn in history.turns)
        topic = node_id("topic", *story.assignment.topic)
        if story.verdict is not None:
            (placement,) = placer.place([[turn.text for turn in history.turns]])
            outcomes[index] = Outcome(topic, story.verdict.outcome, placement, tokens)
        else:
            state = "failed" if story.failure else "in flight" if history.task is not None else "planned"
            outcomes[index] = Outcome(topic, state, None, tokens)
    return graph, cover(graph, (outcomes[index] for index in sorted(outcomes)))
