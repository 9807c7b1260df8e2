"""The system prompts that the roles of a dialogue were given, made again from what the run kept."""

from typing import TYPE_CHECKING

from agentsim.cli.output import say

if TYPE_CHECKING:
    from agentsim.run.reader import RunReader
    from agentsim.run.story import Story


def system_prompts(reader: "RunReader", story: "Story") -> dict[str, str | None]:
    """Return the system prompt of each role by name; ``None`` for a chatbot under test, which gets none.

    Raises:
        UserError: where the dialogue has not begun, or the run's own prompt folder is gone.
    """
    from agentsim.dialogue.stage import cast_people, role_prompt
    from agentsim.errors import UserError
    from agentsim.prompts.render import Prompts

    assignment = story.assignment
    if assignment is None or story.task is None:
        raise UserError("the dialogue has no prompts yet: it has not begun", fix="`agentsim resume` plays it")
    scenario = reader.scenarios()[assignment.scenario]
    people = cast_people(assignment, reader.personas())
    prompts = Prompts(reader.settings.prompts)
    played = story.lineage.hashes.get("prompt") if story.lineage else None
    if played is not None and played != prompts.hash(scenario.style):
        say(f"note: {scenario.style}.j2 has changed since; the prompts below are made with the new one")
    bare = {name for name, role in reader.settings.roles.items() if role.bare}
    return {
        role.name: None
        if role.name in bare
        else role_prompt(prompts, scenario, role.name, people, story.task)
        for role in scenario.order
    }
