"""Two parts of the page on a run: failures of role-play with their repair, and the people who are played."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from agentsim.cli.output import part

if TYPE_CHECKING:
    from agentsim.dialogue.history import History
    from agentsim.measures.failures import Failures, KindCount
    from agentsim.measures.people import Figures, People, Way
    from agentsim.run.reader import RunReader
    from agentsim.schema import Dialogue

_ROLES = 12
"""Roles that have lines of their own; `--json` has them all."""

ALL_ROLES = "all roles"


def conduct(reader: "RunReader") -> "tuple[Failures, People]":
    """Return what went wrong in a run and what its people are like; every dialogue is read once."""
    from agentsim.measures.failures import count_failures
    from agentsim.measures.people import SAMPLE, people

    finished: list[Dialogue] = []
    count = 0

    def histories() -> "Iterator[History]":
        nonlocal count
        for _, story in reader.stories():
            if story.assignment is not None and story.history.end is not None:
                count += 1
                if count <= SAMPLE:
                    finished.append(story.history.dialogue(story.assignment))
            yield story.history

    failures = count_failures(histories(), reader.tally().rejected)
    found = people(finished, reader.scenarios(), reader.personas(), seed=reader.settings.seed)
    return failures, found.model_copy(update={"of": count})


def show_failures(failures: "Failures", mode: str) -> None:
    """Print what went wrong and what was done about it."""
    rows: list[tuple[object, ...]] = [("guards", mode)]
    if mode != "off" or failures.kinds:
        rows += [(count.kind, _kind(count)) for count in failures.kinds]
        rows.append(("repairs", f"{failures.repairs}, in {failures.repaired} of {failures.dialogues} dialogues"))
        share = "" if failures.discarded_share is None else f", {failures.discarded_share:.1%} of what turns took"
        rows.append(("thrown away", f"{failures.discarded.completion_tokens} generated tokens{share}"))
    part("failure_kind", "Failures of role-play", rows)


def _kind(count: "KindCount") -> str:
    told = [f"found {count.found}", f"standing {count.standing}"]
    told += [f"{action} {times}" for action, times in count.repairs.items()]
    if count.in_vain:
        told.append(f"in vain {count.in_vain}")
    return ", ".join([*told, f"dialogues rejected {count.rejected}"])


def show_people(found: "People") -> None:
    """Print what the people are like, by role and level, and how difficulty shows."""
    seen = str(found.measured) if found.measured == found.of else f"the first {found.measured} of {found.of}"
    part(
        "people",
        f"People, measured on {seen} finished dialogues (docstring of agentsim.measures.people: how to read it)",
        _people_rows(found),
    )
    first = found.ways[0].role if found.ways else ""
    part(
        "way",
        "How being difficult shows, against others in the same role of the same scenario",
        [_way(way) for way in found.ways if way.role == first],
    )


def _people_rows(found: "People") -> Iterator[tuple[object, ...]]:
    roles = list(dict.fromkeys(figure.role for figure in found.figures))
    if found.measured < found.of:
        yield "sample", "", "", f"the first {found.measured} of {found.of} dialogues"
    for role in roles[:_ROLES]:
        several = [figure for figure in found.figures if figure.role == role]
        for figure in several:
            # Where all are of one level, all together would be said twice.
            if figure.level is not None or len(several) > 2:
                yield role or ALL_ROLES, figure.level or "all levels", figure.dialogues, _figures(figure)
    if len(roles) > _ROLES:
        yield "more", "", len(roles) - _ROLES, "roles with fewer dialogues: see --json"


def _figures(figure: "Figures") -> str:
    told = []
    if figure.private_facts:
        told.append(f"told unasked {figure.private_unasked:.0%} of {figure.private_facts} private facts")
    if figure.particulars:
        told.append(f"{figure.particulars_unasked:.0%} of {figure.particulars} particulars of the task")
    longest = f" (longest {figure.longest_copy} words)" if figure.longest_copy else ""
    told.append(f"{figure.copied:.0%} of turns copied{longest}")
    length = figure.lengths
    spread = f"{length.mean:.1f} words a turn, deviation {length.deviation:.1f}"
    if length.within is not None:
        spread += f", variation within a dialogue {length.within:.2f}"
    if length.between is not None:
        spread += f", between a person's dialogues {length.between:.2f}"
    return "; ".join([*told, spread])


def _way(way: "Way") -> tuple[str, str, str, str]:
    compared = way.contrast
    sides = f"{compared.with_it} dialogues with it ({compared.people_with} people), {compared.without} without"
    sides += f" ({compared.people_without})"
    if compared.difference is None:
        told = "nothing to compare"
    elif compared.low is None:
        told = f"difference {compared.difference:+.3g}"
    else:
        told = f"difference {compared.difference:+.3g}, 95 % from {compared.low:+.3g} to {compared.high:+.3g}"
    return way.way, way.sign, way.reading, f"{way.meaning}: {told}; expected {way.expected}; {sides}"
