"""Plain values as bytes, so that two interpreters that share nothing can talk without trusting each other.

Reading makes nothing but values of the types named here: no code, no attribute, no class of the sender's takes part.
What is no plain value is left to the caller, as a reference.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # `typing` takes longer to import than all the rest
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

BASES = (int, float, str, bytes, tuple, list, dict, set, frozenset)
"""Types whose subclasses also are values; ``bool`` has none."""

REFERENCES = b"yokexa"
"""Kinds of references."""

_CONSTANTS = {b"N": None, b"T": True, b"F": False, b"E": Ellipsis, b"X": NotImplemented}
_SEQUENCES: dict[bytes, Callable[[Any], Any]] = {b"(": tuple, b"z": frozenset}
_CONTAINERS = ("list", "dict", "set", "bytearray")
_COLLECTIONS = ("deque", "Counter", "OrderedDict", "defaultdict")
_ARGUMENTS: dict[str, Callable[[Any], tuple[Any, ...]]] = {
    "complex": lambda value: (value.real, value.imag),
    "range": lambda value: (value.start, value.stop, value.step),
    "slice": lambda value: (value.start, value.stop, value.step),
}
_REDUCED = (
    *(f"datetime.{name}" for name in ("date", "time", "datetime", "timedelta", "timezone")),
    "decimal.Decimal",
    "fractions.Fraction",
)
"""Types that are made again from the arguments that pickling would use."""


def type_named(name: str) -> Any:
    """Return a class of the interpreter's own by name; raise ``ValueError`` for any that is not named here."""
    module, _, last = name.rpartition(".")
    if module == "collections" and last in _COLLECTIONS:
        import collections

        return getattr(collections, last)
    if name in _REDUCED:
        return getattr(__import__(module), last)
    import builtins

    found = getattr(builtins, name, None)
    if not isinstance(found, type):
        raise ValueError(f"no type called {name}")
    return found


def name_of(kind: type) -> str | None:
    """Return the name under which the other side knows the same class, or ``None``."""
    module, name = getattr(kind, "__module__", None), getattr(kind, "__name__", None)
    if module == "builtins":
        known = getattr(sys.modules["builtins"], str(name), None) is kind
        return name if known else None
    told = f"{module}.{name}"
    if (module == "collections" and name in _COLLECTIONS) or told in _REDUCED:
        return told if getattr(sys.modules.get(str(module)), str(name), None) is kind else None
    return None


class Writer:
    """Writes values.

    Args:
        refer: is given what is no plain value, and returns the kind of reference, one byte, and its parts as a value.
        shared: containers that the reader has already, in the reader's order.
    """

    def __init__(self, refer: Callable[[Any], tuple[bytes, tuple[Any, ...]]], shared: list[Any]) -> None:
        self._refer = refer
        self.shared = shared
        """Containers met so far. They are written once, then named by their place, so a reader can tell what is one
        and the same."""

        self._places = {id(value): place for place, value in enumerate(shared)}
        self._parts: list[bytes] = []

    def written(self) -> bytes:
        """Return all of it."""
        return b"".join(self._parts)

    def put(self, value: Any) -> None:
        """Write a value."""
        kind = type(value)
        if kind is int:
            self._blob(b"i", b"%x" % value)
        elif kind is str:
            self._blob(b"s", value.encode("utf-8", "surrogatepass"))
        elif kind is float:
            self._blob(b"f", value.hex().encode())
        elif kind is tuple or kind is frozenset:
            self._items(b"(" if kind is tuple else b"z", value)
        elif kind is bytes:
            self._blob(b"b", value)
        elif (tag := next((tag for tag, constant in _CONSTANTS.items() if value is constant), None)) is not None:
            self._parts.append(tag)
        elif isinstance(value, type) and (name := name_of(value)) is not None:
            self._blob(b"t", name.encode())
        elif (name := name_of(kind)) in _ARGUMENTS or name in _REDUCED:
            self._blob(b"v", str(name).encode())
            self._items(b"(", _ARGUMENTS[name](value) if name in _ARGUMENTS else value.__reduce__()[1])
        elif name in _CONTAINERS or str(name).startswith("collections."):
            self._container(str(name), value)
        else:
            tag, parts = self._refer(value)
            self._parts.append(tag)
            self.put(parts)

    def _container(self, name: str, value: Any) -> None:
        place = self._places.get(id(value))
        if place is not None:
            self._blob(b"m", b"%x" % place)
            return
        self._places[id(value)] = len(self.shared)
        self.shared.append(value)  # also keeps it, so that no other gets its id
        self._blob(b"c", name.encode())
        self.put(getattr(value, "maxlen", None) or getattr(value, "default_factory", None))
        self.put(contents(value))

    def _items(self, tag: bytes, items: Any) -> None:
        self._parts.append(tag + len(items).to_bytes(4, "little"))
        for item in items:
            self.put(item)

    def _blob(self, tag: bytes, data: bytes) -> None:
        self._parts += (tag + len(data).to_bytes(4, "little"), data)


