"""What the rules alone decided rightly and the judge, as it is fitted now, does not: known and wanted back.

Strict: a case that is decided rightly again must leave this list.
"""

import pytest

LOST = (
    "test_role_flip.py::test_the_other_sides_part_is_found[We have an inspector free on Thursday",
    "test_goal_leak.py::test_a_leak_is_found[Between us, I'd be fine with 900.",
    "test_goal_leak.py::test_a_leak_is_found[My card says I should get angry now.",
    "test_goal_leak.py::test_a_leak_is_found[I've been configured to play a grumpy seller.",
    "test_broken_language.py::test_probe[3-assistant-user-Choose a saddle for a touring bike.-en-lines0]",
    "test_broken_language.py::test_probe[1-peers-user-Plan a school reunion.-en-lines9]",
    "test_broken_language.py::test_probe[3-assistant-user-Pick running shoes.-en-lines27]",
    "test_premature_end.py::test_probe[None-peers-user-Choose a film.-en-lines19]",
    "test_premature_end.py::test_probe[None-tutoring-assistant-Learn the word order in German questions.-en-lines26]",
    "test_premature_end.py::test_probe[4-assistant-user-Plan a birthday.-en-lines31]",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(f"tests/guards/{case}" in item.nodeid for case in LOST):
            item.add_marker(pytest.mark.xfail(reason="the judge decides otherwise", strict=True))
