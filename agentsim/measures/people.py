"""Whether the people who are played behave like people: what their turns show, without a model.

How to read it. A person is not told apart from a caricature by one figure, but a caricature shows in these:

* **Told unasked.** People keep their private matters; a model that was handed a list of them recites it. A high share
  of private facts told before anybody asked is a caricature, and a leak of what was to be found out. Particulars of the
  task are there to be told: some at the start are natural, all of them in the first breath are not.
* **Copied.** Eight consecutive words of one's own description are read off, not said. Anything above a few percent of
  the turns tells of a model that recites its prompt.
* **Lengths.** People mix short turns with long ones: a ``yes`` beside a story. Turns that all have nearly the same
  length (a coefficient of variation near 0 within a dialogue) are a model's habit or its token limit. A spread between
  the dialogues of one person that is as large as the spread of all turns says that persons do not stay themselves.
* **Ways.** What somebody difficult does should differ from what others do *in the same role of the same scenario*.
  ``difference`` near zero with a narrow interval: the difficulty is written in the persona and does not reach the talk.
  An interval on the expected side of zero: it shows. A difference many times the usual level (a doubt in every single
  turn): it is overplayed. Wide intervals, few people on a side, or ``too few``: nothing can be said yet. Of twenty
  signs without any effect about one looks clear by chance, and more where few people are on a side.

Levels of unlike languages, scenarios and models are not comparable; differences within one run are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from agentsim.measures.contrast import Contrast, Observation, contrast
from agentsim.measures.copying import longest_copy, script, script_texts
from agentsim.measures.disclosure import Telling, particulars, private_facts, questions, tellings
from agentsim.measures.lengths import Lengths, lengths
from agentsim.measures.meanings import learn
from agentsim.measures.ways import SIGNS, Part, Sign
from agentsim.measures.words import words
from agentsim.schema import Dialogue, Persona, Scenario
from agentsim.schema.noun import Noun
from agentsim.schema.persona import Uncooperative

SAMPLE = 2000
"""Dialogues that are measured; of more, the first ones. The plan's order is drawn, so these are a random sample."""

TOGETHER = 100
"""Dialogues whose texts are looked up together."""

Level = Literal["easy", "middling", "hard"]

EASY, HARD = 0.34, 0.67
"""Level of difficulty below which a person is easy, and from which on hard."""


class Figures(Noun):
    """What the turns of one role show, for people of one level of difficulty."""

    role: str
    """Name of the role; empty for all roles together."""

    level: Level | None
    """How difficult the people are; ``None`` for all together."""

    dialogues: int
    """Dialogues in which such people play the role."""

    people: int
    """Different personas among them."""

    private_facts: int
    """Private facts that they knew, counted anew in each dialogue."""

    private_told: float | None
    """Share of them that was told at all; ``None`` where there are none, as below."""

    private_unasked: float | None
    """Share of them that was told before anybody asked."""

    particulars: int
    """Particulars of the task that they knew."""

    particulars_unasked: float | None
    """Share of them that was told before anybody asked."""

    copied: float | None
    """Share of their turns that hold eight or more consecutive words of their own script."""

    longest_copy: int
    """Words of the longest such run; 0 where there is none."""

    lengths: Lengths
    """How long their turns are."""


class Way(Noun):
    """How one way of being difficult shows in one role."""

    role: str
    """Name of the role; empty for all roles together, where each is still compared with itself alone."""

    way: Uncooperative
    """The way."""

    sign: str
    """What was counted, by name (``agentsim.measures.ways.SIGNS``)."""

    meaning: str
    """What was counted, in a few words."""

    expected: Literal["lower", "higher"]
    """How people of that way are expected to differ."""

    contrast: Contrast
    """People of that way against all others in the same role of the same scenario."""

    @property
    def reading(self) -> Literal["as expected", "contrary", "not clear", "too few"]:
        """What can be said about it."""
        if self.contrast.too_few or self.contrast.difference is None:
            return "too few"
        if not self.contrast.clear:
            return "not clear"
        return "as expected" if (self.contrast.difference > 0) == (self.expected == "higher") else "contrary"


class People(Noun):
    """What the people of a run are like."""

    measured: int
    """Dialogues that were measured."""

    of: int
    """Dialogues that there are."""

    figures: tuple[Figures, ...]
    """By role and level, all roles and levels together first; only what there is."""

    ways: tuple[Way, ...]
    """By role and sign, all roles together first; only where somebody is of that way."""


@dataclass(frozen=True, slots=True)
class _Played:
    """One persona in one role of one dialogue, measured."""

    role: str
    scenario: str
    persona: Persona
    private: Sequence[Telling]
    particular: Sequence[Telling]
    copies: Sequence[int]
    lengths: Sequence[int]
    signs: Mapping[str, float | None]


def level_of(persona: Persona) -> Level:
    """Return how difficult somebody is: easy below 0.34, hard from 0.67 on, else middling."""
    level = persona.difficulty.level
    return "easy" if level < EASY else "hard" if level >= HARD else "middling"


