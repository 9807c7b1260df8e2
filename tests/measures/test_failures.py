"""Counts of failures and repairs."""

from hypothesis import given
from hypothesis import strategies as st

from agentsim.measures.failures import count_failures
from agentsim.schema import Action, Candidate, Dialogue, FailureKind, Finding, Intervention, Turn, Usage
from tests.measures.build import dialogue


def turn(index: int, tokens: int) -> Turn:
    return Turn(index=index, role="clerk", text="Well.", usage=Usage(completion_tokens=tokens))


def finding(index: int, kind: FailureKind) -> Finding:
    return Finding(turn=index, kind=kind, confidence=0.9, evidence="Well.")


def repair(
    kind: FailureKind, action: Action, *, clean: bool = True, chosen: int | None = 1, undone: int = 0
) -> Intervention:
    """A guard that found ``kind`` in a proposal of 10 tokens, and asked for another of 7."""
    found = finding(1, kind)
    proposals = (
        Candidate(turn=turn(1, 10), findings=(found,), score=-1),
        Candidate(turn=turn(1, 7), findings=() if clean else (found,), score=0),
    )
    return Intervention(
        turn=1,
        finding=found,
        action=action,
        candidates=proposals,
        chosen=chosen,
        undone=tuple(turn(n, 100) for n in range(undone)),
    )


def happened(*repairs: Intervention, standing: tuple[Finding, ...] = (), tokens: int = 0) -> Dialogue:
    return dialogue("Hello.").model_copy(
        update={"interventions": repairs, "findings": standing, "turns": (turn(0, tokens),)}
    )


def test_what_stands_what_was_repaired_and_what_it_took() -> None:
    dialogues = [
        happened(repair("role_flip", "hint"), tokens=83),
        happened(repair("role_flip", "hint", clean=False), standing=(finding(1, "role_flip"),)),
        happened(repair("off_task", "rewind", chosen=None, undone=1)),
        happened(standing=(finding(0, "empty"), finding(2, "empty"))),
        happened(),
    ]
    found = count_failures(dialogues, {"role_flip": 1, "low_grade": 4})
    assert (found.dialogues, found.repaired, found.repairs) == (5, 3, 3)
    # 10 of each of two, and all of a proposal, a second one and a turn that was taken back.
    assert found.discarded.completion_tokens == 10 + 10 + 10 + 7 + 100
    assert found.discarded_share == 137 / (83 + 137)
    told = {count.kind: count for count in found.kinds}
    assert list(told) == ["role_flip", "empty", "off_task"]
    flip, empty, off = told.values()
    assert (flip.found, flip.standing, flip.dialogues, flip.repairs, flip.in_vain, flip.rejected) == (
        2, 1, 1, {"hint": 2}, 1, 1,
    )  # fmt: skip
    assert (empty.found, empty.standing, empty.dialogues, empty.repairs) == (2, 2, 1, {})
    assert (off.found, off.standing, off.repairs, off.in_vain) == (1, 0, {"rewind": 1}, 0)


def test_nothing_happened() -> None:
    found = count_failures([], {})
    assert (found.dialogues, found.kinds, found.discarded_share) == (0, (), None)


kinds = st.sampled_from(["role_flip", "empty", "off_task"])


@given(st.lists(st.tuples(kinds, st.sampled_from(["hint", "regenerate"]), st.booleans()), max_size=8))
def test_repairs_add_up(repairs: list[tuple[FailureKind, Action, bool]]) -> None:
    found = count_failures(
        [
            happened(repair(kind, action, clean=clean), standing=() if clean else (finding(1, kind),))
            for kind, action, clean in repairs
        ],
        {},
    )
    assert sum(sum(count.repairs.values()) for count in found.kinds) == found.repairs == len(repairs)
    assert sum(count.found for count in found.kinds) == len(repairs)
    assert sum(count.in_vain for count in found.kinds) == sum(count.standing for count in found.kinds)
