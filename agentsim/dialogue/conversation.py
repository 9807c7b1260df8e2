"""One dialogue from its first word to its end."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import cast, get_args

from autogen_agentchat.base import ChatAgent
from autogen_agentchat.messages import BaseChatMessage, ModelClientStreamingChunkEvent

import agentsim
from agentsim.dialogue.empty import EmptyAnswer
from agentsim.dialogue.history import History
from agentsim.dialogue.side_calls import goal_reached, specify_task
from agentsim.dialogue.speakers import AgentSpeaker, ModelSpeaker, make_agent, speaker_kind
from agentsim.dialogue.stage import Stage, cast_people, display_names, others, role_prompt
from agentsim.dialogue.team import DialogueTeam
from agentsim.errors import ContextTooLong
from agentsim.events import DialogueEnded, DialogueStarted, Event, GoalChecked, Token, TurnDone
from agentsim.schema import (
    Assignment,
    Dialogue,
    End,
    FinishReason,
    Lineage,
    Persona,
    Scenario,
    Speaker,
    Turn,
    Usage,
)

Emit = Callable[[Event], Awaitable[None]]
"""Takes an event and returns when it is kept; the dialogue goes on only then."""


async def converse(
    stage: Stage,
    assignment: Assignment,
    scenario: Scenario,
    personas: Mapping[str, Persona],
    *,
    emit: Emit,
    watch: Callable[[Token], None] | None = None,
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
        history: what was played before.

    Raises:
        ModelError: where a model failed for good; the turns so far have been emitted.
        BudgetReached: where a cap does not allow the next call.
    """
    history = history or History()
    people = cast_people(assignment, personas)
    task, lineage, used = history.task, history.lineage, Usage()
    if task is None or lineage is None:
        task = assignment.task
        if stage.task is not None:
            task, used = await specify_task(stage, stage.task, scenario, assignment, people)
        lineage = _lineage(stage, assignment, scenario, people)
    started = DialogueStarted(
        dialogue=assignment.id,
        assignment=assignment,
        task=task,
        names=display_names(scenario, people),
        lineage=lineage,
        usage=used,
    )
    await emit(started)
    turns = list(history.turns)
    end = history.end
    if end is None:
        end = await _talk(stage, assignment, scenario, people, task, turns, history, emit, watch)
        await emit(DialogueEnded(dialogue=assignment.id, end=end))
    return Dialogue(assignment=assignment, task=task, turns=tuple(turns), end=end, lineage=lineage)


async def _talk(
    stage: Stage,
    assignment: Assignment,
    scenario: Scenario,
    people: Mapping[str, Persona],
    task: str,
    turns: list[Turn],
    history: History,
    emit: Emit,
    watch: Callable[[Token], None] | None,
) -> End:
    """Add turns until the dialogue is over and return why it is."""
    opening = stage.prompts.render("opening", others=others(scenario, scenario.leader.name, people), task=task)
    agents = _agents(stage, assignment, scenario, people, task, opening)
    team = DialogueTeam(agents)
    if not turns and isinstance(stage.spec(scenario, scenario.leader.name), AgentSpeaker):
        # Our own agents hold the opening themselves; one of the user's has to be told to begin.
        team.tell(scenario.leader.name, opening)
    stream = team.run_stream()
    try:
        if turns:
            await team.restore([(turn.role, turn.text) for turn in turns], history.agent_states)
            end = await _end_after(stage, assignment, scenario, turns, emit)
            if end is not None:
                return end
        async for item in stream:
            if isinstance(item, ModelClientStreamingChunkEvent):
                if watch is not None:
                    watch(Token(dialogue=assignment.id, turn=len(turns), role=item.source, text=str(item.content)))
                continue
            if item is not team.latest:
                continue
            agent = agents[len(turns) % len(agents)]
            spec = stage.spec(scenario, agent.name)
            turn = turn_of(team.latest, len(turns), agent.name, speaker_kind(spec))
            if not turn.text.strip():
                raise EmptyAnswer(f"the agent that plays {agent.name!r} said nothing", model=turn.speaker)
            turns.append(turn)
            state = dict(await agent.save_state()) if isinstance(spec, AgentSpeaker) else None
            await emit(TurnDone(dialogue=assignment.id, turn=turn, agent_state=state))
            end = await _end_after(stage, assignment, scenario, turns, emit)
            if end is not None:
                return end
    except ContextTooLong as error:
        # A full context is an ordinary end once everybody has spoken.
        if len(turns) >= len(agents):
            return End(reason="token_limit", detail=error.message)
        raise
    finally:
        await stream.aclose()
    raise AssertionError("a team without a termination condition never stops by itself")


async def _end_after(
    stage: Stage, assignment: Assignment, scenario: Scenario, turns: Sequence[Turn], emit: Emit
) -> End | None:
    """Return why the dialogue is over after these turns, or ``None`` where it goes on."""
    ending = scenario.ending
    if (
        stage.goal is not None
        and ending.min_turns <= len(turns) < ending.max_turns
        and len(turns) % len(scenario.roles) == 0
    ):
        reached, used = await goal_reached(stage, stage.goal, scenario, assignment, turns)
        await emit(GoalChecked(dialogue=assignment.id, turn=len(turns) - 1, reached=reached, usage=used))
        if reached:
            return End(reason="goal_reached", detail=scenario.ending.goal)
    if len(turns) >= ending.max_turns:
        return End(reason="turn_limit", detail=f"{ending.max_turns} turns")
    spoken = sum([turn.usage.completion_tokens for turn in turns])
    if spoken >= ending.max_tokens:
        return End(reason="token_limit", detail=f"{spoken} of {ending.max_tokens} tokens")
    return None


def _agents(
    stage: Stage,
    assignment: Assignment,
    scenario: Scenario,
    people: Mapping[str, Persona],
    task: str,
    opening: str,
) -> list[ChatAgent]:
    names = display_names(scenario, people) if len(scenario.roles) > 2 else None
    return [
        make_agent(
            role.name,
            stage.spec(scenario, role.name),
            door=stage.door,
            system=role_prompt(
                stage.prompts, scenario, role.name, people, task, template=stage.template(scenario, role.name)
            ),
            opening=opening if role.part == "leads" else None,
            names=names,
            seed=assignment.seed,
            stream=stage.stream,
        )
        for role in scenario.order
    ]


_FINISHES = frozenset(get_args(FinishReason))


def turn_of(message: BaseChatMessage, index: int, role: str, speaker: Speaker) -> Turn:
    """Return the turn that an agent's message is, with what the metadata of an agent of ours tells."""
    told = message.metadata if speaker in ("model", "endpoint") else {}
    usage = message.models_usage
    finish = told.get("finish", "unknown")
    return Turn(
        index=index,
        role=role,
        text=message.to_model_text(),
        speaker=speaker,
        model=told.get("model"),
        finish=cast("FinishReason", finish if finish in _FINISHES else "unknown"),
        reasoning=told.get("reasoning"),
        usage=Usage(
            prompt_tokens=usage.prompt_tokens if usage else 0,
            completion_tokens=usage.completion_tokens if usage else 0,
            cost=float(told.get("cost", 0)),
            calls=int(told.get("calls", 0)),
        ),
    )


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
    hashes.update({f"persona:{role}": stage.fingerprint(persona) for role, persona in people.items()})
    return Lineage(
        method="simulated",
        parents=(scenario.id, *(persona.id for persona in people.values())),
        seed=assignment.seed,
        models=models,
        hashes=hashes,
        version=agentsim.__version__,
    )
