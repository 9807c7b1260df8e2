"""Growing an outline: a model names narrower topics of every leaf, one level after the other.

A level is asked as a whole and its answers are put in the order of the outline, so what grows depends on the answers
alone, never on when they came.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agentsim.errors import AgentsimError, ModelError, UserError
from agentsim.library.merging import gained, merge
from agentsim.library.outline import DEEPEST
from agentsim.llm.model import Model
from agentsim.run.door import Unkept, live_door, places
from agentsim.run.growing_asking import Asker, Named
from agentsim.run.growing_tree import Standing, by_path, fresh, leaves, portion, with_narrower
from agentsim.run.small_models import SMALL
from agentsim.run.sources import validated
from agentsim.sanitise import one_line
from agentsim.schema import Topic, TopicPath, Usage

EACH = 6
"""Narrower topics that are asked for, where nothing else is said."""

MOST_EACH = 50
MOST = 10_000
"""Leaves of an outline, where nothing else is said."""


@dataclass(frozen=True)
class Grown:
    """An outline that was grown, and how that came out."""

    topics: tuple[Topic, ...]
    """The whole outline, merged: what was there, and what is new."""

    added: int
    """How many topics are new."""

    merged: tuple[tuple[TopicPath, tuple[str, ...]], ...]
    """Topics that took in others of the same meaning, and the names of these."""

    barren: tuple[tuple[TopicPath, str], ...]
    """Leaves that should have grown and did not, and why."""

    levels: int
    """Levels that were asked to their end."""

    usage: Usage
    """What all calls took."""

    why: AgentsimError | None = None
    """What ended it before its time: a cap, or a failure that every further call would meet too."""


@dataclass(frozen=True)
class Step:
    """How far it is; told after every answer and every level."""

    level: int
    levels: int
    done: int
    """Topics of this level that were asked."""

    of: int
    """Topics of this level."""

    found: int
    """Names that came for them."""

    grown: Grown
    """What stands since the last whole level; ``usage`` is of this moment."""


async def grow(
    topics: Iterable[Topic | str],
    *,
    each: int = EACH,
    depth: int = 1,
    most: int = MOST,
    watch: Callable[[Step], None] = lambda _: None,
    notice: Callable[[str], None] = lambda _: None,
    model_object: Model | None = None,
    **settings: Any,
) -> Grown:
    """Return the outline with narrower topics below its leaves, named by a model.

    Topics that mean the same are merged (`agentsim.library.merging`). Where a cap or a failure ends it early, what
    came until then is returned with the reason; who cancels it finds in the last `Step` what was whole.

    Args:
        topics: an outline, e.g. of `agentsim.library.outline.load_outline`; a text is the name of a topic.
        each: narrower topics that a model is asked for at a time.
        depth: how many levels are added.
        most: leaves that the outline may have in the end.
        watch: told how far it is.
        notice: told, in words, what a person should know.
        model_object: answers in place of all models.
        settings: fields of `RunSettings` that say who is asked and how: ``model``, ``seed``, ``concurrency``,
            ``max_cost``, ``prompts``, ``models``, ``timeout`` and the like.

    Raises:
        UserError: where the outline cannot grow by what was asked for.
        AgentsimError: where nothing grew.
    """
    wanted = validated(settings)
    given = tuple(topic if isinstance(topic, Topic) else _named(topic) for topic in topics)
    asker = Asker(wanted)
    growing = _Growing(given, asker, each=each, depth=depth, most=most, watch=watch)
    if wanted.model in SMALL:
        notice(f"{wanted.model} is too weak to name topics well: read what it grows, or name a better model")
    door = live_door(
        wanted,
        Unkept(),
        spent=Usage(),
        notice=notice,
        closed=lambda: asker.why is not None,
        in_flight=lambda model: min(places(wanted, model) or wanted.concurrency, wanted.concurrency),
        inner=model_object,
    )
    try:
        return await growing.run(door)
    finally:
        await asyncio.shield(door.close())


class _Growing:
    """One outline while it grows."""

    def __init__(
        self, given: tuple[Topic, ...], asker: Asker, *, each: int, depth: int, most: int, watch: Callable[[Step], None]
    ) -> None:
        self._given = given
        self._asker = asker
        self._each = each
        self._depth = depth
        self._most = most
        self._watch = watch
        self._topics = merge(given)
        self._before = frozenset(by_path(self._topics))
        self._asked: set[TopicPath] = set()
        self._barren: dict[TopicPath, str] = {}
        self._levels = 0
        _check(self._topics, each, depth, most)

    async def run(self, door: Model) -> Grown:
        for level in range(1, self._depth + 1):
            if not await self._level(door, level) or self._asker.why is not None:
                break
        grown = self._grown()
        if grown.added:
            return grown
        if self._asker.why is not None:
            raise self._asker.why
        reason = next((why for _, why in grown.barren), "all that was named is there already")
        raise ModelError(
            f"no narrower topic came: {reason}",
            model=self._asker.model,
            fix="name a better model, or try another seed",
        )

    async def _level(self, door: Model, level: int) -> bool:
        """Ask for one level and put in what came; return whether there was anything to ask."""
        ends = list(leaves(self._topics))
        frontier = [path for path in ends if path not in self._asked]
        each, many = portion(len(frontier), self._each, self._most - len(ends))
        for path in frontier[many:]:
            self._barren[path] = f"not asked: the outline may have {self._most:,} leaves"
        if many == 0:
            return False
        self._asked.update(frontier[:many])
        standing, before = Standing(self._topics), self._grown()
        answers: dict[TopicPath, Named] = {}
        count = 0

        def told(grown: Grown) -> None:
            now = replace(grown, usage=self._asker.usage)
            self._watch(Step(level, self._depth, len(answers), many, count, now))

        async def ask(path: TopicPath) -> None:
            nonlocal count
            answers[path] = await self._asker.ask(door, standing, path, each)
            count += len(answers[path].names)
            told(before)

        async with asyncio.TaskGroup() as group:
            for path in frontier[:many]:
                group.create_task(ask(path))
        self._barren.update({path: named.why for path, named in answers.items() if not named.names})
        # In the order of the outline, not of the answers.
        found = {path: answers[path].names for path in frontier[:many] if answers[path].names}
        self._put_in(fresh(standing.index, found))
        self._levels += self._asker.why is None
        told(self._grown())
        return True

    def _put_in(self, found: dict[TopicPath, list[str]]) -> None:
        """Put in what was named and merge; a topic all of whose narrower ones are there already stays a leaf."""
        while True:
            merged = merge(with_narrower(self._topics, found))
            there = by_path(merged)
            gone = [path for path, names in found.items() if not names or path not in there]
            if not gone:
                break
            for path in gone:
                del found[path]
                self._barren[path] = "all that was named is there already"
        self._topics = merged

    def _grown(self) -> Grown:
        return Grown(
            topics=self._topics,
            added=len(by_path(self._topics).keys() - self._before),
            merged=tuple(gained(self._given, self._topics)),
            barren=tuple((path, self._barren[path]) for path in leaves(self._topics) if path in self._barren),
            levels=self._levels,
            usage=self._asker.usage,
            why=self._asker.why,
        )


def _named(text: str) -> Topic:
    if not (name := one_line(text)):
        raise UserError("a subject needs a name", fix="say it in a few words, e.g. 'first aid'")
    return Topic(name=name)


def _check(topics: Sequence[Topic], each: int, depth: int, most: int) -> None:
    if not 2 <= each <= MOST_EACH or depth < 1:
        raise UserError(f"each is from 2 to {MOST_EACH}, depth from 1", fix="give such numbers")
    paths = list(leaves(topics))
    if not paths:
        raise UserError("there is no topic to grow", fix="give an outline, or a subject in words")
    deepest = max(map(len, paths))
    if deepest + depth > DEEPEST:
        raise UserError(
            f"the outline has {deepest} levels and may have {DEEPEST}: it cannot grow by {depth}",
            fix="ask for fewer, or move its topics up",
        )
    if len(paths) >= most:
        raise UserError(f"the outline has {len(paths):,} leaves already", fix=f"allow more than {most:,}")
