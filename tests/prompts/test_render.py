"""Prompts: every shipped one reads well for every shipped part; a user's own are strict, and no way into
Python."""

import pickle
import re
from pathlib import Path

import pytest

from agentsim.dialogue.stage import cast_people, others, role_prompt
from agentsim.dialogue.transcript import fence_mark, transcript_lines
from agentsim.errors import UserError
from agentsim.library import Library
from agentsim.planning.plan import Plan
from agentsim.prompts.render import NAMES, SHIPPED, Prompts
from agentsim.schema import Persona, Scenario
from tests.dialogue.build import PEOPLE, PROMPTS, plan_of, rubric, said, situation

LIBRARY = Library.load()


def reads_well(text: str) -> bool:
    """No trace of a template, no doubled or trailing space, no two blank lines, no space before a stop."""
    ugly = re.search(
        r"\{[{%#]|[#%}]\}|  +\S|[ \t]$|\n\n\n|\A\s|\s\Z| [.,;](?!\w)|(?<!Schooling: )\bNone\b|\[\]", text, re.MULTILINE
    )
    return ugly is None


def prompts_of(
    scenario: Scenario, personas: dict[str, Persona], task: str, template: str | None = None
) -> dict[str, str]:
    made = {
        role.name: role_prompt(PROMPTS, scenario, role.name, personas, task, template=template)
        for role in scenario.roles
    }
    made["opening"] = PROMPTS.render("opening", others=others(scenario, scenario.leader.name, personas), task=task)
    return made


@pytest.mark.parametrize("name", sorted(LIBRARY.scenarios))
def test_every_shipped_part_is_told_who_it_is_where_and_what_for(name: str) -> None:
    scenario = LIBRARY.scenarios[name]
    plan = Plan(LIBRARY, 5, scenarios=[name])
    for index in range(4):
        assignment = plan[index]
        people = cast_people(assignment, LIBRARY.personas)
        for part, text in prompts_of(scenario, people, assignment.task).items():
            assert reads_well(text.replace(assignment.task, "TASK")), text
            if part == "opening":
                continue
            role = scenario.role(part)
            expected = [role.title, role.goal, scenario.setting, *role.rules, *role.private_facts]
            if part in people:
                expected += [people[part].name, people[part].speaking_style, *people[part].private_facts]
            if role.part == "leads":
                expected.append(assignment.task)
            assert [piece for piece in expected if piece not in text] == []
            for other in scenario.roles:
                if other.name != part:
                    assert other.title in text


@pytest.mark.parametrize("name", sorted(LIBRARY.scenarios))
def test_a_brief_prompt_says_who_speaks_and_what_for(name: str) -> None:
    scenario = LIBRARY.scenarios[name]
    assignment = Plan(LIBRARY, 5, scenarios=[name])[0]
    people = cast_people(assignment, LIBRARY.personas)
    full = prompts_of(scenario, people, assignment.task)
    for part, text in prompts_of(scenario, people, assignment.task, "brief").items():
        assert reads_well(text.replace(assignment.task, "TASK")), text
        if part != "opening":
            role = scenario.role(part)
            assert role.title in text
            assert (assignment.task if role.part == "leads" else role.goal) in text
            assert len(text) < len(full[part])


@pytest.mark.parametrize("style", ["conversation", "instruction", "brief"])
@pytest.mark.parametrize("cast", [True, False], ids=["people", "nobody"])
@pytest.mark.parametrize("language", ["en", "pt"])
@pytest.mark.parametrize("roles", [2, 3, 5])
@pytest.mark.parametrize("bare", [True, False])
def test_parts_with_little_to_tell_read_well_too(style: str, cast: bool, language: str, roles: int, bare: bool) -> None:
    template = style if style == "brief" else None
    scenario = situation(roles, style="conversation" if template else style, language=language)
    if bare:
        poor = {"private_goal": None, "private_facts": (), "rules": ()}
        scenario = scenario.model_copy(update={"roles": tuple(r.model_copy(update=poor) for r in scenario.roles)})
    people = {role.name: p for role, p in zip(scenario.order, PEOPLE.values(), strict=False)} if cast else {}
    for text in prompts_of(scenario, people, "Talk about figs.", template).values():
        assert reads_well(text), text
    if template is None:
        told = role_prompt(PROMPTS, scenario, "helper", people, "x")
        assert ("language with the code pt" in told) == (language == "pt")


def test_two_others_are_told_apart() -> None:
    """A name and a title belong together, also where there are two of them."""
    people = dict(zip(("asker", "helper", "clerk"), PEOPLE.values(), strict=False))
    text = role_prompt(PROMPTS, situation(3), "clerk", people, "x")
    assert "You are talking with Ana, the asker; and with Bo, the helper." in text


def test_only_the_leader_is_told_the_task() -> None:
    for style in ("conversation", "instruction"):
        scenario = situation(style=style)
        told = {r.name: "SPECIAL" in role_prompt(PROMPTS, scenario, r.name, {}, "SPECIAL") for r in scenario.roles}
        assert told == {"asker": True, "helper": False}


def test_questions_to_side_models_read_well() -> None:
    dialogue = said(situation(), "Figs?", "Two euros.\nOr three.")
    lines, mark = transcript_lines(dialogue.turns), fence_mark(dialogue.turns)
    goal = PROMPTS.render("goal", goal="A price is agreed.", transcript=lines, mark=mark)
    grade = PROMPTS.render(
        "grade",
        setting="A market.",
        task="Figs.",
        transcript=lines,
        mark=mark,
        criteria=rubric("clear").criteria,
    )
    task = PROMPTS.render("task", setting="A market.", topic=["fruit", "figs"], task="Figs.", people=["Ana"], words=60)
    for text in (goal, task):
        assert reads_well(text.replace("    Or three", "Or three")), text
    assert "clear: How clear is it?\n  1 = not\n  3 = so so\n  5 = very\n" in grade
    assert f"<<<{mark}\n[0] asker: Figs?\n[1] helper: Two euros.\n    Or three.\n{mark}>>>" in grade
    assert f"<<<{mark}\n[0] asker: Figs?\n[1] helper: Two euros.\n    Or three.\n{mark}>>>" in goal


