"""What a dialogue was about is stored with its verdict, by its words or by a model that is asked."""

import json
import re
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agentsim.cli.show_dialogue import as_json
from agentsim.events import Decided, Placed
from agentsim.library import Library
from agentsim.llm.model import Request
from agentsim.run.covering import survey
from agentsim.run.reader import RunReader
from agentsim.run.runner import create, play
from agentsim.schema import Topic
from agentsim.topics.graph import build, path_of
from agentsim.topics.placing import Placer
from tests.run.world import Jittery, by_request, library, settings
from tests.scripted import ScriptedModel

THINGS = ("lamp", "noon", "desk", "kettle", "umbrella", "bicycle", "piano", "carpet", "violin", "boat")
QUESTION = "What is this conversation about?"


def world() -> Library:
    base = library()
    topics = (Topic(name="Things", topics=tuple(Topic(name=name) for name in THINGS)),)
    return replace(base, scenarios={"shop": base.scenarios["shop"].model_copy(update={"topics": topics})})


async def made(folder: Path, **planning: Any) -> Path:
    wanted = {"by": "coverage", "window": 4, **planning}
    return await create(settings(planning=wanted, dialogues=12), world(), folder, check_models=False)


def placed(folder: Path) -> list[Placed]:
    with closing(RunReader(folder)) as reader:
        return [story.placed for _, story in reader.stories() if story.placed is not None]


class Tagging(ScriptedModel):
    """Talks by request; says of every conversation the same, an object or any text."""

    def __init__(self, said: Any) -> None:
        def reply(request: Request) -> str:
            asked = str(request.messages[-1]["content"])
            if not asked.startswith(QUESTION):
                return by_request(request)
            self.asked.append(asked)
            return said if isinstance(said, str) else json.dumps(said)

        super().__init__(reply)
        self.asked: list[str] = []


async def test_what_the_words_say_is_stored_before_the_verdict_and_coverage_takes_it(tmp_path: Path) -> None:
    folder = await made(tmp_path / "run")
    await play(folder, model=Jittery())
    graph = build(world().scenarios.values())
    placer = Placer(graph)
    with closing(RunReader(folder)) as reader:
        for index, story in reader.stories():
            events = list(reader.events(index))
            kinds = [type(event) for event in events if isinstance(event, Placed | Decided)]
            assert kinds == [Placed, Decided]
            (found,) = placer.place([[turn.text for turn in story.history.turns]])
            assert story.placed is not None and story.placed.by == "words" and story.placed.usage.calls == 0
            assert story.placed.topic == (path_of(graph, found.topic) if found.topic else None)
            assert (story.placed.evidence, story.placed.confidence) == (found.evidence, found.confidence)
            assert as_json(reader, story, None)["placed"]["by"] == "words"
        seen = survey(reader)
    stored = [one.topic for one in placed(folder)]
    topics = [one.placement.topic for one in seen.ended]
    assert [path_of(seen.graph, topic) if topic else None for topic in topics] == stored


async def test_a_run_in_rotation_stores_nothing_and_is_placed_when_it_is_looked_at(tmp_path: Path) -> None:
    folder = await create(settings(dialogues=5), world(), tmp_path / "run", check_models=False)
    await play(folder, model=Jittery())
    assert placed(folder) == []
    with closing(RunReader(folder)) as reader:
        assert len(survey(reader).ended) == 5


@pytest.mark.parametrize(("number", "about"), [(2, True), (0, False)])
async def test_a_model_is_asked_and_has_the_last_word(tmp_path: Path, number: int, about: bool) -> None:
    folder = await made(tmp_path / "run", tagger="openai/tags")
    model = Tagging({"reason": "It is.", "topic": number})
    done = await play(folder, model=model)
    found = placed(folder)
    assert len(model.asked) == len(found) == 12
    for question, one in zip(model.asked, sorted(found, key=lambda one: one.dialogue), strict=True):
        offered = re.findall(r"^(\d) = (.*)$", question, re.MULTILINE)
        assert len(offered) == 9 and offered[0] == ("0", "none of these")
        assert (one.topic is not None) is about and one.by == "model" and one.usage.calls == 1
    offered_second = {re.findall(r"^2 = (.*)$", question, re.MULTILINE)[0] for question in model.asked}
    assert {" / ".join(one.topic) for one in found if one.topic} == (offered_second if about else set())
    assert all(one.topic not in one.also for one in found)
    assert {request.model for request in model.requests} == {"openai/anything", "openai/tags"}
    # Asked again with the answers on record, nothing is sent.
    again = await made(tmp_path / "again", tagger="openai/tags")
    await play(again, replay=folder)
    assert placed(again) == found
    assert done.finished.usage.calls == len(model.requests)


UNUSABLE = ("", "no idea", "[[[", *({"topic": value} for value in (99, -1, True, "2", 1.5, None)), {"reason": "2"})


@pytest.mark.parametrize("said", UNUSABLE)
async def test_an_answer_that_cannot_be_used_leaves_it_to_the_words(tmp_path: Path, said: Any) -> None:
    folder = await made(tmp_path / "run", tagger="openai/tags")
    await play(folder, model=Tagging(said))
    plain = await made(tmp_path / "plain")
    await play(plain, model=ScriptedModel(by_request))
    told = [one.model_dump(exclude={"usage", "dialogue"}) for one in placed(folder)]
    assert told == [one.model_dump(exclude={"usage", "dialogue"}) for one in placed(plain)]
    assert all(one.usage.calls == 1 for one in placed(folder))
