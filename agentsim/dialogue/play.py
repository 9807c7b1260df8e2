"""A dialogue being played: turn after turn, each looked at by the guard before it is kept."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from autogen_agentchat.base import ChatAgent
from autogen_agentchat.messages import BaseChatMessage, ModelClientStreamingChunkEvent

from agentsim.dialogue.agent import RoleAgent
from agentsim.dialogue.director import Director
from agentsim.dialogue.empty import EmptyAnswer
from agentsim.dialogue.ending import AskInstead
from agentsim.dialogue.guard import Again, Guard, Keep, Leave, Rewind
from agentsim.dialogue.history import History
from agentsim.dialogue.order import choose_speaker, round_over
from agentsim.dialogue.side_calls import goal_reached
from agentsim.dialogue.speakers import AgentSpeaker, is_repairable, make_agent, speaker_kind
from agentsim.dialogue.stage import Stage, display_names, others, role_prompt
from agentsim.dialogue.team import DialogueTeam
from agentsim.dialogue.turning import turn_of
from agentsim.errors import ContextTooLong
from agentsim.events import (
    DialogueEnded,
    Event,
    Flagged,
    GoalChecked,
    Intervened,
    Notice,
    SpeakerChosen,
    Token,
    TurnDone,
    Withdrawn,
)
from agentsim.schema import (
    Action,
    Assignment,
    Candidate,
    End,
    Intervention,
    Persona,
    Scenario,
    Turn,
    Usage,
)


class Emit(Protocol):
    """Takes events, all or none of them, and returns when they are kept; the dialogue goes on only then."""

    def __call__(self, *events: Event) -> Awaitable[None]: ...


Watch = Callable[[Token | Withdrawn], None]
"""Is told the pieces of turns as they arrive, and when they are taken back."""


class Play:
    """One dialogue, from where its history stands to its end.

    Args:
        stage: models, prompts and speakers.
        assignment: what to play.
        scenario: the assignment's scenario.
        people: the persona of each role that has one.
        history: what was played before, its task included; it is kept up to date.
        emit: keeps events.
        watch: is told the pieces of turns.
    """

    def __init__(
        self,
        stage: Stage,
        assignment: Assignment,
        scenario: Scenario,
        people: Mapping[str, Persona],
        history: History,
        emit: Emit,
        watch: Watch | None,
    ) -> None:
        self._stage = stage
        self._assignment = assignment
        self._scenario = scenario
        self._people = people
        self._task = history.task or assignment.task
        self._history = history
        self._emit = emit
        self._watch = watch
        self._opening = stage.prompts.render(
            "opening", others=others(scenario, scenario.leader.name, people), task=self._task
        )
        self._guard = Guard(stage.guards, scenario, people, self._task, history)
        self._end_tool = stage.end_tool(scenario)
        self._agents = self._cast(people)
        self._team = DialogueTeam(self._agents)
        self._director = Director(stage, assignment, scenario, people, self._task)
        self._speaks = scenario.leader.name
        """Role of the next turn; while a turn is taken in, its role."""

        self._candidates: list[Candidate] = []
        """Proposals for the next turn."""

        self._states: list[dict[str, Any] | None] = []
        """State of the speaker after each of them, where it is an agent of the user's."""

        self._ends: list[End | None] = []
        """The end that each of them calls for, where it does."""

        self._hint: str | None = None
        """What the next speaker is told in private, once."""

        self._asked: tuple[int, int] | None = None
        """Turn, and take of it, before which the goal was asked for in place of offering the tool."""

        self._last: list[Event] = []
        """What is told together with the end: a kill between them must not change how the dialogue ended."""

    async def to_the_end(self) -> None:
        """Add turns until the dialogue is over."""
        leader = self._scenario.leader.name
        if not self._turns and isinstance(self._stage.spec(self._scenario, leader), AgentSpeaker):
            # Our own agents hold the opening themselves; one of the user's has to be told to begin.
            self._team.tell(leader, self._opening)
        stream = self._team.run_stream()
        try:
            end = None
            if self._turns:
                await self._restore()
                end = await self._end_after()
            if end is None:
                await self._direct()
            while end is None:
                item = await anext(stream)
                if isinstance(item, ModelClientStreamingChunkEvent):
                    self._tell(
                        Token(
                            dialogue=self._assignment.id,
                            turn=len(self._turns),
                            role=item.source,
                            text=str(item.content),
                        )
                    )
                elif item is self._team.latest:
                    end = await self._spoken(self._team.latest)
                    if end is None:
                        await self._direct()
        except ContextTooLong as error:
            # A full context is an ordinary end once everybody has spoken.
            if len({turn.role for turn in self._turns}) < len(self._agents):
                raise
            end = End(reason="token_limit", detail=error.message)
        finally:
            await stream.aclose()
        await self._over(end)

    @property
    def _turns(self) -> list[Turn]:
        return self._history.turns

    async def _spoken(self, message: BaseChatMessage) -> End | None:
        """Take in what was said, keep it or not, and return why the dialogue is over where it is."""
        agent = self._speaker()
        wish = agent.wish if isinstance(agent, RoleAgent) else None
        if isinstance(wish, AskInstead):
            return await self._ask_instead(wish)
        spec = self._stage.spec(self._scenario, agent.name)
        turn = turn_of(message, len(self._turns), agent.name, speaker_kind(spec))
        if wish is not None and not turn.text.strip():
            return self._unsaid(wish, turn.usage)
        repairable = is_repairable(spec)
        if not turn.text.strip() and not repairable:
            raise EmptyAnswer(f"the agent that plays {agent.name!r} said nothing", model=turn.speaker)
        self._candidates.append(self._guard.candidate(turn))
        self._states.append(dict(await agent.save_state()) if isinstance(spec, AgentSpeaker) else None)
        self._ends.append(wish)
        step = self._guard.step(self._candidates, repairable=repairable, rewindable=self._rewindable())
        if isinstance(step, Keep):
            return await self._keep(step)
        self._withdraw()
        if isinstance(step, Again):
            self._hint = step.hint
            await self._restore()
            return None
        return await self._drop(step)

    async def _keep(self, step: Keep) -> End | None:
        chosen = self._candidates[step.index]
        if not chosen.turn.text:
            raise EmptyAnswer(
                f"{chosen.turn.role} said nothing in {len(self._candidates)} attempts", model=chosen.turn.model or ""
            )
        events: list[Event] = []
        if len(self._candidates) > 1 and step.action is not None:
            events.append(self._intervene(step.action, step.index))
        state = self._states[step.index]
        self._history.keep(chosen.turn)
        events.append(TurnDone(dialogue=self._assignment.id, turn=chosen.turn, agent_state=state))
        if state is not None:
            self._history.agent_states[chosen.turn.role] = state
        if chosen.findings:
            self._history.flag(chosen.findings)
            events.append(Flagged(dialogue=self._assignment.id, findings=chosen.findings))
        if step.index < len(self._candidates) - 1:
            await self._restore()
        end = self._ends[step.index]
        self._clear()
        if end is not None:
            self._last = [*events, self._checked(end.reason == "goal_reached", Usage())]
            return end
        await self._emit(*events)
        return await self._end_after()

    def _unsaid(self, end: End, usage: Usage) -> End:
        """Take in the leading role's word that the dialogue is over, for which it says nothing more."""
        self._withdraw()
        self._last = [*self._given_up(), self._checked(end.reason == "goal_reached", usage)]
        return end

    async def _ask_instead(self, wish: AskInstead) -> End | None:
        """Ask whether the goal is reached before the turn for which the leading role cannot be offered the tool."""
        if wish.news is not None:
            await self._emit(Notice(text=f"{wish.news.message}; whether the goal is reached is asked instead"))
        self._asked = self._place()
        end = await self._ask_for_goal() if self._stage.goal is not None else None
        if end is not None:
            self._last = self._given_up()
        await self._restore()
        return end

    def _place(self) -> tuple[int, int]:
        """Return which turn comes next, and how often it was taken before."""
        return len(self._turns), self._history.takes[len(self._turns)]

    def _given_up(self) -> list[Event]:
        """Return what there is to tell of proposals for a turn that is never spoken, and drop them."""
        if not self._candidates:
            return []
        _, policy = self._guard.cause(self._candidates[0])
        event = self._intervene(policy.action, None)
        self._clear()
        return [event]

    def _checked(self, reached: bool | None, usage: Usage) -> GoalChecked:
        return GoalChecked(dialogue=self._assignment.id, turn=len(self._turns) - 1, reached=reached, usage=usage)

    async def _ask_for_goal(self) -> End | None:
        assert self._stage.goal is not None
        reached, used = await goal_reached(self._stage, self._stage.goal, self._scenario, self._assignment, self._turns)
        await self._emit(self._checked(reached, used))
        return End(reason="goal_reached", detail=self._scenario.ending.goal) if reached else None

    async def _drop(self, step: Rewind | Leave) -> End | None:
        """Drop the proposals, and with ``Rewind`` the turns before them."""
        cause, _ = self._guard.cause(self._candidates[0])
        rewind = isinstance(step, Rewind)
        undone = tuple(self._turns[step.to :]) if isinstance(step, Rewind) else ()
        event = self._intervene("rewind" if rewind else "end", None, undone)
        self._clear()
        await self._emit(event)
        if not rewind:
            return End(reason="guard", detail=f"{cause.kind} at turn {len(self._turns)}")
        await self._restore()
        return None

    def _intervene(self, action: Action, chosen: int | None, undone: tuple[Turn, ...] = ()) -> Intervened:
        cause, _ = self._guard.cause(self._candidates[0])
        done = Intervention(
            turn=self._candidates[0].turn.index,
            finding=cause,
            action=action,
            hint=self._guard.hint(self._candidates[0]) if len(self._candidates) > 1 else None,
            candidates=tuple(self._candidates),
            chosen=chosen,
            undone=undone,
        )
        self._history.intervene(done)
        return Intervened(dialogue=self._assignment.id, intervention=done)

    def _clear(self) -> None:
        self._candidates, self._states, self._ends, self._hint = [], [], [], None

    async def _restore(self) -> None:
        """Put the team where the history stands."""
        await self._team.restore([(turn.role, turn.text) for turn in self._turns], self._history.agent_states)

    async def _direct(self) -> None:
        """Choose who speaks next, and tell that agent what is for this turn alone."""
        asked = self._asked == self._place()
        if not self._candidates and not asked:
            await self._choose()
        self._team.next_speaker = self._speaks
        agent = self._speaker()
        if isinstance(agent, RoleAgent):
            tries = len(self._candidates)
            told = self._director.direction(self._speaks, self._turns, tries=tries, hint=self._hint)
            take = self._history.takes[len(self._turns)] + tries
            agent.direct(take=take, note=told.note, alone=told.alone, params=told.params, may_end=not asked)

    async def _choose(self) -> None:
        chosen = await choose_speaker(
            self._stage, self._stage.order, self._scenario, self._assignment, self._people, self._turns
        )
        if chosen.usage.calls:
            await self._emit(
                SpeakerChosen(
                    dialogue=self._assignment.id,
                    turn=len(self._turns),
                    role=chosen.role,
                    by=chosen.by,
                    usage=chosen.usage,
                )
            )
        self._speaks = chosen.role

    def _speaker(self) -> ChatAgent:
        """Return the agent of the role that speaks."""
        return next(agent for agent in self._agents if agent.name == self._speaks)

    def _rewindable(self) -> int:
        """Return how many turns may be taken back: a person's, a function's, a chatbot's under test may not."""
        count = 0
        for turn in reversed(self._turns):
            if not is_repairable(self._stage.spec(self._scenario, turn.role)):
                break
            count += 1
        return count

    def _withdraw(self) -> None:
        self._tell(Withdrawn(dialogue=self._assignment.id, turn=len(self._turns)))

    def _tell(self, event: Token | Withdrawn) -> None:
        if self._watch is not None:
            self._watch(event)

    async def _end_after(self) -> End | None:
        """Return why the dialogue is over after its turns, or ``None`` where it goes on."""
        stage, turns, ending = self._stage, self._turns, self._scenario.ending
        asks = stage.goal is not None and self._end_tool is None
        if asks and ending.min_turns <= len(turns) < ending.max_turns and self._round_over():
            end = await self._ask_for_goal()
            if end is not None:
                return end
        if len(turns) >= ending.min_turns and self._round_over():
            end = self._director.end(turns)
            if end is not None:
                return end
        if len(turns) >= ending.max_turns:
            return End(reason="turn_limit", detail=f"{ending.max_turns} turns")
        spoken = sum([turn.usage.completion_tokens for turn in turns])
        if spoken >= ending.max_tokens:
            return End(reason="token_limit", detail=f"{spoken} of {ending.max_tokens} tokens")
        return None

    def _round_over(self) -> bool:
        return round_over([role.name for role in self._scenario.order], [turn.role for turn in self._turns])

    async def _over(self, end: End) -> None:
        """Tell that the dialogue is over, and what can be seen to be wrong with it only now."""
        events: list[Event] = []
        findings = self._guard.at_the_end(end)
        if findings:
            self._history.flag(findings)
            events.append(Flagged(dialogue=self._assignment.id, findings=findings))
        self._history.end = end
        await self._emit(*self._last, *events, DialogueEnded(dialogue=self._assignment.id, end=end))

    def _cast(self, people: Mapping[str, Persona]) -> list[ChatAgent]:
        stage, scenario = self._stage, self._scenario
        names = display_names(scenario, people) if len(scenario.roles) > 2 else None
        return [
            make_agent(
                role.name,
                stage.spec(scenario, role.name),
                door=stage.door,
                system=role_prompt(
                    stage.prompts, scenario, role.name, people, self._task, template=stage.template(scenario, role.name)
                ),
                opening=self._opening if role.part == "leads" else None,
                names=names,
                seed=self._assignment.seed,
                stream=stage.stream,
                silent=self._guard.repairs("empty"),
                end_tool=self._end_tool if role.part == "leads" else None,
            )
            for role in scenario.order
        ]
