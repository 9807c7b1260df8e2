"""A run on one page: what it was asked to do, how it came out, what it took, how its people behaved."""

from typing import TYPE_CHECKING, Any

from agentsim.cli.flattened import flattened
from agentsim.cli.output import part

if TYPE_CHECKING:
    from agentsim.run.reader import RunReader

ALWAYS = ("model", "dialogues", "seed")
"""Settings that are shown even where they are the defaults."""


def as_json(reader: "RunReader") -> dict[str, Any]:
    """Return all that `show_run` shows."""
    from agentsim.cli.run_state import facts
    from agentsim.cli.show_conduct import conduct

    failures, people = conduct(reader)
    return {
        **facts(reader),
        "failures": {"mode": reader.settings.guards.mode, **failures.model_dump(mode="json")},
        "people": {
            **people.model_dump(mode="json"),
            "ways": [{**way.model_dump(mode="json"), "reading": way.reading} for way in people.ways],
        },
        "settings": reader.settings.model_dump(mode="json"),
        "exports": _exports(reader),
    }


def show_run(reader: "RunReader") -> None:
    """Print the page."""
    from agentsim.cli.run_state import facts, in_words
    from agentsim.cli.show_conduct import conduct, show_failures, show_people

    told = facts(reader)
    tally, usage = told["tally"], told["usage"]
    part("run", told["run"], [("state", in_words(told["state"], told["to_do"]))])
    part("setting", "Settings that are not defaults, and a few that matter", _settings(reader))
    rows = [("planned", "", tally["planned"]), ("accepted", "", tally["accepted"])]
    for outcome in ("rejected", "failed"):
        rows.append((outcome, "", sum(tally[outcome].values())))
        rows += [(outcome, code, count) for code, count in tally[outcome].items()]
    part("tally", "Outcome", rows)
    part(
        "usage",
        "Calls that were answered",
        [
            ("calls", usage["calls"]),
            ("prompt tokens", usage["prompt_tokens"]),
            ("completion tokens", usage["completion_tokens"]),
            ("cost", f"${usage['cost']:.4f}"),
        ],
    )
    failures, people = conduct(reader)
    show_failures(failures, reader.settings.guards.mode)
    show_people(people)
    part("export", "Datasets", [(folder,) for folder in _exports(reader)])


def _settings(reader: "RunReader") -> list[tuple[str, Any]]:
    settings = reader.settings
    always = {name: getattr(settings, name) for name in ALWAYS}
    told = {**always, **settings.model_dump(mode="json", exclude_defaults=True)}
    return flattened({**told, "dialogues": settings.most})


def _exports(reader: "RunReader") -> list[str]:
    from agentsim.run.exporting import EXPORTS

    return [str(path.parent) for path in sorted((reader.folder / EXPORTS).glob("*/README.md"))]
