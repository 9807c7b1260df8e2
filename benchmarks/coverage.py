"""How soon topics are covered: by the outcomes that steer a run, and by five ways of choosing that do not see them.

The protocol, fixed before it was first run. Worlds have 120 of the shipped topics. A dialogue assigned to topic ``t``
is about ``t`` with a chance ``q(t)``, else about one of the others, drawn by their popularity (Zipf, exponent 1.2). Its
words are drawn from the topic it is about, from those beside it, and from small talk; it takes 200 to 600 tokens; nine
in ten are accepted.

- ``drift``: ``q`` from 0.3 to 0.9, the less popular topics the less. Every topic can be reached.
- ``hopeless``: ``q`` is 0 for 18 topics and 0.7 for the rest; popularity draws none of the 18.
- ``no help``: ``q`` is 0 for all: what is said has nothing to do with what was asked for. Nobody can win here.

Arms, paired by seed and with the same token budget: ``rotation`` (uniform: each topic once, in random order, before any
repeats), ``random`` (independent draws), ``by degree`` (drawn by the number of a topic's edges in the graph),
``placebo`` (the steering, but the topics that dialogues are placed on are shuffled), ``steered`` (``agentsim run
--plan coverage``, window 16), and ``oracle``, which knows ``q`` and every outcome at once and takes the uncovered topic
with the best chance: about the fewest dialogues possible.

Judged by what the steering never sees: which topic the words were drawn from; and, beside it, an embedder of another
kind (character n-grams, nearest of held-out examples). The figure is the dialogues, and tokens, until 95 % of the
reachable topics have an accepted one; and topics covered at the end of the budget.

Expected: in ``drift`` steered needs at most 1.3 times what the oracle needs and at most half of rotation's, and is
better than every arm but the oracle in at least 18 of 20 seeds; in ``hopeless`` likewise; in ``no help`` no difference
whose interval excludes none. Run it with ``python -m benchmarks.coverage`` (a quarter of an hour). Within this budget
rotation reaches the target of ``drift`` in 16 of 20 seeds; ``--worlds drift --budget 640000`` lets it in all.

``--windows`` shows what the window costs instead: dialogues to 95 % in ``drift`` for windows of 1 to 256, and how much
of the time of 4, 16 and 64 workers goes into waiting, where dialogues take from one to ten times as long as the
shortest (log-normal).
"""

import argparse
import heapq
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from agentsim.library import Library
from agentsim.planning.plan import Plan
from agentsim.planning.steering import Ended, Steering, Wait
from agentsim.schema import Topic, TopicPath
from agentsim.topics.graph import build, leaves, level_of, path_of
from agentsim.topics.placing import Placer

TOPICS = 120
HOPELESS = 18
ACCEPTED = 0.9
TARGET = 0.95
WINDOW = 16
BUDGET = 600 * 400
"""Tokens of an arm: about 600 dialogues."""

ARMS = ("rotation", "random", "by degree", "placebo", "steered", "oracle")
WORLDS = ("drift", "hopeless", "no help")
FILLER = (
    "well then let us see about that today because you asked me and I think we should look at it together first yes no "
    "maybe later of course thank you please tell go on right exactly so what do you mean by that how come really"
)