class Reader:
    """Reads what a `Writer` wrote.

    Args:
        data: what it wrote.
        resolve: is given the kind of a reference and its parts, and returns what it stands for.
        shared: as for the writer, the same containers in the same order.
    """

    def __init__(self, data: bytes, resolve: Callable[[bytes, Any], Any], shared: list[Any]) -> None:
        self._data = data
        self._at = 0
        self._resolve = resolve
        self.shared = shared

    def get(self) -> Any:
        """Return the next value; raise an ``Exception`` where the bytes are none that a `Writer` wrote."""
        tag = self._data[self._at : self._at + 1]
        self._at += 1
        if tag in _CONSTANTS:
            return _CONSTANTS[tag]
        if tag in _SEQUENCES:
            return _SEQUENCES[tag]([self.get() for _ in range(self._length())])
        if tag and tag in REFERENCES:
            return self._resolve(tag, self.get())
        if not tag or tag not in b"ifsbmctv":
            raise ValueError("nothing that was written")
        blob = self._blob()
        if tag == b"i":
            return int(blob, 16)
        if tag == b"f":
            return float.fromhex(blob.decode())
        if tag == b"s":
            return blob.decode("utf-8", "surrogatepass")
        if tag == b"b":
            return blob
        if tag == b"m":
            return self.shared[int(blob, 16)]
        if tag == b"c":
            return self._container(blob.decode())
        if tag == b"t":
            return type_named(blob.decode())
        name = blob.decode()
        if name not in _ARGUMENTS and name not in _REDUCED:
            # Least of all `type`: a class could be made whose objects equal everything.
            raise ValueError(f"nothing is made from {name}")
        return type_named(name)(*self.get())

    def _container(self, name: str) -> Any:
        if name not in _CONTAINERS and not name.startswith("collections."):
            raise ValueError(f"no container called {name}")
        value = type_named(name)()
        place = len(self.shared)
        self.shared.append(value)
        extra = self.get()
        if name == "collections.deque" and extra is not None:
            value = self.shared[place] = type(value)(maxlen=extra)
        elif extra is not None:
            value.default_factory = extra
        fill(value, self.get())
        return value

    def _length(self) -> int:
        self._at += 4
        return int.from_bytes(self._data[self._at - 4 : self._at], "little")

    def _blob(self) -> bytes:
        length = self._length()
        self._at += length
        if self._at > len(self._data):
            raise ValueError("cut short")
        return self._data[self._at - length : self._at]


def contents(container: Any) -> Any:
    """Return what is in a container, as a value that nothing can change."""
    if isinstance(container, dict):
        return tuple(container.items())
    return bytes(container) if isinstance(container, bytearray) else tuple(container)


def fill(container: Any, held: Any) -> None:
    """Let a container hold exactly that."""
    container.clear()
    if isinstance(container, dict):
        for key, value in held:  # a counter's `update` would count the pairs
            container[key] = value
    elif isinstance(container, set):
        container.update(held)
    else:
        container.extend(held)
