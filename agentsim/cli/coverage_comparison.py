"""`agentsim coverage RUN --compare RUN2`: two runs side by side."""

from typing import TYPE_CHECKING, Any

from agentsim.cli.output import console, line, say

if TYPE_CHECKING:
    from agentsim.run.covering import Survey

COLUMNS = ("measure", "first", "second", "difference", "from", "to")


def compared(one: "Survey", other: "Survey") -> dict[str, Any]:
    """Return what is told of two runs.

    Raises:
        UserError: where one of them has too few dialogues.
    """
    from dataclasses import asdict

    from agentsim.errors import UserError
    from agentsim.measures.comparison import compare

    first, second = (survey.texts() for survey in (one, other))
    try:
        found = compare(first, second)
    except ValueError as error:
        raise UserError(f"{error}", fix="compare them later, when more dialogues have ended") from None
    return {
        "dialogues": min(len(first), len(second)),
        "covered": [one.coverage.covered, other.coverage.covered],
        "leaves": [one.coverage.leaves, other.coverage.leaves],
        "measures": [{**asdict(each), "clear": each.clear} for each in found],
    }


def show_comparison(told: dict[str, Any]) -> None:
    """Print the measures, and which differences are more than chance."""
    rows = [
        (
            one["measure"],
            *(f"{one[name]:.3g}" for name in ("one", "other")),
            *(f"{value:+.3g}" for value in (one["other"] - one["one"], one["low"], one["high"])),
        )
        for one in told["measures"]
    ]
    out = console()
    if out.is_terminal:
        from rich.table import Table

        grid = Table(box=None, pad_edge=False, header_style="bold")
        for name in COLUMNS:
            grid.add_column(name, justify="left" if name == "measure" else "right", no_wrap=True)
        for row, one in zip(rows, told["measures"], strict=True):
            grid.add_row(*row, style="bold" if one["clear"] else "")
        out.print(grid)
    else:
        line(*COLUMNS)
        for row in rows:
            line(*row)
    clear = [one["measure"] for one in told["measures"] if one["clear"]]
    say(
        f"at {told['dialogues']} dialogues each; topics covered: {told['covered'][0]} of {told['leaves'][0]}, and"
        f" {told['covered'][1]} of {told['leaves'][1]}"
    )
    say(f"beyond chance (95 %): {', '.join(clear) if clear else 'nothing'}")
