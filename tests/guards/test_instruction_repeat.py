"""Turns that say again what was said: found without the other's protest; quotes, answers and drafts are let be.

``tests/data/instruction_repeat.txt``: ``@ id|setting|leader|task|turns at fault``, then the turns (``u:``, ``a:``).
"""

from pathlib import Path

import pytest

from agentsim.guards.instruction_repeat import instruction_repeat
from agentsim.guards.prepared import Prepared
from agentsim.guards.talk import Said, Talk

CASES = (Path(__file__).parent.parent / "data" / "instruction_repeat.txt").read_text(encoding="utf-8").split("\n\n")


def _talk(case: str) -> tuple[Talk, set[int]]:
    head, *lines = case.strip().split("\n")
    _, setting, leader, task, fault = head.removeprefix("@ ").split("|")
    turns: list[tuple[str, str]] = []
    for line in lines:
        if line.startswith(("u: ", "a: ")):
            turns.append(("user" if line[0] == "u" else "assistant", line[3:]))
        else:
            turns[-1] = (turns[-1][0], f"{turns[-1][1]}\n{line}")
    said = [Said(at, speaker, text) for at, (speaker, text) in enumerate(turns)]
    return Talk(said, leader=leader, setting=setting, task=task), {int(at) for at in fault.split(",") if at}


@pytest.mark.parametrize("case", CASES, ids=[case.strip().split("|")[0][2:] for case in CASES])
def test_what_is_said_again_is_found_and_nothing_else(case: str) -> None:
    talk, faults = _talk(case)
    assert {finding.turn for finding in instruction_repeat(Prepared(talk))} == faults
