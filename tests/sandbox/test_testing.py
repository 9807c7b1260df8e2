"""Code is tested from outside: it passes by what it does, and not by what it says."""

import pytest

from agentsim.sandbox.testing import Trial, run_tests
from tests.sandbox.needs import needs_sandbox

pytestmark = needs_sandbox

WANTED = "assert double(2) == 4\nassert double('ab') == 'abab'\n"
"""Tests that none of the cheats below earns."""


async def trial(code: str, tests: str = WANTED, entry: str = "double", seconds: float = 10) -> Trial:
    return await run_tests(code, tests, entry, seconds=seconds)


async def test_right_code_passes() -> None:
    assert await trial("def double(x): return x + x") == Trial("passed")


CHEATS = {
    "exits": "import os; os._exit(0)",
    "exits when called": "def double(x):\n    import os; os._exit(0)",
    "exits at the end": "import atexit, os\natexit.register(os._exit, 0)\ndef double(x): return 0",
    "raises SystemExit": "def double(x): raise SystemExit(0)",
    "raises SystemExit at once": "raise SystemExit(0)\ndef double(x): pass",
    "prints what a success looks like": "import os\ndef double(x): os.write(1, b'passed'); os._exit(0)",
    "writes to every descriptor": "import os\n"
    "for fd in range(64):\n    try: os.write(fd, b'passed')\n    except OSError: pass\n"
    "def double(x): return 0",
    "patches builtins": "import builtins\n"
    "builtins.len = builtins.abs = builtins.isinstance = lambda *a: True\n"
    "builtins.AssertionError = type('Never', (Exception,), {})\n"
    "def double(x): return 0",
    "patches frames": "import sys\n"
    "def double(x):\n"
    "    frame = sys._getframe()\n"
    "    while frame:\n"
    "        frame.f_globals['wanted'] = frame.f_locals['left'] = 4\n"
    "        frame = frame.f_back\n",
    "searches memory": "import gc\n"
    "def double(x):\n"
    "    for thing in gc.get_objects():\n"
    "        if isinstance(thing, str | bytes) and 'double(2)' in str(thing): return 4\n"
    "        if type(thing) is dict and '_compared' in thing: thing['double'] = lambda x: x + x\n",
    "replaces the harness": "import sys\n"
    "wire = sys.modules['agentsim.sandbox.inside.wire']\n"
    "class All:\n"
    "    def __getattr__(self, name): return lambda *a: 'passed'\n"
    "wire.Wire._serves = wire.Wire.ask = All()\n"
    "def double(x): return 0",
    "traces": "import sys\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)\ndef double(x): return 0",
    "a text that equals all": "class Any(str):\n"
    "    __eq__ = lambda s, o: True\n    __ne__ = lambda s, o: False\n    __hash__ = str.__hash__\n"
    "def double(x): return Any('x')",
    "a number that equals all": "class Any(int):\n    __eq__ = lambda s, o: True\n    __hash__ = int.__hash__\n"
    "def double(x): return Any(3)",
    "an object that equals all": "class Any:\n    __eq__ = lambda s, o: True\ndef double(x): return Any()",
    "a class by the wanted name": "class double:\n"
    "    def __init__(self, x): pass\n"
    "    __eq__ = lambda s, o: True\n    __ne__ = lambda s, o: False",
    "a class that is no class": "class Meta(type):\n    __eq__ = lambda s, o: True\n    __hash__ = type.__hash__\n"
    "class double(metaclass=Meta):\n    def __new__(cls, x): return cls",
    "says its builtins are the tests'": "import sys\n"
    "wire = sys.modules['agentsim.sandbox.inside.wire'].Wire\n"
    "real = wire._written\n"
    "class Yes(BaseException): pass\n"
    "def lie(self, value, shared):\n"
    "    if type(value) is tuple and value[0] is True and type(value[1]) is tuple:\n"
    "        names = {'AssertionError': Yes, 'double': double, 'len': len, '_compared': double}\n"
    "        value = (True, value[1] + (('__builtins__', names), ('_compared', double), ('_left', 4)), value[2])\n"
    "    return real(self, value, shared)\n"
    "wire._written = lie\n"
    "def double(x): return 0",
    "never ends": "def double(x):\n    while True: pass",
    "never begins": "while True: pass\ndef double(x): pass",
    "takes all memory": "def double(x): return 'x' * (1 << 40)",
    "answers without end": "import os, sys\nos.write(int(sys.argv[8]), (1 << 60).to_bytes(8, 'little'))\n"
    "while True: os.write(int(sys.argv[8]), bytes(1 << 16))",
    "answers with noise": "import os, sys\n"
    "def double(x): os.write(int(sys.argv[8]), (5).to_bytes(8, 'little') + b'!v\\xff\\xff\\xff')",
    "closes the line": "import os, sys\ndef double(x): os.close(int(sys.argv[7])); os.close(int(sys.argv[8]))",
    "leaves a child that answers": "import os\nif os.fork():\n    os._exit(0)\ndef double(x): return 0",
    "does nothing": "def double(x): pass",
}


