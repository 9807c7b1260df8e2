"""Whether a dialogue is accepted. Evidence outranks opinion, and no grade is not a low grade."""

from collections.abc import Sequence

from agentsim.schema import CheckResult, Dialogue, Finding, Grading, Reason, Rubric, Scenario, Ungraded, Verdict


def decide(
    dialogue: Dialogue,
    scenario: Scenario,
    checks: Sequence[CheckResult],
    grading: Grading | None,
    rubric: Rubric,
    *,
    critic_decides: bool,
    examined: Reason | None = None,
    failures: Sequence[Finding] = (),
) -> Verdict:
    """Return the verdict on a finished dialogue.

    Evidence comes first: everybody must have spoken, and no required check may have failed. Then the detectors:
    none of ``failures``, which stand in the dialogue and are not to be put up with, may be there. Where
    ``critic_decides``, the grade must also reach the rubric's threshold and every criterion's minimum; a
    dialogue without a grade is then undecided. Where it does not, the grade is kept beside the dialogue and
    decides nothing. A check that could not be run counts neither way, and is told as ``unverified``. ``examined`` tells
    why the critic decides, or why it does not though it was to, and stands with the grounds of every verdict that this
    made a difference to.
    """
    found = tuple(checks)
    recorded = {check.id for check in scenario.checks if not check.required}
    against = [
        Reason(code="incomplete", detail=f"{role.name} said nothing")
        for role in scenario.roles
        if not any(turn.role == role.name and turn.text.strip() for turn in dialogue.turns)
    ]
    against += [
        Reason(code="check_failed", detail=f"{result.check}: {result.detail}")
        for result in found
        if result.outcome == "failed" and result.check not in recorded
    ]
    if against:
        return Verdict(outcome="rejected", by="evidence", reasons=tuple(against), checks=found)
    if failures:
        found_at = tuple(
            Reason(code=one.kind, detail=f"turn {one.turn}: {one.detail or one.evidence}") for one in failures
        )
        return Verdict(outcome="rejected", by="detectors", reasons=found_at, checks=found)
    evidence = Reason(code="evidence", detail=_evidence(found))
    fit = () if examined is None else (examined,)
    grounds = [
        *fit,
        *(Reason(code="unverified", detail=f"{one.check}: {one.detail}") for one in found if one.outcome == "not_run"),
    ]
    if not critic_decides:
        return Verdict(outcome="accepted", by="evidence", reasons=(evidence, *grounds), checks=found)
    if grading is None or isinstance(grading, Ungraded):
        detail = grading.reason if grading else "no critic was asked"
        return Verdict(
            outcome="undecided", by="critic", reasons=(Reason(code="ungraded", detail=detail), *fit), checks=found
        )
    low = [
        Reason(
            code="low_criterion",
            detail=f"{score.criterion}: {score.score}, at least {criterion.minimum} is asked",
        )
        for criterion, score in zip(rubric.criteria, grading.scores, strict=True)
        if criterion.minimum is not None and score.score < criterion.minimum
    ]
    if grading.overall < rubric.threshold:
        low.insert(0, Reason(code="low_grade", detail=f"{grading.overall:.2f}, {rubric.threshold:g} is asked"))
    if low:
        return Verdict(outcome="rejected", by="critic", reasons=(*low, *fit), checks=found)
    passed = Reason(code="grade", detail=f"{grading.overall:.2f}, {rubric.threshold:g} is asked")
    return Verdict(outcome="accepted", by="critic", reasons=(passed, evidence, *grounds), checks=found)


def _evidence(checks: Sequence[CheckResult]) -> str:
    counts = {name: sum(c.outcome == name for c in checks) for name in ("passed", "failed", "not_run")}
    parts = ["every role spoke"]
    if counts["passed"]:
        parts.append(f"{_checks(counts['passed'])} passed")
    if counts["failed"]:
        parts.append(f"{_checks(counts['failed'])} missed, none of them required")
    if counts["not_run"]:
        parts.append(f"{_checks(counts['not_run'])} not run")
    return ", ".join(parts)


def _checks(count: int) -> str:
    return f"{count} check" if count == 1 else f"{count} checks"
