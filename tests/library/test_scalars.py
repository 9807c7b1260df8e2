"""A value means what stands in the file: the field says whether it is text, a number or any JSON value."""

import itertools
import json
import random
import string
import time
from typing import Any

import pytest
import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from agentsim.library import LibraryError, parse_persona, parse_rubric, parse_scenario, strict_yaml
from agentsim.library.shape import json_value
from agentsim.schema import Difficulty, JsonSchemaCheck, Lineage, Persona, Personality
from tests.library.samples import PERSONA, SCENARIO

TRAPS = [
    "NO",
    "no",
    "on",
    "Yes",
    "true",
    "1e5",
    "007",
    "0x1F",
    "1_000",
    "12:30",
    "2024-01-01",
    "1.10",
    ".inf",
    "NULL",
    "=",
    "-5",
]


@pytest.mark.parametrize("written", TRAPS)
def test_text_fields_keep_what_other_yaml_readers_would_turn_into_something_else(written: str) -> None:
    assert parse_persona(PERSONA.replace("region: Braga", f"region: {written}")).region == written


@pytest.mark.parametrize("written", ["null", "~", ""])
def test_a_quoted_null_is_text_and_a_plain_one_is_nothing(written: str) -> None:
    mood = parse_persona(PERSONA + f"mood: {written}\n").mood
    assert mood is None
    if written:
        assert parse_persona(PERSONA + f"mood: '{written}'\n").mood == written


def test_numbers_are_read_where_the_field_is_a_number() -> None:
    persona = parse_persona(PERSONA.replace("age: 41", "age: '041'").replace("level: 0.3", "level: 3e-1"))
    assert (persona.age, persona.difficulty.level) == (41, 0.3)


def test_yes_and_no_are_read_where_the_field_is_a_truth_value() -> None:
    scenario = parse_scenario(
        SCENARIO.replace("train: true", "train: yes").replace("part: leads", "part: leads\n    train: NO")
    )
    assert [role.train for role in scenario.roles] == [False, True]


def test_block_and_folded_text_keep_their_lines() -> None:
    persona = parse_persona(
        PERSONA.replace("background: Grew up above the shop.", "background: |\n  One.\n\n  Two.").replace(
            "summary: A baker who opens at four.", "summary: >\n  Opens\n  at four."
        )
    )
    assert persona.background == "One.\n\nTwo."
    assert persona.summary == "Opens at four."


def test_slot_values_that_look_like_numbers_stay_text() -> None:
    scenario = parse_scenario(SCENARIO.replace("[A1, B2]", "[007, 1e5, no]").replace("order: A1", "order: 007"))
    assert scenario.task.slots["order"] == ("007", "1e5", "no")


DOCUMENT = """\
    kind: json_schema
    document:
      type: object
      required: [total, "1"]
      additionalProperties: false
      properties:
        total: {type: number, minimum: 0, multipleOf: 0.01, maximum: 1e3}
        state: {enum: [no, NO, true, "true", null, ~, 7, "7", 0x10, 2024-01-01, .inf]}
      default:
"""


def test_a_json_schema_is_read_as_json_values() -> None:
    scenario = parse_scenario(SCENARIO.replace("    kind: numeric\n    answer: 12.5\n", DOCUMENT))
    check = scenario.checks[1]
    assert isinstance(check, JsonSchemaCheck)
    assert check.document == {
        "type": "object",
        "required": ["total", "1"],
        "additionalProperties": False,
        "properties": {
            "total": {"type": "number", "minimum": 0, "multipleOf": 0.01, "maximum": 1000.0},
            "state": {"enum": ["no", "NO", True, "true", None, None, 7, "7", 16, "2024-01-01", ".inf"]},
        },
        "default": None,
    }
    kinds = {type(value) for value in _leaves(check.document)}
    assert kinds == {str, int, float, bool, type(None)}