@dataclass
class World:
    """What becomes of an assignment, the same in every arm."""

    library: Library
    graph: Any
    topics: list[TopicPath]
    chance: dict[TopicPath, float]
    popular: list[float]
    seed: int
    words: dict[TopicPath, list[str]]
    placer: Placer
    judge: "Judge" = field(init=False)
    texts: dict[tuple[TopicPath, int], tuple[TopicPath | None, TopicPath]] = field(default_factory=dict)

    @property
    def reachable(self) -> list[TopicPath]:
        return [topic for topic, share in zip(self.topics, self.popular, strict=True) if self.chance[topic] or share]

    def about(self, topic: TopicPath, index: int) -> TopicPath:
        """Return what a dialogue is about: the same for the n-th dialogue on a topic in every arm."""
        draw = random.Random(f"{self.seed} about {topic} {index}")
        if draw.random() < self.chance[topic]:
            return topic
        return draw.choices(self.topics, self.popular)[0]

    def said(self, topic: TopicPath, index: int) -> list[str]:
        """Return the turns of the n-th dialogue about a topic."""
        draw = random.Random(f"{self.seed} said {topic} {index}")
        beside = [word for other in self.topics if other[:-1] == topic[:-1] for word in self.words[other]]
        turns = []
        for _ in range(8):
            own = draw.choices(self.words[topic], k=4)
            turns.append(" ".join([*own, *draw.choices(beside, k=2), *draw.choices(FILLER.split(), k=10)]))
        return turns

    def placed(self, topic: TopicPath, index: int) -> tuple[TopicPath | None, TopicPath]:
        """Return where the steering and where the judge's embedder put the n-th dialogue about a topic."""
        key = topic, index
        if key not in self.texts:
            turns = self.said(topic, index)
            node = self.placer.place([turns])[0].topic
            judged = self.judge.nearest(" ".join(turns))
            self.texts[key] = (path_of(self.graph, node) if node else None, judged)
        return self.texts[key]


class Judge:
    """The nearest of held-out examples by character n-grams (hashed, inverse document frequency): no static vectors."""

    SIZE = 1 << 14

    def __init__(self, examples: Mapping[TopicPath, Sequence[str]]) -> None:
        self._topics = [topic for topic, texts in examples.items() for _ in texts]
        table = np.stack([self._counts(text) for texts in examples.values() for text in texts])
        self._idf = np.log((1 + len(table)) / (1 + (table > 0).sum(axis=0)))
        self._table = self._unit(table * self._idf)

    def nearest(self, text: str) -> TopicPath:
        return self._topics[int(np.argmax(self._table @ self._unit(self._counts(text) * self._idf)))]

    def _counts(self, text: str) -> Any:
        import zlib

        found = np.zeros(self.SIZE, dtype=np.float32)
        for word in set(text.split()):
            padded = f" {word} "
            for size in (3, 4, 5):
                for start in range(len(padded) - size + 1):
                    found[zlib.crc32(padded[start : start + size].encode()) % self.SIZE] += 1
        return found

    @staticmethod
    def _unit(table: Any) -> Any:
        return table / (np.linalg.norm(table, axis=-1, keepdims=True) + 1e-9)


def make_world(kind: str, seed: int) -> World:
    """Return a world of one kind."""
    shipped = Library.load()
    draw = random.Random(f"{seed} world")
    every = [(scenario, topic) for scenario in shipped.scenarios.values() for topic in scenario.topic_paths()]
    chosen = draw.sample(every, TOPICS)
    about = build(shipped.scenarios.values())
    held = {path_of(about, node): about.nodes[node].get("about", "") for node in leaves(about)}
    tree: dict[str, list[Topic]] = {}
    for _, path in chosen:
        told = {"name": path[-1], **({"about": held[path]} if held[path] else {})}
        tree.setdefault(" ".join(path[:-1]) or path[0], []).append(Topic.model_validate(told))
    topics = tuple(Topic(name=name, topics=tuple(below)) for name, below in tree.items())
    base = shipped.scenarios["science-explained"]
    library = Library.of(scenarios=[base.model_copy(update={"topics": topics})], base=shipped)
    graph = build([library.scenarios["science-explained"]])
    paths = [path_of(graph, node) for node in leaves(graph)]
    draw.shuffle(paths)
    popular = [(rank + 1) ** -1.2 for rank in range(len(paths))]
    if kind == "drift":
        chance = {path: 0.9 - 0.6 * rank / (len(paths) - 1) for rank, path in enumerate(paths)}
    elif kind == "hopeless":
        chance = dict.fromkeys(paths, 0.7)
        for path in paths[-HOPELESS:]:
            chance[path] = 0.0
        popular[-HOPELESS:] = [0.0] * HOPELESS
    else:
        chance = dict.fromkeys(paths, 0.0)
    words = {
        path_of(graph, node): f"{' '.join(path_of(graph, node))} {graph.nodes[node].get('about', '')}".lower().split()
        for node in leaves(graph)
    }
    world = World(library, graph, paths, chance, popular, seed, words, Placer(graph))
    world.judge = Judge({path: [" ".join(world.said(path, -1 - n)) for n in range(3)] for path in paths})
    return world


