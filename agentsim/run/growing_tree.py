"""Topic trees while they grow: where a topic stands, what is near it, and what is put below it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from agentsim.sanitise import one_line
from agentsim.schema import Topic, TopicPath


def by_path(topics: Sequence[Topic]) -> dict[TopicPath, Topic]:
    """Return every topic by its path, each before those below it."""
    found: dict[TopicPath, Topic] = {}

    def take(level: Sequence[Topic], above: TopicPath) -> None:
        for topic in level:
            found[(*above, topic.name)] = topic
            take(topic.topics, (*above, topic.name))

    take(topics, ())
    return found


def leaves(topics: Sequence[Topic]) -> Iterator[TopicPath]:
    """Yield the path of every narrowest topic, in the order of the outline."""
    for topic in topics:
        yield from topic.leaves()


def with_narrower(
    topics: Sequence[Topic], found: Mapping[TopicPath, Sequence[str]], above: TopicPath = ()
) -> tuple[Topic, ...]:
    """Return the trees with topics of these names below the leaves of these paths."""
    grown = []
    for topic in topics:
        path = (*above, topic.name)
        if topic.topics:
            below = with_narrower(topic.topics, found, path)
        else:
            below = tuple(Topic(name=name) for name in found.get(path, ()))
        grown.append(topic.model_copy(update={"topics": below}))
    return tuple(grown)


def fresh(index: Mapping[TopicPath, Topic], found: Mapping[TopicPath, Sequence[str]]) -> dict[TopicPath, list[str]]:
    """Return what was found less names that stand below the same broadest topic already, in upper or lower case.

    Of equal names the first in the order of ``found`` is left. A path may be left with none.
    """
    seen = {(path[0], folded(path[-1])) for path in index}
    left: dict[TopicPath, list[str]] = {}
    for path, names in found.items():
        left[path] = []
        for name in names:
            if (mark := (path[0], folded(name))) not in seen:
                seen.add(mark)
                left[path].append(name)
    return left


class Standing:
    """An outline at one moment: what stands around each of its topics."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        self._topics = topics
        self.index = by_path(topics)
        """Every topic by its path."""

        self._names: dict[TopicPath, frozenset[str]] = {}

    def level(self, path: TopicPath) -> Sequence[Topic]:
        """Return the topics below the same one as this, itself among them."""
        return self.index[path[:-1]].topics if len(path) > 1 else self._topics

    def names(self, path: TopicPath) -> frozenset[str]:
        """Return what the topics above, beside and at this path are called, folded to be compared."""
        if path[:-1] not in self._names:
            self._names[path[:-1]] = frozenset(
                folded(name) for topic in self.level(path) for name in (topic.name, *topic.also)
            )
        return self._names[path[:-1]].union(map(folded, path))

    def around(self, path: TopicPath, most: int, known: Iterable[str]) -> list[str]:
        """Return at most so many names from around a topic that are not ``known``.

        The nearest part of the outline comes first; a part is read from its broad topics to its narrow ones.
        """
        seen = set(map(folded, known))
        found: list[str] = []
        for up in range(len(path) - 1, -1, -1):
            level: Sequence[Topic] = self.index[path[:up]].topics if up else self._topics
            while level:
                for topic in level:
                    if len(found) >= most:
                        return found
                    if folded(topic.name) not in seen:
                        seen.add(folded(topic.name))
                        found.append(topic.name)
                level = [below for topic in level for below in topic.topics]
        return found


def folded(name: str) -> str:
    """Return a name as names are compared: on one line, upper and lower case alike."""
    return one_line(name).casefold()


def portion(topics: int, each: int, room: int) -> tuple[int, int]:
    """Return how many names each of so many leaves is asked for, and how many of them are asked.

    The leaves they make never exceed ``room``: where it is scarce all get fewer, and the last ones none.
    """
    if topics == 0 or room <= 0:
        return each, 0
    fewer = max(2, min(each, 1 + room // topics))
    return fewer, min(topics, room // (fewer - 1))
