"""Questions asked beside the conversation: a more specific task, and whether the goal is reached."""

from collections.abc import Mapping, Sequence

from agentsim.dialogue.stage import SideModel, Stage
from agentsim.dialogue.transcript import fence_mark, transcript_lines
from agentsim.llm.model import Request
from agentsim.llm.structured import ask_json
from agentsim.planning.seeded import derive_seed
from agentsim.schema import Assignment, Persona, Scenario, Turn, Usage
from agentsim.schema.noun import well_formed

TASK_WORDS = 60

GOAL_SCHEMA = {
    "title": "goal_reached",
    "type": "object",
    "properties": {"reason": {"type": "string", "maxLength": 200}, "reached": {"type": "boolean"}},
    "required": ["reason", "reached"],
    "additionalProperties": False,
}


async def specify_task(
    stage: Stage, side: SideModel, scenario: Scenario, assignment: Assignment, people: Mapping[str, Persona]
) -> tuple[str, Usage]:
    """Return a more specific version of the assignment's task (CAMEL's task specifier, Li et al. 2023) and
    its cost.

    Where the model answers with nothing, the assignment's own task stands.
    """
    prompt = stage.prompts.render(
        "task",
        setting=scenario.setting,
        topic=[*assignment.topic[:-1], assignment.subject],
        task=assignment.task,
        people=[
            f"{role.title} ({people[role.name].name}, {people[role.name].occupation})"
            if role.name in people
            else role.title
            for role in scenario.order
        ],
        words=TASK_WORDS,
    )
    seed = derive_seed(assignment.seed, "task")
    answer = await stage.door.ask(Request(side.model, [{"role": "user", "content": prompt}], dict(side.params), seed))
    return well_formed(answer.text).strip() or assignment.task, answer.usage


async def goal_reached(
    stage: Stage, side: SideModel, scenario: Scenario, assignment: Assignment, turns: Sequence[Turn]
) -> tuple[bool | None, Usage]:
    """Ask under a schema whether the scenario's goal is reached; ``None`` where the answer cannot be read."""
    prompt = stage.prompts.render(
        "goal", goal=scenario.ending.goal, transcript=transcript_lines(turns), mark=fence_mark(turns)
    )
    seed = derive_seed(assignment.seed, "goal", len(turns))
    found, answer = await ask_json(stage.door, side.model, prompt, GOAL_SCHEMA, params=dict(side.params), sample=seed)
    reached = found.get("reached") if found else None
    return reached if isinstance(reached, bool) else None, answer.usage
