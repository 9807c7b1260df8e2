"""What a turn shows: figures about it and its place in the conversation, from which the judge tells failures."""

import math
from collections import Counter
from collections.abc import Iterable
from functools import cache, cached_property
from typing import TYPE_CHECKING

from agentsim.guards.grams import tokens
from agentsim.guards.prepared import Prepared
from agentsim.guards.reading import read
from agentsim.guards.tongue import little_words_of, scripts
from agentsim.guards.word_vectors import WORDS
from agentsim.meaning import unit
from agentsim.schema import FailureKind, Finding

if TYPE_CHECKING:
    from agentsim.meaning import Vectors

ENDS = (".!。！।", "?？؟")
"""Marks at the end of a turn: statements, questions."""

NEAR = 0.5
"""Cosine from which two words count as one."""

WINDOW = 4
"""Turns ahead that are looked at."""


CONCEPTS = (
    "instructions prompt briefing persona script scenario guidelines directive",
    "secret hidden conceal reveal confidential",
    "supposed told ordered forbidden allowed",
    "goodbye farewell bye",
    "thanks grateful appreciate",
    "assist help support service",
    "sorry apologize unfortunately",
    "complaint broken problem faulty",
    "immediately promptly soon shortly",
    "finished completed done solved",
    "explain teach lesson exercise",
    "correct excellent well-done",
    "question answer tell describe",
    "write create list draft",
    "buy order price pay",
    "appointment booking reservation",
    "sure certainly absolutely",
    "brother mother aunt grandmother kids",
    "football match concert film series",
    "recipe bread soup cake",
    "holiday beach cruise trip",
    "dog cat puppy",
    "politics government election",
    "robot consciousness universe philosophy",
    "remember anyway speaking",
)
"""Groups of words; how near a turn comes to each is one of its figures."""