@dataclass
class Result:
    """What one arm came to."""

    dialogues: int | None = None
    """Until the target was reached; ``None`` where it was not."""

    tokens: int | None = None
    covered: int = 0
    """Topics covered at the end of the budget, by the words' origin."""

    judged: int = 0
    """The same by the judge's embedder."""


def play(arm: str, world: World, budget: int, window: int = WINDOW) -> Result:
    """Play one arm until the budget is used up."""
    choose, tell = chooser(arm, world, window)
    reachable, result, spent, count = set(world.reachable), Result(), 0, 0
    need = TARGET * len(reachable)
    times: dict[TopicPath, int] = {}
    said: dict[TopicPath, int] = {}
    covered: set[TopicPath] = set()
    judged: set[TopicPath] = set()
    while spent < budget:
        topic = choose(covered)
        number = times[topic] = times.get(topic, 0) + 1
        draw = random.Random(f"{world.seed} cost {topic} {number}")
        spent += draw.randint(200, 600)
        accepted = draw.random() < ACCEPTED
        about = world.about(topic, number)
        said[about] = said.get(about, 0) + 1
        placed, by_judge = world.placed(about, said[about])
        tell(count, accepted, placed)
        count += 1
        if accepted:
            covered.add(about)
            judged.add(by_judge)
        if result.dialogues is None and len(covered & reachable) >= need:
            result.dialogues, result.tokens = count, spent
    result.covered, result.judged = len(covered & reachable), len(judged & reachable)
    return result


Choose = Callable[[set[TopicPath]], TopicPath]
Tell = Callable[[int, bool, TopicPath | None], None]


def chooser(arm: str, world: World, window: int) -> tuple[Choose, Tell]:
    """Return what chooses the next topic and what is told of its outcome."""
    draw, topics = random.Random(f"{world.seed} {arm}"), world.topics
    if arm == "rotation":
        order: list[TopicPath] = []

        def rotate(_: set[TopicPath]) -> TopicPath:
            if not order:
                order.extend(draw.sample(topics, len(topics)))
            return order.pop()

        return rotate, lambda *_: None
    if arm == "random":
        return lambda _: draw.choice(topics), lambda *_: None
    if arm == "by degree":
        nodes = {path_of(world.graph, node): node for node in leaves(world.graph)}
        beside: dict[TopicPath, int] = {}
        for topic in topics:
            beside[topic[:-1]] = beside.get(topic[:-1], 0) + 1
        degree = [world.graph.degree(nodes[topic]) + beside[topic[:-1]] for topic in topics]
        return lambda _: draw.choices(topics, degree)[0], lambda *_: None
    if arm == "oracle":
        best = sorted(topics, key=lambda topic: -world.chance[topic])

        def know(covered: set[TopicPath]) -> TopicPath:
            return next((topic for topic in best if topic not in covered), best[0])

        return know, lambda *_: None
    steered = Steering(
        Plan(world.library, world.seed, scenarios=["science-explained"]),
        levels={name: level_of(persona) for name, persona in world.library.personas.items()},
        window=window,
    )
    shuffled = dict(zip(topics, draw.sample(topics, len(topics)), strict=True))

    def steer(_: set[TopicPath]) -> TopicPath:
        chosen = steered.next()
        assert chosen is not None and not isinstance(chosen, Wait)
        return chosen.topic

    def tell(index: int, accepted: bool, placed: TopicPath | None) -> None:
        seen = shuffled[placed] if placed is not None and arm == "placebo" else placed
        steered.ended(index, Ended(accepted, seen))

    return steer, tell


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the median and its 95 % bootstrap interval over seeds."""
    held = np.asarray(values, dtype=float)
    drawn = np.median(held[np.random.default_rng(0).integers(0, len(held), (4000, len(held)))], axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(np.median(held)), float(low), float(high)


def report(world: str, made: Mapping[str, Sequence[Result]]) -> dict[str, Any]:
    """Print one world's table and return its figures."""
    seeds = len(made["steered"])
    never = float("inf")
    needed = {arm: [one.dialogues or never for one in results] for arm, results in made.items()}
    print(f"\n{world}: {seeds} seeds")
    print(f"{'arm':10} {'dialogues to 95 %':>18} {'times the oracle':>26} {'steered better':>15} {'covered at end':>15}"
          f" {'by embedder':>12}")  # fmt: skip
    figures: dict[str, Any] = {}
    for arm, results in made.items():
        reached = sum(value < never for value in needed[arm])
        ratios = [one / other for one, other in zip(needed[arm], needed["oracle"], strict=True) if other < never]
        finite = [ratio for ratio in ratios if ratio < never]
        middle = interval(finite) if len(finite) == seeds else None
        better = [
            (mine, -own.covered) < (theirs, -other.covered)
            for mine, theirs, own, other in zip(needed["steered"], needed[arm], made["steered"], results, strict=True)
        ]
        gap = interval([own.covered - other.covered for own, other in zip(made["steered"], results, strict=True)])
        figures[arm] = {
            "reached": reached,
            "dialogues": float(np.median(needed[arm])) if reached == seeds else None,
            "times_oracle": middle,
            "steered_better": sum(better),
            "covered": float(np.mean([one.covered for one in results])),
            "judged": float(np.mean([one.judged for one in results])),
            "steered_covers_more": gap,
        }
        told = f"{np.median(needed[arm]):.0f}" if reached == seeds else f"{reached} of {seeds} seeds"
        ratio = "-" if middle is None else f"{middle[0]:.2f} [{middle[1]:.2f}, {middle[2]:.2f}]"
        wins = "" if arm == "steered" else f"{sum(better)} of {seeds}"
        print(
            f"{arm:10} {told:>18} {ratio:>26} {wins:>15} {figures[arm]['covered']:15.1f} {figures[arm]['judged']:12.1f}"
        )
    for arm in ("rotation", "random"):
        middle, low, high = figures[arm]["steered_covers_more"]
        print(f"steered covers {middle:+.0f} [{low:+.0f}, {high:+.0f}] topics more than {arm} by the end of the budget")
    return figures


