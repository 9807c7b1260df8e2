"""Folders of YAML files to load libraries from."""

from pathlib import Path

import pytest

from tests.library.samples import PERSONA, RUBRIC, SCENARIO


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's folder with one well-formed noun of each kind, and a second persona."""
    mine = tmp_path / "mine"
    for name in ("personas", "scenarios", "rubrics"):
        (mine / name).mkdir(parents=True)
    (mine / "personas/ana.yaml").write_text(PERSONA)
    (mine / "personas/bea.yaml").write_text(persona("bea", tags="[retired]"))
    (mine / "scenarios/late-flour.yaml").write_text(SCENARIO)
    (mine / "rubrics/plain.yaml").write_text(RUBRIC)
    return mine


def persona(name: str, *, tags: str = "[trade]", region: str = "Braga") -> str:
    """The YAML of a persona like Ana."""
    return (
        PERSONA.replace("id: ana", f"id: {name}")
        .replace("tags: [trade, early-riser]", f"tags: {tags}")
        .replace("region: Braga", f"region: {region}")
    )
