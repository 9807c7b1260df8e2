"""Small nouns for the tests of the dataset: only what a test speaks of has to be named."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agentsim.dataset import ExportResult, export
from agentsim.schema import (
    Assignment,
    Candidate,
    CheckResult,
    Dialogue,
    End,
    Ending,
    Finding,
    Grade,
    Grading,
    Guards,
    Intervention,
    Lineage,
    Persona,
    Reason,
    Record,
    Role,
    Scenario,
    Score,
    Tally,
    TaskTemplate,
    Topic,
    Turn,
    Ungraded,
    Usage,
    Verdict,
)


def persona(id: str, **fields: Any) -> Persona:
    values: dict[str, Any] = {
        "id": id,
        "name": f"Name {id}",
        "summary": "A person.",
        "background": "Born, lives.",
        "occupation": "clerk",
        "age": 40,
        "region": "Leeds",
        "schooling": "school",
        "speaking_style": "plain",
    }
    return Persona(**{**values, **fields})


def role(name: str, *, leads: bool = False, train: bool = False, **fields: Any) -> Role:
    values: dict[str, Any] = {
        "name": name,
        "title": f"the {name}",
        "part": "leads" if leads else "follows",
        "train": train,
        "goal": f"Do what a {name} does.",
    }
    return Role(**{**values, **fields})


def scenario(id: str = "shop", roles: Sequence[Role] = (), **fields: Any) -> Scenario:
    values: dict[str, Any] = {
        "id": id,
        "title": f"Scenario {id}",
        "domain": "retail",
        "setting": "A small shop on a quiet day.",
        "roles": tuple(roles) or (role("customer", leads=True), role("clerk", train=True)),
        "task": TaskTemplate(text="Return a lamp."),
        "topics": (Topic(name="Returns"),),
        "ending": Ending(goal="The lamp is returned."),
    }
    return Scenario(**{**values, **fields})


def turns(*said: tuple[str, str], tokens: int = 0) -> tuple[Turn, ...]:
    return tuple(
        Turn(
            index=index,
            role=name,
            text=text,
            model=f"test/{name}",
            usage=Usage(completion_tokens=tokens, calls=1 if tokens else 0),
        )
        for index, (name, text) in enumerate(said)
    )


TALK = (("customer", "This lamp is broken."), ("clerk", "I am sorry. Here is your money."))


def record(
    id: str = "d0",
    said: Iterable[Turn] | None = None,
    *,
    cast: Mapping[str, str] | None = None,
    scenario: str = "shop",
    index: int = 0,
    grading: Grading | None = None,
    outcome: str = "accepted",
    by: str = "evidence",
    checks: Sequence[CheckResult] = (),
    task: str = "Return a lamp.",
    lineage: Lineage | None = None,
    seed: int = 7,
) -> Record:
    return Record(
        dialogue=Dialogue(
            assignment=Assignment(
                index=index,
                id=id,
                scenario=scenario,
                cast=dict(cast or {}),
                topic=("Orders", "Returns"),
                task="Return a lamp.",
                seed=seed,
            ),
            task=task,
            turns=tuple(turns(*TALK) if said is None else said),
            end=End(reason="goal_reached"),
            lineage=lineage
            or Lineage(
                method="simulated",
                models={"customer": "test/customer", "clerk": "test/clerk"},
                hashes={"scenario": "aa", "prompt:clerk": "bb"},
                version="0.1.0",
            ),
        ),
        grading=grading,
        verdict=Verdict(
            outcome=outcome,  # type: ignore[arg-type]
            by=by,  # type: ignore[arg-type]
            reasons=(Reason(code="checks", detail="all passed"),),
            checks=tuple(checks),
        ),
    )


FOUND = Finding(turn=1, kind="flake_reply", confidence=0.75, evidence="I am sorry.", detail="does nothing")


def _clerk(tokens: int) -> Turn:
    return Turn(index=1, role="clerk", text="I am sorry.", usage=Usage(completion_tokens=tokens))


ASKED_AGAIN = Intervention(
    turn=1,
    finding=FOUND,
    action="hint",
    hint="Do it now.",
    candidates=(
        Candidate(turn=_clerk(20), findings=(FOUND,), score=-1),
        Candidate(turn=_clerk(30), findings=(), score=1),
    ),
    chosen=1,
)


def with_failures(one: Record, *, standing: int = 0, repairs: int = 0) -> Record:
    """The record, with so many findings and repairs."""
    update = {"findings": (FOUND,) * standing, "interventions": (ASKED_AGAIN,) * repairs}
    return one.model_copy(update={"dialogue": one.dialogue.model_copy(update=update)})


def grade(overall: float = 4.0, reason: str = "It was kind.") -> Grade:
    return Grade(
        rubric="conversation",
        model="test/critic",
        scores=(Score(criterion="kindness", reason=reason, score=4, turns=(1,)),),
        overall=overall,
    )


def ungraded(reason: str = "The answer was no JSON.") -> Ungraded:
    return Ungraded(rubric="conversation", model="test/critic", reason=reason)


def library(*nouns: Any) -> dict[str, Any]:
    return {noun.id: noun for noun in nouns}


PEOPLE = library(*(persona(f"p{number}") for number in range(40)))


def run(count: int, *, personas: int = 40, **fields: Any) -> list[Record]:
    """Records of ``count`` accepted dialogues, customers played by the first ``personas`` people in turn."""
    return [
        record(f"d{index:03}", cast={"customer": f"p{index % personas}"}, index=index, **fields)
        for index in range(count)
    ]


def tally(records: Sequence[Record], rejected: int = 2, failed: int = 1) -> Tally:
    accepted = sum(item.verdict.outcome == "accepted" for item in records)
    return Tally(
        planned=accepted + rejected + failed,
        accepted=accepted,
        rejected={"low_grade": rejected} if rejected else {},
        failed={"error:timeout": failed} if failed else {},
    )


def write(records: Sequence[Record], folder: Path, **settings: Any) -> ExportResult:
    """Export with everything that a test does not name."""
    values: dict[str, Any] = {
        "scenarios": library(scenario()),
        "personas": PEOPLE,
        "tally": tally(records),
        "guards": Guards(),
        "format": "messages",
        "name": "Lamps",
        "seed": 1,
    }
    return export(records, folder=folder, **{**values, **settings})
