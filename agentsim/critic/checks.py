"""Evidence: what a scenario's checks find in a dialogue, without any model's opinion."""

import json
import re
from collections.abc import Sequence

import jsonschema
import referencing
import referencing.exceptions

from agentsim.critic.code_blocks import last_defining
from agentsim.llm.structured import json_values
from agentsim.sandbox.testing import run_tests
from agentsim.schema import (
    Check,
    CheckResult,
    Dialogue,
    ExactCheck,
    JsonSchemaCheck,
    NumericCheck,
    PythonCheck,
    RegexCheck,
    Scenario,
)

_NUMBER = re.compile(
    r"(?:(?<![\w.)\]])[-+\u2212])?"  # a sign, not the dash of "3-5" or of a date
    r"(?<![A-Za-z_0-9])"  # a digit inside a word, as in "B12", states no number
    r"(?:\d{1,3}(?:[,\u00a0\u2009\u202f]\d{3})+(?!\d)|\d+|(?<!\d)(?=\.\d))"
    r"(?:\.\d+)?(?:[eE][-+]?\d+)?"
)
_PLAIN = dict.fromkeys(map(ord, ",\u00a0\u2009\u202f")) | {0x2212: "-"}
_EDGES = " \t\r\n.,;:!?\"'`*()[]{}"


async def run_checks(dialogue: Dialogue, scenario: Scenario) -> tuple[CheckResult, ...]:
    """Return what each check that applies to this dialogue's slots found, in the scenario's order.

    Code that a model wrote is executed in a sandbox; where none can be had it is not, and the check says so.
    """
    results = []
    for check in scenario.checks:
        if all(dialogue.assignment.slots.get(slot) == value for slot, value in check.when.items()):
            texts = _texts(check, dialogue, scenario)
            results.append(await _tested(check, texts) if isinstance(check, PythonCheck) else _result(check, texts))
    return tuple(results)


def _texts(check: Check, dialogue: Dialogue, scenario: Scenario) -> list[str]:
    role = check.role or next(role.name for role in scenario.roles if role.part == "follows")
    texts = [turn.text for turn in dialogue.turns if turn.role == role]
    return texts[-1:] if check.where == "last" else texts


async def _tested(check: PythonCheck, texts: Sequence[str]) -> CheckResult:
    code = last_defining(check.entry, texts)
    if code is None:
        return CheckResult(check=check.id, outcome="failed", detail=f"no block of code defines {check.entry}")
    tested = await run_tests(code, check.tests, check.entry, seconds=check.seconds)
    return CheckResult(check=check.id, outcome=tested.outcome, detail=str(tested))


def _result(check: RegexCheck | ExactCheck | NumericCheck | JsonSchemaCheck, texts: Sequence[str]) -> CheckResult:
    if isinstance(check, RegexCheck):
        return _regex(check, texts)
    for text in texts:
        try:
            found = _holds(check, text)
        except referencing.exceptions.Unresolvable as error:
            return CheckResult(check=check.id, outcome="not_run", detail=f"the schema cannot be followed: {error}")
        if found:
            return CheckResult(check=check.id, outcome="passed", detail=found)
    return CheckResult(check=check.id, outcome="failed", detail=f"not found in {len(texts)} turns")


def _regex(check: RegexCheck, texts: Sequence[str]) -> CheckResult:
    pattern = re.compile(check.pattern, re.IGNORECASE)
    match = next((found for text in texts if (found := pattern.search(text))), None)
    detail = f"found {match.group(0)[:80]!r}" if match else f"not found in {len(texts)} turns"
    passed = (match is None) == check.absent
    return CheckResult(check=check.id, outcome="passed" if passed else "failed", detail=detail)


def _holds(check: ExactCheck | NumericCheck | JsonSchemaCheck, text: str) -> str | None:
    """Return what satisfies the check in one turn, or ``None``."""
    if isinstance(check, ExactCheck):
        return f"found {check.answer!r}" if _exactly(check.answer).search(text.casefold()) else None
    if isinstance(check, NumericCheck):
        # Binary fractions are not exact: 20.01 is to lie within 0.01 of 20.
        reach = check.tolerance * (1 + 1e-9) + 1e-12 * abs(check.answer)
        for number in _NUMBER.findall(text):
            if abs(float(number.translate(_PLAIN)) - check.answer) <= reach:
                return f"found {number}"
        return None
    # An empty registry: a schema that points elsewhere must not reach for the network.
    schema = jsonschema.Draft202012Validator(check.document, registry=referencing.Registry())
    for value in json_values(text):
        if schema.is_valid(value):
            return f"found {json.dumps(value, ensure_ascii=False)[:80]}"
    return None


def _exactly(answer: str) -> re.Pattern[str]:
    """Return what finds the answer in case-folded text, as a word where it begins or ends with a letter or
    digit."""
    wanted = (answer.strip(_EDGES) or answer).casefold()
    pattern = r"\s+".join(map(re.escape, wanted.split()))
    before = r"(?<!\w)" if re.match(r"\w", wanted) else ""
    after = r"(?!\w)" if re.search(r"\w\Z", wanted) else ""
    return re.compile(before + pattern + after)
