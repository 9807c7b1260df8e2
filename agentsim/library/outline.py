"""An outline of one's own -> topic trees: a Markdown list, a CSV table or YAML.

Markdown: headings and list items are topics, deeper ones narrower; text below a topic says what it is about, and a line
``(also: one; two)`` what else it is called. A single first-level heading above everything is the outline's title, no
topic. CSV: a row is a path from broad to narrow; an empty cell at the start of a row takes the value above it, as
spreadsheets show it. YAML: ``topics:`` with names, or with mappings of ``name``, ``about``, ``also`` and ``topics``.
`outline_writing` writes what is read here.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agentsim.library.faults import Fault, LibraryError, Place, line_of, shown
from agentsim.library.strict_yaml import MAX_BYTES, Tree, parse
from agentsim.schema import Topic

KINDS = (".md", ".markdown", ".csv", ".yaml", ".yml")
"""How an outline's name may end."""

DEEPEST = 8
"""Levels that an outline may have."""

_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*\s*$")
_ITEM = re.compile(r"(\s*)(?:[-*+]|\d{1,4}[.)])\s+(?:\[[ xX]\]\s+)?(.+?)\s*$")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_ESCAPED = r"\\([!-/:-@\[-`{-~])"
_MARKS = re.compile(rf"{_ESCAPED}|\*\*|__|`")
_ESCAPES = re.compile(_ESCAPED)
_ALSO = re.compile(r"\(also:\s+(.+)\)$")
_NAMES = re.compile(r"(?:\\.|[^;])+")
_LEVEL = re.compile(r"(?:sub-?)*(?:topic|subject|domain|level|category|area)s?[ _-]?\d*", re.IGNORECASE)


@dataclass
class _Entry:
    """A topic while its narrower ones are still being read."""

    name: str
    line: int
    about: list[str] = field(default_factory=list)
    also: list[str] = field(default_factory=list)
    topics: "dict[str, _Entry]" = field(default_factory=dict)

    def noun(self) -> Topic:
        about = " ".join(self.about) or None
        topics = tuple(entry.noun() for entry in self.topics.values())
        return Topic(name=self.name, about=about, also=tuple(dict.fromkeys(self.also)), topics=topics)


class _Outline:
    """Takes in topics line by line; collects what is wrong with them."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root = _Entry("", 0)
        self.faults: list[Fault] = []

    def add(self, above: _Entry, name: str, line: int, depth: int) -> _Entry:
        """Add a topic below another and return it; one of that name that is there already is a fault."""
        entry = _Entry(name, line)
        if depth > DEEPEST:
            self.fault(line, f"topics are nested more than {DEEPEST} levels deep", "move the inner ones up")
        elif name in above.topics:
            first = above.topics[name].line
            self.fault(line, f"{shown(name)} stands here twice, first in line {first}", "give it another name")
        else:
            above.topics[name] = entry
        return entry

    def fault(self, line: int | None, message: str, fix: str) -> None:
        self.faults.append(Fault(self.file, line, "", message, fix))

    def done(self) -> tuple[Topic, ...]:
        if not self.root.topics and not self.faults:
            self.fault(None, "the outline holds no topic", "write one topic a line, e.g. '- Lost parcels'")
        if self.faults:
            raise LibraryError(self.faults)
        return tuple(entry.noun() for entry in self.root.topics.values())


def load_outline(path: Path) -> tuple[Topic, ...]:
    """Read an outline; its kind is told by the end of its name.

    Raises:
        LibraryError: with every fault, by file and line.
    """
    file = str(path)
    if path.suffix.lower() not in KINDS:
        raise LibraryError([Fault(file, None, "", "its kind is not known", f"name it {', '.join(KINDS)}")])
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise LibraryError([Fault(file, None, "", f"cannot read it: {error.strerror or error}", "")]) from None
    return parse_outline(data, file)


def parse_outline(data: bytes, file: str) -> tuple[Topic, ...]:
    """Read an outline from the bytes of a file; its kind is told by the end of the file's name.

    Raises:
        LibraryError: with every fault, by file and line.
    """
    outline = _Outline(file)
    kind = Path(file).suffix.lower()
    if kind in (".yaml", ".yml"):
        _yaml(outline, data)
        return outline.done()
    if len(data) > MAX_BYTES:
        outline.fault(None, f"the file is larger than {MAX_BYTES:,} bytes", "split it into smaller files")
        return outline.done()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        outline.fault(data.count(b"\n", 0, error.start) + 1, "the file is not UTF-8 text", "save it as UTF-8")
        return outline.done()
    (_csv if kind == ".csv" else _markdown)(outline, text)
    return outline.done()


def _markdown(outline: _Outline, text: str) -> None:
    lines = list(_markdown_lines(text))
    titles = [number for number, (_, depth, _) in enumerate(lines) if depth == -6]
    if len(titles) == 1 and all(depth is None for _, depth, _ in lines[: titles[0]]):
        del lines[: titles[0] + 1]
        while lines and lines[0][1] is None:  # what stands below the title introduces the whole
            del lines[0]
    above: list[tuple[int, _Entry]] = []
    for number, depth, said in lines:
        if depth is None:
            if above and (names := _ALSO.match(said)):
                above[-1][1].also += [name for part in _NAMES.findall(names[1]) if (name := _unescaped(part).strip())]
            elif above:
                above[-1][1].about.append(_unescaped(said))
            continue
        if not said:
            outline.fault(number, "a topic needs a name", "write it behind the mark, e.g. '- Lost parcels'")
            continue
        while above and above[-1][0] >= depth:
            above.pop()
        parent = above[-1][1] if above else outline.root
        above.append((depth, outline.add(parent, said, number, len(above) + 1)))


def _markdown_lines(text: str) -> Iterator[tuple[int, int | None, str]]:
    """Yield line number, depth and text: headings from -6 to -1, items by their indent, other text ``None``."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced and line.strip():
            line = line.expandtabs(4)
            if heading := _HEADING.match(line):
                yield number, len(heading[1]) - 7, _plain(heading[2])
            elif item := _ITEM.match(line):
                yield number, len(item[1]), _plain(item[2])
            else:
                yield number, None, line.strip()


