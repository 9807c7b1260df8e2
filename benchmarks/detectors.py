"""Precision and recall of the failure detectors on the labelled dialogues of ``tests/data/failures``.

`develop` is what they were written with, `measure` is only ever measured on. A dialogue's kind counts as found if the
detector names it at least once; turns are compared too, exactly and give or take one. Intervals are 95 % Wilson
intervals. ``--errors`` lists what was missed and what was found wrongly, on `develop` alone. ``--speed`` sets the time
beside that of reading the same dialogues from JSON. Run it with ``python -m benchmarks.detectors``.
"""

import argparse
import json
import math
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, get_args

import orjson

from agentsim.dataset.chats import chat_of
from agentsim.guards.detect import detect
from agentsim.guards.talk import Talk
from agentsim.measures.shares import wilson
from agentsim.schema import FailureKind, Finding

DATA = Path(__file__).parent.parent / "tests" / "data" / "failures"
PARTS = ("develop", "measure")
KINDS: tuple[FailureKind, ...] = get_args(FailureKind)

Labelled = dict[str, Any]


def labelled(part: str) -> list[Labelled]:
    """Return the labelled dialogues of a part."""
    lines = [line for path in sorted((DATA / part).glob("*.jsonl")) for line in path.read_bytes().splitlines() if line]
    return [orjson.loads(line) for line in lines]


def talk_of(row: Labelled) -> Talk:
    """Return a labelled dialogue as the detectors see it, read as `agentsim lint` reads any row."""
    return chat_of(row, id=row["id"], place=row["id"]).talk


def share(hits: int, of: int) -> tuple[float, float, float]:
    """Return a share and its 95 % interval."""
    return (hits / of if of else math.nan, *wilson(hits, of))


def table(rows: Sequence[Labelled], found: Sequence[Sequence[Finding]], kinds: Iterable[FailureKind]) -> dict[str, Any]:
    """Return hits, false alarms and misses by kind: by dialogue, by exact turn, and give or take a turn."""
    figures: dict[str, Counter[str]] = {kind: Counter() for kind in kinds}
    for row, findings in zip(rows, found, strict=True):
        for kind, counts in figures.items():
            true = {label["turn"] for label in row["failures"] if label["kind"] == kind}
            said = {finding.turn for finding in findings if finding.kind == kind}
            counts["hit"] += bool(true and said)
            counts["false"] += bool(said and not true)
            counts["missed"] += bool(true and not said)
            counts["turn hit"] += len(true & said)
            counts["turn false"] += len(said - true)
            counts["turn missed"] += len(true - said)
            near = {turn + shift for turn in true for shift in (-1, 0, 1)}
            counts["near hit"] += len(said & near)
            counts["near false"] += len(said - near)
            counts["near missed"] += sum(not ({turn - 1, turn, turn + 1} & said) for turn in true)
    return figures


def show(part: str, rows: Sequence[Labelled], figures: dict[str, Counter[str]]) -> dict[str, Any]:
    """Print the table of a part and return its figures."""
    clean = sum(not row["failures"] for row in rows)
    print(f"\n{part}: {len(rows)} dialogues, {clean} clean")
    print(f"{'kind':20} {'n':>4} {'precision':>22} {'recall':>22} {'exact turn p/r':>16} {'turn +-1 p/r':>15}")
    told = {}
    everything = Counter[str]()
    for counts in figures.values():
        everything.update(counts)
    for kind, counts in (*figures.items(), ("overall", everything)):
        precision = share(counts["hit"], counts["hit"] + counts["false"])
        recall = share(counts["hit"], counts["hit"] + counts["missed"])
        shares = [
            counts[f"{how} hit"] / max(1, counts[f"{how} hit"] + counts[f"{how} {what}"])
            for how in ("turn", "near")
            for what in ("false", "missed")
        ]
        told[kind] = {"n": counts["hit"] + counts["missed"], "precision": precision, "recall": recall, "turns": shares}
        print(
            f"{kind:20} {told[kind]['n']:4} {precision[0]:7.2f} [{precision[1]:.2f}, {precision[2]:.2f}]"
            f" {recall[0]:7.2f} [{recall[1]:.2f}, {recall[2]:.2f}]"
            f" {shares[0]:9.2f}/{shares[1]:.2f} {shares[2]:10.2f}/{shares[3]:.2f}"
        )
    return told


def errors(rows: Sequence[Labelled], found: Sequence[Sequence[Finding]]) -> None:
    """Print what was missed and what was found wrongly, by dialogue and kind."""
    for row, findings in zip(rows, found, strict=True):
        for label in row["failures"]:
            if label["kind"] not in {finding.kind for finding in findings}:
                print(f"missed {row['id']} {label['turn']} {label['kind']}: {label['evidence'][:100]!r}")
        true = {label["kind"] for label in row["failures"]}
        for finding in findings:
            if finding.kind not in true:
                print(
                    f"false  {row['id']} {finding.turn} {finding.kind} {finding.confidence}: {finding.evidence[:100]!r}"
                    f" ({finding.detail}) -- {row['note'][:80]}"
                )


def speed(rows: Sequence[Labelled]) -> None:
    """Print how long 10,000 dialogues take, beside reading the same ones from JSON."""
    many = [row for _ in range(1 + 10_000 // len(rows)) for row in rows][:10_000]
    # Each copy has words of its own, so that nothing known from an earlier copy helps.
    for number, row in enumerate(many):
        messages = [{**message, "content": f"{message['content']} {number}"} for message in row["messages"]]
        many[number] = {**row, "messages": messages}
    texts = [json.dumps(row) for row in many]
    begin = time.process_time()
    for text in texts:
        json.loads(text)
    reading = time.process_time() - begin
    talks = [talk_of(row) for row in many]
    turns = sum(len(talk.turns) for talk in talks)
    begin = time.process_time()
    for talk in talks:
        detect(talk)
    taken = time.process_time() - begin
    print(
        f"\n10,000 dialogues, {turns} turns: {taken:.1f} s of one core, {taken / turns * 1e3:.2f} ms a turn,"
        f" {taken / reading:.0f} times reading them with json.loads"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="precision and recall of the failure detectors")
    parser.add_argument("--part", choices=PARTS, action="append", help="[both]")
    parser.add_argument("--kind", choices=KINDS, action="append", help="[all]")
    parser.add_argument("--errors", action="store_true", help="list the errors on the develop part")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON too")
    given = parser.parse_args()
    if given.errors and given.part != ["develop"]:
        parser.error("--errors reads dialogues, so it is for --part develop alone")
    told = {}
    for part in given.part or PARTS:
        rows = labelled(part)
        found = [detect(talk_of(row), given.kind) for row in rows]
        told[part] = show(part, rows, table(rows, found, given.kind or KINDS))
        if given.errors:
            errors(rows, found)
    if given.speed:
        speed(labelled("develop"))
    if given.json:
        print(json.dumps(told))


if __name__ == "__main__":
    main()
