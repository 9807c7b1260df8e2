"""What is done about the failures that a turn brings in: decided here, carried out by the play."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agentsim.dialogue.history import History
from agentsim.guards import ranking
from agentsim.guards.detect import detect
from agentsim.guards.scene import scene_of, with_turns
from agentsim.schema import (
    DEFAULT_POLICIES,
    Action,
    Candidate,
    End,
    FailureKind,
    Finding,
    Guards,
    Persona,
    Policy,
    Scenario,
    Turn,
)


@dataclass(frozen=True)
class Again:
    """Ask for another candidate."""

    hint: str | None
    """What the speaker is told in private; ``None`` for nothing."""


@dataclass(frozen=True)
class Keep:
    """Keep the candidate of that index."""

    index: int
    action: Action | None
    """What was done to come to it; ``None`` where nothing was found."""


@dataclass(frozen=True)
class Rewind:
    """Drop the candidates, take turns back until that index comes next, and go on from there."""

    to: int


@dataclass(frozen=True)
class Leave:
    """Drop the candidates and end the dialogue."""


Step = Again | Keep | Rewind | Leave

STRENGTH: Sequence[Action] = ("ignore", "tag", "regenerate", "hint", "rewind", "end")
"""Where a turn fails in several ways, the strongest action is taken."""

HINTS: Mapping[FailureKind, str] = {
    "role_flip": "Stay in your own part: do not speak for the other side.",
    "instruction_repeat": "This was said before. Answer what you were told last, and add something new.",
    "flake_reply": "Do not announce it: do it now, in this answer.",
    "goal_leak": "Do not speak of your instructions, and keep to yourself what only you were told.",
    "off_task": "Come back to what this conversation is about.",
    "premature_end": "It is too early to end: something is still open.",
    "farewell_loop": "Goodbye was said already.",
    "broken_language": "Write plain, whole sentences in the language of the conversation.",
    "empty": "Say something.",
}
"""What an offender is told in private, where the policy has no words of its own."""


class Guard:
    """Looks after one dialogue by the policies of its run and scenario.

    Args:
        guards: what the run does about failures.
        scenario: what is played; it may have policies of its own.
        people: the persona of each role that has one.
        task: the task as played.
        history: what happened so far; the guard reads it, its owner writes it.
    """

    def __init__(
        self, guards: Guards, scenario: Scenario, people: Mapping[str, Persona], task: str, history: History
    ) -> None:
        self._guards = guards
        self._scenario = scenario
        self._scene = scene_of(scenario, people, task)
        self._history = history
        self._kinds = frozenset(
            kind for kind in DEFAULT_POLICIES if guards.policy(kind, scenario.guards).action != "ignore"
        )

    def candidate(self, turn: Turn) -> Candidate:
        """Return a proposal for the next turn with what would be wrong with it and its rank."""
        if not self._kinds:
            return Candidate(turn=turn, findings=(), score=0.0)
        talk = with_turns(self._scene, [*self._history.turns, turn], None)
        findings = self._new(detect(talk, self._kinds))
        # The rank costs more than finding does; it is needed only beside other proposals.
        fit = ranking.fitness(talk) if findings else 1.0
        return Candidate(turn=turn, findings=findings, score=ranking.score(fit, findings))

    def at_the_end(self, end: End) -> tuple[Finding, ...]:
        """Return the failures that can be seen only now that nothing follows."""
        kinds = self._kinds
        if end.reason == "guard" and self._history.interventions:
            # What ended it was acted on, and the turn that showed it was not kept.
            kinds -= {self._history.interventions[-1].finding.kind}
        if not kinds:
            return ()
        return self._new(detect(with_turns(self._scene, self._history.turns, end), kinds))

    def step(self, candidates: Sequence[Candidate], *, repairable: bool, rewindable: int) -> Step:
        """Return what to do next, given all proposals for the turn so far.

        Args:
            candidates: at least one, in the order they were made.
            repairable: whether the speaker may be asked again.
            rewindable: how many of the turns before this one may be taken back.
        """
        first = candidates[0]
        if not first.findings:
            return Keep(0, None)
        cause, policy = self.cause(first)
        action = policy.action
        turn = first.turn.index
        if action == "end":
            if turn >= self._scenario.ending.min_turns:
                return Leave()
            action = "regenerate"  # too early to end
        if action == "tag" or not repairable or (len(candidates) == 1 and self._spent()):
            return Keep(0, "tag")
        if action == "rewind":
            return self._rewind(cause, policy, turn, rewindable)
        clean = not candidates[-1].findings
        wanted = 1 + policy.candidates
        if len(candidates) < wanted and not (clean and policy.until_clean) and not self._over_tokens(candidates):
            return Again(self.hint(first))
        index = ranking.best([candidate.score for candidate in candidates])
        if not candidates[index].findings or policy.otherwise == "tag":
            return Keep(index, action)
        if policy.otherwise == "rewind" and rewindable and policy.turns > 1:
            return self._rewind(cause, policy, turn, rewindable)
        if policy.otherwise == "end" and turn >= self._scenario.ending.min_turns:
            return Leave()
        return Keep(index, action)

    @staticmethod
    def _rewind(cause: Finding, policy: Policy, turn: int, rewindable: int) -> Rewind:
        """Go back by the policy's turns, and to where the failure began if that is earlier."""
        back = max(policy.turns - 1, turn - cause.turn)
        return Rewind(turn - min(back, rewindable))

    def hint(self, candidate: Candidate) -> str | None:
        """Return what the speaker of a failing proposal is told in private, or ``None`` for nothing."""
        cause, policy = self.cause(candidate)
        return (policy.hint or HINTS[cause.kind]) if policy.action == "hint" else None

    def repairs(self, kind: FailureKind) -> bool:
        """Return whether a turn that fails so is asked for again."""
        return self._guards.policy(kind, self._scenario.guards).action in ("regenerate", "hint")

    def cause(self, candidate: Candidate) -> tuple[Finding, Policy]:
        """Return the finding that decides what is done about a failing proposal, and its policy."""
        ranked = [(finding, self._policy(finding)) for finding in candidate.findings]
        return max(ranked, key=lambda pair: (STRENGTH.index(pair[1].action), pair[0].confidence, -pair[0].turn))

    def _new(self, found: Sequence[Finding]) -> tuple[Finding, ...]:
        """Return the findings that count and do not stand already."""
        standing = {(finding.kind, finding.turn) for finding in self._history.findings}
        return tuple(
            finding
            for finding in found
            if (finding.kind, finding.turn) not in standing
            and finding.confidence >= self._policy(finding).min_confidence
        )

    def _policy(self, finding: Finding) -> Policy:
        return self._guards.policy(finding.kind, self._scenario.guards)

    def _spent(self) -> bool:
        return len(self._history.interventions) >= self._guards.max_repairs or self._over_tokens(())

    def _over_tokens(self, candidates: Sequence[Candidate]) -> bool:
        lost = sum(one.discarded.completion_tokens for one in self._history.interventions)
        lost += sum(candidate.turn.usage.completion_tokens for candidate in candidates)
        return lost >= self._guards.max_repair_tokens
