"""What went wrong in role-play, what was done about it, and what that threw away."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, get_args

from agentsim.schema import Action, FailureKind, Finding, Intervention, Turn, Usage
from agentsim.schema.noun import Noun


class Happened(Protocol):
    """A dialogue, finished or not, as far as failures go."""

    @property
    def turns(self) -> Sequence[Turn]:
        """What was said."""
        ...

    @property
    def findings(self) -> Sequence[Finding]:
        """Failures that stand in it."""
        ...

    @property
    def interventions(self) -> Sequence[Intervention]:
        """What guards did."""
        ...


class KindCount(Noun):
    """One kind of failure in some dialogues."""

    kind: FailureKind
    """The kind."""

    found: int
    """How often it was found: what stands, and what a repair did away with."""

    standing: int
    """How often it stands in what was said."""

    dialogues: int
    """Dialogues in which it stands."""

    repairs: dict[Action, int]
    """What guards did because of it, by action."""

    in_vain: int
    """Repairs after which it stood all the same."""

    rejected: int
    """Dialogues that were turned down for it before all."""


class Failures(Noun):
    """Failures of role-play and their repair."""

    dialogues: int
    """Dialogues that were begun."""

    repaired: int
    """Dialogues in which guards acted."""

    repairs: int
    """What guards did, all together."""

    kinds: tuple[KindCount, ...]
    """By kind; only those that occurred."""

    discarded: Usage
    """Tokens and cost of the turns that repairs threw away."""

    discarded_share: float | None
    """Share of the tokens that were written for turns; ``None`` where none is reported."""


def count_failures(dialogues: Iterable[Happened], rejected: Mapping[str, int]) -> Failures:
    """Count failures and repairs.

    Args:
        dialogues: every dialogue that was begun; each is read once.
        rejected: dialogues that were turned down, by the code of the deciding reason; codes that are no kind of
            failure do not matter.
    """
    standing, standing_in, done_away, in_vain = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    actions: dict[str, Counter[Action]] = {}
    begun = repaired = repairs = kept = 0
    discarded = Usage()
    for dialogue in dialogues:
        begun += 1
        kept += sum([turn.usage.completion_tokens for turn in dialogue.turns])
        standing.update(finding.kind for finding in dialogue.findings)
        standing_in.update({finding.kind for finding in dialogue.findings})
        repaired += bool(dialogue.interventions)
        repairs += len(dialogue.interventions)
        for one in dialogue.interventions:
            kind = one.finding.kind
            actions.setdefault(kind, Counter())[one.action] += 1
            (in_vain if _stands(one) else done_away)[kind] += 1
            discarded += one.discarded
    written = kept + discarded.completion_tokens
    return Failures(
        dialogues=begun,
        repaired=repaired,
        repairs=repairs,
        kinds=tuple(
            KindCount(
                kind=kind,
                found=standing[kind] + done_away[kind],
                standing=standing[kind],
                dialogues=standing_in[kind],
                repairs=dict(sorted(actions.get(kind, Counter[Action]()).items())),
                in_vain=in_vain[kind],
                rejected=rejected.get(kind, 0),
            )
            for kind in get_args(FailureKind)
            if standing[kind] or kind in actions or rejected.get(kind)
        ),
        discarded=discarded,
        discarded_share=discarded.completion_tokens / written if written else None,
    )


def _stands(intervention: Intervention) -> bool:
    """Return whether the failure that set it off is in the proposal that was kept."""
    if intervention.chosen is None:
        return False
    kept = intervention.candidates[intervention.chosen]
    return any(finding.kind == intervention.finding.kind for finding in kept.findings)
