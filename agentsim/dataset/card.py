"""The dataset's card: what is in it, where it comes from, how it was decided, and what it is not.

The same answers give the same card: it holds no time, no path and no machine.
"""

from collections import Counter
from collections.abc import Sequence

from agentsim.dataset.card_conduct import failures, people
from agentsim.dataset.contents import (
    SUFFIX,
    Contents,
    criterion_means,
    grade_bands,
    ranked,
    spread,
)
from agentsim.dataset.frontmatter import front_matter
from agentsim.dataset.licence import combine
from agentsim.dataset.markdown import inline, table

MARK = "<!-- agentsim dataset card -->"
"""A comment in every card, by which an export knows a folder as its own before replacing it."""

_LONGEST_TABLE = 25

_DECIDERS = {
    "evidence": "evidence (every role spoke, no required check failed)",
    "critic": "the critic's opinion",
    "human": "a human",
}


def card(contents: Contents) -> str:
    """Return the text of the ``README.md``."""
    sections = [
        f"# {inline(contents.name) or 'Dialogues'}",
        MARK,
        _intro(contents),
        "## What became of the planned dialogues",
        _outcomes(contents),
        "## Rows",
        _rows(contents),
        "## What it is about",
        _subjects(contents),
        "## Who decided",
        _decisions(contents),
        "## Failures of role-play",
        failures(contents),
        "## Grades",
        _grades(contents),
        *(
            ["## The people", people(contents.people)]
            if contents.people is not None and contents.people.figures
            else []
        ),
        "## Who wrote the turns",
        _authors(contents),
        "## How to load it",
        _loading(contents),
        "## Columns worth knowing",
        _columns(contents),
        "## What it is not",
        _limits(contents),
        "## Licence",
        _licence(contents),
        "## Making it again",
        _origin(contents),
    ]
    return front_matter(contents) + "\n" + "\n\n".join(sections) + "\n"


def _intro(contents: Contents) -> str:
    return (
        "Synthetic multi-turn chats: role-play conversations between language-model agents, simulated with "
        f"agentsim. {len(contents.rows)} rows from {len(contents.dialogues)} dialogues."
    )


def _outcomes(contents: Contents) -> str:
    tally = contents.tally
    body: list[tuple[str, int]] = [("planned", tally.planned), ("accepted", tally.accepted)]
    body += [(f"rejected: {code}", count) for code, count in sorted(tally.rejected.items())]
    body += [(f"failed: {code}", count) for code, count in sorted(tally.failed.items())]
    rejected, failed = sum(tally.rejected.values()), sum(tally.failed.values())
    text = f"{tally.planned} planned = {tally.accepted} accepted + {rejected} rejected + {failed} failed.\n\n" + table(
        ("dialogues", "count"), body
    )
    if contents.silent:
        text += f"\n\n{contents.silent} accepted dialogues gave no row: no role that is trained spoke in them."
    return text


def _rows(contents: Contents) -> str:
    splits = table(
        ("split", "rows", "dialogues"),
        [
            (name, len(rows), len({row.id for row in rows}))
            for name, rows in (("train", contents.train), ("validation", contents.validation))
        ],
    )
    if contents.why_no_validation is None:
        note = (
            f"A share of {contents.share:g} of the rows was asked for as validation. No pair of persona and "
            f"scenario stands in both splits; {contents.components} groups of dialogues could be told apart "
            "that way."
        )
    else:
        note = f"There is no validation split: {contents.why_no_validation}."
    figures = table(
        ("for each row", "minimum", "median", "90th percentile", "maximum", "sum"),
        [
            ("turns", *spread([row.turns for row in contents.rows])),
            ("tokens", *spread([row.tokens for row in contents.rows])),
            ("trained tokens", *spread([row.trained_tokens for row in contents.rows])),
        ],
    )
    counted = "Tokens are those of the messages' contents, without a chat template. "
    counted += contents.token_method
    if contents.estimated_turns is not None:
        turns = sum(contents.speakers.values())
        counted += f" Estimated so: {contents.estimated_turns} of {turns} turns."
    return "\n\n".join([splits, note, figures, counted])


