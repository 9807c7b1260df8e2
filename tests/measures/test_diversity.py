"""Diversity that cannot be fooled: copies, collapse and shuffled runs are seen; a clean run is left in peace."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsim.library import Library
from agentsim.measures.comparison import compare
from agentsim.measures.diversity import MEASURES, Spoken, Texts, effective
from agentsim.measures.faults import FAR, course, faults
from agentsim.measures.saturation import saturation
from agentsim.schema import TopicPath

LIBRARY = Library.load()
OPENERS = (
    "I was hoping we could talk about {}.", "Where do people usually begin with {}?", "Let me tell you how {} went.",
    "What I never understood is {}.", "Could you walk me through {} once more?", "There is one thing about {}, though.",
    "My sister swears by {}.", "And what if {} does not work out?", "It took me a whole year to get used to {}.",
    "So the trick with {} is to be patient.", "In my experience {} is harder than it looks.", "Why is {} so dear?",
    "Everybody has an opinion about {}.", "That reminds me of {}, in a way.", "You start with {}, and then you wait.",
    "Nobody told me about {} when I was young.", "We should put {} first on the list.", "I would leave {} for later.",
)  # fmt: skip
LINKS = ("because of", "and not only", "rather than", "together with", "long before", "in spite of", "next to", "after")


def paths() -> list[TopicPath]:
    return [path for scenario in LIBRARY.scenarios.values() for path in scenario.topic_paths()]


def talk(path: TopicPath, number: int) -> Spoken:
    """A conversation about a topic, not like any other about it."""
    draw, words = random.Random(f"{path} {number}"), [word for name in path for word in name.split()]
    names = "/".join(path)
    turns = tuple(
        f"{draw.choice(OPENERS).format(f'{draw.choice(words)} {draw.choice(LINKS)} {draw.choice(words)}')} "
        f"{draw.choice(OPENERS).format(path[-1])} It was {draw.choice(words)} {draw.randint(2, 90)} times."
        for _ in range(8)
    )
    return Spoken(turns, names, names, frozenset({("topic and person", path, "guest", number % 9)}))


def clean(count: int = 200, seed: int = 1) -> list[Spoken]:
    chosen = random.Random(seed).choices(paths(), k=count)
    return [talk(path, number) for number, path in enumerate(chosen)]


def codes(dialogues: list[Spoken]) -> set[str]:
    texts = Texts(dialogues, len(paths()), 9 * len(paths()))
    return {fault.code for fault in faults(texts, course(texts))}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("count", [24, 90, 200])
def test_nothing_is_wrong_with_a_clean_run(seed: int, count: int) -> None:
    assert codes(clean(count, seed)) == set()


def test_copies_are_seen() -> None:
    dialogues = clean()
    assert "copies" in codes(dialogues[:150] + dialogues[:50])
    draw = random.Random(2)
    nearly = [
        replace(one, turns=tuple(turn.replace("the", draw.choice(["a", "the"])) for turn in one.turns))
        for one in dialogues[:8]
    ]
    assert "copies" in codes(dialogues[:192] + nearly)


def test_a_collapse_is_seen_and_what_moved_is_named() -> None:
    dialogues = clean()
    one = paths()[7]
    drifted = [replace(talk(one, at), assigned=held.assigned) for at, held in enumerate(dialogues[120:])]
    texts = Texts(dialogues[:120] + drifted, len(paths()))
    found = {fault.code: fault.detail for fault in faults(texts, course(texts))}
    assert "narrowing" in found
    assert "evenness 0 (-" in found["narrowing"] and "vendi" in found["narrowing"]
    assert "dialogues 150 to 199" in found["narrowing"] or "dialogues 100 to 149" in found["narrowing"]
    whole = [replace(talk(one, at), assigned=held.assigned) for at, held in enumerate(dialogues)]
    assert "narrower_than_assigned" in codes(whole)


def test_collapse_of_wording_alone_is_seen() -> None:
    """The topics stay, the talk becomes one phrase."""
    dialogues = clean()
    stuck = [
        replace(one, turns=tuple(f"As I said, {one.said} is really very important to me." for _ in one.turns))
        for one in dialogues[150:]
    ]
    assert "narrowing" in codes(dialogues[:150] + stuck)


def test_shuffled_runs_are_seen() -> None:
    dialogues, draw = clean(), random.Random(3)
    labels = draw.sample([one.assigned for one in dialogues], len(dialogues))
    assert "off_topic" in codes([replace(one, assigned=name) for one, name in zip(dialogues, labels, strict=True)])
    turns = draw.sample([turn for one in dialogues for turn in one.turns], 8 * len(dialogues))
    mixed = [replace(one, turns=tuple(turns[8 * at : 8 * at + 8])) for at, one in enumerate(dialogues)]
    assert "incoherent" in codes(mixed)
    words = [word for one in dialogues for turn in one.turns for word in turn.split()]
    draw.shuffle(words)
    salad = [
        replace(one, turns=tuple(" ".join(words[(8 * at + k) * 25 : (8 * at + k + 1) * 25]) for k in range(8)))
        for at, one in enumerate(dialogues)
        if (8 * at + 8) * 25 <= len(words)
    ]
    assert "no_word_order" in codes(salad)


def test_a_few_dialogues_say_nothing() -> None:
    assert codes([talk(paths()[0], 0)] * 10) == set()


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 30), st.integers(0, 9))
def test_every_measure_is_lower_for_copies(count: int, seed: int) -> None:
    dialogues = clean(count, seed)
    varied, copied = Texts(dialogues, 359, 9 * 359), Texts([dialogues[0]] * count, 359, 9 * 359)
    for name, measure in MEASURES.items():
        assert measure(copied, range(count)) <= measure(varied, range(count)) + 1e-6, name
    assert MEASURES["vendi"](copied, range(count)) == pytest.approx(1, abs=1e-3)
    assert MEASURES["distance"](copied, range(count)) == pytest.approx(0, abs=1e-5)


@given(st.lists(st.floats(0, 100), max_size=9))
def test_the_effective_number_is_between_one_and_all(counts: list[float]) -> None:
    above = [count for count in counts if count > 0]
    assert (effective(counts) == 0) == (sum(counts) == 0)
    if sum(counts) > 1e-6:
        assert 1 - 1e-9 <= effective(counts) <= len(above) + 1e-9
    assert effective([3.0] * 5) == pytest.approx(5)


def test_the_measures_do_not_depend_on_other_runs_or_order() -> None:
    dialogues = clean(40)
    texts, backwards = Texts(dialogues, 359, 9 * 359), Texts(dialogues[::-1], 359, 9 * 359)
    for name, measure in MEASURES.items():
        if name != "lzma":
            assert measure(texts, range(40)) == pytest.approx(measure(backwards, range(39, -1, -1)), abs=1e-5), name
    assert all(abs(away) < FAR for part in course(texts) for away in part.deviations.values())


def test_two_runs_are_compared_at_the_same_number() -> None:
    one, same = Texts(clean(160, 1), 359, 9 * 359), Texts(clean(90, 2), 359, 9 * 359)
    assert [found.measure for found in compare(one, same)] == list(MEASURES)
    assert sum(found.clear for found in compare(one, same)) <= 1, "only by chance"
    few = random.Random(5).choices(paths()[:6], k=120)
    narrow = Texts([talk(path, at) for at, path in enumerate(few)], 359, 9 * 359)
    found = {each.measure: each for each in compare(one, narrow)}
    for name in ("topics", "evenness", "pairs", "vendi", "distance"):
        assert found[name].clear and found[name].high < 0, name
    with pytest.raises(ValueError, match="four"):
        compare(one, Texts(clean(3), 359))


def test_saturation_says_when_more_brings_nothing() -> None:
    draw = random.Random(4)
    few = saturation([str(draw.randrange(12)) for _ in range(400)])
    assert few.saturated and few.curve[-1] == (400, 12) and (few.last, few.new) == (80, 0)
    many = saturation([str(draw.randrange(3000)) for _ in range(200)])
    assert not many.saturated and many.new > 30
    each = saturation([str(number) for number in range(40)])
    assert not each.saturated and (each.last, each.new, each.topics) == (10, 10, 40)
    assert not saturation([]).saturated and not saturation([None] * 5).saturated
    assert [count for _, count in many.curve] == sorted(count for _, count in many.curve)
