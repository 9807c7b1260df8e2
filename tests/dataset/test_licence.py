"""The licence is derived from what was used, and nothing else."""

import pytest

from agentsim.dataset.licence import combine


@pytest.mark.parametrize(
    ("licences", "expression"),
    [
        (["MIT"], "MIT"),
        (["MIT", "Apache-2.0", "MIT"], "Apache-2.0 AND MIT"),
        (["MIT AND Apache-2.0", "MIT"], "Apache-2.0 AND MIT"),
        (["MIT OR Apache-2.0"], "MIT OR Apache-2.0"),
        (["MIT OR Apache-2.0", "CC0-1.0"], "CC0-1.0 AND (MIT OR Apache-2.0)"),
        (["CC0-1.0 AND (MIT OR Apache-2.0)", "CC0-1.0"], "CC0-1.0 AND (MIT OR Apache-2.0)"),
        (["(MIT AND ISC)", "(((ISC)))"], "ISC AND MIT"),
        (["A AND B OR C", "D"], "(A AND B OR C) AND D"),
        (["GPL-2.0 WITH X-exception", "MIT"], "(GPL-2.0 WITH X-exception) AND MIT"),
        (["broken (", "MIT"], "MIT AND (broken ()"),
        ([" MIT \n AND  ISC "], "ISC AND MIT"),
    ],
)
def test_licences_combine(licences: list[str], expression: str) -> None:
    assert combine(licences) == expression
    assert combine(reversed(licences)) == expression


@pytest.mark.parametrize("licences", [[], [" "], ["MIT", ""]])
def test_no_licence_is_ever_made_up(licences: list[str]) -> None:
    with pytest.raises(ValueError, match="licence"):
        combine(licences)
