"""The leader's agenda: how it is drawn, what difficulty does to it, how turns carry it on, what the leader is told."""

from collections.abc import Sequence
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from agentsim.dialogue.agenda import advance, agenda_note, current, goal_share, is_done
from agentsim.dialogue.agenda_making import make_agenda
from agentsim.library.library import Library
from agentsim.planning.plan import Plan
from agentsim.prompts.render import Prompts
from agentsim.schema import Difficulty, Ending, Persona, Proposal, Role, Scenario, Topic, Turn
from agentsim.schema.agenda import Agenda, AgendaEntry, AgendaItem, AgendaPlan
from agentsim.schema.persona import Uncooperative
from tests.dialogue.build import person, plan_of, situation

WAYS: tuple[Uncooperative, ...] = get_args(Uncooperative)
TASK = "The asker wants to send back a blue kettle. It came too late for a birthday. They ask for the full price back."
GOAL = "The asker knows whether the kettle is taken back, what they receive for it, and how long the refund takes."


def shop(**fields: Any) -> Scenario:
    given: dict[str, Any] = {
        "topics": (
            Topic(name="Kitchen", topics=(Topic(name="a blue kettle", about="what leaks"), Topic(name="a red pan"))),
        ),
        "ending": Ending(goal=GOAL, min_turns=4, max_turns=14),
        **fields,
    }
    return situation(**given)


def agenda_of(scenario: Scenario | None = None, persona: Persona | None = None, *, seed: int = 11) -> Agenda:
    scenario = scenario or shop()
    plan = plan_of(scenario, topic=("Kitchen", "a blue kettle"), task=TASK, seed=seed)
    return make_agenda(scenario, plan, TASK, persona)


def test_on_a_bridge_the_leader_asks_what_the_two_topics_have_to_do_with_each_other() -> None:
    scenario = shop()
    plan = plan_of(scenario, topic=("Kitchen", "a blue kettle"), task=TASK, seed=11)
    beyond = Proposal(bridge=("Garden", "a rusty spade"), score=0.1, distance=4)
    agenda = make_agenda(scenario, plan.model_copy(update={"beyond": beyond}), TASK, None)
    question = "Ask what a blue kettle has to do with a rusty spade."
    assert [item.act for item in agenda.items if item.text == question] == ["ask"]
    assert question not in [item.text for item in agenda_of().items]


def difficult(level: float, *how: Uncooperative) -> Agenda:
    return agenda_of(persona=person(0, difficulty=Difficulty(level=level, how=how)))


def made(agenda: Agenda, way: str) -> list[AgendaItem]:
    return [item for item in agenda.items if item.made_by == way]


def talk(*texts: str, roles: Sequence[str] = ("asker", "helper")) -> list[Turn]:
    return [Turn(index=i, role=roles[i % len(roles)], text=text) for i, text in enumerate(texts)]


def of(*items: tuple[str, str], **fields: Any) -> Agenda:
    entries = tuple(AgendaEntry.model_validate({"act": act, "text": text, **fields}) for act, text in items)
    return agenda_of(shop(agenda=AgendaPlan(items=entries)))


def states(agenda: Agenda) -> list[str]:
    return [item.status for item in sorted(agenda.items, key=lambda item: item.id)]


KETTLE = of(("inform", "Say that the kettle leaks."), ("ask", "Ask how long the refund takes."))


# Drawing


def test_a_drawn_agenda_holds_task_goal_topic_and_goodbye() -> None:
    agenda = agenda_of()
    texts = [item.text for item in agenda.items]
    assert texts[0] == "Say that you want to send back a blue kettle."
    assert "Ask whether the kettle is taken back." in texts
    assert "Ask what you receive for it." in texts
    assert agenda.items[-1].act == "close"
    assert agenda.items[0].status == "current"
    assert {item.made_by for item in agenda.items} <= {"task", "goal", "topic", "fact", "closing"}


def test_the_seed_decides_what_is_drawn_and_nothing_else_does() -> None:
    drawn = {seed: agenda_of(seed=seed) for seed in range(20)}
    assert all(agenda_of(seed=seed) == agenda for seed, agenda in drawn.items())
    assert len({tuple(item.text for item in agenda.items) for agenda in drawn.values()}) > 2