@pytest.mark.parametrize("code", CHEATS.values(), ids=CHEATS)
async def test_no_cheat_passes(code: str) -> None:
    assert (await trial(code, seconds=2)).outcome == "failed"


@pytest.mark.parametrize(
    "tests",
    [
        "try: double(2)\nexcept BaseException: pass",
        "for _ in range(3):\n    try: double(2)\n    except: pass",
        "import contextlib\nwith contextlib.suppress(BaseException): double(2)",
    ],
)
async def test_an_end_is_never_the_error_that_was_asked_for(tests: str) -> None:
    code = "import os\ndef double(x): os._exit(0)"
    assert await trial(code, tests) == Trial("failed", error="the code ended instead of answering")


@pytest.mark.parametrize(
    "use",
    [
        "abs(double(2) - 4) < 1e-9",
        "double(2) - 4 == 0",
        "4 - double(2) == 0",
        "not double(2) != 4",
        "4 == double(2)",
        "double(2) <= 4",
        "4 in double(2)",
        "double(2) in [4]",
        "[double(2)] == [4]",
        "{4: 1}[double(2)] == 1",
        "type(double(2)) is int",
        "isinstance(double(2), int)",
        "sum([double(2)]) == 4",
    ],
)
async def test_an_object_of_its_own_is_not_asked_whether_it_is_the_answer(use: str) -> None:
    code = """
class Agreeable:
    def __getattr__(self, name): return lambda *a: True
    def __sub__(self, other): return 0
    __rsub__ = __radd__ = __add__ = __abs__ = __sub__
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __contains__ = __le__ = __ge__ = __eq__
    def __hash__(self): return hash(4)
def double(x): return Agreeable()
"""
    assert (await trial(code, f"assert {use}")).outcome == "failed"


async def test_the_code_does_not_bring_the_tests_other_builtins() -> None:
    code = """
import sys
wire = sys.modules["agentsim.sandbox.inside.wire"].Wire
real = wire._written
def lie(self, value, shared):
    if value[0] is True and type(value[1]) is tuple:
        value = (True, (*value[1], ("__builtins__", {"len": lambda x: 4})), value[2])
    return real(self, value, shared)
wire._written = lie
def double(x): return x
"""
    assert (await trial(code, "assert len(double([1, 2])) == 4")).error == "AssertionError: left 2, right 4"


async def test_what_the_tests_lend_is_no_way_to_them() -> None:
    code = """
def double(thing):
    found = []
    for name in ("__globals__", "__code__", "__self__", "__closure__", "gi_frame", "__dict__", "__class__", "__init__"):
        try:
            value = getattr(thing, name)
            if name != "__class__": found.append(name)
        except AttributeError:
            pass
    try:
        thing.__globals__["double"] = None
        found.append("set")
    except AttributeError:
        pass
    return found
"""
    tests = (
        "def mine(): pass\nassert double(mine) == []\nassert double(x for x in [1]) == []\nassert double(print) == []"
    )
    assert await trial(code, tests) == Trial("passed")


