"""Rows into files. The same rows give the same bytes, and a file is on the disk when its writer returns."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from agentsim.dataset.columns import arrow_schema
from agentsim.dataset.contents import Format
from agentsim.dataset.row import Row

_ROW_GROUP = 1000
"""Rows in one group of a Parquet file; readers that stream or page load one group at a time."""


def write_rows(rows: Sequence[Row], path: Path, format: Format) -> None:
    """Write ``rows`` to ``path`` in ``format``. No rows give a valid empty file."""
    if format == "messages":
        write_jsonl(rows, path)
    else:
        write_parquet(rows, path)


def write_jsonl(rows: Sequence[Row], path: Path) -> None:
    """Write one JSON object a line, UTF-8, keys in the order of the columns, lines ended by ``\\n`` alone."""
    with path.open("wb") as file:
        for row in rows:
            line = json.dumps(row.model_dump(), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            file.write(line.encode("utf-8") + b"\n")
        file.flush()
        os.fsync(file.fileno())


def write_parquet(rows: Sequence[Row], path: Path) -> None:
    """Write a Parquet file with the schema of the columns; it holds neither time nor machine."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = arrow_schema()
    with path.open("wb") as file:
        # Every option that shapes the bytes is named, so that a change of pyarrow's defaults changes nothing.
        with pq.ParquetWriter(
            file,
            schema,
            version="2.6",
            compression="zstd",
            compression_level=3,
            use_dictionary=True,
            data_page_version="1.0",
            write_statistics=True,
            store_schema=True,
        ) as writer:
            for start in range(0, len(rows), _ROW_GROUP):
                group = [row.model_dump() for row in rows[start : start + _ROW_GROUP]]
                writer.write_table(pa.Table.from_pylist(group, schema=schema))
        file.flush()
        os.fsync(file.fileno())


def write_text(text: str, path: Path) -> None:
    """Write ``text`` as UTF-8."""
    with path.open("wb") as file:
        file.write(text.encode("utf-8"))
        file.flush()
        os.fsync(file.fileno())
