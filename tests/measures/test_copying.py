"""Runs of words that a turn has in common with its speaker's script."""

from hypothesis import given
from hypothesis import strategies as st

from agentsim.measures.copying import RUN, longest_copy, script, script_texts
from agentsim.measures.words import words
from tests.dataset.build import persona, role

TEXT = "Apprentice at sixteen in the machine-tool works; the works were sold for one mark in 1991."


def test_a_long_run_is_found_whatever_its_case_and_marks() -> None:
    said = "You know: APPRENTICE at sixteen, in the machine-tool works. The works were sold, all right?"
    assert longest_copy(said, script((TEXT,))) == len(
        words("apprentice at sixteen in the machine tool works the works were sold")
    )


def test_seven_words_are_no_copy_and_eight_are() -> None:
    one = script(("a b c d e f g h i j",))
    assert longest_copy("x b c d e f g h x", one) == 0
    assert longest_copy("x b c d e f g h i x", one) == RUN


def test_a_longer_run_inside_of_another_is_found() -> None:
    first, second = "a b c d e f g h z z z z", "c d e f g h i j k l m n"
    assert longest_copy("a b c d e f g h i j k l m n", script((first, second))) == 12


def test_runs_do_not_go_from_one_text_into_the_next() -> None:
    assert longest_copy("a b c d e f g h", script(("a b c d", "e f g h"))) == 0


def test_scripts_without_spaces_need_twice_as_many_characters() -> None:
    text = "他十六岁在机床厂当学徒后来工厂卖了一马克"
    assert longest_copy(text[:15], script((text,))) == 0
    assert longest_copy(text[:16], script((text,))) == 16


def test_the_script_is_what_describes_role_and_persona() -> None:
    someone = persona("uwe", background=TEXT, goals=("Two more years of work.",), private_facts=("He owes rent.",))
    texts = script_texts(role("tenant", private_goal="Be left alone.", rules=("Be short.",)), someone)
    assert {TEXT, "Two more years of work.", "He owes rent.", "Be left alone.", "Be short."} <= set(texts)
    assert script_texts(role("clerk"), None) == ("Do what a clerk does.",)


@given(st.lists(st.sampled_from("abc"), max_size=40), st.lists(st.sampled_from("abc"), max_size=40))
def test_it_is_the_longest_common_run(said: list[str], text: list[str]) -> None:
    runs = {tuple(text[i:j]) for i in range(len(text)) for j in range(i + RUN, len(text) + 1)}
    longest = max(
        (j - i for i in range(len(said)) for j in range(i + RUN, len(said) + 1) if tuple(said[i:j]) in runs), default=0
    )
    assert longest_copy(" ".join(said), script((" ".join(text),))) == longest
