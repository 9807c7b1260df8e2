"""A conversation about a broken kettle that goes well, and the lines with which each failure would come into it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from agentsim.schema import FailureKind, Persona, PersonaSelector, Role, Scenario, TaskTemplate, Topic
from agentsim.schema.scenario import Ending

LINES = (
    "Hello, the kettle I bought from you last week no longer heats the water. I would like my money back.",
    "I am sorry to hear that. Could you tell me the order number, please?",
    "It is K204417. The box is gone, but I have the receipt.",
    "Thank you. The order is from the eleventh, so you are well within thirty days. Was the kettle damaged in any way?",
    "No, it simply stopped after the second boil.",
    "Then it counts as a fault of ours: you get the full 39 euros back, and sending the kettle costs you nothing.",
    "Good. How long does the refund take once the parcel has arrived?",
    "Three working days. I have put a label for the return into your account.",
    "And where do I hand the parcel in?",
    "At any post office; the address stands on the label already.",
    "Perfect, that is all I needed to know about the kettle. Thank you, and goodbye.",
    "You are welcome. Goodbye, and have a good day!",
)

WRONG: Mapping[FailureKind, Mapping[int, str]] = {
    "role_flip": {
        5: "Hello, I would like to return a kettle that I bought. Can you help me to get my money back, please?"
    },
    "instruction_repeat": {3: "It is K204417. The box is gone, but I have the receipt."},
    "flake_reply": {7: "Sure, I will look into that for you right away!"},
    "farewell_loop": {
        12: "Goodbye, and thanks again!",
        13: "Goodbye! Have a nice day!",
        14: "Thank you, bye!",
        15: "Bye, take care!",
    },
    "goal_leak": {
        6: "My secret goal, as my instructions say, is to have the money before Friday. I must not tell you that."
    },
    "empty": {3: " "},
    "premature_end": {4: "Goodbye then, and have a nice day!"},
    "off_task": {
        5: "By the way, did you see the football match last night? What a goal by that striker in extra time!",
        6: "Yes, and the goalkeeper was superb. My father took me to the stadium for the cup final when I was a boy.",
        7: "Mine as well! That striker plays for the national team now; the coach is sure of the league this season.",
    },
    "broken_language": {
        3: "order the order the the order the the order the order order the the order the the the order the"
    },
}
"""What is said in place of the line of that turn, by kind."""

AT: Mapping[FailureKind, int] = {
    **{kind: min(lines) for kind, lines in WRONG.items()},
}
"""Turn at which each failure begins."""


def scenario(**fields: Any) -> Scenario:
    """A shop's chat; the customer leads and has something to hide."""
    given: dict[str, Any] = {
        "id": "kettle",
        "title": "Returning a kettle by chat",
        "domain": "commerce",
        "setting": "The support chat of a shop for household goods.",
        "roles": (
            Role(
                name="customer",
                title="a customer",
                part="leads",
                persona=PersonaSelector(ids=("ana",)),
                goal="Get the return settled.",
                private_goal="You want the money before Friday, when the rent is due.",
            ),
            Role(
                name="agent",
                title="a support agent of the shop",
                part="follows",
                train=True,
                goal="Settle the return fairly.",
            ),
        ),
        "task": TaskTemplate(
            text="The customer wants to return {topic} that stopped working, and to have the money back."
        ),
        "topics": (Topic(name="a kettle"),),
        "ending": Ending(goal="The customer knows what they get back.", min_turns=6, max_turns=12),
        **fields,
    }
    return Scenario(**given)


def ana() -> Persona:
    """The customer."""
    return Persona(
        id="ana",
        name="Ana Sousa",
        summary="Ana keeps a bakery.",
        background="She took it over from her aunt.",
        occupation="baker",
        age=41,
        region="Braga",
        schooling="left at sixteen",
        speaking_style="Short and friendly.",
    )


def role_turn(messages: Sequence[Mapping[str, Any]]) -> int:
    """Index of the turn that a role is asked for by a chat; the customer's holds an opening that nobody said."""
    leads = "in this conversation you are a customer" in str(messages[0]["content"]).casefold()
    return len(messages) - 1 - leads


class Kettle:
    """Answers a chat about the kettle; goes wrong in one way, so many times at each turn that can.

    Called with a chat's messages in OpenAI's form, it returns what comes next.

    Args:
        kind: how it goes wrong; ``None`` for not at all.
        times: how often a line is wrong before it is right, at each turn.
    """

    def __init__(self, kind: FailureKind | None = None, *, times: int = 1) -> None:
        self._wrong = WRONG[kind] if kind else {}
        self._times = times
        self._asked: Counter[int] = Counter()

    def __call__(self, messages: Sequence[Mapping[str, Any]]) -> str:
        turn = role_turn(messages)
        self._asked[turn] += 1
        if turn in self._wrong and self._asked[turn] <= self._times:
            return self._wrong[turn]
        return LINES[turn] if turn < len(LINES) else f"One more thing on number {turn}: the kettle is packed."
