"""Parts that need no model: chunks into answers, settings from the environment."""

import pytest

from agentsim.errors import BadRequest, ContextTooLong, ServerFailed, UserError
from agentsim.llm.embedded.params import DEFAULT_MAX_TOKENS, body
from agentsim.llm.embedded.reading import Reading, failure
from agentsim.llm.embedded.settings import MOST_THREADS, Settings
from agentsim.llm.model import Request, ToolCall

USER = [{"role": "user", "content": "hi"}]


def test_reasoning_and_tool_calls_are_put_together() -> None:
    reading = Reading("embedded/x.gguf")
    deltas = [
        {"role": "assistant", "content": None},
        {"reasoning_content": "let me "},
        {"reasoning_content": "see"},
        {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "look", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"at":'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '"it"}'}}]},
        {"tool_calls": [{"index": 1, "function": {"name": "go", "arguments": "{}"}}]},
    ]
    for delta in deltas:
        assert reading.feed({"choices": [{"delta": delta, "finish_reason": None}]}) == ""
    reading.feed({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]})
    reading.feed({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 9}})
    answer = reading.answer()
    assert (answer.text, answer.reasoning, answer.finish) == ("", "let me see", "tool_calls")
    assert answer.tool_calls == (ToolCall("a", "look", '{"at":"it"}'), ToolCall("call_1", "go", "{}"))
    assert (answer.prompt_tokens, answer.completion_tokens) == (7, 9)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": 400, "type": "exceed_context_size_error", "message": "too long"}, ContextTooLong),
        ({"code": 500, "type": "server_error", "message": "Context size has been exceeded."}, ContextTooLong),
        ({"code": 400, "type": "invalid_request_error", "message": "bad"}, BadRequest),
        ({"code": 500, "type": "server_error", "message": "boom"}, ServerFailed),
    ],
)
def test_errors_by_who_must_act(error: dict[str, object], kind: type[Exception]) -> None:
    assert type(failure(error, "embedded/x.gguf")) is kind


def test_body_always_streams_and_has_a_limit() -> None:
    made = body(Request("embedded/x.gguf", USER, {"temperature": None, "user": "me"}), takes_tools=False)
    assert made["stream"] is True
    assert made["max_tokens"] == DEFAULT_MAX_TOKENS
    assert "temperature" not in made
    assert "user" not in made


def test_tools_are_passed_where_the_template_takes_them() -> None:
    tools = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
    assert body(Request("embedded/x.gguf", USER, {"tools": tools}), takes_tools=True)["tools"] == tools


def test_settings_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SLOTS", "CONTEXT", "THREADS", "KEPT_PROMPTS_MIB"):
        monkeypatch.delenv(f"AGENTSIM_EMBEDDED_{name}", raising=False)
    assert 1 <= Settings().threads <= MOST_THREADS
    monkeypatch.setenv("AGENTSIM_EMBEDDED_THREADS", "3")
    assert Settings().threads == 3
    assert Settings(threads=2).threads == 2
    for wrong in ("0", "many"):
        monkeypatch.setenv("AGENTSIM_EMBEDDED_SLOTS", wrong)
        with pytest.raises(UserError, match="AGENTSIM_EMBEDDED_SLOTS"):
            Settings()