def _leaves(value: Any) -> list[Any]:
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return [value] if below is None else [leaf for item in below for leaf in _leaves(item)]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("ab 01e.-~", max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab1", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(value=st.dictionaries(st.text("xyz", min_size=1, max_size=2), JSON, min_size=1, max_size=3))
def test_any_json_value_is_read_as_what_it_is(value: dict[str, Any]) -> None:
    document = strict_yaml.parse(json.dumps(value).encode(), "x.yaml")
    assert document.faults == ()
    assert json_value(document.tree) == value


# NUL and halves of surrogate pairs are refused; the others PyYAML writes bare, and they end a line.
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0\x85\u2028\u2029")
TEXTS = st.text(CHARACTERS, min_size=1, max_size=30).map(str.strip).filter(bool)
IDS = st.text(string.ascii_lowercase + string.digits + "_-", min_size=1, max_size=20)
SHARES = st.floats(0, 1)
PERSONAS = st.builds(
    Persona,
    id=IDS,
    name=TEXTS,
    summary=TEXTS,
    background=TEXTS,
    occupation=TEXTS,
    age=st.integers(1, 120),
    region=TEXTS,
    schooling=TEXTS,
    languages=st.lists(TEXTS, max_size=2).map(tuple),
    personality=st.builds(Personality, openness=SHARES, neuroticism=SHARES),
    mood=st.none() | TEXTS,
    knowledge=st.dictionaries(TEXTS, st.sampled_from(["none", "basic", "working", "expert"]), max_size=2),
    speaking_style=TEXTS,
    difficulty=st.builds(Difficulty, level=SHARES, how=st.sampled_from([(), ("vague", "impatient")])),
    private_facts=st.lists(TEXTS, max_size=2).map(tuple),
    tags=st.lists(IDS, max_size=2).map(tuple),
    lineage=st.none() | st.builds(Lineage, method=st.just("evolved"), seed=st.none() | st.integers()),
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(persona=PERSONAS, unicode=st.booleans())
def test_any_persona_written_as_yaml_is_read_back_equal(persona: Persona, unicode: bool) -> None:
    text = yaml.safe_dump(persona.model_dump(mode="json"), allow_unicode=unicode)
    assert parse_persona(text) == persona


PLAIN = st.text(string.ascii_letters + string.digits + "+-_.:/~=", min_size=1, max_size=12)


@settings(max_examples=150, deadline=None)
@given(written=PLAIN)
@example("1:30")
@example("0o17")
@example("+.INF")
def test_text_fields_keep_any_plain_scalar_as_written(written: str) -> None:
    assume(written not in {"null", "~"} and _is_one_scalar(written))
    assert parse_persona(PERSONA.replace("region: Braga", f"region: {written}")).region == written


def _is_one_scalar(written: str) -> bool:
    try:
        tokens = [token for token in yaml.scan(f"region: {written}\n") if isinstance(token, yaml.ScalarToken)]
    except yaml.YAMLError:
        return False
    return [token.value for token in tokens] == ["region", written]


YAML_LIKE = st.text(st.sampled_from("ab:- \n\t[]{}&*!|>'\"%@`#?,\\0\0~\ud800\u2028é"), max_size=60)


@settings(max_examples=150, deadline=None)
@given(text=YAML_LIKE | st.text(max_size=60))
def test_no_text_makes_anything_but_a_library_error(text: str) -> None:
    with pytest.raises(LibraryError):
        parse_persona(text)


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32), piece=YAML_LIKE)
def test_no_damage_to_a_good_file_makes_anything_but_a_library_error(seed: int, piece: str) -> None:
    choose = random.Random(seed)
    start = choose.randrange(len(SCENARIO))
    damaged = SCENARIO[:start] + piece + SCENARIO[start + choose.randrange(20) :]
    try:
        scenario = parse_scenario(damaged)
    except LibraryError as error:
        assert all(fault.line is None or fault.line >= 1 for fault in error.faults)
        assert all(fault.message for fault in error.faults)
    else:
        assert scenario.title


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=60))
def test_no_bytes_make_the_reader_raise(data: bytes) -> None:
    document = strict_yaml.parse(data, "x.yaml")
    assert document.tree is not None or document.faults


@pytest.mark.parametrize("mark", ["\ufeff", "# Ana\n---\n"])
def test_a_byte_order_mark_and_a_start_mark_are_harmless(mark: str) -> None:
    assert parse_persona(mark + PERSONA).id == "ana"


def test_windows_line_ends_are_harmless() -> None:
    assert parse_persona(PERSONA.replace("\n", "\r\n")) == parse_persona(PERSONA)


DIRECTIVES = "".join(f"%TAG !a{number}! x:\n" for number in range(50_000))
DOUBLINGS = "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in itertools.pairwise("abcdefghijklm"))
BOMBS = {
    "aliases": f"a: &a [x, x]\n{DOUBLINGS}",
    "brackets": "a: " + "[" * 900_000,
    "braces": "a: " + "{a: " * 200_000,
    "dashes": "a:\n" + "- " * 400_000,
    "question marks": "? " * 400_000,
    "directives": f"{DIRECTIVES}--- a\n",
    "directives behind an end mark": f"a: b\n...\n{DIRECTIVES}",
    "unknown keys": "".join(f"occupation{number}: x\n" for number in range(20_000)),
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_files_made_to_exhaust_the_reader_are_refused_quickly(text: str) -> None:
    started = time.perf_counter()
    with pytest.raises(LibraryError):
        parse_persona(text)
    assert time.perf_counter() - started < 5


def test_the_pure_python_parser_reads_and_refuses_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.library.test_broken_files import YAML_FAULTS

    def told(text: str) -> list[tuple[int | None, str, str]]:
        try:
            parse_persona(text)
        except LibraryError as error:
            return [(fault.line, fault.field, fault.message) for fault in error.faults]
        return []

    texts = [PERSONA.replace(old, new, 1) for old, new, *_ in YAML_FAULTS.values()]
    with_libyaml = [told(text) for text in texts]
    monkeypatch.setattr(strict_yaml, "LOADER", yaml.SafeLoader)
    assert [told(text) for text in texts] == with_libyaml
    assert parse_persona(PERSONA).name == "Ana Sousa"


def test_a_rubric_may_number_its_levels() -> None:
    text = "id: r\ntitle: t\ncriteria: [{id: a, question: q, levels: {1: one, 3: 3, '5': yes}}]\n"
    assert parse_rubric(text).criteria[0].levels == {1: "one", 3: "3", 5: "yes"}