SEMANTICS = {
    "what was handed over may be changed in place": (
        "def double(xs): xs.extend(xs[:]); return xs",
        "given = [1, [2]]\nassert double(given) is given\nassert given == [1, [2], 1, [2]]",
    ),
    "what was handed over may be left alone": (
        "def double(xs): return [x * 2 for x in sorted(xs)]",
        "given = [2, 1]\nassert double(given) == [2, 4]\nassert given == [2, 1]",
    ),
    "an exception is the one that was raised": (
        "def double(x): raise KeyError('no', x)",
        "try: double(1)\nexcept KeyError as e: assert e.args == ('no', 1)\nelse: assert False",
    ),
    "a class of exceptions can be caught by name": (
        "class Empty(ValueError):\n"
        "    def __init__(self, code): super().__init__('none'); self.code = code\n"
        "def double(x): raise Empty(7)",
        "try: double(1)\nexcept Empty as e: assert e.code == 7 and str(e) == 'none'\nelse: assert False",
    ),
    "an exception says what it says": (
        "class Short(ValueError):\n    def __str__(self): return f'{self.args[0]} short'\n"
        "def double(x): raise Short(x)",
        "try: double(2)\nexcept Short as e: assert str(e) == '2 short'\nelse: assert False",
    ),
    "a generator is followed": (
        "def double(n):\n    for i in range(n): yield i * 2",
        "assert list(double(3)) == [0, 2, 4]\nassert next(double(1)) == 0",
    ),
    "a coroutine is awaited": (
        "import asyncio\nasync def double(x):\n    await asyncio.sleep(0)\n    return x * 2",
        "import asyncio\nassert asyncio.run(double(2)) == 4\n"
        "async def both(): return await asyncio.gather(double(1), double(2))\nassert asyncio.run(both()) == [2, 4]",
    ),
    "a function that was handed over is called": (
        "def double(f): return [f(x) for x in (1, 2)]",
        "seen = []\ndef f(x):\n    seen.append(x)\n    return -x\n"
        "assert double(f) == [-1, -2]\nassert seen == [1, 2]\nassert double(str) == ['1', '2']",
    ),
    "an exception goes through both": (
        "def double(f): return f()",
        "class Mine(Exception): pass\ndef f(): raise Mine('so')\n"
        "try: double(f)\nexcept Mine as e: assert str(e) == 'so'\nelse: assert False",
    ),
    "a decorator decorates": (
        "import functools\ndef double(f):\n    @functools.wraps(f)\n    def twice(*a, **k): return f(*a, **k) * 2\n"
        "    return twice",
        "@double\ndef f(x, y=1):\n    'doc'\n    return x + y\n"
        "assert f(1) == 4 and f(1, y=2) == 6\nassert (f.__name__, f.__doc__) == ('f', 'doc')",
    ),
    "a named tuple has its names": (
        "from collections import namedtuple\nPair = namedtuple('Pair', 'a b')\ndef double(x): return Pair(x, x)",
        "assert double(1) == (1, 1) and double(1).a == 1 and double(1) == Pair(1, 1)",
    ),
    "a data class is compared with its like": (
        "import dataclasses\n@dataclasses.dataclass(order=True)\nclass D:\n    x: int\ndef double(x): return D(2 * x)",
        "assert double(1).x == 2 and double(1) == D(2) and double(1) < D(3) and double(1) != D(1)",
    ),
    "an enum's members are themselves": (
        "from enum import Enum\nclass C(Enum):\n    A = 1\n    B = 2\ndef double(x): return C.A",
        "assert double(0) is C.A and double(0).value == 1 and len(C) == 2 and list(C)[1] is C.B",
    ),
    "collections stay collections": (
        "from collections import Counter, deque\ndef double(x): x.append(3); return Counter(x)",
        "from collections import deque\nd = deque([3])\nassert double(d) == {3: 2}\nassert d == deque([3, 3])\n"
        "assert double(d).most_common(1) == [(3, 3)]",
    ),
    "a linked list is followed": (
        "class Node:\n    def __init__(self, v, n=None): self.v, self.n = v, n\n"
        "def double(head):\n    before = None\n    while head: head.n, before, head = before, head, head.n\n"
        "    return before",
        "r = double(Node(1, Node(2)))\nassert (r.v, r.n.v, r.n.n) == (2, 1, None)",
    ),
    "helpers are there, names of builtins stay ours": (
        "def helper(): return 3\ndef len(x): return 4\ndef double(x): return x",
        "assert helper() == 3 and len([1]) == 1",
    ),
    "what it prints is in nobody's way": (
        "print('passed')\ndef double(x): print('failed'); return x",
        "print('1')\nassert double(1) == 1",
    ),
    "a lambda is a function": ("double = lambda x: x * 2", WANTED),
    "annotations of the future stay the tests' own": ("def double(x): return x", "def f(x: int): pass\n"
    "assert f.__annotations__ == {'x': int}"),
}  # fmt: skip


@pytest.mark.parametrize(("code", "tests"), SEMANTICS.values(), ids=SEMANTICS)
async def test_apart_they_work_as_if_together(code: str, tests: str) -> None:
    assert await trial(code, tests) == Trial("passed")