class Signs:
    """The figures of one conversation.

    Args:
        prepared: the conversation.
        found: what the rules found, weak signs included.
    """

    def __init__(self, prepared: Prepared, found: Iterable[Finding]) -> None:
        self.prepared = prepared
        self.count = len(prepared)
        self.acts = prepared.acts
        self._parts = [self._part(turn.speaker) for turn in prepared.turns]
        self.words = [frozenset(prepared.content(reading)) for reading in prepared.readings]
        self.about = frozenset(prepared.content(read(prepared.talk.task)))
        self.tokens = [tokens(reading) for reading in prepared.readings]
        self.ruled: dict[tuple[int, FailureKind], float] = {}
        for finding in found:
            key = finding.turn, finding.kind
            self.ruled[key] = max(self.ruled.get(key, 0.0), finding.confidence)
        self.seen: list[frozenset[str]] = [frozenset()]
        for words in self.words:
            self.seen.append(self.seen[-1] | words)

    def part(self, position: int) -> str:
        """Return a sign for the side of a turn's speaker: what it does in the conversation and whether it leads."""
        return self._parts[position]

    def _part(self, speaker: str) -> str:
        situation = self.prepared.situation
        side = "N" if speaker == situation.need else "S" if speaker == situation.serve else "P"
        return side + ("l" if speaker == situation.leader else "")

    def sign(self, position: int, part: str) -> int:
        """Return 1 where a turn's speaker ``serves`` (or ``leads``), -1 where the other side does, 0 among equals."""
        own = self.part(position)
        if part == "leads":
            return 1 if own[-1] == "l" else -1
        return {"S": 1, "N": -1}.get(own[0], 0)

    @cached_property
    def _vectors(self) -> "list[Vectors]":
        """The vectors and weights of each turn's content words, of at most forty; those of the task come last."""
        prepared = self.prepared
        about = read(f"{prepared.talk.task} {prepared.talk.setting}")
        return [WORDS.of(prepared.content_words(reading)[:40]) for reading in (*prepared.readings, about)]

    @cached_property
    def _sums(self) -> "Vectors":
        """The sum of each turn's word vectors, by weight; the task comes last."""
        import numpy as np

        return np.stack([held[:, -1] @ held[:, :-1] for held in self._vectors])

    @cached_property
    def _near(self) -> list[list[float]]:
        """How near any two turns are in meaning; the task comes last."""
        means = unit(self._sums)
        found: list[list[float]] = (means @ means.T).tolist()
        return found

    @cached_property
    def _breaks(self) -> dict[str, list[float]]:
        """How near what follows each turn is to what came before it: the lower, the likelier a new subject."""
        import numpy as np

        sums, count = self._sums, self.count
        so_far = np.concatenate([np.zeros_like(sums[:1]), np.cumsum(sums[:-1], axis=0)])
        task = unit(sums[-1])
        behind = unit(so_far[:-1] + sums[-1])
        spoken = unit(so_far[:-1])
        ends = np.minimum(np.arange(count) + WINDOW, count)
        ahead, rest = unit(so_far[ends] - so_far[:-1]), unit(so_far[-1] - so_far[:-1])
        found = {
            "break": (ahead * behind).sum(axis=1),
            "break-spoken": (ahead * spoken).sum(axis=1),
            "break-end": (rest * behind).sum(axis=1),
            "window-task": ahead @ task,
            "rest-task": rest @ task,
            "spoken-task": spoken @ task,
        }
        for name in ("break", "break-end"):
            found[f"{name}-least"] = found[name] - found[name].min()
        return {name: values.tolist() for name, values in found.items()}

    def _soft(self, position: int, earlier: int) -> tuple[float, float, float]:
        """Return the shares of a turn's words that an earlier one has, in the same or other words, and the reverse, by
        the words' weights; and how near its words have their nearest ones there on average."""
        mine, there = self._vectors[position], self._vectors[earlier]
        if not len(mine) or not len(there):
            return 0.0, 0.0, 0.0
        cosines = mine[:, :-1] @ there[:, :-1].T
        nearest, weights, others = cosines.max(axis=1), mine[:, -1], there[:, -1]
        total = float(weights.sum())
        return (
            float(weights @ (nearest > NEAR)) / total,
            float(others @ (cosines.max(axis=0) > NEAR)) / float(others.sum()),
            float(weights @ nearest) / total,
        )

    def of(self, position: int) -> dict[str, float]:
        """Return the figures of one turn by name; those that are nothing may be missing."""
        f: dict[str, float] = {}
        self._place(f, position)
        self._rules(f, position)
        self._neighbours(f, position)
        self._said_before(f, position)
        self._subject(f, position)
        self._language(f, position)
        return f

    def _place(self, f: dict[str, float], at: int) -> None:
        prepared, reading = self.prepared, self.prepared.readings[at]
        situation, part = prepared.situation, self.part(at)
        f[f"kind={situation.kind}"] = f[f"part={part}"] = f[f"{situation.kind}/{part}"] = 1.0
        f["last"], f["first"] = float(at == self.count - 1), float(at == 0)
        f["left"], f["at"], f["turns"] = float(min(6, self.count - 1 - at)), float(min(8, at)), float(self.count)
        f["over"] = float(prepared.talk.over)
        f["asks"], f["code"], f["size"] = float(reading.asks), float(reading.code), math.log1p(reading.size)
        f["sentences"] = float(min(9, len(reading.sentences)))
        own = [len(self.words[k]) for k in range(at) if prepared.turns[k].speaker == prepared.turns[at].speaker]
        f["size-own"] = f["size"] - math.log1p(sum(own) / len(own)) if own else 0.0
        end = reading.text.strip()[-1:]
        f["end="] = float(next((code for code, marks in enumerate(ENDS, 1) if end in marks), 3 + end.isalnum()))
        f["bang"] = float("!" in reading.own or "！" in reading.own)
        f["figures"] = float(any(map(str.isdigit, reading.own)))
        f["quotes"] = float("\x00" in reading.own)
        f["lesson"], f["staged"] = float(situation.lesson), float(situation.staged)
        f["no-task"], f["unspaced"] = float(not self.about), float(reading.unspaced)
        f["english"] = float(prepared.tongue == "en")

    def _rules(self, f: dict[str, float], at: int) -> None:
        index, part = self.prepared.turns[at].index, self.part(at)
        for (turn, kind), sure in self.ruled.items():
            if turn == index:
                f[f"rule={kind}"] = sure
            elif kind not in ("off_task", "broken_language"):
                name = f"rule-{'before' if turn < index else 'after'}={kind}"
                f[name] = max(f.get(name, 0.0), sure)
        for act in self.acts[at]:
            f[f"act={act}"] = f[f"act={act}/{part}"] = 1.0
        for act in self.acts[at - 1] if at else ():
            f[f"before={act}"] = 1.0
        for act in self.acts[at + 1] if at + 1 < self.count else ():
            f[f"after={act}"] = 1.0
        for act in ("farewell", "thanks", "done", "promise"):
            f[f"earlier={act}"] = float(sum(act in self.acts[k] for k in range(at)))

    def _neighbours(self, f: dict[str, float], at: int) -> None:
        prepared, words, near = self.prepared, self.words, self._near[at]
        if at:
            before = prepared.readings[at - 1]
            f["before-asks"], f["before-size"] = float(before.asks), math.log1p(before.size)
            f["near-before"] = near[at - 1]
            f["share-before"], f["cover-before"] = _share(words[at], words[at - 1]), _share(words[at - 1], words[at])
            f["new-before"] = math.log1p(len(words[at] - words[at - 1]))
            soft, covered, nearest = self._soft(at, at - 1)
            f["soft-before"], f["covered-before"], f["nearest-before"] = soft, covered, nearest
            f["echo"] = soft * covered
            question = before.asks and not prepared.readings[at].asks
            f["answers"] = float(question)
        if at + 1 < self.count:
            f["near-after"] = near[at + 1]
            f["share-after"], f["after-asks"] = _share(words[at + 1], words[at]), float(prepared.readings[at + 1].asks)
            f["after-size"] = math.log1p(prepared.readings[at + 1].size)

    def _said_before(self, f: dict[str, float], at: int) -> None:
        turns, words, near = self.prepared.turns, self.words, self._near[at]
        speaker = turns[at].speaker
        own = [k for k in range(at) if turns[k].speaker == speaker]
        others = [k for k in range(at) if turns[k].speaker != speaker]
        if own:
            f["near-own"] = max(near[k] for k in own)
            best = max(own, key=lambda k: near[k])
            f["share-own"], f["cover-own"] = _share(words[at], words[best]), _share(words[best], words[at])
            f["soft-own"], f["covered-own"], f["nearest-own"] = self._soft(at, best)
            f["echo-own"] = f["soft-own"] * f["covered-own"]
            f["own-back"] = float(min(4, (at - best) // 2))
            f["runs-own"] = self._longest_run(at, best)
        if others:
            best = max(others, key=lambda k: near[k])
            f["share-other"] = _share(words[at], words[best])
            f["soft-other"], f["covered-other"], f["nearest-other"] = self._soft(at, best)
            f["runs-other"] = self._longest_run(at, best)
            f["other-back"] = float(min(4, (at - best) // 2))
        if own and others:
            f["sounds-own"] = sum(near[k] for k in own) / len(own) - sum(near[k] for k in others) / len(others)
        f["new"] = math.log1p(len(words[at] - self.seen[at] - self.about))
        f["new-share"] = _share(words[at], words[at] - self.seen[at] - self.about)

    def _longest_run(self, at: int, earlier: int) -> float:
        """Return the logarithm of the longest run of words that two turns share."""
        one, two = self.tokens[at][1:-1], self.tokens[earlier][1:-1]
        places: dict[str, list[int]] = {}
        for place, word in enumerate(two):
            places.setdefault(word, []).append(place)
        best, lengths = 0, dict[int, int]()
        for word in one:
            fresh = {}
            for place in places.get(word, ()):
                fresh[place] = length = lengths.get(place - 1, 0) + 1
                if length > best:
                    best = length
            lengths = fresh
        return math.log1p(best)

    def _subject(self, f: dict[str, float], at: int) -> None:
        words, near, task = self.words, self._near, self.count
        f["near-task"] = near[at][task]
        for name, values in self._breaks.items():
            f[name] = values[at]
        f["task-words"] = float(min(4, len(words[at] & self.about)))
        f["task-so-far"] = _share(self.about, self.seen[at + 1])
        later = range(at + 1, min(self.count, at + 1 + WINDOW))
        if later:
            fresh = words[at] - self.seen[at] - self.about
            f["near-task-later"] = sum(near[k][task] for k in later) / len(later)
            f["fresh-later"] = sum(_share(words[k], fresh) for k in later) / len(later)
            f["old-later"] = sum(_share(words[k], self.seen[at] | self.about) for k in later) / len(later)
            f["task-later"] = sum(bool(words[k] & self.about) for k in later) / len(later)
        if at:
            f["near-task-before"] = sum(near[k][task] for k in range(at)) / at
            f["near-all-before"] = sum(near[at][:at]) / at
            f["drop"] = f["near-task-before"] - f.get("near-task-later", f["near-task"])
            if later:
                cross = sum(near[k][j] for k in later for j in range(at)) / (len(later) * at)
                f["apart"] = cross
                if at > 1:
                    pairs = [near[k][j] for k in range(at) for j in range(k)]
                    f["together-before"] = sum(pairs) / len(pairs)
                if len(later) > 1:
                    pairs = [near[k][j] for k in later for j in later if j < k]
                    f["together-later"] = sum(pairs) / len(pairs)
                    f["valley"] = f["together-later"] - cross
                ahead = range(at + 1, self.count)
                f["apart-end"] = sum(near[k][j] for k in ahead for j in range(at)) / (len(ahead) * at)
                f["apart-most"] = max(max(near[k][:at]) for k in later)
                f["back"] = max((near[k][j] for k in range(at + 3, self.count) for j in range(at)), default=0.0)
                f["task-back"] = max((near[k][task] for k in range(at + 3, self.count)), default=0.0)
        f["worked"] = math.log1p(sum(len(words[k]) for k in range(at) if self.part(k)[-1] != "l"))

    def _language(self, f: dict[str, float], at: int) -> None:
        prepared, reading = self.prepared, self.prepared.readings[at]
        words = reading.words
        if not words:
            f["wordless"] = 1.0
            return
        times = Counter(words)
        f["varied"], f["often"] = len(times) / len(words), max(times.values()) / len(words)
        hits = little_words_of(reading)
        home = hits[prepared.tongue]
        other = max((number for name, number in hits.items() if name != prepared.tongue), default=0)
        f["little"], f["little-other"] = home / len(words), max(0, other - home) / len(words)
        letters = scripts(reading.own)
        earlier = self._scripts
        total = sum(letters.values()) or 1
        f["odd-script"] = sum(number for name, number in letters.items() if not earlier.get(name)) / total
        held = self._vectors[at]
        if len(held):
            for number, near in enumerate((held[:, :-1] @ _concepts().T).max(axis=0).tolist()):
                f[f"concept={number}"] = near
        if len(held) > 3:
            f["adjacent"] = float((held[1:, :-1] * held[:-1, :-1]).sum(axis=1).mean())

    @cached_property
    def _scripts(self) -> dict[str, bool]:
        """Scripts in which a fifth of the whole conversation is written, or more."""
        letters: dict[str, int] = {}
        for reading in self.prepared.readings:
            for name, times in scripts(reading.own).items():
                letters[name] = letters.get(name, 0) + times
        total = sum(letters.values()) or 1
        return {name: times >= 0.2 * total for name, times in letters.items()}


@cache
def _concepts() -> "Vectors":
    import numpy as np

    return unit(np.stack([WORDS.of(group.split())[:, :-1].mean(axis=0) for group in CONCEPTS]))


def _share(words: frozenset[str], others: frozenset[str]) -> float:
    return len(words & others) / len(words) if words else 0.0
