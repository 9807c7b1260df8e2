"""An order of topics in which any first few are spread over the whole tree."""

from collections.abc import Mapping, Sequence

from agentsim.planning.seeded import shuffled
from agentsim.schema import TopicPath


def spread(topics: Sequence[TopicPath], seed: int) -> list[TopicPath]:
    """Return the topics so that each part of the tree has its share of any first few, to within one.

    Each level is merged from those below it as by stride scheduling; which part comes first is drawn by the seed.
    """
    return _merged((), topics, seed)


def _merged(above: TopicPath, topics: Sequence[TopicPath], seed: int) -> list[TopicPath]:
    if len(topics) < 2:
        return list(topics)
    depth = len(above)
    below: dict[str, list[TopicPath]] = {}
    found: list[TopicPath] = []
    for topic in topics:
        if len(topic) <= depth:
            found.append(topic)  # a leaf in one scenario that has narrower ones in another
        else:
            below.setdefault(topic[depth], []).append(topic)
    parts: Mapping[str, list[TopicPath]] = {name: _merged((*above, name), part, seed) for name, part in below.items()}
    places: list[tuple[float, int, TopicPath]] = []
    for order, name in enumerate(shuffled(parts, seed, "spread", *above)):
        size = len(parts[name])
        places += [((place + 0.5) / size, order, topic) for place, topic in enumerate(parts[name])]
    return found + [topic for _, _, topic in sorted(places, key=lambda one: one[:2])]
