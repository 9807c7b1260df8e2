"""A subject that a conversation can be about, and the narrower subjects inside it."""

from agentsim.schema.noun import Noun, Text

TopicPath = tuple[str, ...]
"""Names from the broadest subject down to the one meant, e.g. ``("Orders", "Returns", "Lost label")``."""


class Topic(Noun):
    """A node of a scenario's topic tree."""

    name: Text
    """Short noun phrase, unique among its siblings."""

    about: Text | None = None
    """What belongs here, where the name alone leaves doubt."""

    also: tuple[Text, ...] = ()
    """Other names for the same."""

    topics: tuple["Topic", ...] = ()
    """Narrower topics."""

    def leaves(self, above: TopicPath = ()) -> tuple[TopicPath, ...]:
        """Return the path of every narrowest topic below this one, in the order written."""
        here = (*above, self.name)
        if not self.topics:
            return (here,)
        return tuple(path for topic in self.topics for path in topic.leaves(here))
