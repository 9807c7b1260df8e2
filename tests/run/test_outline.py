"""An outline of one's own takes the place of the chosen scenarios' topics."""

from pathlib import Path

import pytest

from agentsim.errors import UserError
from agentsim.planning.plan import Plan
from agentsim.run.settings import RunSettings
from agentsim.run.setup import load_library


@pytest.fixture
def outline(tmp_path: Path) -> Path:
    path = tmp_path / "kitchen.md"
    path.write_text("- Heat\n  - why onions brown slowly\n  - why water cannot brown meat\n- green avocado\n")
    return path


def test_the_plan_takes_each_topic_of_the_outline_before_any_repeats(outline: Path) -> None:
    settings = RunSettings(outline=outline, scenarios=("science-explained", "reader-advice"))
    library = load_library(settings)
    plan = Plan(library, 0, scenarios=settings.scenarios)
    asked = {
        scenario: [one.topic for one in plan.take(6) if one.scenario == scenario] for scenario in library.scenarios
    }
    wanted = {("Heat", "why onions brown slowly"), ("Heat", "why water cannot brown meat"), ("green avocado",)}
    assert set(asked["science-explained"]) == set(asked["reader-advice"]) == wanted
    assert all(one.task.find(one.topic[-1]) >= 0 for one in Plan(library, 0, scenarios=("science-explained",)).take(3))
    assert library.scenarios["used-van-sale"] == load_library(RunSettings()).scenarios["used-van-sale"]


def test_an_outline_is_for_scenarios_that_are_named(outline: Path) -> None:
    with pytest.raises(UserError, match="an outline needs scenarios") as raised:
        load_library(RunSettings(outline=outline))
    assert "--scenario science-explained" in str(raised.value)


def test_a_scenario_whose_task_has_no_topic_is_refused(outline: Path, tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "scenarios" / "science-explained.yaml"
    (tmp_path / "scenarios").mkdir()
    fixed = (
        shipped.read_text(encoding="utf-8").replace("id: science-explained", "id: fixed").replace("{topic}", "tides")
    )
    (tmp_path / "scenarios" / "fixed.yaml").write_text(fixed, encoding="utf-8")
    settings = RunSettings(outline=outline, library=(tmp_path,), scenarios=("fixed",))
    with pytest.raises(UserError, match=r"'fixed' cannot be about an outline's topics: its task has no \{topic\}"):
        load_library(settings)
