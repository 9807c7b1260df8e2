"""One row of any dataset, looked at from Python."""

import pytest

import agentsim


def test_the_failures_of_a_row_are_returned() -> None:
    row = {
        "messages": [
            {"role": "system", "content": "You help with recipes."},
            {"role": "user", "content": "Write me a recipe for pea soup."},
            {"role": "assistant", "content": ""},
        ]
    }
    (finding,) = agentsim.lint(row, ["empty"])
    assert (finding.turn, finding.kind, finding.evidence) == (2, "empty", "")
    assert agentsim.lint(row, ["role_flip"]) == []


def test_shapes_of_other_datasets_are_read() -> None:
    said = [{"from": "human", "value": "Which peas?"}, {"from": "gpt", "value": "..."}]
    assert [finding.turn for finding in agentsim.lint({"conversations": said}, ["empty"])] == [1]


def test_what_is_no_chat_is_refused() -> None:
    with pytest.raises(agentsim.UserError, match="this row is no chat"):
        agentsim.lint({"text": "Which peas?"})
