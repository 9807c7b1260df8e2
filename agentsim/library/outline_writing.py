"""Topic trees -> an outline that `outline` reads back to the same trees: a Markdown list or YAML."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from agentsim.errors import UserError
from agentsim.library.faults import LibraryError
from agentsim.library.outline import parse_outline
from agentsim.schema import Topic

WRITTEN = (".md", ".markdown", ".yaml", ".yml")
"""How the name of an outline that is written may end."""

_TEXT = "tag:yaml.org,2002:str"
_MARK = re.compile(r"[\\*_`]")
_AT_START = re.compile(r"[-+*#>|~=`\[(]|\d{1,9}(?=[.)]\s)")
_BACKSLASH = re.compile(r"\\(?=[!-/:-@\[-`{-~])")


def outline_text(topics: Sequence[Topic], kind: str) -> str:
    """Return the outline as text: a Markdown list, or YAML.

    Args:
        topics: the trees.
        kind: one of `WRITTEN`.
    """
    if kind in (".yaml", ".yml"):
        tree = {"topics": [_tree(topic) for topic in topics]}
        return yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return "".join(f"{line}\n" for topic in topics for line in _lines(topic, ""))


def check_writable(topics: Sequence[Topic], kind: str) -> None:
    """Make sure that an outline in this form would be read back as these topics.

    Raises:
        UserError: where it would not: a list in Markdown cannot hold line breaks, for one.
    """
    try:
        same = parse_outline(outline_text(topics, kind).encode("utf-8", "surrogatepass"), f"outline{kind}")
    except LibraryError as error:
        raise UserError(
            f"the outline cannot be written as {kind}: {error.faults[0].message}", fix="mend that in it first"
        ) from None
    if same != tuple(topics):
        raise UserError(
            f"the outline holds text that a {kind} file cannot hold, such as line breaks in names",
            fix="choose .yaml for the end of the name" if kind in (".md", ".markdown") else "mend that in it first",
        )


class _Dumper(yaml.SafeDumper):
    """Writes text that has no plain form between double quotes, where every character has an escape."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _scalar(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(_TEXT, text, style=None if text.isprintable() else '"')


_Dumper.add_representer(str, _scalar)


def _tree(topic: Topic) -> Any:
    tree: dict[str, Any] = {"name": topic.name}
    if topic.about:
        tree["about"] = topic.about
    if topic.also:
        tree["also"] = list(topic.also)
    if topic.topics:
        tree["topics"] = [_tree(one) for one in topic.topics]
    return tree if len(tree) > 1 else topic.name


def _lines(topic: Topic, indent: str) -> Iterator[str]:
    yield f"{indent}- {_name(topic.name)}"
    if topic.about:
        yield f"{indent}  {_start(_BACKSLASH.sub(_escaped, topic.about))}"
    if topic.also:
        names = "; ".join(_name(name).replace(";", "\\;") for name in topic.also)
        yield f"{indent}  (also: {names})"
    for one in topic.topics:
        yield from _lines(one, f"{indent}  ")


def _name(name: str) -> str:
    return _start(_MARK.sub(_escaped, name))


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[0]}"


def _start(text: str) -> str:
    """Return the text so that Markdown sees no mark in how it begins."""
    found = _AT_START.match(text)
    if found is None:
        return text
    # A backslash goes before a mark, and behind the digits of a number.
    at = found.end() if found[0].isdigit() else 0
    return f"{text[:at]}\\{text[at:]}"
