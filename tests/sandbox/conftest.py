"""Who runs hostile code."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.hostile import Runner, published, runner_as


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """Not pytest's own folder, which nobody else may enter."""
    with tempfile.TemporaryDirectory(prefix="agentsim-hostile-") as place:
        yield published(Path(place))


@pytest.fixture(params=["root", "ordinary"])
def run(request: pytest.FixtureRequest, folder: Path) -> Runner:
    """Run code as root, and as an ordinary user."""
    return runner_as(request.param, folder)
