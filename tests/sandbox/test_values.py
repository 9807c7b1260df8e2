"""What crosses between two interpreters stays what it is, and nothing else can be made on the other side."""

import datetime as dt
from collections import Counter, OrderedDict, defaultdict, deque
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsim.sandbox.inside.values import Reader, Writer


def refuse(*_: Any) -> Any:
    raise TypeError("no plain value")


def written(value: Any) -> bytes:
    writer = Writer(refuse, [])
    writer.put(value)
    return writer.written()


def crossed(value: Any) -> Any:
    return Reader(written(value), refuse, []).get()


HASHABLE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters())
    | st.binary()
    | st.complex_numbers(allow_nan=False)
    | st.dates()
    | st.datetimes(timezones=st.just(dt.UTC) | st.none())
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.fractions(),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=8,
)
VALUES = st.recursive(
    HASHABLE,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(HASHABLE, inner, max_size=4)
        | st.sets(HASHABLE, max_size=4)
        | st.lists(inner, max_size=4).map(deque)
        | st.dictionaries(HASHABLE, inner, max_size=4).map(OrderedDict)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_a_value_stays_what_it_is(value: Any) -> None:
    there = crossed(value)
    assert there == value
    assert type(there) is type(value)


@pytest.mark.parametrize(
    "value",
    [
        "\ud800",
        10**5000,
        -1,
        float("-inf"),
        ...,
        NotImplemented,
        range(1, 9, 2),
        slice(None, 3),
        bytearray(b"x"),
        Counter("aab"),
        deque([1, 2], maxlen=5),
        defaultdict(list, {"a": [1]}),
        dt.timezone(dt.timedelta(hours=2)),
        dt.time(3, 4, 5),
        Fraction(1, 3),
        Decimal("1.50"),
        int,
        ValueError,
        dt.date,
    ],
    ids=lambda value: type(value).__name__,
)
def test_so_do_the_rarer_ones(value: Any) -> None:
    there = crossed(value)
    assert there == value
    assert type(there) is type(value)
    assert getattr(there, "maxlen", None) == getattr(value, "maxlen", None)
    assert getattr(there, "default_factory", None) == getattr(value, "default_factory", None)


def test_one_and_the_same_stays_one_and_the_same() -> None:
    inner: list[Any] = [1]
    inner.append(inner)
    first, second, held = crossed((inner, inner, {"in": inner}))
    assert first is second is held["in"] is first[1]


@given(st.binary(max_size=60))
def test_no_bytes_make_anything_but_values(data: bytes) -> None:
    try:
        value = Reader(data, refuse, []).get()
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError):
        return
    written(value)  # only what can be written can have been read


@pytest.mark.parametrize("name", ["type", "object", "memoryview", "list", "property", "collections.deque", "os.system"])
def test_nothing_is_made_from_other_types(name: str) -> None:
    data = written(("x", (str,), {}))
    blob = b"v" + len(name).to_bytes(4, "little") + name.encode()
    with pytest.raises(ValueError, match="nothing is made from"):
        Reader(blob + data, refuse, []).get()


@pytest.mark.parametrize("name", ["len", "print", "os.system", "__import__", "agentsim.errors.UserError"])
def test_only_types_have_names(name: str) -> None:
    with pytest.raises(ValueError, match="no type called"):
        Reader(b"t" + len(name).to_bytes(4, "little") + name.encode(), refuse, []).get()
