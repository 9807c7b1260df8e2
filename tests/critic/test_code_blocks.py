"""Which block of code in what was said is the one that counts."""

import pytest

from agentsim.critic.code_blocks import code_blocks, last_defining


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("no code", []),
        ("```python\na = 1\n```", ["a = 1\n"]),
        ("```\na = 1\n```", ["a = 1\n"]),
        ("~~~py\na = 1\n~~~", ["a = 1\n"]),
        ("```Python title=x\na = 1\n```", ["a = 1\n"]),
        ("```{.python}\na = 1\n```", ["a = 1\n"]),
        ("```text\na = 1\n```", []),
        ("```bash\nls\n```\n```python\na = 1\n```", ["a = 1\n"]),
        ("````python\n```\nb\n```\n````", ["```\nb\n```\n"]),
        ("```python\na = 1", ["a = 1\n"]),
        ("- so:\n\n  ```python\n  def f():\n      pass\n  ```", ["def f():\n    pass\n"]),
        ("```python\r\na = 1\r\n```\r\n", ["a = 1\n"]),
        ("inline ```a``` is none", []),
        ("```python\n```", ["\n"]),
    ],
)
def test_fenced_blocks_are_found(text: str, blocks: list[str]) -> None:
    assert list(code_blocks(text)) == blocks


def fenced(*sources: str) -> list[str]:
    return [f"Here:\n```python\n{source}\n```\nGood?" for source in sources]


@pytest.mark.parametrize(
    "source",
    [
        "def f(): pass",
        "async def f(): pass",
        "class f: pass",
        "f = lambda: 0",
        "f: object = lambda: 0",
        "g = f = lambda: 0",
        "if True:\n    def f(): pass",
        "def f() -> : broken",
        "async def f(:",
        "f = lambda : (",
    ],
)
def test_a_definition_counts_however_it_is_written(source: str) -> None:
    assert last_defining("f", fenced("def f(): first", source)) == source + "\n"


@pytest.mark.parametrize(
    "source",
    ["f()", "f = 3", "def ff(): pass", "def g(): return f", "# def f():", "print('def f(): pass')", "def g(: f"],
)
def test_a_use_is_no_definition(source: str) -> None:
    assert last_defining("f", fenced("def f(): first", source)) == "def f(): first\n"
    assert last_defining("f", fenced(source)) is None


def test_the_last_one_of_all_turns_counts() -> None:
    turns = [*fenced("def f(): 1"), "```python\ndef f(): 2\n```\nor\n```python\ndef f(): 3\n```", *fenced("f()")]
    assert last_defining("f", turns) == "def f(): 3\n"


@pytest.mark.filterwarnings("error")
def test_a_models_doubtful_escapes_warn_nobody() -> None:
    assert last_defining("f", fenced(r"def f(): return '\d'")) is not None


@pytest.mark.parametrize("source", ["(" * 10_000, "f" + "()" * 50_000, "-" * 50_000 + "1", "\0"])
def test_text_that_breaks_a_parser_defines_nothing(source: str) -> None:
    assert last_defining("f", fenced(source)) is None