def _subjects(contents: Contents) -> str:
    dialogues = contents.dialogues
    scenarios = [
        (name, contents.titles.get(name, ""), count) for name, count in ranked(row.scenario for row in dialogues)
    ]
    roles = ranked(f"{row.scenario} / {row.role}" for row in contents.rows)
    return "\n\n".join(
        [
            _cut(("scenario", "title", "dialogues"), scenarios),
            _cut(("scenario / trained role", "rows"), roles),
            _cut(("domain", "dialogues"), ranked(row.domain for row in dialogues)),
            _cut(("topic", "dialogues"), ranked(" / ".join(row.topic) for row in dialogues)),
            _cut(("language", "dialogues"), ranked(row.language for row in dialogues)),
            _cut(("ended by", "dialogues"), ranked(row.end for row in dialogues)),
        ]
    )


def _decisions(contents: Contents) -> str:
    decided = ranked(_DECIDERS.get(row.accepted_by, row.accepted_by) for row in contents.dialogues)
    fitness = _fitness(contents)
    checks = ranked(f"{check.check}: {check.outcome}" for row in contents.dialogues for check in row.checks)
    text = table(("accepted by", "dialogues"), decided) + fitness
    if checks:
        text += "\n\n" + _cut(("check: outcome", "dialogues"), checks)
    return text


def _fitness(contents: Contents) -> str:
    """Return what examinations said of the critic that was to decide."""
    if contents.examinations is None:
        return "\n\nThe critic's grade was not to decide." if any(row.rubric for row in contents.dialogues) else ""
    known = contents.examinations
    names = sorted({row.rubric for row in contents.dialogues if row.rubric} | known.keys())
    body = [
        (name, known[name].model, known[name].verdict, "it did" if known[name].grades else "evidence and detectors did")
        if name in known
        else (name, "", "not examined", "evidence and detectors did")
        for name in names
    ]
    return (
        "\n\nThe critic's grade was to decide, which takes a passed examination: planted errors, filler, claimed rank "
        "and orders in the transcript.\n\n" + _cut(("rubric", "critic", "examination", "who decided"), body)
    )


def _grades(contents: Contents) -> str:
    dialogues = contents.dialogues
    parts = [table(("overall grade", "dialogues"), grade_bands(dialogues))]
    means = criterion_means(dialogues)
    if means:
        parts.append(_cut(("rubric", "criterion", "grades", "mean"), means))
    reasons = ranked(row.ungraded for row in dialogues if row.ungraded is not None)
    if reasons:
        parts.append(_cut(("why ungraded", "dialogues"), reasons))
        parts.append("Ungraded is not a low grade: nothing is said about the quality of these dialogues.")
    return "\n\n".join(parts)


def _authors(contents: Contents) -> str:
    used = Counter((use.part, use.model) for row in contents.dialogues for use in row.models)
    models = [(part, model, count) for (part, model), count in sorted(used.items())]
    spoken = sorted(contents.speakers.items(), key=lambda item: (-item[1], item[0]))
    return "\n\n".join(
        [
            _cut(("part", "model", "dialogues"), models),
            table(("turns of the accepted dialogues spoken by", "turns"), spoken),
        ]
    )


def _loading(contents: Contents) -> str:
    kind = "JSON Lines" if contents.format == "messages" else "Parquet"
    return f"""```python
from datasets import load_dataset

dataset = load_dataset("path/to/this/folder")  # or the repository it was uploaded to
print(dataset["train"][0]["messages"])
```

The files are {kind} (`*.{SUFFIX[contents.format]}`); the types of all columns stand at the head of this
card, so `datasets` does not guess them. The loss is to fall where `train_on` is true, which is on the
assistant's messages.

- TRL: `SFTTrainer` reads `messages`; set `assistant_only_loss=True`, which needs a chat template with
  `generation` markers. Choose `max_length` with `tokens` in view and leave room for the template: what is
  longer is cut or dropped.
- Axolotl: `type: chat_template`, `field_messages: messages`, `roles_to_train: ["assistant"]`.
- A trainer of your own: mask the loss of every message whose entry in `train_on` is false."""


