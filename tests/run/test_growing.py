"""Outlines that a model grows: what is asked, what of the answers is used, and that nothing else shapes the tree."""

import asyncio
import json
import random
import re
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from agentsim import Grown, Topic, grow
from agentsim.errors import BadRequest, BudgetReached, ModelError, OutOfQuota, Refused, UserError
from agentsim.library.outline import parse_outline
from agentsim.library.outline_writing import WRITTEN, check_writable, outline_text
from agentsim.llm.model import Request
from agentsim.run.growing import Step
from agentsim.run.growing_names import LONGEST_NAME, usable
from agentsim.run.growing_tree import by_path, leaves, portion
from tests.prompts.test_render import reads_well
from tests.run.world import Jittery
from tests.scripted import Reply, ScriptedModel, answer

OUTLINE = (
    Topic(name="First aid", topics=(Topic(name="Burns", about="Fire, steam, acid."), Topic(name="Bleeding"))),
    Topic(name="Chess", topics=(Topic(name="Openings"), Topic(name="Endgames"))),
    Topic(name="Tides"),
)
WORDS = ("amber", "bridge", "candle", "desert", "engine", "forest", "garden", "harbour", "island", "jungle", "kettle")


def question(request: Request) -> str:
    return str(request.messages[0]["content"])


def path_of(request: Request) -> tuple[str, ...]:
    """The path that a request is about."""
    found = re.search(r"from the broadest subject down: (.*)", question(request))
    assert found
    return tuple(found[1].split(" > "))


def listed(*names: str) -> str:
    return json.dumps({"topics": names})


def by_path_alone(request: Request) -> str:
    """Names three topics that depend on the topic alone, in one of the ways in which models answer."""
    mark = blake2b("/".join(path_of(request)).encode(), digest_size=8)
    draw = random.Random(mark.digest())
    names = [f"{draw.choice(WORDS)} {draw.choice(WORDS)} {mark.hexdigest()[:4]}{number}" for number in range(3)]
    return draw.choice([listed(*names), "Here they are:\n" + "".join(f"- {name}\n" for name in names)])


async def grown(script: Callable[[Request], Reply] | list[Reply], **options: Any) -> Grown:
    topics = options.pop("topics", OUTLINE)
    return await grow(topics, model="openai/any", model_object=ScriptedModel(script), **{"retries": 0, **options})


def names(tree: Grown) -> list[str]:
    return [" / ".join(path) for path in by_path(tree.topics)]


@pytest.mark.parametrize(
    "text",
    [
        '{"topics": ["Burns", "Shock"]}',
        'Sure!\n```json\n{"topics": ["Burns", "Shock"]}\n```',
        '["Burns", "Shock"]',
        '{"subtopics": [{"name": "Burns"}, {"topic": "Shock", "why": "often"}]}',
        '{"topics": ["Burns", "Shock", "and half of a thi',
        "Here are two:\n1. Burns\n2. Shock\nI hope this helps!",
        "- **Burns**: all about them\n- **Shock** (when blood runs low)",
        "* 1. Burns\n  - deeper\n* 2) *Shock*.\n",
        "Burns\n\nShock\nThat is all.",
        '["burns", "Burns", "BURNS", "Shock", "first aid", "Bleeding"]',
        json.dumps(["", "...", " ", None, 7, "x" * 81, "Burns", ["Wounds"], "\u201cShock\u201d,"]),
        f"- Burns\n- Shock \u2013 {'what happens when it does ' * 9}",
    ],
)
def test_answers_are_read_leniently(text: str) -> None:
    found = usable(text, 6, ["first aid", "bleeding"])
    assert [name.casefold() for name in found] == ["burns", "shock"]


@pytest.mark.parametrize("text", ["", "I cannot help with that.", "{}", '{"topics": []}', "[[[[", '"', "x" * 200_000])
def test_what_holds_no_names_gives_none(text: str) -> None:
    assert usable(text, 6, []) == ()


def test_no_more_than_was_asked_for_and_no_half_name() -> None:
    assert usable(listed("a", "b", "c"), 2, []) == ("a", "b")
    assert usable("- Burns\n- Sho", 6, [], whole=False) == ("Burns",)


