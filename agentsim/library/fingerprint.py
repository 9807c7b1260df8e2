"""A short name for the whole content of a noun, the same on every machine."""

import json
from hashlib import blake2b
from typing import Any

from agentsim.schema.noun import Noun


def fingerprint(noun: Noun) -> str:
    """Return 32 hexadecimal digits that change when anything in the noun changes, the order of keys aside."""
    return digest({type(noun).__name__: noun.model_dump(mode="json")})


def digest(value: Any) -> str:
    """Return 32 hexadecimal digits for a JSON value, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode("ascii"), digest_size=16).hexdigest()
