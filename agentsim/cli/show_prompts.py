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
    from agentsim.dialogue.speakers import ModelSpeaker
    from agentsim.dialogue.stage import cast_people, role_prompt
    from agentsim.errors import UserError
    from agentsim.library import Library
    from agentsim.run.setup import Unasked, make_setup

    assignment = story.assignment
    if assignment is None or story.history.task is None:
        raise UserError("the dialogue has no prompts yet: it has not begun", fix="`agentsim resume` plays it")
    library = Library(reader.personas(), reader.scenarios(), reader.rubrics())
    stage = make_setup(reader.settings, library, Unasked(), speakers={}, stream=False).stage
    scenario = library.scenarios[assignment.scenario]
    people = cast_people(assignment, library.personas)
    told: dict[str, str | None] = {}
    for role in scenario.order:
        spec, template = stage.spec(scenario, role.name), stage.template(scenario, role.name)
        if isinstance(spec, ModelSpeaker) and spec.bare:
            told[role.name] = None
            continue
        played = story.history.lineage.hashes.get(f"prompt:{role.name}") if story.history.lineage else None
        if played is not None and played != stage.prompts.hash(template):
            say(f"note: {template}.j2 has changed since; the prompt below is made with the new one")
        told[role.name] = role_prompt(stage.prompts, scenario, role.name, people, story.history.task, template=template)
    return told