def _plain(text: str) -> str:
    """Return a name without emphasis; a mark behind a backslash is the mark itself."""
    return _MARKS.sub(lambda found: found[1] or "", text).strip()


def _unescaped(text: str) -> str:
    return _ESCAPES.sub(r"\1", text)


def _csv(outline: _Outline, text: str) -> None:
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    path: list[_Entry] = []
    about: int | None = None
    try:
        for cells in reader:
            row = [cell.strip() for cell in cells]
            if not any(row):
                continue
            if about is None and (about := _header(row)) is not None:
                continue
            about = -1 if about is None else about
            said = row.pop(about) if 0 <= about < len(row) else ""
            path = _row(outline, row, path, reader.line_num)
            if said and path:
                path[-1].about.append(said)
    except csv.Error as error:
        outline.fault(reader.line_num, f"this is not CSV: {error}", "put such cells into double quotes")


def _header(row: Sequence[str]) -> int | None:
    """Return the column of ``about`` in a header, -1 in one without it; ``None`` for a row that is no header."""
    names = [cell.casefold() for cell in row if cell]
    if not all(name == "about" or _LEVEL.fullmatch(name) for name in names):
        return None
    return names.index("about") if "about" in names else -1


def _row(outline: _Outline, row: list[str], above: list[_Entry], line: int) -> list[_Entry]:
    """Take in one row and return its path; rows share what they begin with."""
    while row and not row[-1]:
        row.pop()
    path: list[_Entry] = []
    parent = outline.root
    for level, name in enumerate(row):
        if not name and path == above[:level] and level < len(above):
            entry = above[level]
        elif not name:
            outline.fault(line, f"cell {level + 1} is empty and nothing stands above it", "fill it in")
            return path
        elif name in parent.topics and level + 1 < len(row):
            entry = parent.topics[name]
        else:
            entry = outline.add(parent, name, line, level + 1)
        path.append(entry)
        parent = entry
    return path


def _yaml(outline: _Outline, data: bytes) -> None:
    document = parse(data, outline.file)
    outline.faults += document.faults
    if document.tree is None:
        return
    lines = document.lines
    for key in document.tree:
        if key != "topics":
            outline.fault(line_of((key,), lines), f"{shown(key)} is not known here", "an outline has only 'topics'")

    def take(tree: Tree, above: _Entry, place: Place, depth: int) -> None:
        line = line_of(place, lines)
        if not isinstance(tree, list):
            outline.fault(line, f"topics are a list, not {shown(tree)}", "write one '- ' item a topic")
            return
        for number, item in enumerate(tree):
            here = (*place, number)
            line = line_of(here, lines) or 0
            name = item.get("name") if isinstance(item, dict) else item
            if not isinstance(name, str) or not name.strip():
                outline.fault(line, "a topic needs a name", "write '- Lost parcels', or '- name: Lost parcels'")
                continue
            entry = outline.add(above, name.strip(), line, depth)
            for key, value in item.items() if isinstance(item, dict) else ():
                if key == "about" and isinstance(value, str):
                    entry.about.append(value.strip())
                elif key == "also" and isinstance(value, list) and all(_said(one) for one in value):
                    entry.also += [str(one).strip() for one in value]
                elif key == "topics":
                    take(value, entry, (*here, "topics"), depth + 1)
                elif key != "name":
                    fix = "a topic has name, about (text), also (a list of names) and topics (a list)"
                    outline.fault(line_of((*here, key), lines), f"{shown(key)} is not known here, or no text", fix)

    take(document.tree.get("topics", []), outline.root, ("topics",), 1)


def _said(tree: Tree) -> bool:
    return isinstance(tree, str) and bool(tree.strip())
