"""From a finished dialogue to the rows that people train on."""

from collections.abc import Mapping, Sequence

from agentsim.dataset.conversation import Piece, System, conversation
from agentsim.dataset.licence import combine
from agentsim.dataset.row import (
    CastMember,
    CheckOutcome,
    CriterionGrade,
    FoundFailure,
    Message,
    ModelUse,
    Origin,
    Row,
)
from agentsim.dataset.tokens import ReportedTokens, TokenCounter
from agentsim.errors import UserError
from agentsim.schema import Dialogue, Grade, Persona, Record, Role, Scenario, Ungraded

NOT_ASKED = "no critic was asked"
"""Why a dialogue has no grade when nobody was to give one."""


def rows(
    record: Record,
    scenario: Scenario,
    personas: Mapping[str, Persona],
    *,
    system: System = "public",
    tokens: TokenCounter | None = None,
) -> list[Row]:
    """Return one row for each trained role that speaks, in the scenario's order; none unless accepted.

    ``personas`` holds every persona cast, by id. Tokens are counted by the models' reports unless ``tokens``
    is given. Raise ``UserError`` where scenario or personas are not those the dialogue was played with.
    """
    if record.verdict.outcome != "accepted":
        return []
    _fits(record.dialogue, scenario, personas)
    counter = ReportedTokens() if tokens is None else tokens
    made: list[Row] = []
    for role in scenario.roles:
        if role.train:
            pieces = conversation(record.dialogue, role, scenario, personas, system=system)
            if pieces:
                made.append(_row(record, scenario, personas, role, pieces, counter))
    return made


def _row(
    record: Record,
    scenario: Scenario,
    personas: Mapping[str, Persona],
    role: Role,
    pieces: Sequence[Piece],
    counter: TokenCounter,
) -> Row:
    dialogue, grading, verdict = record.dialogue, record.grading, record.verdict
    plan = dialogue.assignment
    counts = [counter.count(piece.content, piece.turns) for piece in pieces]
    people = [personas[plan.cast[part.name]] for part in scenario.roles if part.name in plan.cast]
    grade = grading if isinstance(grading, Grade) else None
    ungraded = NOT_ASKED if grading is None else grading.reason if isinstance(grading, Ungraded) else None
    return Row(
        id=dialogue.id,
        role=role.name,
        scenario=scenario.id,
        domain=scenario.domain,
        language=scenario.language,
        topic=plan.topic,
        task=dialogue.task,
        cast=tuple(
            CastMember(role=part.name, persona=plan.cast[part.name])
            for part in scenario.roles
            if part.name in plan.cast
        ),
        messages=tuple(Message(role=piece.role, content=piece.content) for piece in pieces),
        train_on=tuple(piece.trained for piece in pieces),
        turns=sum(len(piece.turns) for piece in pieces),
        tokens=sum(counts),
        trained_tokens=sum(count for count, piece in zip(counts, pieces, strict=True) if piece.trained),
        end=dialogue.end.reason,
        accepted_by=verdict.by,
        grade=grade.overall if grade else None,
        rubric=grading.rubric if grading else None,
        grades=tuple(
            CriterionGrade(criterion=score.criterion, score=score.score, reason=score.reason, turns=score.turns)
            for score in (grade.scores if grade else ())
        ),
        graded_by=grading.model if grading else None,
        ungraded=ungraded,
        checks=tuple(CheckOutcome(check=result.check, outcome=result.outcome) for result in verdict.checks),
        findings=tuple(
            FoundFailure(turn=one.turn, kind=one.kind, confidence=one.confidence) for one in dialogue.findings
        ),
        repairs=len(dialogue.interventions),
        models=tuple(ModelUse(part=part, model=model) for part, model in _models(record)),
        seed=plan.seed,
        lineage=tuple(Origin(name=name, hash=digest) for name, digest in sorted(dialogue.lineage.hashes.items())),
        version=dialogue.lineage.version,
        licence=combine([scenario.licence, *(person.licence for person in people)]),
        source="; ".join(sorted({scenario.source, *(person.source for person in people)})),
    )


def _models(record: Record) -> list[tuple[str, str]]:
    """Return part and model, sorted: as the lineage has them, and as turns and grading report them."""
    used = set(record.dialogue.lineage.models.items())
    used.update((turn.role, turn.model) for turn in record.dialogue.turns if turn.model is not None)
    if record.grading is not None and record.grading.model is not None:
        used.add(("critic", record.grading.model))
    return sorted(used)


def _fits(dialogue: Dialogue, scenario: Scenario, personas: Mapping[str, Persona]) -> None:
    """Raise ``UserError`` where the library no longer matches the dialogue."""
    plan = dialogue.assignment
    known = {role.name for role in scenario.roles}
    faults: list[str] = []
    if plan.scenario != scenario.id:
        faults.append(f"it was played in scenario {plan.scenario!r}, not {scenario.id!r}")
    strangers = sorted(({turn.role for turn in dialogue.turns} | set(plan.cast)) - known)
    faults.extend(f"the scenario has no role {name!r}" for name in strangers)
    missing = sorted(set(plan.cast.values()) - set(personas))
    faults.extend(f"persona {name!r} is not in the library" for name in missing)
    if faults:
        raise UserError(
            f"dialogue {dialogue.id} cannot be exported: {'; '.join(faults)}",
            fix="export with the library that the dialogues were simulated with",
        )
