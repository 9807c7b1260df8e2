"""Files of chats that others made: JSON Lines, JSON arrays, Parquet, packed with gzip or not."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal, cast

from agentsim.dataset.chats import CONVERSATION, SITUATION, Chat, Unreadable, chat_of
from agentsim.dataset.chats_json import Value, document, lines
from agentsim.dataset.chats_messages import NoChat
from agentsim.errors import UserError

Form = Literal["jsonl", "json", "parquet"]

FORMS: dict[str, Form] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".parquet": "parquet",
    "": "jsonl",
}
"""Form of a file by how its name ends, ``.gz`` aside. A name without an ending is a pipe as a rule."""

_BATCH = 256
"""Rows of a Parquet file that are in memory at once."""


def form_of(path: Path) -> Form:
    """Return the form of a file.

    Raises:
        UserError: where its name ends in something unknown.
    """
    name = path.with_suffix("") if _packed(path) else path
    form = FORMS.get(name.suffix.lower())
    if form is None or (form == "parquet" and _packed(path)):
        raise UserError(
            f"{path} is in no known format",
            fix="give a file that ends in .jsonl, .json, .parquet, .jsonl.gz or .json.gz",
        )
    return form


def files_in(folder: Path) -> list[Path]:
    """Return the data files of an exported dataset, by name.

    JSON files count only where there are no others: a dataset's folder often has one that describes it.

    Raises:
        UserError: where there are none; it names the folders below that have some.
    """
    found = _data(folder)
    if found:
        return found
    below = [str(path) for path in sorted(folder.iterdir()) if path.is_dir() and _data(path)]
    fix = f"name one of: {', '.join(below)}" if below else "give a folder that holds .jsonl, .json or .parquet files"
    raise UserError(f"{folder} holds no file of chats", fix=fix)


def read_chats(path: Path, *, name: str | None = None) -> Iterator[Chat | Unreadable]:
    """Yield every conversation of a file in its order, and every row that holds none with the reason.

    A damaged file gives what can be read of it, and what is wrong with the rest. Memory holds a few rows at a
    time, whatever the size of the file.

    Args:
        path: the file.
        name: what stands before a row's number where the row has no id of its own; the file's name if left out.

    Raises:
        UserError: where the file is in no known format.
    """
    form = form_of(path)
    number = 0
    try:
        with _opened(path) as file:
            values = {"jsonl": lines, "json": document, "parquet": _parquet}[form](file)
            for number, value in values:
                yield _chat(value, number, name or path.name, str(path))
    except (OSError, EOFError, zlib.error) as error:
        yield Unreadable(f"{path}:{number + 1}", f"the rest of the file cannot be read: {error}")


def read_lines(file: BinaryIO, name: str) -> Iterator[Chat | Unreadable]:
    """Yield every conversation of JSON Lines that come from elsewhere than a file, as `read_chats` does."""
    for number, value in lines(file):
        yield _chat(value, number, name, name)


def _chat(value: object, number: int, name: str, shown: str) -> Chat | Unreadable:
    place = f"{shown}:{number}"
    if isinstance(value, NoChat):
        return Unreadable(place, str(value))
    try:
        return chat_of(value, id=f"{name}:{number}", place=place)
    except NoChat as fault:
        return Unreadable(place, str(fault))


def _packed(path: Path) -> bool:
    return path.suffix.lower() == ".gz"


def _opened(path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path)) if _packed(path) else path.open("rb")


def _data(folder: Path) -> list[Path]:
    known = [path for path in sorted(folder.iterdir()) if path.is_file() and _known(path)]
    others = [path for path in known if form_of(path) != "json"]
    return others or known


def _known(path: Path) -> bool:
    ending = (path.with_suffix("") if _packed(path) else path).suffix.lower()
    return ending != "" and ending in FORMS and not path.name.startswith(".")


def _parquet(file: BinaryIO) -> Iterator[Value]:
    """Yield the rows of a Parquet file, of which only the columns that matter are read."""
    import pyarrow as pa  # lazily: the import takes longer than a small file
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(file) as table:
            names = table.schema_arrow.names
            if not set(names) & set(CONVERSATION):
                has = ", ".join(names[:8])
                yield 1, NoChat(f"it has no column `messages`, `conversations`, `chosen` or `completion`, but {has}")
                return
            columns = [name for name in (*CONVERSATION, *SITUATION) if name in names]
            for batch in table.iter_batches(batch_size=_BATCH, columns=columns):
                for row in range(batch.num_rows):
                    number += 1
                    try:
                        yield number, batch.slice(row, 1).to_pylist()[0]
                    except UnicodeDecodeError:
                        yield number, NoChat("it holds text that is not UTF-8")
    except pa.ArrowException as error:
        yield number + 1, NoChat(f"the rest of the file is no Parquet: {error}")