def test_hostile_names_are_text_on_one_line() -> None:
    evil = ["[bold]x[/bold]", "a\x1b[31m\nb\tc", "{{ 7 * 7 }}", "</script>", "\u202egnp", "- [x] d", "Bu\u200brns"]
    found = usable(listed(*evil), 9, [])
    assert found == ("[bold]x[/bold]", "a\u241b[31m b c", "{{ 7 * 7 }}", "</script>", "\ufffdgnp", "[x] d", "Burns")


pieces = st.text() | st.sampled_from(
    ['{"topics": [', '"', "]", "}", "\n- ", "\n1. ", "**", "\\", "Burns", "x" * 90, ","]
)


@given(st.lists(pieces, max_size=12).map("".join), st.integers(2, 5), st.booleans())
def test_any_answer_gives_names_that_an_outline_can_hold(text: str, most: int, whole: bool) -> None:
    found = usable(text, most, ["burns"], whole=whole)
    assert len(found) <= most
    assert len({name.casefold() for name in found} - {"burns"}) == len(found)
    assert all(0 < len(name) <= LONGEST_NAME and name == " ".join(name.split()) for name in found)
    for kind in WRITTEN if found else ():
        check_writable([Topic(name=name) for name in found], kind)


async def test_every_leaf_is_asked_with_what_is_around_it() -> None:
    model = ScriptedModel(by_path_alone)
    result = await grow(OUTLINE, model="openai/any", each=3, model_object=model)
    asked = {path_of(request): request for request in model.requests}
    assert list(asked) == list(leaves(OUTLINE))
    burns = question(asked[("First aid", "Burns")])
    assert reads_well(burns)
    assert "Topics beside it:\n- Bleeding\n" in burns
    assert "What belongs there: Fire, steam, acid." in burns
    assert "Topics that are there already:\n- Chess\n- Tides\n- Openings\n- Endgames\n" in burns
    assert "Name 3 narrower topics" in burns
    assert "Topics beside it:\n- First aid\n- Chess\n" in question(asked[("Tides",)])
    wanted = asked[("Tides",)].params["response_format"]["json_schema"]["schema"]["properties"]["topics"]
    assert wanted["maxItems"] == 3
    assert result.added == 15
    assert result.levels == 1
    assert result.usage.calls == len(asked)
    assert [path[:2] for path in leaves(result.topics)][:3] == [("First aid", "Burns")] * 3
    assert by_path(result.topics)[("First aid", "Burns")].about == "Fire, steam, acid."


async def test_the_next_level_is_shown_what_came_before_up_to_a_limit() -> None:
    model = ScriptedModel(by_path_alone)
    await grow(["Sea", *map(str, range(100))], model="openai/any", depth=2, each=3, most=5000, model_object=model)
    second = next(question(request) for request in model.requests if len(path_of(request)) == 2)
    assert second.count("\n- ") == 60
    alone = ScriptedModel(by_path_alone)
    await grow(["Sea"], model="openai/any", depth=2, each=3, model_object=alone)
    first, *rest = map(question, alone.requests)
    assert "Repeat none" not in first
    assert reads_well(first)
    assert all(text.count("\n- ") == 2 and reads_well(text) for text in rest)


async def test_a_small_model_is_asked_in_one_sentence_and_a_person_is_told() -> None:
    said: list[str] = []
    model = ScriptedModel(lambda _: "1. Burns\n2. Shock\n3. Bleed")
    await grow(["first aid"], depth=1, model="embedded/smollm2-135m", notice=said.append, model_object=model)
    assert question(model.requests[0]).startswith("List 6 different topics")
    assert "response_format" not in model.requests[0].params
    assert "too weak" in said[0]


def as_bytes(result: Grown) -> bytes:
    return outline_text(result.topics, ".yaml").encode() + repr((result.merged, result.barren)).encode()


async def test_the_same_answers_give_the_same_bytes_at_any_concurrency() -> None:
    def script(request: Request) -> Reply:
        bad = blake2b(question(request).encode(), digest_size=1).digest()[0] < 40
        return "I would rather not." if bad else by_path_alone(request)

    async def once(concurrency: int) -> bytes:
        door = Jittery(script, most=0.003)
        options: dict[str, Any] = {"depth": 3, "each": 3, "concurrency": concurrency, "most": 100}
        return as_bytes(await grow(OUTLINE, model="openai/any", model_object=door, **options))

    told = {await once(concurrency) for concurrency in (1, 8, 8, 64)}
    assert len(told) == 1
    assert b"no usable name in 2 answers" in told.pop()