# Text is text

INJECTIONS = [
    "{{ 7 * 7 }}",
    "{% for x in 'ab' %}{{ x }}{% endfor %}",
    "{# gone #}",
    "{{ role.private_goal }}",
    "{{ nobody }}",
]


@pytest.mark.parametrize("evil", INJECTIONS)
def test_text_of_a_persona_or_a_model_is_never_a_template(evil: str) -> None:
    scenario = situation()
    ana = PEOPLE["ana"].model_copy(update={"summary": evil, "private_facts": (evil,), "name": evil})
    text = role_prompt(PROMPTS, scenario, "asker", {"asker": ana}, f"Task: {evil}")
    assert text.count(evil) == 4
    lines = transcript_lines(said(scenario, evil, evil).turns)
    assert PROMPTS.render("goal", goal=evil, transcript=lines, mark="M").count(evil) == 3


# A user's own templates


def folder(path: Path, **templates: str) -> Path:
    for name, text in templates.items():
        (path / f"{name}.j2").write_text(text)
    return path


def test_a_users_template_replaces_one_and_leaves_the_others(tmp_path: Path) -> None:
    mine = Prompts(folder(tmp_path, conversation="\n You are {{ role.title }}. \n"))
    assert role_prompt(mine, situation(), "asker", {}, "x") == "You are the asker."
    assert mine.hash("conversation") != PROMPTS.hash("conversation")
    others_ = [name for name in NAMES if name != "conversation"]
    shipped = Prompts()
    assert [mine.hash(name) for name in others_] == [shipped.hash(name) for name in others_]


def test_a_byte_order_mark_is_not_sent_to_the_model(tmp_path: Path) -> None:
    (tmp_path / "opening.j2").write_bytes(b"\xef\xbb\xbfBegin.")
    assert Prompts(tmp_path).render("opening", others=[], task="") == "Begin."


@pytest.mark.parametrize(
    ("template", "named"),
    [
        ("{{ weather }}", "weather"),
        ("{% if weather %}x{% endif %}", "weather"),
        ("{{ role.nickname }}", "nickname"),
        ("{% for x in weather %}{{ x }}{% endfor %}", "weather"),
        ("{{ 1 / 0 }}", "division"),
        ("{{ role.title + 1 }}", "str"),
        ("{% include 'other.j2' %}", "loader"),
        ("{{ range(10**9) }}", "Range"),
    ],
)
def test_what_goes_wrong_in_a_users_template_is_told_with_its_file(tmp_path: Path, template: str, named: str) -> None:
    mine = Prompts(folder(tmp_path, conversation=template))
    with pytest.raises(UserError) as caught:
        role_prompt(mine, situation(), "asker", {}, "x")
    assert str(tmp_path / "conversation.j2") in caught.value.message
    assert named in caught.value.message
    assert caught.value.fix is not None and "setting" in caught.value.fix


def test_a_syntax_error_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"opening\.j2:2: "):
        Prompts(folder(tmp_path, opening="one\n{% if %}"))


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "opening.j2").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match=r"cannot read the prompt .*opening\.j2"):
        Prompts(tmp_path)


def test_a_template_that_nothing_uses_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nothing uses: converstion\.j2") as caught:
        Prompts(folder(tmp_path, converstion="x", opening="y"))
    assert "conversation.j2" in str(caught.value)


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such prompt folder"):
        Prompts(tmp_path / "nowhere")


class Bomb:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self._path,)


def test_a_strangers_template_cannot_run_code(tmp_path: Path) -> None:
    """pydantic's old ``parse_raw`` unpickles on request; a template must not get at it."""
    boom = tmp_path / "boom"
    raw = pickle.dumps(Bomb(boom), protocol=0).decode().replace("\n", "\\n").replace("'", "\\'")
    call = f"parse_raw('{raw}'.encode(), proto='pickle', allow_pickle=true)"
    mine = Prompts(folder(tmp_path, conversation="{{ role." + call + " }}"))
    with pytest.raises(UserError, match="unsafe"):
        role_prompt(mine, situation(), "asker", {}, "x")
    assert not boom.exists()


@pytest.mark.parametrize(
    "template",
    [
        "{{ role.parse_file('/etc/hostname') }}",
        "{{ role.model_construct(name='x') }}",
        "{{ role.__class__.__mro__ }}",
        "{{ ''.__class__ }}",
        "{{ role.model_dump }}",
        "{{ others.append('x') }}",
        "{{ '%s'.format.__globals__ }}",
        "{{ '{0.__class__}'.format(role) }}",
        "{{ cycler.__init__.__globals__ }}",
    ],
)
def test_a_strangers_template_cannot_reach_python(tmp_path: Path, template: str) -> None:
    mine = Prompts(folder(tmp_path, conversation=template))
    with pytest.raises(UserError, match="unsafe"):
        role_prompt(mine, situation(), "asker", {}, "x")


def test_every_template_is_a_file_of_its_name() -> None:
    assert sorted(path.stem for path in SHIPPED.glob("*.j2")) == sorted(NAMES)


def test_the_plan_of_the_tests_casts_people() -> None:
    assert plan_of(situation(3)).cast == {"asker": "ana", "helper": "bo", "clerk": "cem"}
