"""Who may play a role."""

from agentsim.schema import Persona, PersonaSelector


def suits(persona: Persona, selector: PersonaSelector) -> bool:
    """Say whether a persona meets every condition of the selector."""
    tags = set(persona.tags)
    return (
        (not selector.ids or persona.id in selector.ids)
        and (not selector.any_tags or not tags.isdisjoint(selector.any_tags))
        and tags.issuperset(selector.all_tags)
        and tags.isdisjoint(selector.no_tags)
        and (selector.min_age is None or persona.age >= selector.min_age)
        and (selector.max_age is None or persona.age <= selector.max_age)
    )


def asked(selector: PersonaSelector) -> str:
    """Say in words what the selector asks for."""
    words = {
        "one of the ids": selector.ids,
        "any of the tags": selector.any_tags,
        "all of the tags": selector.all_tags,
        "none of the tags": selector.no_tags,
    }
    conditions = [f"{phrase} {', '.join(names)}" for phrase, names in words.items() if names]
    if selector.min_age is not None:
        conditions.append(f"age {selector.min_age} or more")
    if selector.max_age is not None:
        conditions.append(f"age {selector.max_age} or less")
    return "; ".join(conditions) or "anyone"
