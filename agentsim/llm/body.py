"""The body of a lean request: what litellm would send, asking litellm once for each set of parameters."""

import copy
import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import orjson

from agentsim.errors import BadRequest
from agentsim.llm.endpoint import Endpoint
from agentsim.llm.litellm_door import litellm
from agentsim.llm.model import Message, Request

_REMEMBERED = 256
"""Sets of parameters kept for an endpoint; a run has a handful."""

_OURS = frozenset(
    {
        "model",
        "messages",
        "stream",
        "stream_options",
        "timeout",
        "base_url",
        "api_base",
        "deployment_id",
        "extra_headers",
        "n",
    }
)
"""Names that the door itself decides on."""

_encode = json.JSONEncoder(separators=(",", ":")).encode


def _encode_bytes(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # lone surrogates, which only escapes can carry, and mappings that are no dicts
        return _encode(value).encode()


_PROBE = (
    {"role": "system", "content": "s"},
    {"role": "user", "content": "u"},
    {"role": "assistant", "content": "a"},
    {"role": "user", "content": "v"},
)


class ParameterCheck:
    """Looks at the names of parameters before they are sent, each set of names once a model."""

    def __init__(self) -> None:
        self._good: set[tuple[str, frozenset[str]]] = set()
        self._dropped: dict[str, frozenset[str]] = {}

    @property
    def dropped(self) -> Mapping[str, frozenset[str]]:
        """Parameters that were asked for and not sent, by model: the provider does not take them."""
        return MappingProxyType(self._dropped)

    def check(self, endpoint: Endpoint, params: Mapping[str, Any]) -> None:
        """Refuse names that litellm takes for orders to itself, and note those that it will drop.

        Raises:
            BadRequest: a parameter's name is one of litellm's own.
        """
        names = frozenset(params)
        if (endpoint.name, names) in self._good:
            return
        wrong = sorted(names & (_OURS | frozenset(litellm().types.utils.all_litellm_params)))
        if wrong:
            raise BadRequest(
                f"{endpoint.name}: {', '.join(wrong)} cannot be set as a parameter of the model",
                model=endpoint.name,
                fix="leave it out; addresses, keys and retries are set in agentsim's own settings",
            )
        standard = frozenset(litellm().OPENAI_CHAT_COMPLETION_PARAMS) - {"user"}
        if gone := (names & standard) - endpoint.params:
            self._dropped[endpoint.name] = self._dropped.get(endpoint.name, frozenset()) | gone
        self._good.add((endpoint.name, names))


class Bodies:
    """Makes the bodies of the requests to one endpoint."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        module = litellm()
        self._module = module
        self._config = module.utils.ProviderConfigManager.get_provider_chat_config(
            model=endpoint.model, provider=module.types.utils.LlmProviders(endpoint.provider)
        )
        self._templates: dict[str, tuple[str, bool]] = {}
        # Plain text needs no transformation; a litellm that begins to rewrite it is noticed here, once.
        self._plain = self._transform(_PROBE, {})["messages"] == list(_PROBE)

    def body(self, request: Request, stream: bool) -> bytes:
        """Return the JSON text of a request, as litellm would send it."""
        params = dict(request.params)
        seed = params.pop("seed", None)
        # The seed changes with every call and nothing else does, so it stays out of the key.
        key = f"{stream}{seed is None}{params!r}"
        template = self._templates.get(key)
        if template is None:
            template = self._template(request.params, stream)
            if len(self._templates) >= _REMEMBERED:
                self._templates.clear()
            self._templates[key] = template
        head, seeded = template
        messages = request.messages
        if not (self._plain and _is_plain(messages)):
            messages = self._transform(messages, {})["messages"]
        tail = f',"seed":{json.dumps(seed)}}}' if seeded else "}"
        return b"%b%b%b" % (head.encode(), _encode_bytes(messages), tail.encode())

    def _template(self, params: Mapping[str, Any], stream: bool) -> tuple[str, bool]:
        """Return the body's text up to the messages, and whether the seed is sent."""
        given = copy.deepcopy(dict(params))
        if stream:
            given |= {"stream": True, "stream_options": {"include_usage": True}}
        mapped = self._module.utils.get_optional_params(
            model=self._endpoint.model, custom_llm_provider=self._endpoint.provider, drop_params=True, **given
        )
        if not stream and mapped.get("stream") is False:
            del mapped["stream"]  # litellm adds it only where the caller names it
        body = self._transform((), mapped)
        del body["messages"]
        body |= body.pop("extra_body", None) or {}
        seeded = body.pop("seed", None) is not None
        return _encode(body)[:-1] + ',"messages":', seeded

    def _transform(self, messages: Sequence[Message], mapped: dict[str, Any]) -> dict[str, Any]:
        """Run litellm's own steps from messages to body, on copies: it changes what it is given."""
        utils = self._module.utils
        copies = copy.deepcopy([dict(message) for message in messages])
        fixed = self._config.translate_developer_role_to_system_role(
            messages=utils.validate_and_fix_openai_messages(messages=copies)
        )
        endpoint = self._endpoint
        body: dict[str, Any] = self._config.transform_request(
            model=endpoint.model,
            messages=fixed,
            optional_params=mapped,
            litellm_params={"custom_llm_provider": endpoint.provider, "api_base": endpoint.base},
            headers={},
        )
        return body


def _is_plain(messages: Sequence[Message]) -> bool:
    for message in messages:
        if len(message) != 2 or type(message.get("content")) is not str or message.get("role") not in _ROLES:
            return False
    return True


_ROLES = frozenset({"system", "user", "assistant"})
