"""What no file shows alone: whether the nouns of a library fit together."""

from collections.abc import Collection, Iterator, Mapping

from agentsim.library.casting import asked, suits
from agentsim.library.faults import Fault, Place, field_name, line_of, nearest
from agentsim.library.load import Reading
from agentsim.schema import Persona, PersonaSelector, Scenario


def cross_faults(
    scenarios: Mapping[str, Reading[Scenario]],
    personas: Mapping[str, Persona],
    rubrics: Collection[str],
    *,
    broken_personas: Collection[str] = (),
    broken_rubrics: Collection[str] = (),
) -> Iterator[Fault]:
    """Yield a fault for each rubric, persona or cast that a scenario asks for in vain.

    Broken ones are in the library but could not be read: they are not missing, and a broken persona might
    have suited any role.
    """
    for reading in scenarios.values():
        if (scenario := reading.noun) is None:
            continue
        if scenario.rubric not in rubrics and scenario.rubric not in broken_rubrics:
            yield _fault(
                reading,
                ("rubric",),
                f"there is no rubric {scenario.rubric!r}",
                _instead(scenario.rubric, rubrics) or f"add rubrics/{scenario.rubric}.yaml",
            )
        for number, role in enumerate(scenario.roles):
            if role.persona is not None:
                place = ("roles", number, "persona")
                yield from _uncast(reading, place, role.persona, personas, broken_personas)


def _uncast(
    reading: Reading[Scenario],
    place: Place,
    selector: PersonaSelector,
    personas: Mapping[str, Persona],
    broken: Collection[str],
) -> Iterator[Fault]:
    unknown = [name for name in selector.ids if name not in personas and name not in broken]
    for name in unknown:
        where = (*place, "ids", selector.ids.index(name))
        fix = _instead(name, personas) or f"add personas/{name}.yaml"
        yield _fault(reading, where, f"there is no persona {name!r}", fix)
    if unknown or broken or any(suits(persona, selector) for persona in personas.values()):
        return
    tags = {tag for persona in personas.values() for tag in persona.tags}
    strange = [tag for tag in (*selector.any_tags, *selector.all_tags) if tag not in tags]
    hints = [f"no persona has the tag {tag!r}; {_instead(tag, tags)}".rstrip("; ") for tag in strange]
    fix = "; ".join([*hints, "loosen the selector, or add a persona that meets it"])
    yield _fault(reading, place, f"no persona meets what is asked: {asked(selector)}", fix)


def _instead(name: str, known: Collection[str]) -> str:
    close = nearest(name, known)
    return f"did you mean {close!r}?" if close else ""


def _fault(reading: Reading[Scenario], place: Place, message: str, fix: str) -> Fault:
    return Fault(reading.file, line_of(place, reading.lines), field_name(place), message, fix)
