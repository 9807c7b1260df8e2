"""A `Request` as llama.cpp's server takes it."""

from collections.abc import Mapping
from typing import Any

from agentsim.errors import BadRequest
from agentsim.llm.model import Request

DEFAULT_MAX_TOKENS = 256
"""A small model without a limit may go on until its context is full."""

_SAMPLING = (
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "typical_p",
    "seed",
    "stop",
    "logit_bias",
    "ignore_eos",
)
_REPETITION = ("repeat_penalty", "repeat_last_n", "presence_penalty", "frequency_penalty")
_DRY = ("dry_multiplier", "dry_base", "dry_allowed_length", "dry_penalty_last_n")
_MIROSTAT = ("mirostat", "mirostat_tau", "mirostat_eta")
_FORM = ("response_format", "grammar", "logprobs", "top_logprobs", "chat_template_kwargs", "cache_prompt")
_TOOLS = ("tools", "tool_choice", "parallel_tool_calls")

PASSED = frozenset({*_SAMPLING, *_REPETITION, *_DRY, *_MIROSTAT, *_FORM, *_TOOLS})
"""Parameters that llama.cpp understands under the same name."""

WITHOUT_MEANING = frozenset(("user", "stream", "stream_options", "timeout", "metadata", "store", "max_retries"))
"""OpenAI parameters that cannot change an embedded model's answer; ignored."""


def body(request: Request, *, takes_tools: bool) -> dict[str, Any]:
    """Return the chat-completion body for a request. Always streamed: only then can a generation be stopped.

    Raises:
        BadRequest: a parameter is unknown, or the model cannot honour it.
    """
    made: dict[str, Any] = {
        "messages": [dict(message) for message in request.messages],
        "max_tokens": DEFAULT_MAX_TOKENS,
        "stream": True,
        "stream_options": {"include_usage": True},
        # A long prompt is reported step by step, which gives cancelling its chance between the steps.
        "return_progress": True,
    }
    if not made["messages"]:
        raise BadRequest("there is no message to answer", model=request.model)
    for name, value in request.params.items():
        if value is None or name in WITHOUT_MEANING:
            continue
        if name in ("max_tokens", "max_completion_tokens"):
            made["max_tokens"] = _at_least_one(value, name, request.model)
        elif name == "n":
            if value != 1:
                raise BadRequest("an embedded model gives one answer a request: n must be 1", model=request.model)
        elif name in PASSED:
            made[name] = value
        else:
            raise BadRequest(f"an embedded model does not know the parameter {name!r}", model=request.model)
    if made.get("tools") and not takes_tools:
        raise BadRequest(
            "this embedded model has no place for tools in its chat template",
            model=request.model,
            fix="use a model trained to call tools, or a scenario without tools",
        )
    if made.get("top_logprobs") and not made.get("logprobs"):
        made["logprobs"] = True
    _check_format(made.get("response_format"), request.model)
    return made


def _at_least_one(value: object, name: str, model: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise BadRequest(f"{name} must be a whole number of at least 1, not {value!r}", model=model)
    return value


def _check_format(response_format: object, model: str) -> None:
    if response_format is None:
        return
    kind = response_format.get("type") if isinstance(response_format, Mapping) else None
    if kind not in ("text", "json_object", "json_schema"):
        raise BadRequest(
            f"response_format must have a type of text, json_object or json_schema, not {kind!r}", model=model
        )
