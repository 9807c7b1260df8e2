"""One dialogue on a page: who, about what, what was said, how it ended, what was made of it."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from agentsim.cli.output import console, part
from agentsim.cli.show_intervention import as_json as intervention_json
from agentsim.cli.show_intervention import evidence, show_intervention

if TYPE_CHECKING:
    from agentsim.events import Placed
    from agentsim.run.reader import RunReader
    from agentsim.run.story import Story
    from agentsim.schema import Grading, Scenario

PRIVATE = "System prompts. PRIVATE: they hold goals and facts that the other roles must not know"


def state_of(story: "Story") -> str:
    """Return what has become of the dialogue."""
    if story.verdict is not None:
        return story.verdict.outcome
    return "failed" if story.failure is not None else "running"


def as_json(reader: "RunReader", story: "Story", prompts: Mapping[str, str | None] | None) -> dict[str, Any]:
    """Return all that `show_dialogue` shows, texts as they were."""
    told: dict[str, Any] = {
        "run": str(reader.folder),
        "state": state_of(story),
        "assignment": story.assignment,
        "task": story.history.task,
        "names": dict(story.names),
        "lineage": story.history.lineage,
        "turns": [turn.model_dump(mode="json") for turn in story.history.turns],
        "findings": [finding.model_dump(mode="json") for finding in story.history.findings],
        "interventions": [intervention_json(one) for one in story.history.interventions],
        "end": story.history.end,
        "grading": story.grading,
        "placed": story.placed,
        "verdict": story.verdict,
        "failure": None if story.failure is None else {"code": story.failure.code, "detail": story.failure.detail},
    }
    if prompts is not None:
        told["private_prompts"] = dict(prompts)
    return {
        name: value.model_dump(mode="json") if hasattr(value, "model_dump") else value for name, value in told.items()
    }


def _about(placed: "Placed") -> str:
    topics = [" / ".join(topic) for topic in (placed.topic, *placed.also) if topic is not None]
    return f"{'; also '.join(topics) or 'no topic'} (by {'its words' if placed.by == 'words' else 'a model'})"


def show_dialogue(reader: "RunReader", story: "Story", prompts: Mapping[str, str | None] | None) -> None:
    """Print the page."""
    assignment = story.assignment
    if assignment is not None:
        scenario = reader.scenarios()[assignment.scenario]
        part(
            "dialogue",
            f"Dialogue {assignment.index} ({assignment.id})",
            [
                ("state", state_of(story)),
                ("scenario", f"{scenario.id}: {scenario.title}"),
                ("topic", " / ".join(assignment.topic)),
                *([("was about", _about(story.placed))] if story.placed is not None else []),
                ("task", story.history.task or assignment.task),
                ("seed", assignment.seed),
            ],
        )
        part("cast", "Cast", _cast(story, scenario))
    _show_transcript(story)
    for one in story.history.interventions:
        show_intervention(one)
    if story.history.end is not None:
        part("end", "Ended", [(story.history.end.reason, story.history.end.detail or "")])
    if story.grading is not None:
        part("grade", f"Grade by {story.grading.model or 'nobody'}", _grades(story.grading))
    if story.verdict is not None:
        verdict = story.verdict
        part("check", "Checks", [(check.check, check.outcome, check.detail) for check in verdict.checks])
        decided = [("outcome", f"{verdict.outcome}, by {verdict.by}")]
        part("verdict", "Verdict", decided + [(reason.code, reason.detail) for reason in verdict.reasons])
    if story.failure is not None:
        part("failure", "Failed", [(story.failure.code, story.failure.detail)])
    if prompts is not None:
        part(
            "private_prompt",
            PRIVATE,
            [
                (role, text or "(none: a chatbot under test gets the conversation alone)")
                for role, text in prompts.items()
            ],
        )


def _show_transcript(story: "Story") -> None:
    """Print the turns, each with the failures that stand in it below."""
    rows: list[tuple[str, tuple[object, ...]]] = []
    for turn in story.history.turns:
        name = story.names.get(turn.role, turn.role)
        rows.append(("turn", (turn.index, turn.role, name, f"{turn.usage.completion_tokens} tok", turn.text)))
        for found in story.history.findings:
            if found.turn == turn.index:
                sure = f"sure {found.confidence:.2f}"
                rows.append(("finding", (turn.index, turn.role, found.kind, sure, evidence(found))))
    if console().is_terminal:
        part("turn", "Transcript", [cells for _, cells in rows])
        return
    for kind, cells in rows:
        part(kind, "Transcript", [cells])


def _cast(story: "Story", scenario: "Scenario") -> Iterator[tuple[str, str, str]]:
    cast = story.assignment.cast if story.assignment else {}
    models = story.history.lineage.models if story.history.lineage else {}
    for role in scenario.order:
        persona = f"{story.names.get(role.name, role.name)} ({cast[role.name]})" if role.name in cast else "-"
        yield role.name, persona, f"{role.title}; played by {models.get(role.name, 'nobody yet')}"


def _grades(grading: "Grading") -> Iterator[tuple[str, str, str]]:
    if grading.kind == "ungraded":
        yield "ungraded", "-", grading.reason
        if grading.answer:
            yield "answer", "-", grading.answer
        return
    yield "overall", f"{grading.overall:.2f}", f"by the rubric {grading.rubric}"
    for score in grading.scores:
        cited = f" [turns {', '.join(map(str, score.turns))}]" if score.turns else ""
        yield score.criterion, str(score.score), f"{score.reason}{cited}"
