"""Every way in which a model call fails, translated once into agentsim's errors, whichever way it went."""

import email.utils
import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agentsim.errors import (
    AuthenticationFailed,
    BadRequest,
    ContextTooLong,
    ModelError,
    ModelNotFound,
    OutOfQuota,
    RateLimited,
    Refused,
    ServerFailed,
    TimedOut,
    Unreachable,
)
from agentsim.llm.endpoint import Endpoint

SAID_LIMIT = 500
"""Characters of a provider's message that are kept."""

_KEYS = re.compile(r"(?:Bearer\s+\S+|\b(?:sk|pk|rk|gsk|xai|hf|nvapi|AIza|r8)[-_]?[\w\-*.]{8,})")
_TOO_LONG = re.compile(
    r"context.{0,10}(?:length|window|size)|maximum context|too many (?:input )?tokens|prompt is too long"
    r"|input is too long|reduce the length"
    r"|exceeds? the (?:available|maximum|model).{0,20}(?:context|tokens|length)",
    re.IGNORECASE,
)
_POLICY = re.compile(
    r"content[_ ](?:policy|filter|management)|responsible ?ai|safety system|moderation|flagged|usage polic",
    re.IGNORECASE,
)
_QUOTA = re.compile(
    r"insufficient[_ ](?:quota|balance|credit|funds)|exceeded your current quota|billing|out of credit"
    r"|credit balance",
    re.IGNORECASE,
)
_BAD_KEY = re.compile(
    r"(?:invalid|incorrect|missing|no)[_ ](?:x-)?api[_ -]?key|api key not valid|unauthorized", re.IGNORECASE
)
_NO_MODEL = re.compile(
    r"model[_ ]not[_ ]found|model .{1,120}(?:does not exist|not found)|not a valid model|unknown model",
    re.IGNORECASE,
)
_WAIT = re.compile(r"(?:try again|retry)(?: after| in)\s+(?:(\d+)m(?!s))?\s*(?:([\d.]+)\s*(ms|s))?", re.IGNORECASE)
_LITELLM_PREFIX = re.compile(r"^(?:(?:litellm\.)?\w+(?:Error|Timeout|Exception)(?::\s+|\s+-\s+))+")
_OPENROUTER = re.compile(r"Message: (.*), Metadata: .*, User ID: ", re.DOTALL)
_DISCONNECTED = frozenset(
    {"ReadError", "RemoteProtocolError", "ServerDisconnectedError", "ClientPayloadError", "WriteError"}
)
_NOT_CONNECTED = frozenset(
    {"ConnectError", "ClientConnectorError", "ClientConnectorDNSError", "ConnectionRefusedError"}
)


@dataclass(frozen=True, slots=True)
class _Said:
    """What the provider said about a failure."""

    message: str
    code: str = ""
    """Its code and type, both of which may be telling."""

    status: int | None = None


def from_http(endpoint: Endpoint, status: int, body: bytes, headers: Mapping[str, str]) -> ModelError:
    """Return the error for an answer with a failure status."""
    said = _read(body.decode("utf-8", "replace"), status)
    return _classify(endpoint, said, _retry_after(headers, said.message))


def from_body(endpoint: Endpoint, error: Any) -> ModelError:
    """Return the error for an ``error`` object inside an answer or a stream of status 200."""
    said = _from_error(error, None)
    code = error.get("code") if isinstance(error, Mapping) else None
    if isinstance(code, int) and 400 <= code < 600:
        said = _Said(said.message, said.code, code)
    return _classify(endpoint, said, _retry_after({}, said.message))


