"""The sanitiser: nothing that comes out of it makes a terminal or a browser do anything."""

import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agentsim.sanitise import one_line, sanitise

JOINERS = {"\u200c", "\u200d"}
"""Scripts and emoji need them."""

ESCAPES = [
    "\x1b",
    "\x1b[",
    "\x1b]8;;",
    "\x1b]52;c;",
    "\x07",
    "\x9b",
    "\x9d",
    "\r",
    "\r\n",
    "\n",
    "\u202e",
    "\u2066",
    "[@click=x]",
]
TEXTS = st.one_of(
    st.text(),
    st.lists(st.one_of(st.sampled_from(ESCAPES), st.text(max_size=5))).map("".join),
    st.text(st.characters(codec=None, categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Mn"])),
)


def acts(char: str) -> bool:
    """Whether a character is a control, has a say in direction, or cannot be seen or written."""
    if char in "\t\n":
        return False
    if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp"):
        return True
    direction = unicodedata.bidirectional(char)
    return direction in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


@given(TEXTS)
@example("\r\r\n\r")
def test_nothing_is_left_that_acts(text: str) -> None:
    clean = sanitise(text)
    assert [char for char in clean if acts(char)] == []
    clean.encode()


def test_no_character_there_is_gets_through() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    clean = sanitise(every)
    assert [hex(ord(char)) for char in clean if acts(char)] == []
    assert len(clean) == len(every), "nothing is hidden by leaving it out"


@given(TEXTS)
def test_twice_is_once(text: str) -> None:
    assert sanitise(sanitise(text)) == sanitise(text)
    assert one_line(one_line(text)) == one_line(text)


@given(TEXTS, st.integers(1, 30))
def test_a_limit_holds_and_cutting_twice_is_cutting_once(text: str, limit: int) -> None:
    cut = sanitise(text, limit=limit)
    assert len(cut) <= limit
    assert sanitise(cut, limit=limit) == cut
    if len(text) <= limit:
        assert cut == sanitise(text)
    else:
        assert cut.endswith("…")


@given(TEXTS)
def test_one_line_is_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert sanitise(text) == text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        (
            "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
            "␛]8;;https://evil.example␛\\click␛]8;;␛\\",
        ),
        ("\x1b]52;c;cm0gLXJm\x07", "␛]52;c;cm0gLXJm␇"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("half an escape \x1b", "half an escape ␛"),
        ("\x1b", "␛"),
        ("\x9b31m and \x9d8;;", "�31m and �8;;"),
        ("a\r\nb", "a\nb"),
        ("visible\rhidden", "visible␍hidden"),
        ("a\x08b\x7f", "a␈b␡"),
        ("\x00", "␀"),
        ("user\u202etxt.exe", "user�txt.exe"),
        ("\u2066\u2067\u2068\u2069\u061c", "�����"),
        ("in\u200bvisible\ufeff", "in�visible�"),
        ("line\u2028para\u2029", "line�para�"),
        ("tag\U000e0041\U000e0042", "tag��"),
        ("hidden\U000e0100\U000e01ef", "hidden��"),
        ("\u206e\U0001d173", "��"),
        ("lone \ud83d", "lone �"),
        ("tab\tand\nnewline", "tab\tand\nnewline"),
        ("[bold]text[/] [@click=app.quit]", "[bold]text[/] [@click=app.quit]"),
        ("<script>", "<script>"),
        (
            "family \U0001f468\u200d\U0001f469\u200d\U0001f467 heart ❤️",
            "family \U0001f468\u200d\U0001f469\u200d\U0001f467 heart ❤️",
        ),
        ("فارسی می\u200cخواهم עברית", "فارسی می\u200cخواهم עברית"),
        ("e\u0301 नमस्ते", "e\u0301 नमस्ते"),
    ],
)
def test_what_becomes_of_it(text: str, clean: str) -> None:
    assert sanitise(text) == clean


def test_an_escape_cut_by_the_limit_is_harmless() -> None:
    text = "x\x1b]8;;https://evil.example\x1b\\"
    for limit in range(1, len(text) + 1):
        assert "\x1b" not in sanitise(text, limit=limit)