def _columns(contents: Contents) -> str:
    system = (
        "It starts with a system message made of public text only: title of the role, setting, goal, rules."
        if contents.system == "public"
        else "There is no system message; some chat templates then put in their own."
    )
    return f"""- `id`, `role`: the dialogue, and the role trained in this row; unique together.
- `messages`: the trained role is `assistant`, all others are `user`, in strict alternation, the assistant
  last.
  {system}
  Where the trained role opens the dialogue, the first user message is a director's opening, which nobody in
  the dialogue said. With more than two roles, user messages name who speaks.
- `train_on`: one entry for each message, true exactly on the trained role's turns.
- `grade`, `grades`, `graded_by`, `ungraded`: the critic's opinion, or why there is none. `grades[].turns`
  counts the dialogue's turns from 0; system message and opening are not among them.
- `findings`: failures of role-play that detectors saw and that stand, with the dialogue's turn, counted from 0, and
  how sure they are. `repairs`: how often a guard acted, e.g. asked again for a turn.
- `lineage`: fingerprints of the inputs, by which rows from changed scenarios, personas or prompts are told
  apart.
- `licence`, `source`: of this very row."""


def _limits(contents: Contents) -> str:
    dialogues = contents.dialogues
    lines: list[str] = []
    if not contents.rows:
        lines.append(
            "It is empty: no dialogue was accepted with a turn to train on. `datasets` refuses to load a "
            "split without rows."
        )
    lines.append(
        "It is simulated. What is stated in it as fact may be wrong, and it carries the biases of the models "
        "that wrote it."
    )
    lines.append(
        "A grade is one model's opinion. No agreement of this critic with human graders is shown here: take "
        "grades as a hint, not as a measurement."
    )
    critic = sum(row.accepted_by == "critic" for row in dialogues)
    if critic:
        lines.append(f"{critic} of {len(dialogues)} dialogues are here by that opinion alone, without evidence.")
    if any(check.outcome == "not_run" for row in dialogues for check in row.checks):
        lines.append("Some checks were not run; they count neither for nor against a dialogue.")
    lines.append(
        "Private goals and facts of roles and personas are left out of the system message, but what a role "
        "said aloud is in its dialogue, and what a critic quoted is in its reasons."
    )
    lines.append(
        "This export did not look for near-duplicates, for overlap with public benchmarks, or for personal "
        "data and secrets in what the models wrote."
    )
    lines.append(
        "The terms of the models that wrote the turns may limit what may be trained on them. They are not "
        "part of the licence below; look them up for the models named above."
    )
    return "\n".join(f"- {line}" for line in lines)


def _licence(contents: Contents) -> str:
    if not contents.rows:
        return "None was derived, since there are no rows."
    parts = [
        f"The dataset is under: {inline(combine(row.licence for row in contents.rows), longest=2000)}.",
        (
            "That is derived from the licences of the scenarios and personas used: all of them hold at once. "
            "The column `licence` has it for each row."
        ),
        _cut(("licence of the row", "rows"), ranked(row.licence for row in contents.rows)),
        _cut(("source", "rows"), ranked(row.source for row in contents.rows)),
    ]
    return "\n\n".join(parts)


def _origin(contents: Contents) -> str:
    versions = sorted({row.version or "not recorded" for row in contents.rows})
    made_by = f"agentsim {inline(', '.join(versions))}" if versions else "agentsim"
    return (
        f"Simulated with {made_by}, seed {contents.seed}. The same library, seed and recorded model answers "
        "give the same files, byte for byte."
    )


def _cut(head: Sequence[str], body: Sequence[Sequence[str | int]]) -> str:
    """Return a table of the first 25 lines, and say how many are not shown."""
    text = table(head, body[:_LONGEST_TABLE])
    more = len(body) - _LONGEST_TABLE
    return f"{text}\n\n({more} more not shown)" if more > 0 else text