def people(
    dialogues: Iterable[Dialogue],
    scenarios: Mapping[str, Scenario],
    personas: Mapping[str, Persona],
    *,
    seed: int,
    sample: int = SAMPLE,
) -> People:
    """Measure the people of finished dialogues.

    Args:
        dialogues: in the order of their plan; of more than ``sample`` the first are measured.
        scenarios: the library they were played with, by id.
        personas: every persona cast, by id.
        seed: the run's; resamples are drawn by it.
        sample: most dialogues that are measured.

    Raises:
        KeyError: where scenario or persona of a dialogue is not in the library.
    """
    played: list[_Played] = []
    count = 0
    waiting: list[Dialogue] = []
    for dialogue in dialogues:
        count += 1
        if count <= sample:
            waiting.append(dialogue)
        if len(waiting) == TOGETHER:
            played += _all_measured(waiting, scenarios, personas)
            waiting = []
    played += _all_measured(waiting, scenarios, personas)
    roles = sorted({one.role for one in played}, key=lambda role: (-sum(one.role == role for one in played), role))
    # With one role, all roles together would be said twice.
    groups = [(role, [one for one in played if one.role == role]) for role in roles]
    if len(roles) > 1:
        groups.insert(0, ("", played))
    return People(
        measured=min(count, sample),
        of=count,
        figures=tuple(chain.from_iterable(_figures(role, several) for role, several in groups)),
        ways=tuple(chain.from_iterable(_ways(role, several, seed) for role, several in groups)),
    )


def _all_measured(
    dialogues: Sequence[Dialogue], scenarios: Mapping[str, Scenario], personas: Mapping[str, Persona]
) -> list[_Played]:
    learn(text for dialogue in dialogues for text in _to_compare(dialogue, scenarios[dialogue.assignment.scenario]))
    learn(fact for persona in personas.values() for fact in persona.private_facts)
    return [
        played
        for dialogue in dialogues
        for played in _measured(dialogue, scenarios[dialogue.assignment.scenario], personas)
    ]


def _to_compare(dialogue: Dialogue, scenario: Scenario) -> Iterator[str]:
    """Yield the texts of a dialogue whose meanings are certain to be asked for."""
    yield dialogue.task
    yield from dialogue.assignment.slots.values()
    for role in scenario.roles:
        yield from role.private_facts
    for turn in dialogue.turns:
        yield turn.text
        yield from questions(turn.text, scenario.language)


def _measured(dialogue: Dialogue, scenario: Scenario, personas: Mapping[str, Persona]) -> list[_Played]:
    found = []
    for name, id in dialogue.assignment.cast.items():
        role, persona = scenario.role(name), personas[id]
        said = [turn.text for turn in dialogue.turns if turn.role == name]
        if not said:
            continue
        private = tellings(private_facts(role, persona), dialogue, name, scenario.language)
        particular = tellings(particulars(role, dialogue.assignment), dialogue, name, scenario.language)
        own = script(script_texts(role, persona))
        part = Part(dialogue, name, scenario.language, [*private, *particular])
        found.append(
            _Played(
                role=name,
                scenario=scenario.id,
                persona=persona,
                private=private,
                particular=particular,
                copies=[longest_copy(text, own) for text in said],
                lengths=[len(words(text)) for text in said],
                signs={sign.name: sign.value(part) for sign in SIGNS.values()},
            )
        )
    return found


def _figures(role: str, played: Sequence[_Played]) -> list[Figures]:
    levels: tuple[Level | None, ...] = (None, "easy", "middling", "hard")
    chosen = [(level, [one for one in played if level in (None, level_of(one.persona))]) for level in levels]
    return [_figure(role, level, several) for level, several in chosen if several]


def _figure(role: str, level: Level | None, played: Sequence[_Played]) -> Figures:
    private = [telling for one in played for telling in one.private]
    particular = [telling for one in played for telling in one.particular]
    copies = [length for one in played for length in one.copies]
    return Figures(
        role=role,
        level=level,
        dialogues=len(played),
        people=len({one.persona.id for one in played}),
        private_facts=len(private),
        private_told=_share(telling.turn is not None for telling in private),
        private_unasked=_share(telling.unsolicited for telling in private),
        particulars=len(particular),
        particulars_unasked=_share(telling.unsolicited for telling in particular),
        copied=_share(length > 0 for length in copies),
        longest_copy=max(copies, default=0),
        lengths=lengths([one.lengths for one in played], [one.persona.id for one in played]),
    )


def _ways(role: str, played: Sequence[_Played], seed: int) -> list[Way]:
    return [
        Way(
            role=role,
            way=sign.way,
            sign=sign.name,
            meaning=sign.meaning,
            expected=sign.expected,
            contrast=contrast(_observations(sign, played), seed=seed, name=f"{role}/{sign.name}"),
        )
        for sign in SIGNS.values()
        if any(sign.way in one.persona.difficulty.how for one in played)
    ]


def _observations(sign: Sign, played: Sequence[_Played]) -> list[Observation]:
    return [
        Observation(value, sign.way in one.persona.difficulty.how, f"{one.scenario}/{one.role}", one.persona.id)
        for one in played
        if (value := one.signs[sign.name]) is not None
    ]


def _share(marks: Iterable[bool]) -> float | None:
    all_of_them = list(marks)
    return sum(all_of_them) / len(all_of_them) if all_of_them else None