@pytest.mark.parametrize(
    ("turns", "roles", "items"),
    [(2, 2, 2), (4, 2, 2), (6, 2, 3), (8, 2, 4), (10, 2, 4), (14, 2, 6), (14, 3, 4), (60, 2, 8)],
)
def test_there_is_a_turn_for_every_item(turns: int, roles: int, items: int) -> None:
    topics = tuple(Topic(name=name) for name in ("a blue kettle", "a red pan"))
    scenario = shop(roles=roles, ending=Ending(goal=GOAL, min_turns=2, max_turns=turns), topics=topics)
    plan = plan_of(scenario, topic=("a blue kettle",), task=TASK)
    agenda = make_agenda(scenario, plan, TASK, None)
    assert len([item for item in agenda.items if not item.held]) == items


def test_private_facts_wait_until_somebody_asks_and_private_goals_stay_out() -> None:
    agenda = agenda_of()
    facts = made(agenda, "fact")
    assert [item.text for item in facts] == ["Now tell it: the asker broke the scales."]
    assert all(item.held and not item.needed for item in facts)
    assert "by nine" not in agenda.model_dump_json()
    assert "helper" not in " ".join(item.text for item in agenda.items)


def test_no_other_roles_secret_gets_in() -> None:
    library = Library.load()
    plan = Plan(library, 5)
    for assignment in plan.take(3 * len(plan.scenarios)):
        scenario = library.scenarios[assignment.scenario]
        persona = library.personas.get(assignment.cast.get(scenario.leader.name, ""))
        agenda = make_agenda(scenario, assignment, assignment.task, persona)
        text = " ".join(item.text for item in agenda.items)
        secrets = [fact for role in scenario.roles if role.part == "follows" for fact in _secrets(role)]
        assert not [secret for secret in secrets if secret.rstrip(".") in text]
        assert sum(item.status == "current" for item in agenda.items) == 1
        assert agenda.items[-1].act == "close"
        assert len([item for item in agenda.items if not item.held]) <= max(9, scenario.ending.max_turns)


def _secrets(role: Role) -> list[str]:
    return [*role.private_facts, *([role.private_goal] if role.private_goal else [])]


def test_a_scenario_gives_its_own_items_with_slots_filled() -> None:
    agenda = of(("ask", "Ask what {topic} costs."))
    assert [item.text for item in agenda.items] == ["Ask what a blue kettle costs.", "Thank them and say goodbye."]


