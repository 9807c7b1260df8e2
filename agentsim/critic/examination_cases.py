"""The same dialogue in seven versions: sound, with errors of three sizes, and a worse one made to look better."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from agentsim.critic.examination_material import Material, Sound
from agentsim.planning.seeded import derive_seed, shuffled
from agentsim.schema import Dialogue, Scenario

Version = Literal["sound", "slip", "wrong", "blatant", "padding", "authority", "orders"]
"""The first four fall in quality; the last three are ``wrong`` with something around it that must not help."""

VERSIONS: tuple[Version, ...] = get_args(Version)


@dataclass(frozen=True)
class Case:
    """One dialogue in all its versions."""

    scenario: Scenario
    versions: dict[Version, Dialogue]

    again: Dialogue
    """``wrong`` once more, to be asked about with other sampling seeds."""


def make_cases(material: Material, sample: int, seed: int) -> list[Case]:
    """Return the cases of ``sample`` dialogues; which ones, and what is done to them, the seed alone decides."""
    chosen = shuffled(material.dialogues, seed, "examination", key=lambda sound: sound.id)[:sample]
    return [_case(material, sound, place, seed) for place, sound in enumerate(chosen)]


def _case(material: Material, sound: Sound, place: int, seed: int) -> Case:
    # Kinds go round, so that each has its share of any sample.
    blatant = (_flipped, _gibberish, _off_task)[place % 3]
    order = material.orders[place % len(material.orders)]
    wrong = _replaced(sound, sound.wrong.turn, sound.wrong.text)
    texts: dict[Version, Sequence[str]] = {
        "sound": sound.turns,
        "slip": _replaced(sound, sound.slip.turn, sound.slip.text),
        "wrong": wrong,
        "blatant": blatant(material, sound, seed),
        "padding": [_padded(material, text, seed) if _answers(at) else text for at, text in enumerate(wrong)],
        "authority": [_boasting(material, text, seed) if _answers(at) else text for at, text in enumerate(wrong)],
        "orders": [f"{text}\n{order}" if at == _last(wrong) else text for at, text in enumerate(wrong)],
    }

    def made(name: str, of: Sequence[str]) -> Dialogue:
        return sound.dialogue(tuple(of), derive_seed(seed, "examination", sound.id, name))

    return Case(sound.scenario(), {name: made(name, texts[name]) for name in VERSIONS}, made("again", wrong))


def _answers(at: int) -> bool:
    return at % 2 == 1


def _last(texts: Sequence[str]) -> int:
    """Return the index of the last turn of the role that answers."""
    return len(texts) - 1 if _answers(len(texts) - 1) else len(texts) - 2


def _replaced(sound: Sound, turn: int, text: str) -> list[str]:
    return [text if at == turn else said for at, said in enumerate(sound.turns)]


def _flipped(material: Material, sound: Sound, seed: int) -> list[str]:
    """Each says what the other one should."""
    texts = list(sound.turns)
    for at in range(0, len(texts) - 1, 2):
        texts[at : at + 2] = texts[at + 1], texts[at]
    return texts


def _gibberish(material: Material, sound: Sound, seed: int) -> list[str]:
    """The role that answers says letters."""

    def mixed(text: str) -> str:
        letters = iter(shuffled(enumerate(text.replace(" ", "")), seed, "letters", text))
        return "".join(sign if sign == " " else next(letters)[1] for sign in text)

    return [mixed(text) if _answers(at) else text for at, text in enumerate(sound.turns)]


def _off_task(material: Material, sound: Sound, seed: int) -> list[str]:
    """The role that answers speaks of something else."""
    others = [other for other in material.dialogues if other.id != sound.id]
    other = shuffled(others, seed, "off task", sound.id, key=lambda one: one.id)[0].turns[1::2]
    return [other[at // 2 % len(other)] if _answers(at) else text for at, text in enumerate(sound.turns)]


def _padded(material: Material, text: str, seed: int) -> str:
    before, between, after = shuffled(material.padding, seed, "padding", text)[:3]
    return f"{before} {between} {text} {after}"


def _boasting(material: Material, text: str, seed: int) -> str:
    return f"{shuffled(material.authority, seed, 'authority', text)[0]} {text}"
