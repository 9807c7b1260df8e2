"""A row is the dialogue seen from one trained role, well-formed for every trainer."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsim.dataset import Row, rows
from agentsim.dataset.columns import COLUMNS, arrow_schema
from agentsim.dataset.utf8 import replace_surrogates
from agentsim.errors import UserError
from agentsim.schema import CheckResult, Lineage
from tests.dataset.build import grade, library, persona, record, role, scenario, turns, ungraded

SHOP = scenario()
BOTH = scenario(roles=(role("customer", leads=True, train=True), role("clerk", train=True)))


def roles_of(row: Row) -> list[str]:
    return [message.role for message in row.messages]


def test_the_trained_role_is_the_assistant_and_the_others_are_the_user() -> None:
    (row,) = rows(record(), SHOP, {})
    assert roles_of(row) == ["system", "user", "assistant"]
    assert row.messages[1].content == "This lamp is broken."
    assert row.train_on == (False, False, True)
    assert row.turns == 2


def test_every_trained_role_has_its_row_and_the_opener_is_asked_to_begin() -> None:
    customer, clerk = rows(record(task="Return a lamp, now."), BOTH, {}, system="none")
    assert (customer.role, clerk.role) == ("customer", "clerk")
    assert roles_of(customer) == ["user", "assistant"]  # the clerk's answer trails and is cut off
    assert "the customer" in customer.messages[0].content
    assert "Return a lamp, now." in customer.messages[0].content
    assert customer.train_on == (False, True)
    assert customer.turns == 1


def test_a_role_that_never_speaks_gives_no_row() -> None:
    assert rows(record(said=turns(("customer", "Hello?"), ("clerk", "  "))), SHOP, {}) == []


@pytest.mark.parametrize("outcome", ["rejected", "undecided"])
def test_only_accepted_dialogues_give_rows(outcome: str) -> None:
    assert rows(record(outcome=outcome), SHOP, {}) == []


def test_turns_of_several_others_are_one_message_that_names_its_speakers() -> None:
    trial = scenario(roles=(role("plaintiff", leads=True), role("court_clerk"), role("judge", train=True)))
    said = turns(("plaintiff", "He owes me."), ("court_clerk", "Noted."), ("judge", "Proof?"))
    (row,) = rows(
        record(said=said, cast={"plaintiff": "ann"}),
        trial,
        library(persona("ann", name="Ann Lee")),
        system="none",
    )
    assert [message.content for message in row.messages] == [
        "Ann Lee: He owes me.\n\nCourt clerk: Noted.",
        "Proof?",
    ]


def test_speakers_of_one_name_are_told_apart() -> None:
    trial = scenario(roles=(role("one", leads=True), role("two"), role("judge", train=True)))
    people = library(persona("a", name="Kim"), persona("b", name="Kim"))
    said = turns(("one", "x"), ("two", "y"), ("judge", "z"))
    (row,) = rows(record(said=said, cast={"one": "a", "two": "b"}), trial, people, system="none")
    assert row.messages[0].content == "Kim (one): x\n\nKim (two): y"


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_alternation_holds_for_any_number_of_roles_and_any_order_of_turns(data: st.DataObject) -> None:
    names = [f"r{number}" for number in range(data.draw(st.integers(2, 8)))]
    trained = data.draw(st.sets(st.sampled_from(names), min_size=1))
    cast = scenario(roles=[role(name, leads=name == "r0", train=name in trained) for name in names])
    text = st.one_of(st.just(""), st.just(" \n"), st.text(st.characters(exclude_categories=()), max_size=12))
    said = data.draw(st.lists(st.tuples(st.sampled_from(names), text), max_size=14))
    system = data.draw(st.sampled_from(["none", "public"]))
    for row in rows(record(said=turns(*said)), cast, {}, system=system):
        spoken = list(row.messages)
        if system == "public":
            assert spoken.pop(0).role == "system"
        assert [message.role for message in spoken] == ["user", "assistant"] * (len(spoken) // 2)
        assert len(spoken) >= 2
        assert all(message.content.strip() for message in row.messages)
        assert row.train_on == tuple(message.role == "assistant" for message in row.messages)
        own = [replace_surrogates(text).strip() for name, text in said if name == row.role and text.strip()]
        heard = [m.content for m, on in zip(row.messages, row.train_on, strict=True) if on]
        assert "\n\n".join(heard) == "\n\n".join(own)
        assert 0 < row.trained_tokens <= row.tokens


PRIVATE = ("SECRET-GOAL", "SECRET-FACT", "SECRET-LIFE", "SECRET-BIRTH", "SECRET-MOOD", "SECRET-NOTE")


@pytest.mark.parametrize("system", ["none", "public"])
def test_no_private_text_enters_a_row(system: str) -> None:
    hidden = {"private_goal": "SECRET-GOAL", "private_facts": ("SECRET-FACT",)}
    cast = scenario(
        roles=(
            role("customer", leads=True, train=True, rules=("Be brief.",), **hidden),
            role("clerk", train=True, **hidden),
            role("guard", train=True, **hidden),
        )
    )
    person = persona(
        "ann",
        private_facts=("SECRET-LIFE",),
        background="SECRET-BIRTH",
        mood="SECRET-MOOD",
        goals=("SECRET-GOAL",),
        difficulty={"level": 0.5, "note": "SECRET-NOTE"},
    )
    said = turns(("customer", "a"), ("guard", "b"), ("clerk", "c"), ("customer", "d"))
    everyone = {"customer": "ann", "clerk": "ann", "guard": "ann"}
    made = rows(record(said=said, cast=everyone, grading=grade()), cast, library(person), system=system)
    assert len(made) == 3
    text = json.dumps([row.model_dump() for row in made])
    assert not [secret for secret in PRIVATE if secret in text]


def test_the_public_system_message_says_what_the_role_may_openly_know() -> None:
    cast = scenario(roles=(role("customer", leads=True), role("clerk", train=True, rules=("Be kind.", "Be brief."))))
    (row,) = rows(record(), cast, {})
    assert row.messages[0].content == (
        "You are the clerk.\n\nA small shop on a quiet day.\n\nYour goal: Do what a clerk does.\n\n"
        "Rules:\n- Be kind.\n- Be brief."
    )


def test_grades_and_their_absence_are_told_apart() -> None:
    (graded,) = rows(record(grading=grade(4.5)), SHOP, {})
    (failed,) = rows(record(grading=ungraded("no JSON")), SHOP, {})
    (alone,) = rows(record(), SHOP, {})
    assert (graded.grade, graded.ungraded, graded.graded_by) == (4.5, None, "test/critic")
    assert graded.grades[0].criterion == "kindness"
    assert (failed.grade, failed.ungraded, failed.rubric, failed.grades) == (
        None,
        "no JSON",
        "conversation",
        (),
    )
    assert (alone.grade, alone.rubric, alone.graded_by) == (None, None, None)
    assert alone.ungraded == "no critic was asked"


def test_a_row_says_where_it_comes_from() -> None:
    passed = CheckResult(check="refund", outcome="passed", detail="found")
    person = persona("ann", licence="CC-BY-4.0", source="A book")
    (row,) = rows(record(cast={"customer": "ann"}, checks=[passed]), SHOP, library(person))
    assert row.licence == "Apache-2.0 AND CC-BY-4.0"
    assert row.source == "A book; agentsim"
    assert [(use.part, use.model) for use in row.models] == [
        ("clerk", "test/clerk"),
        ("customer", "test/customer"),
    ]
    assert [(origin.name, origin.hash) for origin in row.lineage] == [
        ("prompt:clerk", "bb"),
        ("scenario", "aa"),
    ]
    assert [(check.check, check.outcome) for check in row.checks] == [("refund", "passed")]
    assert [(member.role, member.persona) for member in row.cast] == [("customer", "ann")]


def test_the_order_of_the_inputs_keys_does_not_matter() -> None:
    people = library(persona("a"), persona("b"))

    def made(flip: bool) -> list[str]:
        order = -1 if flip else 1
        cast = dict([("customer", "a"), ("clerk", "b")][::order])
        lineage = Lineage(
            method="simulated",
            models=dict([("clerk", "x"), ("customer", "y")][::order]),
            hashes=dict([("scenario", "1"), ("rubric", "2")][::order]),
        )
        known = dict(list(people.items())[::order])
        return [row.model_dump_json() for row in rows(record(cast=cast, lineage=lineage), SHOP, known)]

    assert made(False) == made(True)


def test_lone_surrogates_become_replacement_characters_and_split_pairs_are_joined() -> None:
    said = turns(("customer", "a\ud800b \ud83d\ude00 \u2028"), ("clerk", "\udfff"))
    (row,) = rows(record(said=said, grading=grade(reason="x\udc00")), SHOP, {}, system="none")
    assert [message.content for message in row.messages] == ["a\ufffdb \U0001f600", "\ufffd"]
    assert row.grades[0].reason == "x\ufffd"


def test_a_library_that_does_not_fit_is_the_users_to_mend() -> None:
    stranger = record(said=turns(("thief", "Hands up!")), cast={"customer": "nobody"}, scenario="bank")
    with pytest.raises(UserError) as caught:
        rows(stranger, SHOP, {})
    for fault in ("'bank'", "'thief'", "'nobody'"):
        assert fault in str(caught.value)
    assert caught.value.fix


def test_the_columns_are_those_of_the_row_in_its_order() -> None:
    assert list(COLUMNS) == list(Row.model_fields)
    (row,) = rows(record(grading=grade()), SHOP, {})
    dumped = row.model_dump()
    for name, column in COLUMNS.items():
        if isinstance(column, list) and isinstance(column[0], dict) and dumped[name]:
            assert list(dumped[name][0]) == list(column[0])
    assert arrow_schema().names == list(COLUMNS)
