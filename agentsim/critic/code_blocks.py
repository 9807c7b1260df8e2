"""Code in what somebody said: fenced blocks, and the one that defines a name."""

import ast
import re
import textwrap
import warnings
from collections.abc import Iterable, Iterator

_FENCE = re.compile(r"^[ \t]*(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)$")
_PYTHON = frozenset({"", "py", "py3", "python", "python3"})


def code_blocks(text: str) -> Iterator[str]:
    """Yield the fenced blocks that are Python or say nothing of their language, in order.

    Fences are CommonMark's, at any depth. A block without an end goes to the end of the text, as one that was cut
    off does.
    """
    mark, wanted, lines = "", False, list[str]()
    for line in text.splitlines():
        fence = _FENCE.match(line)
        if not mark and fence:
            mark, lines = fence["mark"], []
            wanted = (fence["info"].split() or [""])[0].lower().strip("{.}") in _PYTHON
        elif mark and fence and not fence["info"] and fence["mark"].startswith(mark):
            if wanted:
                yield _even("\n".join(lines))
            mark = ""
        elif mark:
            lines.append(line)
    if mark and wanted:
        yield _even("\n".join(lines))


def last_defining(name: str, texts: Iterable[str]) -> str | None:
    """Return the last block in all the texts that defines a function or class of that name, or ``None``.

    A block that is no Python counts where a line of it looks like such a definition: a version that cannot be read
    is still the latest.
    """
    blocks = [block for text in texts for block in code_blocks(text)]
    return next((block for block in reversed(blocks) if _defines(name, block)), None)


def _defines(name: str, block: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a model's doubtful escapes are no concern of the user's
            tree = ast.parse(block)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        looks = (
            rf"^[ \t]*(?:(?:(?:async[ \t]+)?def|class)[ \t]+{re.escape(name)}\b|{re.escape(name)}[ \t]*=[ \t]*lambda\b)"
        )
        return re.search(looks, block, re.MULTILINE) is not None
    return any(_is_definition(name, node) for node in ast.walk(tree))


def _is_definition(name: str, node: ast.AST) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name == name
    if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Lambda):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(isinstance(target, ast.Name) and target.id == name for target in targets)
    return False


def _even(block: str) -> str:
    """Return a block less the indentation that all its lines share, as it has in a list."""
    return textwrap.dedent(block) + "\n"