def from_litellm(endpoint: Endpoint, error: BaseException) -> ModelError:
    """Return the error for litellm's exception; raise it ``from None``, since litellm's do not unpickle."""
    chain = list(_chain(error))
    names = {type(link).__name__ for link in chain}
    if "UnicodeEncodeError" in names:
        said = _Said("the text to be sent is not valid Unicode", status=400)
        return _classify(endpoint, said, None)
    if "JSONDecodeError" in names:
        return unreadable(endpoint)
    if names & _NOT_CONNECTED:
        return unreachable(endpoint)
    if names & _DISCONNECTED:
        return broken(endpoint)
    status = next((code for link in chain if isinstance(code := getattr(link, "status_code", None), int)), None)
    if status == 408 or names & {"Timeout", "APITimeoutError"}:
        return _classify(endpoint, _Said(_plain(str(error)), status=status or 408), None)
    said = _read(_plain(str(error)), status)
    codes = said.code
    for link in chain:
        body = getattr(link, "body", None)
        if isinstance(body, Mapping) and isinstance(own := body.get("error", body), Mapping):
            given = _from_error(own, status)
            said = _Said(given.message if "message" in own else said.message, said.code, status)
            codes += " " + given.code
    if type(error).__name__ == "MidStreamFallbackError":
        # Raised inside a stream of status 200: litellm makes up a status, only the body's code is true.
        status = next((c for link in chain if isinstance(c := _number(getattr(link, "code", None)), int)), None)
    if "ContextWindowExceededError" in names:
        codes += " context_length_exceeded"
    if "ContentPolicyViolationError" in names:
        codes += " content_policy_violation"
    headers = next((h for link in chain if (h := _headers_of(link))), {})
    return _classify(endpoint, _Said(said.message, codes, status), _retry_after(headers, said.message))


def timed_out(endpoint: Endpoint, seconds: float, streaming: bool = False) -> TimedOut:
    """Return the error for our own time limit."""
    what = "nothing new" if streaming else "no complete answer"
    return TimedOut(
        f"{endpoint.name}: {what} within {seconds:g} seconds",
        model=endpoint.name,
        fix="raise the timeout, or ask for fewer calls at once",
    )


def unreachable(endpoint: Endpoint) -> Unreachable:
    """Return the error for a connection that could not be made."""
    where = f" at {endpoint.base}" if endpoint.base else ""
    return Unreachable(
        f"{endpoint.name}: no connection to the server{where}",
        model=endpoint.name,
        fix="check that the server runs and that its address is right",
    )


def broken(endpoint: Endpoint) -> ServerFailed:
    """Return the error for a connection or stream that ended before the answer was complete."""
    return ServerFailed(
        f"{endpoint.name}: the server broke off before the answer was complete",
        model=endpoint.name,
        fix=_SERVER_FIX,
    )


def unreadable(endpoint: Endpoint) -> ServerFailed:
    """Return the error for an answer that is not what the protocol promises."""
    return ServerFailed(
        f"{endpoint.name}: the server's answer is not a chat completion", model=endpoint.name, fix=_SERVER_FIX
    )


def redact(endpoint: Endpoint, text: str) -> str:
    """Return ``text`` on one line, without keys and not longer than `SAID_LIMIT`."""
    if endpoint.key and len(endpoint.key) > 5:
        text = text.replace(endpoint.key, "[key]")
    return " ".join(_KEYS.sub("[key]", text).split())[:SAID_LIMIT]


_SERVER_FIX = "try again later; look at the server's log if it is yours"


