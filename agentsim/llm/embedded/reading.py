"""Putting an answer together from llama.cpp's chunks. Pure."""

from typing import Any, get_args

from agentsim.errors import BadRequest, ContextTooLong, ModelError, ServerFailed
from agentsim.llm.model import Answer, TokenLogprob, ToolCall
from agentsim.schema import FinishReason

_FINISHES = frozenset(get_args(FinishReason))


class Reading:
    """One answer being read."""

    def __init__(self, model: str) -> None:
        self.model = model
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._logprobs: list[TokenLogprob] = []
        self._calls: dict[int, dict[str, str]] = {}
        self._finish: FinishReason = "unknown"
        self._prompt_tokens = 0
        self._completion_tokens = 0

    def feed(self, chunk: dict[str, Any]) -> str:
        """Take one chunk and return the text it adds, often none.

        Raises:
            ModelError: the chunk reports an error.
        """
        if error := chunk.get("error"):
            raise failure(error, self.model)
        if usage := chunk.get("usage"):
            self._prompt_tokens = int(usage.get("prompt_tokens", 0))
            self._completion_tokens = int(usage.get("completion_tokens", 0))
        piece = ""
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or {}
            piece += delta.get("content") or ""
            if thought := delta.get("reasoning_content"):
                self._reasoning.append(thought)
            for call in delta.get("tool_calls") or ():
                self._take_call(call)
            for token in (choice.get("logprobs") or {}).get("content") or ():
                self._logprobs.append(_logprob(token))
            if (finish := choice.get("finish_reason")) is not None:
                self._finish = finish if finish in _FINISHES else "unknown"
        if piece:
            self._text.append(piece)
        return piece

    def answer(self) -> Answer:
        """Return the complete answer; call once after the last chunk."""
        return Answer(
            text="".join(self._text),
            model=self.model,
            finish=self._finish,
            prompt_tokens=self._prompt_tokens,
            completion_tokens=self._completion_tokens,
            reasoning="".join(self._reasoning) or None,
            tool_calls=tuple(
                ToolCall(id=call["id"] or f"call_{index}", name=call["name"], arguments=call["arguments"])
                for index, call in sorted(self._calls.items())
            ),
            logprobs=tuple(self._logprobs) or None,
        )

    def _take_call(self, delta: dict[str, Any]) -> None:
        call = self._calls.setdefault(int(delta.get("index", 0)), {"id": "", "name": "", "arguments": ""})
        function = delta.get("function") or {}
        call["id"] = delta.get("id") or call["id"]
        call["name"] += function.get("name") or ""
        call["arguments"] += function.get("arguments") or ""


def failure(error: dict[str, Any], model: str) -> ModelError:
    """Return the error that llama.cpp's ``{"error": ...}`` object means."""
    message = str(error.get("message", error))
    code = error.get("code")
    status = code if isinstance(code, int) else None
    if error.get("type") == "exceed_context_size_error" or "context size has been exceeded" in message.lower():
        return ContextTooLong(
            message,
            model=model,
            status=status,
            fix="fewer or shorter turns, or a larger AGENTSIM_EMBEDDED_CONTEXT",
        )
    if status is not None and 400 <= status < 500:
        return BadRequest(message, model=model, status=status)
    return ServerFailed(message, model=model, status=status)


def _logprob(token: dict[str, Any]) -> TokenLogprob:
    return TokenLogprob(
        token=token.get("token", ""),
        logprob=float(token.get("logprob") or 0.0),
        top=tuple((each["token"], float(each["logprob"])) for each in token.get("top_logprobs") or ()),
    )
