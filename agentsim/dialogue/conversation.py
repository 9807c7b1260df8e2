"""One dialogue from its first word to its end."""

from collections.abc import Mapping

import agentsim
from agentsim.dialogue.history import History
from agentsim.dialogue.play import Emit, Play, Watch
from agentsim.dialogue.side_calls import specify_task
from agentsim.dialogue.speakers import ModelSpeaker, speaker_kind
from agentsim.dialogue.stage import Stage, cast_people, display_names
from agentsim.events import DialogueStarted
from agentsim.schema import Assignment, Dialogue, Lineage, Persona, Scenario, Usage


async def converse(
    stage: Stage,
    assignment: Assignment,
    scenario: Scenario,
    personas: Mapping[str, Persona],
    *,
    emit: Emit,
    watch: Watch | None = None,
    history: History | None = None,
) -> Dialogue:
    """Play a dialogue, or go on with one, and return it.

    Every turn is emitted, and its emission awaited, before the next one is asked for.

    Args:
        stage: models, prompts and speakers.
        assignment: what to play.
        scenario: the assignment's scenario.
        personas: at least the personas of the assignment's cast, by id.
        emit: keeps events.
        watch: is told the pieces of turns as they arrive, where ``stage.stream`` is set.
        history: what was played before; it is kept up to date.

    Raises:
        ModelError: where a model failed for good; the turns so far have been emitted.
        BudgetReached: where a cap does not allow the next call.
    """
    history = history or History()
    people = cast_people(assignment, personas)
    used = Usage()
    if history.task is None or history.lineage is None:
        task = assignment.task
        if stage.task is not None:
            task, used = await specify_task(stage, stage.task, scenario, assignment, people)
        history.task, history.lineage = task, _lineage(stage, assignment, scenario, people)
    started = DialogueStarted(
        dialogue=assignment.id,
        assignment=assignment,
        task=history.task,
        names=display_names(scenario, people),
        lineage=history.lineage,
        usage=used,
    )
    await emit(started)
    if history.end is None:
        await Play(stage, assignment, scenario, people, history, emit, watch).to_the_end()
    return history.dialogue(assignment)


def _lineage(stage: Stage, assignment: Assignment, scenario: Scenario, people: Mapping[str, Persona]) -> Lineage:
    models: dict[str, str] = {}
    for role in scenario.order:
        spec = stage.spec(scenario, role.name)
        models[role.name] = spec.model if isinstance(spec, ModelSpeaker) else speaker_kind(spec)
    if stage.task is not None:
        models["task"] = stage.task.model
    hashes = {"scenario": stage.fingerprint(scenario)}
    hashes.update(
        {f"prompt:{role.name}": stage.prompts.hash(stage.template(scenario, role.name)) for role in scenario.order}
    )
    if stage.agenda and scenario.agenda.enabled:
        hashes["prompt:agenda"] = stage.prompts.hash("agenda")
    hashes.update({f"persona:{role}": stage.fingerprint(persona) for role, persona in people.items()})
    return Lineage(
        method="simulated",
        parents=(scenario.id, *(persona.id for persona in people.values())),
        seed=assignment.seed,
        models=models,
        hashes=hashes,
        version=agentsim.__version__,
    )
