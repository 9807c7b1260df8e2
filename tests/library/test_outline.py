"""Outlines: the same topics from Markdown, CSV and YAML, and what is said of faulty ones."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsim.errors import UserError
from agentsim.library.faults import LibraryError
from agentsim.library.outline import load_outline, parse_outline
from agentsim.library.outline_writing import WRITTEN, check_writable, outline_text
from agentsim.schema import Topic

WANTED = (
    Topic(
        name="Orders",
        topics=(
            Topic(name="Returns", about="Within thirty days", topics=(Topic(name="Lost label"), Topic(name="Refund"))),
            Topic(name="Delivery"),
        ),
    ),
    Topic(name="Invoices"),
)

MARKDOWN = """# What our shop hears

A few words on how to use this.

## Orders
- **Returns**
  Within thirty days
  - Lost label
  - Refund
- Delivery

## Invoices
"""

ITEMS = """
* Orders
\t1. Returns

\t   Within thirty days
\t\t- [ ] Lost label
\t\t- [x] Refund
\t2. Delivery
* Invoices
```
- no topic
```
"""

CSV = """Topic,Subtopic,Level 3,About
Orders,,,
,Returns,,Within thirty days
,,Lost label,
,,Refund,
,Delivery,,
Invoices,,,
"""

PATHS = """Orders;Returns;Lost label
Orders;Returns;Refund
Orders;Delivery
Invoices
"""

YAML = """topics:
  - name: Orders
    topics:
      - name: Returns
        about: Within thirty days
        topics: [Lost label, Refund]
      - Delivery
  - Invoices
"""


@pytest.mark.parametrize(
    ("file", "text"), [("a.md", MARKDOWN), ("a.markdown", ITEMS), ("a.csv", CSV), ("a.yaml", YAML)]
)
def test_the_same_outline_in_every_form(file: str, text: str) -> None:
    assert parse_outline(text.encode(), file) == WANTED


def test_rows_of_whole_paths_share_what_they_begin_with() -> None:
    leaves = [path for topic in parse_outline(PATHS.encode(), "a.csv") for path in topic.leaves()]
    assert leaves == [
        ("Orders", "Returns", "Lost label"),
        ("Orders", "Returns", "Refund"),
        ("Orders", "Delivery"),
        ("Invoices",),
    ]


def test_several_first_level_headings_are_topics() -> None:
    found = parse_outline(b"# Orders\n- Returns\n# Invoices\n", "a.md")
    assert [path for topic in found for path in topic.leaves()] == [("Orders", "Returns"), ("Invoices",)]


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("a.md", "", "a.md: the outline holds no topic"),
        ("a.md", "- Orders\n- Orders\n", "a.md:2: 'Orders' stands here twice, first in line 1"),
        ("a.md", "- Orders\n- **\n", "a.md:2: a topic needs a name"),
        ("a.yaml", "topics:\n  - name: A\n    also: B\n", "a.yaml:3: 'also' is not known here, or no text"),
        ("a.csv", "Orders,Returns\nOrders,Returns\n", "a.csv:2: 'Returns' stands here twice, first in line 1"),
        ("a.csv", ",Returns\n", "a.csv:1: cell 1 is empty and nothing stands above it"),
        ("a.yaml", "topics:\n  - about: x\n", "a.yaml:2: a topic needs a name"),
        ("a.yaml", "topics: Orders\n", "a.yaml:1: topics are a list, not 'Orders'"),
        ("a.yaml", "topics:\n  - name: A\n    lines: 3\n", "a.yaml:3: 'lines' is not known here"),
        ("a.yaml", "title: x\ntopics: [A]\n", "a.yaml:1: 'title' is not known here"),
        ("a.md", "".join(" " * n + "- t\n" for n in range(9)), "a.md:9: topics are nested more than 8 levels deep"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(file: str, text: str, said: str) -> None:
    with pytest.raises(LibraryError) as raised:
        parse_outline(text.encode(), file)
    assert said in str(raised.value)


def test_what_is_no_outline_file(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="cannot read it: No such file"):
        load_outline(tmp_path / "none.md")
    with pytest.raises(LibraryError, match=r"its kind is not known; name it \.md, "):
        load_outline(tmp_path / "outline.docx")
    (tmp_path / "latin.md").write_bytes(b"- ok\n- caf\xe9\n")
    with pytest.raises(LibraryError, match=r"latin\.md:2: the file is not UTF-8 text"):
        load_outline(tmp_path / "latin.md")


@given(st.binary(max_size=300), st.sampled_from(["a.md", "a.csv", "a.yaml"]))
def test_any_bytes_are_an_outline_or_faults(data: bytes, file: str) -> None:
    try:
        found = parse_outline(data, file)
    except LibraryError as error:
        assert error.faults
    else:
        assert found


names = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=8)
trees = st.recursive(
    st.builds(Topic, name=names),
    lambda inner: st.builds(
        Topic, name=names, topics=st.lists(inner, max_size=3, unique_by=lambda topic: topic.name).map(tuple)
    ),
    max_leaves=12,
)


@given(st.lists(trees, min_size=1, max_size=3, unique_by=lambda topic: topic.name))
def test_a_written_list_is_read_as_it_was_meant(topics: list[Topic]) -> None:
    def lines(topic: Topic, depth: int) -> list[str]:
        return [f"{'  ' * depth}- {topic.name}", *(line for one in topic.topics for line in lines(one, depth + 1))]

    text = "\n".join(line for topic in topics for line in lines(topic, 0))
    assert parse_outline(text.encode(), "a.md") == tuple(topics)


def test_other_names_and_marks_that_are_meant_as_such() -> None:
    text = """- snake\\_case and **bold**
  \\(also: no name)
  (also: \\__init__; a\\;b;  ; C:\\Users)
  \\- no topic
