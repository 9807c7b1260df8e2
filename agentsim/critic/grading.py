"""The critic's opinion: a reason, then a score, for every criterion of a rubric; or no grade at all."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from agentsim.dialogue.stage import SideModel
from agentsim.dialogue.transcript import fence_mark, transcript_lines
from agentsim.llm.model import Answer, Model
from agentsim.llm.structured import ask_json
from agentsim.planning.seeded import derive_seed
from agentsim.prompts.render import Prompts
from agentsim.schema import Dialogue, Grade, Grading, Rubric, Scenario, Score, Ungraded, Usage

ATTEMPTS = 2
KEPT_ANSWER = 2000


class _Mark(BaseModel):
    """What the critic must write for one criterion, in this order: first the reason, last the score.

    The longest lengths are asked for, so that a constrained model comes to an end; a longer answer counts all
    the same.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Annotated[str, Field(min_length=1, json_schema_extra={"maxLength": 240})]
    turns: Annotated[list[Annotated[int, Field(ge=0)]], Field(json_schema_extra={"maxItems": 8})]
    score: Annotated[int, Field(ge=1, le=5)]


class Critic:
    """Grades dialogues with a model.

    Args:
        door: the way to the model.
        prompts: prompt templates; ``grade`` is used.
        side: the model that grades.
    """

    def __init__(self, door: Model, prompts: Prompts, side: SideModel) -> None:
        self._door = door
        self._prompts = prompts
        self._side = side

    @property
    def model(self) -> str:
        """Full name of the grading model."""
        return self._side.model

    async def grade(self, dialogue: Dialogue, scenario: Scenario, rubric: Rubric) -> Grading:
        """Return the grade, or `Ungraded` where no usable one came in two attempts.

        The critic reads the public setting, the task and the transcript, fenced as data; nobody's private
        text. A score outside 1 to 5, a missing criterion or a turn that does not exist is not mended: it is
        no grade.
        """
        prompt = self._prompts.render(
            "grade",
            setting=scenario.setting,
            task=dialogue.task,
            transcript=transcript_lines(dialogue.turns),
            mark=fence_mark(dialogue.turns),
            criteria=rubric.criteria,
        )
        form = _form(rubric)
        schema = _schema(form, len(dialogue.turns))
        used, reason, answer = Usage(), "", None
        for attempt in range(ATTEMPTS):
            seed = derive_seed(dialogue.assignment.seed, "grade", rubric.id, attempt)
            found, answer = await ask_json(
                self._door,
                self._side.model,
                prompt if not reason else f"{prompt}\nAn earlier answer could not be used: {reason}.",
                schema,
                params=dict(self._side.params),
                sample=seed,
            )
            used = used + answer.usage
            if found is None:
                reason = unreadable(answer)
                continue
            try:
                read = dict(form.model_validate(found))
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                reason = unusable(first["loc"], first["type"], first["msg"])
                continue
            marks: dict[str, _Mark] = {c.id: read[f"c{place}"] for place, c in enumerate(rubric.criteria)}
            missing = sorted({turn for mark in marks.values() for turn in mark.turns if turn >= len(dialogue.turns)})
            if missing:
                reason = f"cites turns that do not exist: {', '.join(map(str, missing))}"
                continue
            return _grade(rubric, self._side.model, marks, used)
        text = answer.text if answer else ""
        return Ungraded(
            rubric=rubric.id,
            model=self._side.model,
            reason=reason,
            answer=text[:KEPT_ANSWER] or None,
            usage=used,
        )


def _schema(form: type[BaseModel], turns: int) -> dict[str, Any]:
    """Return the form's JSON schema, with which a constrained model cannot cite a turn that does not
    exist."""
    schema = form.model_json_schema()
    schema["$defs"]["_Mark"]["properties"]["turns"]["items"]["maximum"] = turns - 1
    return schema


def _form(rubric: Rubric) -> type[BaseModel]:
    # Behind aliases: a criterion may be called "json", "_tone" or "on-topic", a field of pydantic's may not.
    fields: dict[str, Any] = {
        f"c{place}": (_Mark, Field(alias=criterion.id)) for place, criterion in enumerate(rubric.criteria)
    }
    return create_model("marks", __config__=ConfigDict(extra="forbid"), **fields)


def unreadable(answer: Answer) -> str:
    """Return why no JSON object came of an answer."""
    if not answer.text.strip():
        return "the critic answered with nothing"
    if answer.finish == "length":
        return "the critic's answer was cut off by its token limit"
    return "the critic's answer holds no JSON object"


def unusable(where: tuple[int | str, ...], kind: str, message: str) -> str:
    """Return what is wrong with an object that does not fit the schema: place, kind and message by pydantic."""
    # It is told to the critic again, and the name of a key that was not asked for is the critic's own text.
    known = where[:-1] if kind == "extra_forbidden" else where
    return f"{'.'.join(map(str, known)) or 'the answer'}: {message}"


def _grade(rubric: Rubric, model: str, marks: dict[str, _Mark], used: Usage) -> Grade:
    scores = tuple(
        Score(
            criterion=criterion.id,
            reason=marks[criterion.id].reason,
            score=marks[criterion.id].score,
            turns=tuple(marks[criterion.id].turns),
        )
        for criterion in rubric.criteria
    )
    weights = sum(criterion.weight for criterion in rubric.criteria)
    total = sum(c.weight * s.score for c, s in zip(rubric.criteria, scores, strict=True))
    return Grade(rubric=rubric.id, model=model, scores=scores, overall=round(total / weights, 4), usage=used)
