"""What is wrong with the variety of a run: copies, a narrowing course, dialogues beside their topics, shuffled text.

Each fault is told only where chance does not explain it: what is seen is compared with what random parts of the same
run would show, or random pairings of its parts.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from agentsim.measures.diversity import MEASURES, Texts, effective, nearest
from agentsim.planning.seeded import derive_seed

LEAST = 20
"""Dialogues below which nothing is said."""

WINDOW = 50
"""Dialogues of a stretch of the run, where it has at least twice as many; else it is cut in halves."""

DRAWS = 60
"""Random parts that a stretch is compared with."""

FAR = 4.0
"""Standard deviations below the mean of random parts from which a stretch has narrowed: one in 30,000 by chance."""

COPIED = 0.5
"""Share of a dialogue's runs of five words, from which another one with them is its copy."""


@dataclass(frozen=True)
class Fault:
    """Something wrong with the variety of a run."""

    code: str
    """``copies``, ``narrowing``, ``narrower_than_assigned``, ``off_topic``, ``incoherent`` or ``no_word_order``."""

    detail: str


@dataclass(frozen=True)
class Stretch:
    """The measures of one stretch of the run, and how far each lies from those of random parts of the same size."""

    first: int
    """Position of its first dialogue among those that ended."""

    dialogues: int
    figures: dict[str, float]
    deviations: dict[str, float]
    """In standard deviations; below 0 is less varied."""


def course(texts: Texts) -> list[Stretch]:
    """Return the run in stretches of one length, in its order; none where it is too short."""
    import numpy as np

    count = len(texts)
    if count < LEAST:
        return []
    size = WINDOW if count >= 2 * WINDOW else count // 2
    draw = np.random.default_rng(derive_seed(0, "diversity", count))
    parts = [draw.choice(count, size, replace=False).tolist() for _ in range(DRAWS)]
    usual = {}
    for name, measure in MEASURES.items():
        values = [measure(texts, part) for part in parts]
        mean = float(np.mean(values))
        usual[name] = mean, max(float(np.std(values)), 0.01 * abs(mean), 1e-9)
    found = []
    for first in range(0, count - size + 1, size):
        figures = {name: measure(texts, range(first, first + size)) for name, measure in MEASURES.items()}
        away = {name: (value - usual[name][0]) / usual[name][1] for name, value in figures.items()}
        found.append(Stretch(first, size, figures, away))
    return found


def faults(texts: Texts, stretches: Sequence[Stretch]) -> list[Fault]:
    """Return what is wrong, the gravest first.

    Args:
        texts: the dialogues that ended, in the run's order.
        stretches: their ``course``.
    """
    if len(texts) < LEAST:
        return []
    found = [_copies(texts), _narrowing(stretches), _narrower(texts), _off_topic(texts), _incoherent(texts)]
    found.append(_no_word_order(texts))
    return [fault for fault in found if fault is not None]


def _copies(texts: Texts) -> Fault | None:
    runs = [set(zip(*(held[shift:] for shift in range(5)), strict=False)) for held in texts.words]
    copies = 0
    for at, (near, other) in enumerate(nearest(texts, range(len(texts)))):
        if near > 0.9 and runs[at] and len(runs[at] & runs[other]) >= COPIED * len(runs[at]):
            copies += 1
    if copies < 2 or copies < 0.02 * len(texts):
        return None
    return Fault("copies", f"{copies} of {len(texts)} dialogues share half of their words' runs with another one")


def _narrowing(stretches: Sequence[Stretch]) -> Fault | None:
    for stretch in stretches[1:]:
        moved = {name: away for name, away in stretch.deviations.items() if away < -FAR}
        if moved:
            told = ", ".join(f"{name} {stretch.figures[name]:.3g} ({away:+.0f} sd)" for name, away in moved.items())
            last = stretch.first + stretch.dialogues
            return Fault("narrowing", f"dialogues {stretch.first} to {last - 1} are less varied than the rest: {told}")
    return None


def _narrower(texts: Texts) -> Fault | None:
    assigned = effective(Counter(one.assigned for one in texts.dialogues).values())
    said = effective(Counter(one.said for one in texts.dialogues if one.said is not None).values())
    if assigned < 4 or said > 0.5 * assigned:
        return None
    return Fault("narrower_than_assigned", f"spoken of are effectively {said:.1f} topics, assigned were {assigned:.1f}")


def _off_topic(texts: Texts) -> Fault | None:
    import numpy as np

    count = len(texts)
    assigned, said = Counter(one.assigned for one in texts.dialogues), Counter(one.said for one in texts.dialogues)
    if effective(assigned.values()) < 4:
        return None
    hits = sum(one.assigned == one.said for one in texts.dialogues)
    chance = sum(times * said[topic] for topic, times in assigned.items()) / count
    if hits > chance + 3 * float(np.sqrt(max(chance, 1.0))):
        return None
    return Fault(
        "off_topic",
        f"{hits} of {count} dialogues are about the topic they were assigned, {chance:.0f} would be by chance",
    )


def _incoherent(texts: Texts) -> Fault | None:
    """Turns of one dialogue should be nearer to one another than to those of others."""
    import numpy as np

    from agentsim.meaning import centred

    parts = [centred(part) for part in texts.turns]
    kept = [part for part in parts if len(part) > 1]
    if len(kept) < LEAST:
        return None
    gaps = []
    for at, part in enumerate(kept):
        other = kept[(at + len(kept) // 2) % len(kept)]
        own = float(np.mean((part[1:] * part[:-1]).sum(axis=1)))
        gaps.append(own - float(np.mean(part @ other.T)))
    mean, error = float(np.mean(gaps)), float(np.std(gaps)) / len(gaps) ** 0.5
    if mean > 3 * error:
        return None
    return Fault("incoherent", "turns are no nearer to those before them than to turns of other dialogues")


def _no_word_order(texts: Texts) -> Fault | None:
    """In a language the same words follow one another again and again; in shuffled words they do not."""
    import numpy as np

    words = [word for held in texts.words for word in held][:50_000]
    if len(words) < 2000:
        return None
    mixed = np.random.default_rng(derive_seed(0, "word order")).permutation(np.array(words, dtype=object)).tolist()
    own, random = (len(set(pairwise(held))) for held in (words, mixed))
    if own < 0.97 * random:
        return None
    return Fault("no_word_order", "words follow one another as in a shuffled text")
