# ruff: noqa: E501  (a table is read by its rows)
"""Each way a file can be wrong is told at its line, by its field, in words that say what to do."""

from collections.abc import Callable
from typing import Any

import pytest

from agentsim.library import Fault, LibraryError, parse_persona, parse_rubric, parse_scenario
from tests.library.samples import PERSONA, RUBRIC, SCENARIO

PARSERS: dict[str, Callable[..., Any]] = {
    PERSONA: parse_persona,
    SCENARIO: parse_scenario,
    RUBRIC: parse_rubric,
}


def fault_of(sample: str, text: str) -> Fault:
    """Return the one fault of a text that was made from the sample."""
    with pytest.raises(LibraryError) as raised:
        PARSERS[sample](text, file="x.yaml")
    (fault,) = raised.value.faults
    return fault


# The sample, what stands in it, what stands there instead -> line, field, and a piece of the fault's text.
NOUN_FAULTS = {
    "misspelt key": (PERSONA, "occupation:", "occupatoin:", 5, "occupatoin", "did you mean 'occupation'?"),
    "key of no kind": (PERSONA, "age: 41", "age: 41\nshoes: 7", 7, "shoes", "unknown key 'shoes'; remove it"),
    "misspelt key inside": (PERSONA, "  openness:", "  openess:", 11, "personality.openess", "'openness'"),
    "key of another noun": (SCENARIO, "    goal: Find", "    tags: [a]\n    goal: Find", 17, "roles[1].tags", "keys"),
    "missing id": (PERSONA, "id: ana\n", "", 1, "id", "'id' is missing; add `id:`"),
    "missing in a list item": (SCENARIO, "    title: a clerk of the mill\n", "", 13, "roles[1].title", "a customer"),
    "missing in a mapping": (SCENARIO, "  goal: A new time is agreed.\n", "", 27, "ending.goal", "add `goal:`"),
    "missing in a check": (SCENARIO, "    pattern: o'clock\n", "", 32, "checks[0].pattern", "Python regular"),
    "empty value": (PERSONA, "region: Braga", "region:", 7, "region", "has no value; write one"),
    "empty optional value": (PERSONA, "[trade, early-riser]", "", 23, "tags", "or remove the key"),
    "null": (PERSONA, "name: Ana Sousa", "name: null", 2, "name", "has no value"),
    "empty text": (PERSONA, "name: Ana Sousa", "name: ' '", 2, "name", "must not be empty"),
    "list for text": (PERSONA, "region: Braga", "region: [Braga]", 7, "region", "must be text, not a list"),
    "mapping for text": (PERSONA, "region: Braga", "region:\n  a: b", 7, "region", "must be text, not a mapping"),
    "text for list": (PERSONA, "[trade, early-riser]", "trade", 23, "tags", "must be a list, not 'trade'"),
    "text for mapping": (PERSONA, "difficulty:\n  level: 0.3\n  how:\n    - impatient", "difficulty: high", 17,
                         "difficulty", "must be a mapping, not 'high'"),
    "list for mapping": (SCENARIO, "  slots:\n    order: [A1, B2]", "  slots: [A1]", 20, "task.slots", "a mapping"),
    "text for a role": (SCENARIO, "  - name: clerk", "  - clerk\n  - name: clerk", 13, "roles[1]", "must be a mapping"),
    "words for a number": (PERSONA, "age: 41", "age: forty-one", 6, "age", "must be a whole number, not 'forty-one'"),
    "fraction for a whole number": (PERSONA, "age: 41", "age: 41.5", 6, "age", "write digits only"),
    "endless number": (PERSONA, "age: 41", f"age: {'9' * 5000}", 6, "age", "must be a whole number"),
    "too young": (PERSONA, "age: 41", "age: 0", 6, "age", "must be at least 1, not '0'"),
    "too old": (PERSONA, "age: 41", "age: 121", 6, "age", "must be at most 120"),
    "trait above one": (PERSONA, "openness: 0.4", "openness: 40", 11, "personality.openness", "at most 1"),
    "trait in words": (PERSONA, "openness: 0.4", "openness: high", 11, "personality.openness", "must be a number"),
    "weight of nothing": (RUBRIC, "weight: 2", "weight: 0", 10, "criteria[0].weight", "must be above 0"),
    "neither true nor false": (SCENARIO, "train: true", "train: maybe", 16, "roles[1].train", "true or false"),
    "unknown word": (PERSONA, "    - impatient", "    - impatiant", 20, "difficulty.how[0]", "'impatient'? write one"),
    "unknown level of knowledge": (PERSONA, "tax law: none", "tax law: some", 15, "knowledge['tax law']", "expert"),
    "null for the word none": (PERSONA, "tax law: none", "tax law: ~", 15, "knowledge['tax law']", "has no value"),
    "id with spaces": (PERSONA, "id: ana", "id: Ana Sousa", 1, "id", "write 'ana-sousa', for example"),
    "id of no letters": (PERSONA, "id: ana", "id: '!'", 1, "id", "choose another name"),
    "tag in capitals": (PERSONA, "early-riser", "Early Riser", 23, "tags[1]", "'early-riser'"),
    "role name with a hyphen": (SCENARIO, "name: clerk", "name: mill-clerk", 13, "roles[1].name", "'mill_clerk'"),
    "unknown kind of check": (SCENARIO, "kind: regex", "kind: regx", 33, "checks[0].kind", "did you mean 'regex'?"),
    "check without a kind": (SCENARIO, "    kind: regex\n", "", 32, "checks[0].kind", "one of regex, exact, numeric"),
    "check with an empty kind": (SCENARIO, "kind: regex", "kind:", 33, "checks[0].kind", "must not be nothing"),
    "check that is text": (SCENARIO, "  - id: total\n    kind: numeric\n    answer: 12.5", "  - total", 38, "checks[1]",
                           "must be a mapping, not 'total'"),
    "answer in words": (SCENARIO, "12.5", "a dozen", 40, "checks[1].answer", "must be a number, not 'a dozen'"),
    "no criteria": (RUBRIC, RUBRIC[RUBRIC.index("criteria"):RUBRIC.index("threshold")], "criteria: []\n", 3,
                    "criteria", "has 0 items, needs at least 1"),
    "level out of the scale": (RUBRIC, "      3: Under", "      9: Under", 8, "criteria[0].levels.9", "the key must be"),
    "level in words": (RUBRIC, "      3: Under", "      mid: Under", 8, "criteria[0].levels.mid", "the key must be a"),
    "level left out": (RUBRIC, "      5: Crystal.\n", "", 6, "criteria[0].levels", "1, 3 and 5; missing: 5"),
    "turns in the wrong order": (SCENARIO, "max_turns: 8", "max_turns: 3", 29, "ending.min_turns", "is above"),
    "nobody leads": (SCENARIO, "part: leads", "part: follows", 5, "roles", "exactly one role must have"),
    "nothing to train on": (SCENARIO, "    train: true\n", "", 5, "roles", "nothing could be exported"),
    "two roles of one name": (SCENARIO, "name: buyer", "name: clerk", 5, "roles", "two roles have the same name"),
    "slot without values": (SCENARIO, "{order}", "{odrer}, {order}", 19, "task.text", "uses {odrer}"),
    "slot that is not used": (SCENARIO, ", order {order}", "", 21, "task.slots.order", "does not use"),
    "lonely brace": (SCENARIO, "{order}", "{order} }", 19, "task.text", "write {{ for a brace"),
    "twin topics": (SCENARIO, "Wrong goods", "Late", 22, "topics", "'Late' stands twice below Delivery"),
    "twin checks": (SCENARIO, "id: total", "id: says-time", 31, "checks", "two checks have the same id"),
    "check of no role": (SCENARIO, "    role: clerk", "    role: miller", 32, "checks[0]", "'miller', which is not"),
    "check of no slot value": (SCENARIO, "order: A1", "order: Z9", 32, "checks[0]", "which task.slots never gives"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("sample", "old", "new", "line", "field", "words"), NOUN_FAULTS.values(), ids=NOUN_FAULTS.keys()
)
def test_what_the_noun_does_not_allow(sample: str, old: str, new: str, line: int, field: str, words: str) -> None:
    assert old in sample
    fault = fault_of(sample, sample.replace(old, new, 1))
    assert (fault.file, fault.line, fault.field) == ("x.yaml", line, field)
    assert words in str(fault)


# What stands in the persona, what stands there instead -> line, field, and a piece of the fault's text.
YAML_FAULTS = {
    "anchor": ("name: Ana Sousa", "name: &a Ana", 2, "name", "the anchor '&a' is refused"),
    "anchor on a mapping": ("personality:", "personality: &p", 10, "personality", "the anchor '&p'"),
    "alias": ("region: Braga", "region: *a", 7, "region", "the alias '*a' is refused"),
    "custom tag": ("name: Ana Sousa", "name: !who Ana", 2, "name", "the tag '!who' is refused"),
    "standard tag": ("age: 41", "age: !!int 41", 6, "age", "the tag '!!int' is refused"),
    "python tag": ("age: 41", "age: !!python/object:os.system 41", 6, "age", "'!!python/object:os.system'"),
    "duplicate key": ("region: Braga", "region: Braga\nage: 4", 8, "age", "'age' stands twice (first in line 6)"),
    "duplicate key inside": ("  openness: 0.4", "  neuroticism: 1", 12, "personality.neuroticism", "in line 11"),
    "merge key": ("  openness: 0.4", "  <<: {openness: 0.4}", 11, "personality", "the merge key '<<'"),
    "null key": ("  bread: expert", "  ~: expert", 14, "knowledge", "a key is empty or null"),
    "list as a key": ("  bread: expert", "  ? [bread]\n  : expert", 14, "knowledge", "a key must be text"),
    "escaped NUL": ("name: Ana Sousa", 'name: "Ana\\0"', 2, "name", "the character NUL"),
    "NUL": ("name: Ana Sousa", "name: Ana\0", 2, "", "U+0000"),
    "terminal escape": ("region: Braga", "region: \x1b[31m", 7, "", "U+001B"),
    "half a surrogate pair": ("region: Braga", "region: \ud83d", 7, "", "not UTF-8"),
    "two documents": ("tags: [trade, early-riser]", "---\nid: bea", 23, "", "more than one document"),
    "end mark": ("tags: [trade, early-riser]", "...\n%TAG ! x", 23, "", "the end mark '...'"),
    "directive": ("id: ana", "%YAML 1.2\n---\nid: ana", 1, "", "directives"),
    "tab before a key": ("  openness: 0.4", "\topenness: 0.4", 11, "", "indented with a tab; indent with spaces"),
    "open quote": ("name: Ana Sousa", "name: 'Ana", 2, "", "a quote is opened here and never closed"),
    "quote inside a quote": ("name: Ana Sousa", "name: 'Ana's'", 2, "", "the other quote"),
    "open bracket": ("[pt, en]", "[pt, en", 9, "", "a '[' is opened here and not closed"),
    "open brace": ("[pt, en]", "{pt, en", 9, "", "a '{' is opened here and not closed"),
    "colon in text": ("Short and dry.", "Short: and dry.", 16, "", "a second ': '"),
    "text that starts with @": ("name: Ana Sousa", "name: @ana", 2, "", "cannot start with '@'; put the text into"),
    "text that starts with a star": ("name: Ana Sousa", "name: *Ana!*", 2, "", "cannot start with '*'"),
    "text that starts with &": ("name: Ana Sousa", "name: & co", 2, "", "cannot start with '&'"),
    "line that starts with %": ("name: Ana Sousa", "name: Ana\n%x: y", 3, "", "cannot start with '%'"),
    "text that starts with !": ("name: Ana Sousa", "name: !a!b Ana", 2, "", "cannot start with '!'"),
    "text behind a bar": ("name: Ana Sousa", "name: | Ana", 2, "", "nothing may follow '|'"),
    "stray backslash": ("name: Ana Sousa", 'name: "C:\\Windows"', 2, "", "backslash"),
    "list in the line of its key": ("[trade, early-riser]", "- trade", 23, "", "a list cannot start"),
    "indent too far": ("age: 41", "   age: 41", 6, "", "indented too far"),
    "indent half back": ("  neuroticism: 0.7", " neuroticism: 0.7", 12, "", "does not fit"),
    "line without a key": ("age: 41", "age\nyears", 6, "", "no 'key: value' form"),
    "text without its indent": ("  - Owes the mill three invoices.", "  - Owes\n plenty", 23, "", "does not fit"),
    "too deep": ("tags: [trade, early-riser]", "tags: " + "[" * 40, 23, "", "deeper than 32"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "field", "words"), YAML_FAULTS.values(), ids=YAML_FAULTS.keys())
def test_what_yaml_does_not_allow_or_the_library_refuses(old: str, new: str, line: int, field: str, words: str) -> None:
    assert old in PERSONA
    fault = fault_of(PERSONA, PERSONA.replace(old, new, 1))
    assert (fault.line, fault.field) == (line, field)
    assert words in str(fault)


WHOLE_FILES = {
    "nothing": ("", 1, "the file is empty"),
    "only comments": ("# ana\n\n", 1, "the file is empty"),
    "only a start mark": ("---\n", 2, "the file is empty"),
    "a list": ("# list\n- id: ana\n", 2, "does not hold a mapping"),
    "a word": ("ana\n", 1, "does not hold a mapping"),
    "an alias": ("*ana\n", 1, "does not hold a mapping"),
    "too large": ("#" * 1_000_001, None, "larger than 1,000,000 bytes"),
}


@pytest.mark.parametrize(("text", "line", "words"), WHOLE_FILES.values(), ids=WHOLE_FILES.keys())
def test_files_that_hold_no_noun_at_all(text: str, line: int | None, words: str) -> None:
    fault = fault_of(PERSONA, text)
    assert (fault.line, fault.field) == (line, "")
    assert words in str(fault)


def test_the_samples_themselves_are_well() -> None:
    assert parse_persona(PERSONA).knowledge == {"bread": "expert", "tax law": "none"}
    assert parse_scenario(SCENARIO).leader.name == "buyer"
    assert parse_rubric(RUBRIC).criteria[0].levels[5] == "Crystal."


def test_all_faults_of_a_file_are_told_at_once_in_the_order_of_its_lines() -> None:
    text = (
        PERSONA.replace("name: Ana Sousa", "nmae: Ana Sousa")
        .replace("age: 41", "age: old")
        .replace("region: Braga", "region: &here Braga")
        .replace("    - impatient", "    - rude")
    )
    with pytest.raises(LibraryError) as raised:
        parse_persona(text, file="ana.yaml")
    assert [(fault.line, fault.field) for fault in raised.value.faults] == [
        (2, "nmae"),
        (6, "age"),
        (7, "region"),
        (20, "difficulty.how[0]"),
    ]
    heading, *lines = str(raised.value).splitlines()
    assert heading == "4 faults:"
    assert lines[0] == "ana.yaml:2: nmae: unknown key 'nmae'; did you mean 'name'?"


def test_several_broken_rules_of_a_scenario_are_told_each_at_its_line() -> None:
    text = SCENARIO.replace("    train: true\n", "").replace("{order}", "{odrer}").replace("role: clerk", "role: bob")
    with pytest.raises(LibraryError) as raised:
        parse_scenario(text)
    assert [(fault.line, fault.field) for fault in raised.value.faults] == [
        (5, "roles"),
        (18, "task.text"),
        (20, "task.slots.order"),
        (31, "checks[0]"),
    ]


def test_a_rule_that_quotes_a_long_value_is_told_once_and_cut_short() -> None:
    value = "first this; then roles; then that, and so on for a good while longer"
    fault = fault_of(SCENARIO, SCENARIO.replace("      order: A1", f"      order: {value}"))
    assert fault.message.startswith("check 'says-time' waits for order='first this; then roles;")
    assert "...', which task.slots never gives" in fault.message


def test_a_refused_value_is_not_also_called_a_wrong_one() -> None:
    assert "alias" in fault_of(PERSONA, PERSONA.replace("age: 41", "age: *years")).message


def test_a_fault_stays_one_line_and_carries_no_terminal_commands() -> None:
    fault = Fault("a\nb.yaml", 3, "na\x1b[2Jme", "is\rwrong", "mend\u202eit")
    assert str(fault) == "a\\nb.yaml:3: na\\x1b[2Jme: is\\rwrong; mend\\u202eit"


def test_a_file_of_faults_is_cut_after_a_hundred() -> None:
    text = PERSONA + "".join(f"key{number}: x\n" for number in range(5000))
    with pytest.raises(LibraryError) as raised:
        parse_persona(text)
    assert len(raised.value.faults) == 100
    assert "not all faults of this file are listed" in str(raised.value.faults[0])
