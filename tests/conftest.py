"""How tests are spread over processes."""

from collections.abc import Sequence

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the embedded model come first and stay in one process, in their order: two models at a time would
    fight for the cores, and the README's commands build on one another."""

    def split(weights: bool) -> Sequence[pytest.Item]:
        return [item for item in items if (item.get_closest_marker("weights") is not None) is weights]

    first = split(True)
    for item in first:
        item.add_marker(pytest.mark.xdist_group("weights"))
    items[:] = [*first, *split(False)]