async def test_seeds_shape_requests() -> None:
    async def seeds(seed: int) -> list[object]:
        model = ScriptedModel(by_path_alone)
        await grow(OUTLINE, model="openai/any", seed=seed, model_object=model)
        return [request.params["seed"] for request in model.requests]

    assert await seeds(1) == await seeds(1) != await seeds(2)
    assert len(set(await seeds(1))) == 5


async def test_a_topic_without_a_usable_answer_stays_a_leaf_and_is_told() -> None:
    def script(request: Request) -> Reply:
        if path_of(request) == ("Chess", "Openings"):
            return Refused("the provider will not say", model="openai/any")
        return "No." if path_of(request) == ("Tides",) else by_path_alone(request)

    result = await grown(script)
    assert dict(result.barren) == {
        ("Chess", "Openings"): "the provider will not say",
        ("Tides",): "no usable name in 2 answers",
    }
    assert {("Tides",), ("Chess", "Openings")} < set(leaves(result.topics))
    assert result.why is None


async def test_a_second_answer_may_be_better() -> None:
    result = await grown(["Hm.", listed("Spring tides", "Tide tables")], topics=["Tides"])
    assert names(result) == ["Tides", "Tides / Spring tides", "Tides / Tide tables"]
    assert result.usage.calls == 2


async def test_a_provider_without_schemas_is_asked_without() -> None:
    def script(request: Request) -> Reply:
        if "response_format" in request.params:
            return BadRequest("response_format is not supported", model="openai/any")
        return "- Spring tides\n- Tide tables"

    assert (await grown(script, topics=["Tides"])).added == 2


async def test_what_means_the_same_becomes_one_and_a_topic_with_nothing_new_stays() -> None:
    def script(request: Request) -> str:
        return {
            ("Dogs", "Training"): listed("dog training", "training a dog", "Recall"),
            ("Dogs", "Drill"): listed("recall", "RECALL"),
        }[path_of(request)]

    result = await grown(script, topics=[Topic(name="Dogs", topics=(Topic(name="Training"), Topic(name="Drill")))])
    assert names(result) == [
        "Dogs",
        "Dogs / Training",
        "Dogs / Training / dog training",
        "Dogs / Training / Recall",
        "Dogs / Drill",
    ]
    assert result.merged == ((("Dogs", "Training", "dog training"), ("training a dog",)),)
    assert result.barren == ((("Dogs", "Drill"), "all that was named is there already"),)


async def test_a_topic_whose_narrower_ones_all_went_elsewhere_is_not_lost() -> None:
    def script(request: Request) -> str:
        return listed("dog training", "tea") if path_of(request)[-1] == "Lessons" else listed("training a dog")

    result = await grown(script, topics=[Topic(name="Dogs", topics=(Topic(name="Lessons"), Topic(name="Lesson")))])
    assert result.added > 0
    kept = {name for path, also in result.merged for name in also} | {path[-1] for path in by_path(result.topics)}
    assert {"Lessons", "Lesson", "dog training"} <= kept


@given(st.integers(0, 200), st.integers(2, 9), st.integers(-5, 500))
def test_a_portion_fits(topics: int, each: int, room: int) -> None:
    fewer, asked = portion(topics, each, room)
    assert 2 <= fewer <= each
    assert 0 <= asked <= topics
    assert asked * (fewer - 1) <= max(room, 0)
    assert asked or not topics or room < 1


async def test_the_number_of_leaves_is_capped() -> None:
    model = ScriptedModel(lambda request: listed(*(f"{path_of(request)[-1]} {word}" for word in WORDS[:6])))
    result = await grow(OUTLINE, model="openai/any", depth=4, most=8, model_object=model)
    assert len(list(leaves(result.topics))) <= 8
    assert len(model.requests) == 3
    assert all(why == "not asked: the outline may have 8 leaves" for _, why in result.barren)
    assert result.barren


