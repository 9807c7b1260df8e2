"""People of a run, by role and level, and how their difficulty shows."""

from agentsim.measures.people import People, level_of, people
from agentsim.schema import Dialogue, Persona
from tests.dataset.build import library
from tests.measures.build import dialogue, tenant, visit

PLAIN = ("My heating bill is wrong.", "Which one?", "The one from January.", "I see.", "Thank you, that helps.")
DOUBTS = (
    "My heating bill is wrong.",
    "Which one?",
    "How do I know that you can help?",
    "I can.",
    "Prove it, in writing.",
)


def talks(number: int, *, doubting: int, people: int = 10) -> tuple[list[Dialogue], dict[str, Persona]]:
    """So many dialogues of each of two kinds of people; so many of the distrustful ones doubt."""
    cast = library(
        *(tenant(f"easy{n}") for n in range(people)),
        *(tenant(f"hard{n}", level=0.9, how=("distrustful",)) for n in range(people)),
    )
    made = []
    for n in range(number):
        made.append(dialogue(*PLAIN, persona=f"easy{n % people}", index=2 * n))
        said = DOUBTS if n < doubting else PLAIN
        made.append(dialogue(*said, persona=f"hard{n % people}", index=2 * n + 1))
    return made, cast


def measured(dialogues: list[Dialogue], cast: dict[str, Persona], **settings: int) -> People:
    return people(dialogues, library(visit()), cast, **{"seed": 3, **settings})


def test_levels() -> None:
    levels = [0.0, 0.33, 0.34, 0.66, 0.67, 1.0]
    assert [level_of(tenant(level=level)) for level in levels] == [
        "easy", "easy", "middling", "middling", "hard", "hard",
    ]  # fmt: skip


def test_difficulty_that_shows_is_told_from_difficulty_that_does_not() -> None:
    (way,) = measured(*talks(20, doubting=18)).ways
    assert (way.role, way.way, way.sign, way.expected) == ("tenant", "distrustful", "doubts", "higher")
    assert (way.contrast.with_it, way.contrast.people_with) == (20, 10)
    assert way.reading == "as expected"
    (hidden,) = measured(*talks(20, doubting=0)).ways
    assert (hidden.reading, hidden.contrast.difference) == ("not clear", 0)
    (few,) = measured(*talks(4, doubting=4)).ways
    assert few.reading == "too few"


def test_figures_by_level() -> None:
    said, cast = talks(3, doubting=3)
    figures = measured(said, cast).figures
    assert [(figure.role, figure.level, figure.dialogues, figure.people) for figure in figures] == [
        ("tenant", None, 6, 6),
        ("tenant", "easy", 3, 3),
        ("tenant", "hard", 3, 3),
    ]
    assert all(figure.private_facts == figure.dialogues for figure in figures)
    assert [figure.private_unasked for figure in figures] == [0, 0, 0]


def test_who_recites_the_script_is_seen_to() -> None:
    fact = "since Easter I have not opened the letters from the housing company"
    style = "Short sentences, never a please, and the verb at the end when he is angry about the lift."
    recited = dialogue(f"Listen: {fact}.", "I see.", style, slots={"when": "since Easter"})
    figure = measured([recited], library(tenant(speaking_style=style))).figures[0]
    assert (figure.private_told, figure.private_unasked) == (1, 1)
    assert (figure.particulars, figure.particulars_unasked) == (1, 1)
    assert figure.copied == 1  # the fact is one of the persona's texts, too
    assert figure.longest_copy == 18


def test_more_dialogues_than_the_sample_are_counted_and_said() -> None:
    said, cast = talks(10, doubting=5)
    found = measured(said, cast, sample=7)
    assert (found.measured, found.of, found.figures[0].dialogues) == (7, 20, 7)
    assert found.figures == measured(said[:7], cast).figures


def test_roles_without_a_persona_are_nobody() -> None:
    assert {figure.role for figure in measured(*talks(1, doubting=1)).figures} == {"tenant"}
    assert measured([], {}) == People(measured=0, of=0, figures=(), ways=())


def test_the_same_dialogues_give_the_same_report() -> None:
    said, cast = talks(12, doubting=7)
    assert measured(said, cast) == measured(said, cast)
