"""Two interpreters that call each other's functions and share nothing but two pipes.

Plain values cross by copy; a container that is handed over and changed is changed here too. Everything else stays where
it is and crosses as a reference, on which the other side asks for calls, attributes and operators, one at a time.
"""

from __future__ import annotations

import operator
import os

from agentsim.sandbox.inside.values import BASES, Reader, Writer, contents, fill

TYPE_CHECKING = False  # `typing` takes longer to import than all the rest
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_ASK, _TOLD = b"?", b"!"

_UNARY: dict[str, Callable[..., Any]] = {
    "__call__": lambda thing, *given, **named: thing(*given, **named),
    "__getattribute__": getattr,
    "__setattr__": setattr,
    "__delattr__": delattr,
    "__getitem__": operator.getitem,
    "__setitem__": operator.setitem,
    "__delitem__": operator.delitem,
    "__len__": len,
    "__iter__": iter,
    "__next__": next,
    "__reversed__": reversed,
    "__bool__": bool,
    "__hash__": hash,
    "__str__": str,
    "__repr__": repr,
    "__int__": int,
    "__float__": float,
    "__index__": operator.index,
    "__round__": round,
    "__abs__": abs,
    "__neg__": operator.neg,
    "__enter__": lambda thing: thing.__enter__(),
    "__exit__": lambda thing, kind, error, _: thing.__exit__(kind, error, None),
    "__instancecheck__": lambda kind, thing: isinstance(thing, kind),
    "__subclasscheck__": lambda kind, other: issubclass(other, kind),
}


def _turned_round(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda thing, other: operation(other, thing)


_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "__contains__": operator.contains,
    "__and__": operator.and_,
    "__or__": operator.or_,
    "__xor__": operator.xor,
}
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    _BINARY[f"__{_name}__"] = getattr(operator, _name)
for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    _BINARY[f"__{_name}__"] = getattr(operator, _name)
    _BINARY[f"__r{_name}__"] = _turned_round(getattr(operator, _name))
OPERATIONS = _UNARY | _BINARY
"""What may be asked of a thing, by the method that Python calls for it."""

_RUN = "run"
"""What is asked of a coroutine."""


class Gone(BaseException):
    """The other interpreter ended. No test that expects an exception is to take it for that one."""


class Remote:
    """A thing in the other interpreter.

    It is compared, and reckoned with, only among its like: an object that says of itself that it equals whatever it
    is compared with would pass every test. The exception are things that are asked for on purpose (see `Wire.own`).
    """

    __slots__ = ("_number", "_own", "_wire")

    def __init__(self, wire: Wire, number: int) -> None:
        object.__setattr__(self, "_wire", wire)
        object.__setattr__(self, "_number", number)
        object.__setattr__(self, "_own", False)


def _field(thing: Remote, name: str) -> Any:
    return object.__getattribute__(thing, name)


def _forwarding(name: str) -> Callable[..., Any]:
    def forward(self: Remote, *given: Any, **named: Any) -> Any:
        if name == "__getattribute__" and given[0] == "__class__":
            return Remote
        if name in _BINARY and not (_field(self, "_own") or type(given[0]) is Remote):
            if name == "__contains__":
                raise TypeError("an object of the code's own class is not asked whether it holds a plain value")
            return NotImplemented
        wire = _field(self, "_wire")
        result = wire.ask(name, _field(self, "_number"), given, named)
        if type(result) is Remote and (self is wire.own or (name in _BINARY and _field(self, "_own"))):
            object.__setattr__(result, "_own", True)
        return result

    return forward


for _name in OPERATIONS:
    setattr(Remote, _name, _forwarding(_name))


def _ask_remote(self: Any, name: str) -> Any:
    """Ask the other side for what is missing here."""
    return getattr(object.__getattribute__(self, "_remote"), name)


def _say_remote(self: Any) -> str:
    remote = vars(self).get("_remote")
    return BaseException.__str__(self) if remote is None else str(remote)


_MIRRORS: dict[type, Any] = {base: type(base.__name__, (base,), {"__getattr__": _ask_remote}) for base in BASES}
"""Values of the other side's own subclasses are equal to what they hold, as told once; the rest is asked for."""


def _is_error(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseException)


def _error(thing: Any, kind: type[BaseException], args: tuple[Any, ...], place: str | None) -> BaseException:
    try:
        error = kind(*args)
    except Exception:
        error = kind.__new__(kind, *args)
    if hasattr(kind, "_remote"):
        vars(error)["_remote"] = thing
    if place is not None:
        error.add_note(place)
    return error


async def _later(wire: Wire, number: int) -> Any:
    return wire.ask(_RUN, number, (), {})


def _run(coroutine: Any) -> Any:
    import asyncio

    return asyncio.run(coroutine)


