"""The verdict: evidence first, then the critic where it decides, and no grade is not a low grade."""

import itertools

import pytest

from agentsim.critic.verdict import decide
from agentsim.schema import (
    CheckResult,
    Dialogue,
    ExactCheck,
    Grade,
    Grading,
    Rubric,
    Score,
    Ungraded,
    Verdict,
)
from tests.dialogue.build import rubric, said, situation

SCENARIO = situation()
FULL = said(SCENARIO, "Figs?", "Two euros.")
SILENT = said(SCENARIO, "Figs?")
TWO = rubric("clear", "kind")
PASSED = CheckResult(check="price", outcome="passed", detail="found 2")
FAILED = CheckResult(check="price", outcome="failed", detail="not found in 1 turns")
NOT_RUN = CheckResult(check="code", outcome="not_run", detail="no sandbox")


def graded(*scores: int, overall: float | None = None) -> Grade:
    return Grade(
        rubric="plain",
        model="m",
        scores=tuple(Score(criterion=c, reason="so", score=s) for c, s in zip(("clear", "kind"), scores, strict=True)),
        overall=overall if overall is not None else sum(scores) / len(scores),
    )


UNGRADED = Ungraded(rubric="plain", reason="the critic answered with nothing")


def verdict(
    dialogue: Dialogue,
    checks: tuple[CheckResult, ...],
    grading: Grading | None,
    decides: bool,
    by: Rubric = TWO,
) -> Verdict:
    return decide(dialogue, SCENARIO, checks, grading, by, critic_decides=decides)


@pytest.mark.parametrize(
    ("dialogue", "checks", "grading", "decides", "outcome", "by", "code"),
    [
        (FULL, (), None, False, "accepted", "evidence", "evidence"),
        (FULL, (PASSED,), None, False, "accepted", "evidence", "evidence"),
        (FULL, (NOT_RUN,), None, False, "accepted", "evidence", "evidence"),
        (FULL, (PASSED, FAILED), None, False, "rejected", "evidence", "check_failed"),
        (SILENT, (PASSED,), None, False, "rejected", "evidence", "incomplete"),
        (FULL, (), graded(1, 1), False, "accepted", "evidence", "evidence"),
        (FULL, (), UNGRADED, False, "accepted", "evidence", "evidence"),
        (FULL, (), graded(4, 4), True, "accepted", "critic", "grade"),
        (FULL, (PASSED,), graded(1, 2), True, "rejected", "critic", "low_grade"),
        (FULL, (), UNGRADED, True, "undecided", "critic", "ungraded"),
        (FULL, (PASSED,), None, True, "undecided", "critic", "ungraded"),
        (FULL, (FAILED,), graded(5, 5), True, "rejected", "evidence", "check_failed"),
        (SILENT, (), graded(5, 5), True, "rejected", "evidence", "incomplete"),
        (FULL, (FAILED,), UNGRADED, True, "rejected", "evidence", "check_failed"),
    ],
)
def test_who_decides_and_how(
    dialogue: Dialogue,
    checks: tuple[CheckResult, ...],
    grading: Grading | None,
    decides: bool,
    outcome: str,
    by: str,
    code: str,
) -> None:
    decision = verdict(dialogue, checks, grading, decides)
    assert (decision.outcome, decision.by, decision.reasons[0].code) == (outcome, by, code)
    assert decision.checks == checks


def test_a_failed_check_is_never_outvoted() -> None:
    grades = [None, UNGRADED, *(graded(a, b) for a, b in itertools.product(range(1, 6), repeat=2))]
    for grading, decides in itertools.product(grades, (True, False)):
        assert verdict(FULL, (PASSED, FAILED), grading, decides).by == "evidence"
        assert verdict(FULL, (PASSED, FAILED), grading, decides).outcome == "rejected"


@pytest.mark.parametrize(("required", "outcome"), [(True, "rejected"), (False, "accepted")])
def test_a_check_that_is_not_required_is_only_recorded(required: bool, outcome: str) -> None:
    price = ExactCheck(id="price", kind="exact", answer="three", required=required)
    decision = decide(FULL, situation(checks=[price]), (FAILED,), None, TWO, critic_decides=False)
    assert (decision.outcome, decision.checks) == (outcome, (FAILED,))
    if not required:
        assert decision.reasons[0].detail == "every role spoke, 1 check missed, none of them required"


def test_an_ungraded_dialogue_is_never_accepted_nor_rejected_by_a_critic() -> None:
    for checks in ((), (PASSED,), (NOT_RUN,)):
        assert verdict(FULL, checks, UNGRADED, True).outcome == "undecided"


@pytest.mark.parametrize("decides", [True, False])
def test_an_accepted_dialogue_says_which_checks_were_not_run(decides: bool) -> None:
    decision = verdict(FULL, (PASSED, NOT_RUN), graded(4, 4), decides)
    assert decision.outcome == "accepted"
    assert [r.detail for r in decision.reasons if r.code == "unverified"] == ["code: no sandbox"]


@pytest.mark.parametrize(("overall", "outcome"), [(3.4999, "rejected"), (3.5, "accepted"), (5, "accepted")])
def test_the_threshold_itself_passes(overall: float, outcome: str) -> None:
    assert verdict(FULL, (), graded(3, 4, overall=overall), True).outcome == outcome


@pytest.mark.parametrize(("score", "outcome"), [(2, "rejected"), (3, "accepted")])
def test_a_criterion_below_its_minimum_rejects_whatever_the_rest(score: int, outcome: str) -> None:
    criteria = [TWO.criteria[0].model_dump(), {**TWO.criteria[1].model_dump(), "minimum": 3}]
    by = rubric(criteria=criteria, threshold=1.0)
    decision = verdict(FULL, (), graded(5, score), True, by)
    assert decision.outcome == outcome
    if outcome == "rejected":
        assert [r.code for r in decision.reasons] == ["low_criterion"]
        assert decision.reasons[0].detail == "kind: 2, at least 3 is asked"


def test_all_that_speaks_against_it_is_told() -> None:
    three = said(situation(3), "Figs?")
    decision = decide(three, situation(3), (FAILED, PASSED), None, TWO, critic_decides=False)
    assert [(r.code, r.detail) for r in decision.reasons] == [
        ("incomplete", "helper said nothing"),
        ("incomplete", "clerk said nothing"),
        ("check_failed", "price: not found in 1 turns"),
    ]
    criteria = [{**c.model_dump(), "minimum": 3} for c in TWO.criteria]
    low = verdict(FULL, (), graded(1, 2), True, rubric(criteria=criteria))
    assert [r.code for r in low.reasons] == ["low_grade", "low_criterion", "low_criterion"]


def test_a_turn_of_white_space_is_no_turn() -> None:
    assert verdict(said(SCENARIO, "Figs?", " \n"), (), None, False).reasons[0].code == "incomplete"


@pytest.mark.parametrize(
    ("checks", "detail"),
    [
        ((), "every role spoke"),
        ((PASSED,), "every role spoke, 1 check passed"),
        ((PASSED, PASSED, NOT_RUN), "every role spoke, 2 checks passed, 1 check not run"),
    ],
)
def test_the_evidence_is_told_in_words(checks: tuple[CheckResult, ...], detail: str) -> None:
    assert verdict(FULL, checks, None, False).reasons[0].detail == detail
