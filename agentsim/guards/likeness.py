"""How much of a turn was said before: which of its words stand in an earlier turn, in the same or in other words."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from agentsim.guards.prepared import Prepared
from agentsim.guards.reading import Reading, folded, read, word_places

ALIKE = 0.5
"""Cosine from which two words are taken for one: ``compute`` and ``calculate`` have 0.57,
``weekday`` and ``month`` 0.20."""

TOPIC = 0.4
"""What a word counts that the whole talk is about: who speaks on a subject says its words all the time."""

LIGHT = 0.25
"""What a word counts that only holds a request or an answer together."""

_LIGHT = frozenset(
    [
        "ask",
        "asked",
        "asking",
        "questi",
        "answer",
        "want",
        "wants",
        "wanted",
        "need",
        "needs",
        "needed",
        "would",
        "like",
        "know",
        "tell",
        "say",
        "says",
        "said",
        "please",
        "sure",
        "okay",
        "yes",
        "right",
        "see",
        "get",
        "give",
        "make",
        "made",
        "take",
        "come",
        "look",
        "lookin",
        "find",
        "help",
        "task",
        "instru",
        "reques",
        "soluti",
        "input",
        "none",
        "write",
        "explai",
        "descri",
        "create",
        "provid",
        "prepar",
        "state",
        "propos",
        "list",
        "now",
        "also",
        "then",
        "next",
        "really",
        "simply",
        "well",
        "exact",
        "course",
        "happy",
        "person",
        "mean",
        "means",
        "think",
        "might",
        "shall",
        "must",
        "able",
        "done",
        "use",
        "used",
        "using",
        "result",
        "someth",
        "thing",
        "things",
        "way",
        "such",
        "each",
        "every",
        "per",
        "all",
        "both",
        "very",
        "good",
        "great",
        "thanks",
        "thank",
        "hello",
        "being",
        "withou",
        "got",
        "gets",
        "getting",
        "ought",
        "many",
        "still",
        "even",
        "only",
        "order",
        "howeve",
    ]
)

_SERIES = frozenset(
    [
        "monday",
        "tuesda",
        "wednes",
        "thursd",
        "friday",
        "saturd",
        "sunday",
        "januar",
        "februa",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "septem",
        "octobe",
        "novemb",
        "decemb",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirte",
        "fourte",
        "fiftee",
        "sixtee",
        "sevent",
        "eighte",
        "nintee",
        "twenty",
        "thirty",
        "forty",
        "fifty",
        "sixty",
        "ninety",
        "hundre",
        "thousa",
        "million",
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "last",
        "left",
        "right",
        "upper",
        "lower",
        "before",
        "after",
        "red",
        "blue",
        "green",
        "yellow",
        "white",
        "black",
        "brown",
        "grey",
        "minute",
        "hour",
        "hours",
        "day",
        "days",
        "week",
        "weeks",
        "month",
        "months",
        "year",
        "years",
        "mornin",
        "evenin",
        "aftern",
        "night",
        "north",
        "south",
        "east",
        "west",
    ]
)
"""Words near one another in meaning that never stand for one another."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """A turn beside earlier ones."""

    share: float
    """Weight of its words that were there before, from 0 to 1."""

    cover: float
    """Weight of the earlier words that come back, from 0 to 1."""

    fresh: tuple[str, ...]
    """Its words of full weight that are new, folded."""

    counted: float
    """Weight of all its words."""

    moved: bool
    """Whether a sentence of it is mostly new."""

    numbers: bool
    """Whether a number is new."""

    @property
    def score(self) -> float:
        """Both shares in one, from 0 to 1."""
        return 0.6 * self.share + 0.4 * self.cover


def overlap(prepared: Prepared, position: int, earlier: int) -> float:
    """Return the share of the smaller turn's content that stands in the larger one, stem by stem: quick, to sort out
    what needs no closer look."""
    mine = set(prepared.content(prepared.readings[position]))
    there = set(prepared.content(prepared.readings[earlier]))
    return len(mine & there) / max(1, min(len(mine), len(there)))


def likeness(prepared: Prepared, position: int, earlier: Sequence[int]) -> Likeness:
    """Compare a turn with earlier turns taken together; what stands in a phrase that only restates counts nothing."""
    reading = prepared.readings[position]
    frames = prepared.spans(position, "restate")
    topic = _topic(prepared)
    there = {stem for at in earlier for stem in prepared.content(prepared.readings[at])}
    sentences = _stems_by_sentence(prepared, position, frames)
    mine = {stem for sentence in sentences for stem in sentence}
    same, known = _matches(prepared, position, earlier, mine, there)
    weight = {stem: _weight(stem, topic) for stem in mine | there}
    total = sum(weight[stem] for stem in mine)
    before = sum(weight[stem] for stem in there)
    # A word of the subject that was not in the earlier turn is news all the same.
    fresh = tuple(stem for stem in sorted(mine - same) if stem not in _LIGHT and "'" not in stem)
    news = set(fresh)
    least = 4 if reading.unspaced else 2
    moved = any(
        len(news.intersection(sentence)) >= least and len(news.intersection(sentence)) >= 0.5 * len(set(sentence))
        for sentence in sentences
    )
    return Likeness(
        share=sum(weight[stem] for stem in same) / max(0.01, total),
        cover=sum(weight[stem] for stem in known) / max(0.01, before),
        fresh=fresh,
        counted=total,
        moved=moved,
        numbers=any(char.isdigit() for stem in fresh for char in stem),
    )


def _weight(stem: str, topic: frozenset[str]) -> float:
    if stem in _LIGHT or "'" in stem:
        return LIGHT
    return TOPIC if stem in topic else 1.0


def _topic(prepared: Prepared) -> frozenset[str]:
    return frozenset(prepared.content(read(prepared.talk.task)))


def _stems_by_sentence(prepared: Prepared, position: int, frames: Sequence[tuple[int, int]]) -> list[list[str]]:
    reading = prepared.readings[position]
    found = []
    ends = [start for start, _ in reading.sentences] + [len(reading.low)]
    if ends[0] > 0:
        ends[0] = 0
    for start, end in pairwise(ends):
        text = (
            "".join(
                " " if any(a <= at < b for a, b in frames) else char
                for at, char in enumerate(reading.low[start:end], start)
            )
            if any(a < end and start < b for a, b in frames)
            else reading.low[start:end]
        )
        found.append(prepared.content(read(text)))
    return found


def _matches(
    prepared: Prepared, position: int, earlier: Sequence[int], mine: set[str], there: set[str]
) -> tuple[set[str], set[str]]:
    """Return the words of a turn that were there before, and the earlier ones that come back."""
    same = mine & there
    known = set(same)
    left = mine - same
    open_ = there - known
    for stem in left if not prepared.readings[position].unspaced else ():
        near = next((other for other in there if _akin(stem, other)), None)
        if near is not None:
            same.add(stem)
            known.add(near)
    left = {stem for stem in mine - same if stem not in _SERIES and stem not in _LIGHT and stem.isalpha()}
    open_ = {stem for stem in there - known if stem not in _SERIES and stem.isalpha()}
    if prepared.tongue != "en" or not left or not open_ or len(left) > 0.6 * len(mine) or len(left) > 25:
        return same, known
    written = _written([prepared.readings[at] for at in (position, *earlier)])
    ours, theirs = sorted(left), sorted(open_)
    one = prepared.meanings([written.get(stem, stem) for stem in ours])
    other = prepared.meanings([written.get(stem, stem) for stem in theirs])
    for stem, vector in zip(ours, one, strict=True):
        near_to = [name for name, beside in zip(theirs, other, strict=True) if float(vector @ beside) >= ALIKE]
        if near_to:
            same.add(stem)
            known.update(near_to)
    return same, known


def _written(readings: Sequence[Reading]) -> dict[str, str]:
    """Return for each stem a word that has it: meanings are of words."""
    return {
        folded(word): word
        for reading in readings
        for word in (reading.low[start:end] for start, end in word_places(reading.low, reading.unspaced))
    }


def _akin(one: str, other: str) -> bool:
    """Return whether two stems are forms of one word: they begin alike."""
    if one[:2] != other[:2] or any(char.isdigit() for char in one + other):
        return False
    shorter = min(len(one), len(other))
    shared = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), shorter)
    return shared >= max(3 if shorter <= 4 else 4, shorter - 2) and abs(len(one) - len(other)) <= 3