class Wire:
    """One end.

    Args:
        reading: descriptor to read from.
        writing: descriptor to write to.
        serves: whether an operation (a name, and its arguments) may be asked of our things.
        place: says where an exception of ours was raised, as a note for the other side.
    """

    def __init__(
        self,
        reading: int,
        writing: int,
        *,
        serves: Callable[[str, tuple[Any, ...]], bool] = lambda name, given: True,
        place: Callable[[BaseException], str | None] = lambda error: None,
    ) -> None:
        self._reading = reading
        self._writing = writing
        self._serves = serves
        self._place = place
        self._lent: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._met: dict[int, Any] = {}
        self.own: Any = None
        """A class in the other interpreter whose objects may be compared with anything: comparing is theirs."""

        self.gone = False
        """Whether the other interpreter ended."""

    def ask(self, name: str, number: int, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Have an operation done on the other side's thing; return what it returns, raise what it raises.

        Raises:
            Gone: where the other interpreter ended.
        """
        shared: list[Any] = []
        self._send(_ASK + self._written((name, number, given, tuple(named.items())), shared))
        while (frame := self._receive())[:1] == _ASK:
            self._answer(frame[1:])
        before = tuple(shared)
        well, result, held = self._read(frame[1:], shared)
        for container, now in zip(before, held, strict=True):
            fill(container, now)
        if not well:
            raise result
        return result

    def serve(self) -> None:
        """Answer until the other side ends."""
        while True:
            self._answer(self._receive()[1:])

    def lend(self, thing: Any) -> int:
        """Keep a thing of ours for the other side, and return its number."""
        number = self._numbers.setdefault(id(thing), len(self._lent))
        if number == len(self._lent):
            self._lent.append(thing)
        return number

    def thing(self, number: int) -> Any:
        """Return the other side's thing of that number, the same object each time."""
        if number not in self._met:
            self._met[number] = Remote(self, number)
        return self._met[number]

    def _answer(self, frame: bytes) -> None:
        shared: list[Any] = []
        name, number, given, named = self._read(frame, shared)
        before = tuple(shared)
        well = True
        try:
            if not self._serves(name, given):
                raise AttributeError(f"tests lend their functions to be called, not for {name}")
            operation = _run if name == _RUN else OPERATIONS[name]
            result = operation(self._lent[number], *given, **dict(named))
        except Gone:
            raise
        except BaseException as error:
            well, result = False, error
        self._send(_TOLD + self._written((well, result, before and tuple(map(contents, before))), shared))

    def _written(self, value: Any, shared: list[Any]) -> bytes:
        writer = Writer(self._refer, shared)
        writer.put(value)
        return writer.written()

    def _read(self, data: bytes, shared: list[Any]) -> Any:
        return Reader(data, self._resolve, shared).get()

    def _refer(self, value: Any) -> tuple[bytes, tuple[Any, ...]]:
        """Return the kind of reference and its parts for what is no plain value."""
        theirs = value
        if type(value) is not Remote:
            theirs = vars(value).get("_remote") if hasattr(value, "__dict__") else None
        if type(theirs) is Remote and _field(theirs, "_wire") is self:
            return b"y", (_field(theirs, "_number"),)
        number = self.lend(value)
        kind = type(value)
        if isinstance(value, BaseException):
            return b"e", (number, kind, value.args, self._place(value))
        if isinstance(value, type) and issubclass(value, BaseException):
            return b"x", (number, value.__name__, value.__bases__[0])
        if kind.__name__ == "coroutine":
            return b"a", (number,)
        base = next((base for base in BASES if isinstance(value, base)), None)
        if base is not None:
            return b"k", (number, str.__str__(value) if base is str else base(value))
        return b"o", (number,)

    def _resolve(self, tag: bytes, parts: tuple[Any, ...]) -> Any:
        """Return what a reference stands for."""
        number = parts[0]
        if tag == b"y":
            return self._lent[number]
        thing = self.thing(number)
        if tag == b"k" and type(parts[1]) in BASES:
            value = _MIRRORS[type(parts[1])](parts[1])
            vars(value)["_remote"] = thing
            return value
        if tag == b"e" and _is_error(parts[1]):
            return _error(thing, *parts[1:])
        if tag == b"x" and _is_error(parts[2]):
            if type(thing) is Remote:
                members = {"_remote": thing, "__getattr__": _ask_remote, "__str__": _say_remote}
                self._met[number] = type(str(parts[1]), (parts[2],), members)
            return self._met[number]
        if tag == b"a":
            return _later(self, number)
        if tag == b"o":
            return thing
        raise ValueError(f"no reference of kind {tag!r}")

    def _send(self, frame: bytes) -> None:
        left = memoryview(len(frame).to_bytes(8, "little") + frame)
        try:
            while left:
                left = left[os.write(self._writing, left) :]
        except OSError:
            self.gone = True
            raise Gone from None

    def _receive(self) -> bytes:
        return self._exactly(int.from_bytes(self._exactly(8), "little"))

    def _exactly(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            part = os.read(self._reading, min(count - len(parts), 1 << 20))
            if not part:
                self.gone = True
                raise Gone
            parts += part
        return bytes(parts)
