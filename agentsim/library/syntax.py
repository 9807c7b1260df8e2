"""What the YAML parser's own complaints mean, in words for people who do not know its inner terms."""

from typing import Any

import yaml

_INDENT = "align this line with its neighbours; text that holds ' or \" needs the other quote around it"

# A piece of the parser's complaint -> what is wrong, and the fix. The first piece that occurs counts; libyaml
# and the pure Python parser word some complaints differently, so both wordings stand here.
_MEANINGS: tuple[tuple[str, str, str], ...] = (
    ("scanning an alias", "text cannot start with '*'", "put the text into quotes"),
    ("scanning an anchor", "text cannot start with '&'", "put the text into quotes"),
    (" directive", "text cannot start with '%'", "put the text into quotes"),
    (" tag", "text cannot start with '!'", "put the text into quotes"),
    (
        "mapping values are not allowed",
        "a second ': ' stands in one line, or the line is indented too far",
        "put text that holds ': ' into quotes, or align the line with its neighbours",
    ),
    (
        "sequence entries are not allowed",
        "a list cannot start in the line of its key",
        "put each '- ' item on a line of its own below the key",
    ),
    ("'-' indicator", "a list is broken off by a line that is no '- ' item", _INDENT),
    (
        "scanning a block scalar",
        "nothing may follow '|' or '>' in its line",
        "start the text on the next line, indented",
    ),
    ("escape", "a backslash in double quotes starts no known escape", "use single quotes, or write '\\\\'"),
    (
        "end of stream",
        "a quote is opened here and never closed",
        "close it; inside single quotes write '' for '",
    ),
    ("',' or ']'", "a '[' is opened here and not closed", "close it with ']', with commas between the items"),
    (
        "',' or '}'",
        "a '{' is opened here and not closed",
        "close it with '}', with commas between the entries",
    ),
    (
        "could not find expected ':'",
        "the line has no 'key: value' form",
        "write ': ' after the key, or indent the line so that it continues the text above",
    ),
    ("node content", "a value cannot start with this character", "put the text into quotes"),
    (
        "<document start>",
        "text stands after the end of the mapping",
        "write 'key: value' lines only, with a space after ':'",
    ),
    ("expected key", "the line does not fit the lines above it", _INDENT),
    ("<block end>", "the line does not fit the lines above it", _INDENT),
)

# For these the parser stops far below the mistake; the line where it began to read the value is of more use.
_BEGUN_HERE = ("quoted scalar", "simple key", "flow sequence", "flow mapping")


def plain_words(error: yaml.YAMLError, text: str) -> tuple[int | None, str, str]:
    """Return line, message and fix for the parser's error over ``text``."""
    mark: Any = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if not isinstance(error, yaml.MarkedYAMLError) or mark is None:
        return None, "the file cannot be read as YAML", "look for stray characters, or save it again as UTF-8"
    context, problem = error.context or "", error.problem or ""
    stopped = _line(mark.line, text)
    if "\t" in stopped[: len(stopped) - len(stopped.lstrip())]:
        return mark.line + 1, "the line is indented with a tab", "indent with spaces"
    if "cannot start any token" in problem:
        char = stopped[mark.column : mark.column + 1]
        return mark.line + 1, f"text cannot start with {char!r}", "put the text into quotes"
    if error.context_mark and any(part in context for part in _BEGUN_HERE):
        mark = error.context_mark
    complaint = f"{context} {problem}"
    for piece, message, fix in _MEANINGS:
        if piece in complaint:
            return mark.line + 1, message, fix
    return mark.line + 1, f"this is not valid YAML ({problem})", "put the text into quotes"


def _line(number: int, text: str) -> str:
    lines = text.splitlines()
    return lines[number] if number < len(lines) else ""
