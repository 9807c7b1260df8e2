"""A conversation made ready for all detectors: read once, its language, its parts and its meanings known."""

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from agentsim.guards.reading import Reading, Span, folded, read, word_places
from agentsim.guards.situation import Situation, situation_of
from agentsim.guards.talk import Said, Talk
from agentsim.guards.tongue import tongue_of
from agentsim.meaning import vectors
from agentsim.schema import FailureKind, Finding

if TYPE_CHECKING:
    from agentsim.meaning import Vectors

_MEANINGS: dict[str, "Vectors"] = {}
_MEANINGS_KEPT = 20000


class Prepared:
    """What the detectors share. Positions count the turns, from 0; a finding carries the turn's own index."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.turns: Sequence[Said] = talk.turns
        self.readings: list[Reading] = [read(said.text) for said in talk.turns]

    def __len__(self) -> int:
        return len(self.turns)

    @cached_property
    def situation(self) -> Situation:
        """Who is who."""
        return situation_of(self.talk)

    @cached_property
    def tongue(self) -> str:
        """Language of the conversation, as ISO 639-1 code."""
        if self.talk.language:
            return self.talk.language.split("-")[0].split("_")[0].lower()
        # The first turns are enough, and later ones may be the ones that slip.
        return _tongue(tuple(said.text for said in self.turns[:6]))

    @cached_property
    def tongues(self) -> tuple[str, ...]:
        """Languages whose phrases count: the conversation's own, and English, into which weak models slip."""
        from agentsim.guards.phrasebook import languages

        return tuple(dict.fromkeys(name for name in (self.tongue, "en") if name in languages()))

    @cached_property
    def acts(self) -> list[frozenset[str]]:
        """What is done in each turn: the acts of which a phrase stands in it."""
        return [reading.acts(self.tongues) for reading in self.readings]

    @cached_property
    def little(self) -> frozenset[str]:
        """Little words of the languages that count, folded."""
        return _little(self.tongues)

    def content(self, reading: Reading) -> list[str]:
        """Return the words of a turn that carry content, folded, in order."""
        return reading.content(self.little)

    def content_words(self, reading: Reading) -> list[str]:
        """Return the different words of a turn that carry content, as they are written, in order."""
        little = self.little
        words = [reading.low[start:end] for start, end in word_places(reading.low, reading.unspaced)]
        return [
            word for word in dict.fromkeys(words) if folded(word) not in little and (len(word) > 2 or word.isdigit())
        ]

    def has(self, position: int, act: str) -> bool:
        """Return whether a phrase of the act stands in a turn."""
        return act in self.acts[position]

    def spans(self, position: int, act: str) -> tuple[Span, ...]:
        """Return where phrases of the act stand in a turn."""
        return self.readings[position].spans(act, self.tongues) if act in self.acts[position] else ()

    def has_text(self, text: str, act: str) -> bool:
        """Return whether a phrase of the act stands in a text that is no turn."""
        return read(text).has(act, self.tongues)

    def answer_to(self, position: int) -> int | None:
        """Return the position of the other's turn right after this one; ``None`` where the same one goes on or none
        follows."""
        after = position + 1
        if after < len(self) and self.turns[after].speaker != self.turns[position].speaker:
            return after
        return None

    def before(self, position: int) -> int | None:
        """Return the position of the other's last turn before this one."""
        speaker = self.turns[position].speaker
        return next((at for at in range(position - 1, -1, -1) if self.turns[at].speaker != speaker), None)

    def own_before(self, position: int) -> int | None:
        """Return the position of the same speaker's last turn before this one."""
        speaker = self.turns[position].speaker
        return next((at for at in range(position - 1, -1, -1) if self.turns[at].speaker == speaker), None)

    def reaction(self, position: int, act: str) -> bool:
        """Return whether the other answers this turn with a phrase of the act; never while the talk goes on, where
        a turn is judged by what came before it."""
        after = self.answer_to(position)
        return self.talk.over and after is not None and self.has(after, act)

    def finding(self, position: int, kind: FailureKind, confidence: float, span: Span | None, detail: str) -> Finding:
        """Return a finding whose evidence is a span of the turn; the whole turn where ``None``."""
        said = self.turns[position]
        start, end = (0, len(said.text)) if span is None else span
        evidence = said.text[start:end].strip()
        if len(evidence) > 240:
            evidence = evidence[:240].strip()
        return Finding(
            turn=said.index, kind=kind, confidence=round(min(confidence, 0.99), 2), evidence=evidence, detail=detail
        )

    def meanings(self, texts: Sequence[str]) -> list["Vectors"]:
        """Return the vectors of some texts; those of known texts are kept."""
        missing = [text for text in dict.fromkeys(texts) if text not in _MEANINGS]
        found = dict(zip(missing, vectors(missing), strict=True)) if missing else {}
        answer = [_MEANINGS[text] if text in _MEANINGS else found[text] for text in texts]
        if len(_MEANINGS) > _MEANINGS_KEPT:
            _MEANINGS.clear()
        _MEANINGS.update(found)
        return answer

    def near(self, one: str, other: str) -> float:
        """Return how near two texts are in meaning, from -1 to 1."""
        first, second = self.meanings([one, other])
        return float(first @ second)


@lru_cache(maxsize=1024)
def _tongue(texts: tuple[str, ...]) -> str:
    return tongue_of([read(text) for text in texts])


@lru_cache(maxsize=64)
def _little(tongues: tuple[str, ...]) -> frozenset[str]:
    from agentsim.guards.phrasebook import language

    return frozenset(folded(word) for name in tongues for word in language(name).common)
