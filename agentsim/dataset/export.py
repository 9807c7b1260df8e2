"""From the records of a run to a folder that people train on."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from agentsim.dataset.card import MARK, card
from agentsim.dataset.contents import SUFFIX, Contents, Format, check_tally
from agentsim.dataset.conversation import System
from agentsim.dataset.folder import replaced
from agentsim.dataset.row import Row
from agentsim.dataset.rows import rows
from agentsim.dataset.split import Member, split
from agentsim.dataset.tokens import ReportedTokens, TokenCounter, TokenizerFile, reported
from agentsim.dataset.write import write_rows, write_text
from agentsim.errors import AgentsimError, UserError
from agentsim.measures.failures import count_failures
from agentsim.measures.people import People
from agentsim.schema import DEFAULT_POLICIES, Dialogue, Examination, Guards, Persona, Record, Scenario, Tally

_CARD = "README.md"
_NAMES = frozenset({_CARD, *(f"{split}.{end}" for split in ("train", "validation") for end in SUFFIX.values())})


@dataclass(frozen=True)
class ExportResult:
    """What was written."""

    folder: Path
    """The dataset's folder."""

    format: Format
    """Form of its files."""

    train: int
    """Rows in the training split."""

    validation: int
    """Rows in the validation split."""

    paths: tuple[Path, ...]
    """The files: training, validation where there is any, card."""

    accepted: int
    """Accepted dialogues."""

    silent: int
    """Accepted dialogues that gave no row, since no trained role spoke in them."""

    tokens: int
    """Tokens of all rows' contents."""

    trained_tokens: int
    """Tokens that are trained on."""

    why_no_validation: str | None
    """Why there is no validation split; ``None`` where there is one."""


def export(
    records: Iterable[Record],
    *,
    scenarios: Mapping[str, Scenario],
    personas: Mapping[str, Persona],
    tally: Tally,
    guards: Guards,
    folder: Path,
    format: Format,
    name: str,
    seed: int,
    validation_share: float = 0.1,
    system: System = "public",
    tokenizer: Path | None = None,
    people: People | None = None,
    examinations: Mapping[str, Examination] | None = None,
) -> ExportResult:
    """Write the accepted ``records`` as a dataset with its card to ``folder`` and return what was written.

    ``scenarios`` and ``personas`` are the library the dialogues were played with, by id; ``tokenizer`` is the
    path of a ``tokenizer.json`` for exact token counts; ``guards`` are those of the run, and ``people`` what was
    measured of the people in it, where it is to stand on the card. ``examinations`` are those of the critic, by rubric,
    where its grade was to decide. ``folder`` is replaced as a whole, and only if it is
    missing, empty or an earlier export.

    Raise ``UserError`` for a folder that holds anything else, a library that does not fit, an unreadable
    tokenizer or a share out of range; ``AgentsimError`` where counts do not add up or a dialogue comes twice;
    ``StorageError`` where the disk refuses.
    """
    folder = folder.resolve()  # a link stays a link; what it points to is replaced
    _may_replace(folder)
    counter: TokenCounter = ReportedTokens() if tokenizer is None else TokenizerFile(tokenizer)
    made: list[tuple[int, list[Row]]] = []
    members: list[Member] = []
    speakers: Counter[str] = Counter()
    seen: set[str] = set()
    unreported = silent = 0
    accepted: list[Dialogue] = []
    for record in records:
        if record.verdict.outcome != "accepted":
            continue
        dialogue = record.dialogue
        plan = dialogue.assignment
        if dialogue.id in seen:
            raise AgentsimError(f"dialogue {dialogue.id} was handed over twice")
        seen.add(dialogue.id)
        if plan.scenario not in scenarios:
            raise UserError(
                f"dialogue {dialogue.id} cannot be exported: the library has no scenario {plan.scenario!r}",
                fix="export with the library that the dialogues were simulated with",
            )
        accepted.append(dialogue)
        speakers.update(turn.speaker for turn in dialogue.turns)
        unreported += sum(reported(turn) is None for turn in dialogue.turns)
        new = rows(record, scenarios[plan.scenario], personas, system=system, tokens=counter)
        if not new:
            silent += 1
            continue
        made.append((plan.index, new))
        pairs = frozenset((persona, plan.scenario) for persona in plan.cast.values())
        members.append(Member(dialogue.id, pairs, len(new)))
    check_tally(tally, len(seen))
    sides = split(members, validation_share, seed)
    ordered = [row for _, new in sorted(made, key=lambda item: (item[0], item[1][0].id)) for row in new]
    contents = Contents(
        name=name,
        format=format,
        train=[row for row in ordered if row.id not in sides.validation],
        validation=[row for row in ordered if row.id in sides.validation],
        tally=tally,
        seed=seed,
        share=validation_share,
        components=sides.components,
        why_no_validation=sides.why_empty,
        system=system,
        token_method=counter.method,
        estimated_turns=unreported if counter.estimates else None,
        silent=silent,
        speakers=speakers,
        guards=guards,
        policies={
            kind: sorted({guards.policy(kind, scenario.guards).action for scenario in scenarios.values()})
            for kind in DEFAULT_POLICIES
        },
        failures=count_failures(accepted, tally.rejected),
        examinations=examinations,
        people=people,
        titles={scenario.id: scenario.title for scenario in scenarios.values()},
    )
    files = _write(contents, folder)
    return ExportResult(
        folder=folder,
        format=format,
        train=len(contents.train),
        validation=len(contents.validation),
        paths=files,
        accepted=len(seen),
        silent=silent,
        tokens=sum(row.tokens for row in ordered),
        trained_tokens=sum(row.trained_tokens for row in ordered),
        why_no_validation=sides.why_empty,
    )


def _write(contents: Contents, folder: Path) -> tuple[Path, ...]:
    suffix = SUFFIX[contents.format]
    text = card(contents)
    names = [f"train.{suffix}"]
    with replaced(folder) as fresh:
        write_rows(contents.train, fresh / names[0], contents.format)
        if contents.validation:
            names.append(f"validation.{suffix}")
            write_rows(contents.validation, fresh / names[1], contents.format)
        names.append(_CARD)
        write_text(text, fresh / _CARD)
    return tuple(folder / name for name in names)


def _may_replace(folder: Path) -> None:
    """Raise ``UserError`` unless ``folder`` is missing, empty or an export: nobody's files may be lost."""
    fix = "choose a folder that does not exist yet, or an earlier export"
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UserError(f"{folder} is a file, not a folder", fix=fix)
    names = {entry.name for entry in folder.iterdir()}
    foreign = sorted(names - _NAMES)
    if foreign:
        raise UserError(f"{folder} holds what is not of an export: {', '.join(foreign[:3])}", fix=fix)
    if names and MARK not in _read(folder / _CARD):
        raise UserError(f"{folder} is not an earlier export of agentsim: its README.md says nothing of it", fix=fix)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