def test_an_agenda_can_be_switched_off() -> None:
    agenda = agenda_of(shop(agenda=AgendaPlan(enabled=False)))
    assert agenda.items == ()
    assert current(agenda) is None
    assert not is_done(agenda)
    assert agenda_note(Prompts(), agenda, brief=False) is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [("Ask about {colour}.", "does not define"), ("Ask about {.", "write {{"), ("Ask about {topic:>9}.", "no")],
)
def test_a_faulty_slot_is_told(text: str, fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        of(("ask", text))


def test_only_the_last_item_may_close() -> None:
    with pytest.raises(ValidationError, match="must be the last"):
        of(("close", "Say goodbye."), ("ask", "Ask."))


# Difficulty


@pytest.mark.parametrize("way", WAYS)
def test_each_way_of_being_difficult_rewrites_the_plan(way: Uncooperative) -> None:
    easy, hard = agenda_of(persona=person(0)), difficult(1.0, way)
    assert hard != easy
    assert made(hard, way)
    assert difficult(0.0, way) == easy
    assert difficult(1.0, way) == hard
    assert hard.items[-1].act == "close"


@pytest.mark.parametrize("way", ["vague", "withholding", "distrustful", "contradicting"])
def test_more_is_rewritten_at_a_higher_level(way: Uncooperative) -> None:
    counts = [
        len(made(agenda_of(long(), person(0, difficulty=Difficulty(level=level, how=(way,)))), way)) for level in LEVELS
    ]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


LEVELS = (0.2, 0.6, 1.0)


def long() -> Scenario:
    acts = ("inform", "ask", "inform", "ask", "inform", "ask", "inform")
    items = tuple(AgendaEntry(act=act, text=f"Say number {n}.") for n, act in enumerate(acts))
    return shop(agenda=AgendaPlan(items=items), ending=Ending(goal=GOAL, min_turns=4, max_turns=60))


def test_a_vague_person_gives_specifics_when_asked() -> None:
    agenda = difficult(1.0, "vague")
    rough = current(agenda)
    assert rough is not None and rough.made_by == "vague" and "kettle" not in rough.text
    asked = current(advance(agenda, talk("I have trouble with something.", "What is it exactly?")))
    assert asked is not None and asked.text == "Say that you want to send back a blue kettle."
    unasked = current(advance(agenda, talk("I have trouble with something.", "That is sad news for us all.")))
    assert unasked is not None and "kettle" not in unasked.text


def test_what_is_withheld_is_told_only_on_a_question_about_it() -> None:
    agenda = of(("ask", "Ask for help."), ("inform", "Say that the kettle was used once."), held=False)
    held = agenda.items[1].model_copy(update={"held": True})
    agenda = agenda.model_copy(update={"items": (agenda.items[0], held, agenda.items[2])})
    asked = current(advance(agenda, talk("I need help.", "Of course. Was the kettle used?")))
    assert asked is not None and asked.id == held.id
    unasked = current(advance(agenda, talk("I need help.", "I repair everything here. What is your name?")))
    assert unasked is not None and unasked.act == "close"


def test_a_distrustful_person_doubts_only_what_was_answered() -> None:
    agenda = difficult(1.0, "distrustful")
    doubt = made(agenda, "distrustful")[0]
    before = next(item for item in agenda.items if item.id == doubt.follows)
    assert before.act == "ask"
    assert agenda.items.index(doubt) == agenda.items.index(before) + 1


def test_trouble_counts_for_no_goal() -> None:
    for way in ("impatient", "distrustful", "contradicting", "wandering"):
        extra = [item for item in made(difficult(1.0, way), way) if item.act in ("object", "change_mind")]
        assert not any(item.needed for item in extra)


# Going on


def test_what_is_answered_is_popped() -> None:
    turns = talk("The kettle leaks.", "I see, a leak.", "How long does the refund take?", "Three days.", "Thanks, bye!")
    assert [states(advance(KETTLE, turns[:n])) for n in (0, 2, 4, 5)] == [
        ["current", "waiting", "waiting"],
        ["answered", "current", "waiting"],
        ["answered", "answered", "current"],
        ["answered", "answered", "answered"],
    ]
    assert is_done(advance(KETTLE, turns))
    assert not is_done(advance(KETTLE, turns[:4]))
    assert goal_share(advance(KETTLE, turns[:2])) == 0.5


def test_what_was_not_said_is_tried_again_and_given_up_after_two_returns() -> None:
    turns = talk("Lovely weather.", "Yes, sunny.")
    returns = [
        (advance(KETTLE, turns * n).items[0].status, advance(KETTLE, turns * n).items[0].returns) for n in (1, 2, 3)
    ]
    assert returns == [("current", 1), ("current", 2), ("given_up", 2)]


def test_what_got_no_answer_lets_another_item_go_first() -> None:
    agenda = of(("ask", "Ask how long the refund takes."), ("ask", "Ask whether the kettle is taken back."))
    after = advance(agenda, talk("How long does the refund take?", "What colour is it?"))
    assert states(after) == ["waiting", "current", "waiting"]
    again = advance(
        agenda, talk("How long does the refund take?", "What colour is it?", "Is the kettle taken back?", "Yes.")
    )
    assert states(again) == ["current", "answered", "waiting"]


def test_what_is_said_along_with_the_turns_item_is_popped_too() -> None:
    turns = talk("The kettle leaks. And how long does the refund take?", "Three days, no more.")
    assert states(advance(KETTLE, turns)) == ["answered", "answered", "current"]


def test_half_the_words_of_another_item_do_not_pop_it() -> None:
    turns = talk("The kettle leaks. Will you take a long look?", "We look at it tomorrow.")
    assert states(advance(KETTLE, turns)) == ["answered", "current", "waiting"]


def test_it_is_not_done_before_the_goodbye_even_where_that_is_not_needed() -> None:
    plan = AgendaPlan(
        items=(
            AgendaEntry(act="ask", text="Ask how long the refund takes."),
            AgendaEntry(act="close", text="Say goodbye.", needed=False),
        )
    )
    agenda = agenda_of(shop(agenda=plan))
    turns = talk("How long does the refund take?", "Three days.", "Bye!")
    assert [is_done(advance(agenda, turns[:n])) for n in (2, 3)] == [False, True]


def test_all_the_others_are_one_reply() -> None:
    roles = ("asker", "helper", "clerk")
    agenda = of(("ask", "Ask how long the refund takes."))
    turns = talk("How long does the refund take?", "Ask the clerk?", "Three working days.", roles=roles)
    assert states(advance(agenda, turns)) == ["answered", "current"]


def test_a_given_up_item_takes_what_follows_it_along() -> None:
    agenda = difficult(1.0, "distrustful")
    doubt = made(agenda, "distrustful")[0]
    end = advance(agenda, talk("Lovely weather.", "Yes, sunny.") * 40)
    assert next(item for item in end.items if item.id == doubt.id).status == "given_up"
    assert current(end) is None


WORDS = st.sampled_from(
    [
        "",
        "The kettle leaks.",
        "How long?",
        "Yes.",
        "bye",
        "What?",
        "Say that you want to send back a blue kettle.",
        "\u0000🙂",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=24), st.sampled_from(WAYS), st.floats(0, 1))
def test_any_talk_keeps_the_plan_in_order(texts: list[str], way: Uncooperative, level: float) -> None:
    agenda = difficult(level, way)
    turns = talk(*texts)
    after = advance(agenda, turns)
    assert sorted(item.id for item in after.items) == sorted(item.id for item in agenda.items)
    assert all(item.returns <= 2 for item in after.items)
    assert 0 <= goal_share(after) <= 1
    assert len([item for item in after.items if item.status == "current"]) <= 1
    # What has been settled stays so, however long the talk goes on.
    for cut in range(0, len(turns), 2):
        early = {item.id: item.status for item in advance(agenda, turns[:cut]).items}
        late = {item.id: item.status for item in after.items}
        assert all(late[key] == status for key, status in early.items() if status in ("answered", "given_up"))


def test_a_reply_that_repeats_the_last_one_answers_nothing() -> None:
    agenda = of(("ask", "Ask how long the refund takes."), ("ask", "Ask whether the kettle is taken back."))
    turns = talk("How long does the refund take?", "It is three days for you.", "Is the kettle taken back?")
    again = Turn(index=3, role="helper", text="It is three days for you.")
    new = Turn(index=3, role="helper", text="It is taken back if it is whole.")
    assert states(advance(agenda, [*turns, again]))[1] != "answered"
    assert states(advance(agenda, [*turns, new]))[1] == "answered"


# The note


@pytest.mark.parametrize("brief", [True, False])
def test_the_note_names_the_item_and_is_one_turns(brief: bool) -> None:
    first = agenda_note(Prompts(), KETTLE, brief=brief)
    assert first is not None and "leak" in first and "refund" not in first
    then = agenda_note(Prompts(), advance(KETTLE, talk("The kettle leaks.", "I see, a leak.")), brief=brief)
    assert then is not None and "refund" in then and "leak" not in then


def test_a_strong_model_is_told_the_act_and_to_use_its_own_words() -> None:
    note = agenda_note(Prompts(), KETTLE, brief=False)
    assert note is not None and "in your own words" in note and "Tell one thing" in note
    again = agenda_note(Prompts(), advance(KETTLE, talk("Nice day.", "It is sunny.")), brief=False)
    assert again is not None and "in another way" in again


def test_a_weak_model_gets_a_line_in_the_first_person() -> None:
    note = agenda_note(Prompts(), advance(KETTLE, talk("The kettle leaks.", "A leak, I see.")), brief=True)
    assert note is not None and "I would like to know how long the refund takes." in note and "Ask" not in note