def _classify(endpoint: Endpoint, said: _Said, retry_after: float | None) -> ModelError:
    status, text = said.status, f"{said.code} {said.message}"
    refusing = status is None or 400 <= status < 500

    def made(kind: type[ModelError], what: str, fix: str, **more: Any) -> ModelError:
        code = f" (HTTP {status})" if status is not None else ""
        quote = redact(endpoint, said.message)
        message = f"{endpoint.name}: {what}{code}" + (f": {quote}" if quote else "")
        return kind(message, model=endpoint.name, status=status, fix=fix, **more)

    if status == 402 or (status in (429, 403, 400, None) and _QUOTA.search(text)):
        return made(OutOfQuota, "the account has no credit left", "add credit to the account or choose another model")
    if status == 429:
        fix = "wait, or ask for fewer calls at once"
        return made(RateLimited, "too many requests", fix, retry_after=retry_after)
    if refusing and _TOO_LONG.search(text):
        fix = "shorten the conversation or the prompts, or choose a model with a larger context"
        return made(ContextTooLong, "the conversation is too long for the model", fix)
    if refusing and _POLICY.search(text):
        fix = "change the scenario's content or choose a model with another policy"
        return made(Refused, "the provider's policy stopped the answer", fix)
    if status in (401, 403) or (status in (400, None) and _BAD_KEY.search(text)):
        where = f"the environment variable {endpoint.key_env}" if endpoint.key_env else "the provider's credentials"
        return made(AuthenticationFailed, "the provider does not accept the key", f"check {where}")
    if status == 404 or (refusing and _NO_MODEL.search(text)):
        close = " or ".join(endpoint.similar)
        fix = f"did you mean {close}?" if close else "check the model's name and the server's address"
        return made(ModelNotFound, "the server does not know this model", fix)
    if status in (408, 504):
        fix = "raise the timeout, or ask for fewer calls at once"
        return made(TimedOut, "the server ran out of time", fix)
    if refusing and status is not None:
        return made(BadRequest, "the provider refuses the request's form", "check the model's parameters")
    return made(ServerFailed, "the server failed", _SERVER_FIX)


def _read(text: str, status: int | None) -> _Said:
    """Read a failure's body: OpenAI's form or one of its relatives, else plain text."""
    try:
        body = json.loads(text)
    except ValueError:
        return _Said(text, status=status)
    if isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, Mapping):
        return _from_error(body.get("error") or body, status)
    return _Said(text, status=status)


def _from_error(error: Any, status: int | None) -> _Said:
    if not isinstance(error, Mapping):
        return _Said(str(error), status=status)
    message = error.get("message") or error.get("detail") or error.get("error") or json.dumps(dict(error), default=str)
    codes = " ".join(str(error[key]) for key in ("code", "type", "status") if error.get(key))
    return _Said(message if isinstance(message, str) else json.dumps(message, default=str), codes, status)


def _plain(text: str) -> str:
    """Take litellm's own words off the provider's message."""
    text = _LITELLM_PREFIX.sub("", text.split(" Original exception: ")[0])
    openrouter = _OPENROUTER.match(text)
    return openrouter[1] if openrouter else text


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = getattr(error, "original_exception", None) or error.__cause__ or error.__context__


def _headers_of(error: BaseException) -> Mapping[str, str]:
    for holder in (error, getattr(error, "response", None)):
        for name in ("litellm_response_headers", "headers"):
            headers = getattr(holder, name, None)
            if headers is not None and hasattr(headers, "items"):
                lower = {str(key).lower(): str(value) for key, value in headers.items()}
                if "retry-after" in lower or "retry-after-ms" in lower:
                    return lower
    return {}


def _retry_after(headers: Mapping[str, str], message: str) -> float | None:
    """Return the provider's wish in seconds: from its headers (a number or a date), else from its words."""
    lower = {key.lower(): value for key, value in headers.items() if key.lower().startswith("retry-after")}
    if (wait := _float(lower.get("retry-after-ms"))) is not None:
        return wait / 1000
    if given := lower.get("retry-after"):
        if (wait := _float(given)) is not None:
            return wait
        if date := email.utils.parsedate_tz(given):
            return max(email.utils.mktime_tz(date) - time.time(), 0.0)
    words = _WAIT.search(message)
    if words is None or not (words[1] or words[2]):
        return None
    seconds = _float(words[2]) or 0.0
    return float(words[1] or 0) * 60 + (seconds / 1000 if words[3] == "ms" else seconds)


def _float(text: str | None) -> float | None:
    try:
        return None if text is None else max(float(text), 0.0)
    except ValueError:
        return None


def _number(value: Any) -> int | None:
    try:
        number = int(value)
    except (TypeError, ValueError):
        return None
    return number if 400 <= number < 600 else None