"""
    (found,) = parse_outline(text.encode(), "a.md")
    assert found == Topic(
        name="snake_case and bold", about="(also: no name) - no topic", also=("__init__", "a;b", "C:\\Users")
    )
    yaml = b"topics:\n  - name: A\n    also: [B, 007]\n"
    assert parse_outline(yaml, "a.yaml") == (Topic(name="A", also=("B", "007")),)


line = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs"), include_characters=" "), max_size=30)
marks = st.text("-+*#>|~=`[]()_\\\\;:.,!1234 x\"'", max_size=12)
said = st.one_of(line, marks, st.sampled_from(["null", "~", "007", "yes", "<<", "=", "a: b", "- a", "(also: b)"]))
said_plain = said.map(str.strip).filter(bool)
said_wild = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")).map(str.strip).filter(bool)


def written(text: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[Topic, ...]]:
    def topics(inner: st.SearchStrategy[Topic]) -> st.SearchStrategy[tuple[Topic, ...]]:
        return st.lists(inner, max_size=3, unique_by=lambda topic: topic.name).map(tuple)

    def topic(below: st.SearchStrategy[tuple[Topic, ...]]) -> st.SearchStrategy[Topic]:
        also = st.lists(text, max_size=2, unique=True).map(tuple)
        return st.builds(Topic, name=text, about=st.none() | text, also=also, topics=below)

    tree = topic(st.just(()))
    for _ in range(3):
        tree = topic(topics(tree))
    return topics(tree).filter(bool)


@given(written(said_plain), st.sampled_from(WRITTEN))
def test_a_written_outline_is_read_back_as_it_was(topics: tuple[Topic, ...], kind: str) -> None:
    check_writable(topics, kind)
    assert parse_outline(outline_text(topics, kind).encode(), f"a{kind}") == topics


@given(written(said_wild))
def test_yaml_holds_any_text(topics: tuple[Topic, ...]) -> None:
    assert parse_outline(outline_text(topics, ".yaml").encode(), "a.yaml") == topics


def test_what_a_list_cannot_hold_is_told() -> None:
    with pytest.raises(UserError, match=r"a \.md file cannot hold, such as line breaks") as raised:
        check_writable([Topic(name="two\nlines")], ".md")
    assert ".yaml" in str(raised.value)
    check_writable([Topic(name="two\nlines")], ".yaml")
    with pytest.raises(UserError, match=r"cannot be written as \.yaml: "):
        check_writable([Topic(name="a\0b")], ".yaml")