async def test_a_cap_ends_it_with_what_came_until_then() -> None:
    model = ScriptedModel(by_path_alone)
    result = await grow(OUTLINE, model="openai/any", depth=2, concurrency=1, max_cost=6.5e-6, model_object=model)
    assert isinstance(result.why, BudgetReached)
    assert len(model.requests) == 7, "the eighth call would have come after the cap"
    assert result.levels == 1
    assert result.added == 5 * 3 + 2 * 3
    assert ("not asked: the cap was reached before") in dict(result.barren).values()
    with pytest.raises(BudgetReached, match="does not allow the next call"):
        await grow(OUTLINE, model="openai/any", max_tokens_total=10, model_object=ScriptedModel([]))


async def test_a_failure_that_all_would_meet_ends_it_and_what_came_is_kept() -> None:
    def script(request: Request) -> Reply:
        return OutOfQuota("no credit", model="openai/any") if len(path_of(request)) == 3 else by_path_alone(request)

    result = await grown(script, depth=2, concurrency=1, topics=OUTLINE[:2])
    assert isinstance(result.why, OutOfQuota)
    assert result.added == 12
    assert result.levels == 1
    with pytest.raises(OutOfQuota):
        await grown(lambda _: OutOfQuota("no credit", model="openai/any"))


async def test_nothing_at_all_is_an_error_that_says_why() -> None:
    with pytest.raises(ModelError, match="no narrower topic came: no usable name in 2 answers"):
        await grown(lambda _: "Sorry.")
    with pytest.raises(ModelError, match="no narrower topic came: not today"):
        await grown(lambda _: Refused("not today", model="openai/any"))


async def test_who_cancels_it_has_the_whole_levels() -> None:
    steps: list[Step] = []

    class Slow(ScriptedModel):
        async def ask(self, request: Request) -> Any:
            if path_of(request)[0] == "Chess" and len(path_of(request)) == 3:
                await asyncio.sleep(60)
            return answer(request, by_path_alone(request))

    model = Slow([])
    work = asyncio.create_task(
        grow(OUTLINE, model="openai/any", depth=2, concurrency=20, watch=steps.append, model_object=model)
    )
    while not steps or steps[-1].level < 2 or steps[-1].done < 9:
        await asyncio.sleep(0.01)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert model.closed
    last = steps[-1]
    assert (last.level, last.levels, last.of) == (2, 2, 15)
    assert last.grown.levels == 1
    assert last.grown.added == 15
    assert last.grown.usage.calls == 5 + last.done
    assert {len(path) for path in leaves(last.grown.topics)} == {2, 3}


async def test_a_prompt_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "grow.j2").write_text("{{ path[-1] }}: {{ each }}, not {{ siblings | join(', ') }}")
    model = ScriptedModel(lambda _: listed("Spring tides"))
    await grow(["Tides", "Moon"], model="openai/any", prompts=tmp_path, model_object=model)
    assert question(model.requests[0]) == "Tides: 6, not Moon"
    (tmp_path / "grow.j2").write_text("{{ weather }}")
    with pytest.raises(UserError, match="weather"):
        await grow(["Tides"], model="openai/any", prompts=tmp_path, model_object=model)


@pytest.mark.parametrize(
    ("topics", "options", "said"),
    [
        ([], {}, "no topic to grow"),
        ([" \n"], {}, "a subject needs a name"),
        (["Tides"], {"depth": 8}, "has 1 levels and may have 8: it cannot grow by 8"),
        (["Tides"], {"each": 1}, "each is from 2 to 50"),
        (["Tides"], {"depth": 0}, "depth from 1"),
        (["Tides", "Moon"], {"most": 2}, "has 2 leaves already"),
        (["Tides"], {"weather": "fine"}, "weather"),
    ],
)
async def test_what_cannot_be_grown_is_told_before_anything_is_asked(
    topics: list[str], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        await grown([], topics=topics, **options)


@hypothesis_settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(st.text(max_size=20), min_size=1, max_size=5), min_size=1, max_size=4), st.booleans())
def test_whatever_a_model_names_the_outline_is_read_back(answers: list[list[str]], as_list: bool) -> None:
    def script(request: Request) -> str:
        found = answers[len(question(request)) % len(answers)]
        return "\n".join(f"- {name}" for name in found) if as_list else listed(*found)

    try:
        result = asyncio.run(grown(script, depth=2))
    except ModelError:
        return
    for kind in WRITTEN:
        assert parse_outline(outline_text(result.topics, kind).encode(), f"a{kind}") == result.topics