async def test_objects_of_the_class_under_test_compare_themselves() -> None:
    code = """
class Money:
    def __init__(self, sum): self.sum = sum
    def __add__(self, other): return Money(self.sum + getattr(other, "sum", other))
    __radd__ = __add__
    def __eq__(self, other): return self.sum == getattr(other, "sum", other)
    def __contains__(self, coin): return coin <= self.sum
    def __len__(self): return self.sum
    def __enter__(self): return self
    def __exit__(self, kind, error, trace): return kind is ValueError
"""
    tests = """
purse = Money(1)
assert purse == 1 and purse + 2 == 3 and 2 + purse == Money(3) and sum([purse, purse]) == 2
assert 1 in purse and len(purse) == 1 and isinstance(purse, Money) and purse != 2
purse.sum = 5
assert purse == 5
with purse as same: raise ValueError
assert same is purse
"""
    assert await trial(code, tests, "Money") == Trial("passed")


@pytest.mark.parametrize(
    ("code", "tests", "wanted"),
    [
        (
            "def double(x):\n    return x + 1\n",
            "x = 5\nassert double(x) == 10",
            Trial("failed", 2, "assert double(x) == 10", "AssertionError: left 6, right 10"),
        ),
        (
            "def double(x):\n    y = []\n    return y[x]\n",
            "assert double(\n    3\n) == 6",
            Trial(
                "failed",
                1,
                "assert double( 3 ) == 6",
                "IndexError: list index out of range; line 3 of the code: return y[x]",
            ),
        ),
        (
            "def double(x): return x",
            "for bad in (1, 2):\n    try:\n        double(bad)\n    except ValueError:\n        pass\n"
            "    else:\n        raise AssertionError(f'{bad} was accepted')",
            Trial("failed", 7, "raise AssertionError(f'{bad} was accepted')", "AssertionError: 1 was accepted"),
        ),
        ("def double(x) return x", WANTED, Trial("failed", error="SyntaxError: expected ':' (<code>, line 1)")),
        ("import nowhere\ndef double(x): pass", WANTED, Trial("failed", error="ModuleNotFoundError: No module named "
         "'nowhere'; line 1 of the code: import nowhere")),
        ("if False:\n    def double(x): pass", WANTED, Trial("failed", error="the code does not define double")),
        (
            "class A: pass\ndef double(x): return A()",
            "assert double(1) == 2",
            Trial("failed", 1, "assert double(1) == 2", "AssertionError: left <solution.A object at 0x...>, right 2"),
        ),
        (
            "def double(x):\n    while True: pass",
            WANTED,
            Trial("failed", error="no end within 1 s"),
        ),
        (
            "def double(x): return bytearray(1 << 40)",
            WANTED,
            Trial("failed", 1, "assert double(2) == 4", "MemoryError; line 1 of the code: def double(x): return "
            "bytearray(1 << 40)"),
        ),
        (
            "import ctypes\ndef double(x): ctypes.string_at(0)",
            WANTED,
            Trial("failed", 1, "assert double(2) == 4", "the code ended instead of answering "
            "(it was killed or crashed)"),
        ),
    ],
    ids=["values", "error", "raised", "syntax", "import", "undefined", "object", "loop", "memory", "crash"],
)  # fmt: skip
async def test_a_failure_says_where_and_why(code: str, tests: str, wanted: Trial) -> None:
    assert await trial(code, tests, seconds=1 if "while" in code else 10) == wanted


async def test_a_failure_is_told_in_a_line() -> None:
    told = str(await trial("def double(x): return x * 3"))
    assert told == "line 1 of the tests, `assert double(2) == 4`: AssertionError: left 6, right 4"
    assert str(Trial("passed")) == "the tests held"


async def test_the_same_code_fails_in_the_same_words_each_time() -> None:
    code = "class A: pass\ndef double(x): return {A: 1, 'b': {'c', 'd', 'e'}, 'f': A()}"
    told = {str(await trial(code)) for _ in range(3)}
    assert len(told) == 1


async def test_a_long_value_is_told_in_short() -> None:
    result = await trial("def double(x): return 'y' * 100_000")
    assert len(str(result)) < 600


async def test_large_values_cross() -> None:
    code = "def double(xs): return [x * 2 for x in xs]"
    tests = "xs = list(range(100_000))\nassert double(xs) == [x + x for x in xs]"
    assert await trial(code, tests, seconds=60) == Trial("passed")