def waiting(workers: int, window: int, dialogues: int = 20_000) -> float:
    """Return the share of the workers' time that goes into waiting for outcomes that the choice must see."""
    draw = random.Random(f"{workers} {window}")
    lasts = [min(10.0, max(1.0, draw.lognormvariate(0.9, 0.6))) for _ in range(dialogues)]
    free, ends, worked = [0.0] * workers, list[float](), 0.0
    seen = 0.0  # when the outcomes that the choice must see are known, in their order
    for index, last in enumerate(lasts):
        if index >= window:
            seen = max(seen, ends[index - window])
        start = max(heapq.heappop(free), seen)
        ends.append(start + last)
        heapq.heappush(free, start + last)
        worked += last
    return 1 - worked / (workers * max(ends))


def windows(seeds: int, budget: int) -> None:
    """Print what the window costs."""
    print(f"{'window':>7} {'dialogues to 95 %':>18} " + " ".join(f"waiting, {n} workers" for n in (4, 16, 64)))
    worlds = [make_world("drift", seed) for seed in range(seeds)]
    for window in (1, 4, 16, 64, 256):
        needed = [play("steered", world, budget, window).dialogues or float("inf") for world in worlds]
        idle = " ".join(
            f"{waiting(workers, window):>{len(f'waiting, {workers} workers')}.0%}" for workers in (4, 16, 64)
        )
        print(f"{window:7} {np.median(needed):18.0f} {idle}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--budget", type=int, default=BUDGET, help="tokens of an arm")
    parser.add_argument("--worlds", default=",".join(WORLDS))
    parser.add_argument("--windows", action="store_true", help="show what the window costs instead")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.windows:
        windows(given.seeds, given.budget)
        return
    figures = {}
    for kind in given.worlds.split(","):
        made: dict[str, list[Result]] = {arm: [] for arm in ARMS}
        for seed in range(given.seeds):
            world = make_world(kind, seed)
            for arm in ARMS:
                made[arm].append(play(arm, world, given.budget))
        figures[kind] = report(kind, made)
    if given.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
