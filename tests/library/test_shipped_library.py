"""What agentsim ships is sound, broad enough to start with, and keeps its secrets out of sight."""

import time

import pytest

from agentsim.library import Library
from agentsim.schema import Persona, Scenario


@pytest.fixture(scope="module")
def library() -> Library:
    return Library.load()


def test_it_loads_quickly(library: Library) -> None:
    started = time.perf_counter()
    assert Library.load().fingerprint() == library.fingerprint()
    assert time.perf_counter() - started < 2


def test_it_is_broad(library: Library) -> None:
    leaves = {path for scenario in library.scenarios.values() for path in scenario.topic_paths()}
    assert len(library.personas) >= 48
    assert len(library.scenarios) >= 24
    assert len({scenario.domain for scenario in library.scenarios.values()}) >= 8
    assert len(leaves) >= 150


def test_every_role_with_a_selector_can_be_cast_in_more_than_one_way(library: Library) -> None:
    lonely = {
        f"{scenario.id}.{role.name}": [persona.id for persona in library.candidates(role)]
        for scenario in library.scenarios.values()
        for role in scenario.roles
        if role.persona is not None and len(library.candidates(role)) < 2
    }
    assert not lonely


def test_every_persona_can_be_cast_somewhere(library: Library) -> None:
    cast = {
        persona.id
        for scenario in library.scenarios.values()
        for role in scenario.roles
        for persona in library.candidates(role)
    }
    assert not set(library.personas) - cast


def _public_texts(persona: Persona) -> str:
    shown = persona.model_dump(mode="json", exclude={"private_facts", "lineage"})
    return " ".join(str(value) for value in shown.values()).casefold()


def test_no_private_fact_of_a_persona_stands_in_a_public_field(library: Library) -> None:
    leaks = {
        persona.id: fact
        for persona in library.personas.values()
        for fact in persona.private_facts
        if fact.casefold().rstrip(".") in _public_texts(persona)
    }
    assert not leaks


def _told_to_others(scenario: Scenario) -> str:
    roles = [role.model_dump(exclude={"private_goal", "private_facts", "rules"}) for role in scenario.roles]
    return f"{scenario.setting} {scenario.task.text} {roles}".casefold()


def test_no_private_matter_of_a_role_stands_where_other_roles_read(library: Library) -> None:
    leaks = {
        f"{scenario.id}.{role.name}": matter
        for scenario in library.scenarios.values()
        for role in scenario.roles
        for matter in (*role.private_facts, *filter(None, [role.private_goal]))
        if matter.casefold().rstrip(".") in _told_to_others(scenario)
    }
    assert not leaks


def test_every_rubric_is_used_by_a_scenario(library: Library) -> None:
    used = {scenario.rubric for scenario in library.scenarios.values()}
    # `quick` is for a first look at any scenario.
    assert set(library.rubrics) == used | {"quick"}
