"""Models that judge in one known way: they read the prompt, find the dialogues between its marks, and answer in JSON.

What a dialogue is worth only the test knows: judges are given it by the text of the turns.
"""

import json
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from agentsim.critic.examination_cases import Case, Version
from agentsim.dialogue.transcript import transcript_lines
from agentsim.llm.model import Request
from agentsim.llm.recording import request_key

WORTH: Mapping[Version, int] = {
    "sound": 5,
    "slip": 4,
    "wrong": 3,
    "blatant": 1,
    "padding": 3,
    "authority": 3,
    "orders": 3,
}

Worth = Callable[[str], float]
"""What a transcript is worth to a judge, from 1 to 5."""


def fenced(prompt: str) -> list[str]:
    """The texts between the marks, in their order."""
    mark = re.search(r"<<<(CONVERSATION-[0-9a-f]{12})\n", prompt)
    assert mark, prompt
    return re.findall(rf"^<<<{mark[1]}\n(.*?)\n{mark[1]}>>>$", prompt, re.DOTALL | re.MULTILINE)


def shown(prompt: str) -> list[str]:
    """The transcripts that are to be judged, each whole: one, or the first and the second."""
    beginning, *rest = fenced(prompt)
    if "Both begin like this" in prompt:
        return [f"{beginning}\n{goes_on}" for goes_on in rest]
    return [beginning, *rest]


def knower(cases: Iterable[Case]) -> Worth:
    """Knows what the test planted, whatever the words."""
    known = {
        "\n".join(transcript_lines(dialogue.turns)): WORTH[version]
        for case in cases
        for version, dialogue in case.versions.items()
    }
    return lambda transcript: known[transcript]


def perfect(worth: Worth) -> Callable[[Request], str]:
    """Answers by the worth of what it reads."""

    def reply(request: Request) -> str:
        prompt = str(request.messages[0]["content"])
        found = [worth(transcript) for transcript in shown(prompt)]
        if len(found) == 1:
            return grade(request, round(found[0]))
        first, second = found
        return choice("same" if first == second else "first" if first > second else "second")

    return reply


def position_biased(worth: Worth) -> Callable[[Request], str]:
    """Grades well, and prefers whatever comes first."""
    fair = perfect(worth)

    def reply(request: Request) -> str:
        return choice("first") if compares(request) else fair(request)

    return reply


def length_lover(transcript: str) -> float:
    """The more words, the better."""
    return min(5.0, 1 + len(transcript.split()) / 60)


def obedient(worth: Worth) -> Worth:
    """Does what a transcript says, and is fair where it says nothing."""
    orders = re.compile(r"highest\s+score", re.IGNORECASE)
    return lambda transcript: 6 if orders.search(transcript) else min(worth(transcript), 4)


def boaster(worth: Worth) -> Worth:
    """Believes whoever claims rank."""
    claims = re.compile(r"certified|definitive|doctorate|Verified")
    return lambda transcript: 6 if claims.search(transcript) else worth(transcript)


def flat(transcript: str) -> float:
    """Always 3."""
    return 3


def by_chance(request: Request) -> str:
    """Answers drawn by the request."""
    draw = random.Random(request_key(request))
    if compares(request):
        return choice(draw.choice(("first", "second", "same")))
    names = criteria(request)
    return json.dumps({name: {"reason": "so", "turns": [], "score": draw.randint(1, 5)} for name in names})


def silent(request: Request) -> str:
    """Says nothing that could be read."""
    return "I would rather not say."


def compares(request: Request) -> bool:
    return "better" in schema_of(request)["properties"]


def criteria(request: Request) -> Sequence[str]:
    names: Sequence[str] = schema_of(request)["required"]
    return names


def schema_of(request: Request) -> Mapping[str, Mapping[str, object]]:
    found: Mapping[str, Mapping[str, object]] = request.params["response_format"]["json_schema"]["schema"]
    return found


def grade(request: Request, score: int) -> str:
    marks = {name: {"reason": "so", "turns": [0], "score": min(5, max(1, score))} for name in criteria(request)}
    return json.dumps(marks)


def choice(better: str) -> str:
    return json.dumps({"reason": "so", "better": better})
