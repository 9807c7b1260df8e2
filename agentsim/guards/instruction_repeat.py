"""A turn that says again what was just said instead of moving on."""

from agentsim.guards.again import again
from agentsim.guards.echo import echo
from agentsim.guards.prepared import Prepared
from agentsim.guards.reading import Span
from agentsim.schema import Finding


def instruction_repeat(prepared: Prepared) -> list[Finding]:
    """Find turns that echo the other's turn or the speaker's own."""
    found = []
    for position in range(1, len(prepared)):
        if prepared.has(position, "farewell") and len(prepared.readings[position].words) < 25:
            continue
        judged = echo(prepared, position) or again(prepared, position)
        if judged is not None:
            confidence, detail = judged
            found.append(
                prepared.finding(position, "instruction_repeat", confidence, _span(prepared, position), detail)
            )
    return found


def _span(prepared: Prepared, position: int) -> Span:
    reading = prepared.readings[position]
    return max(reading.sentences or [(0, len(reading.text))], key=lambda place: place[1] - place[0])
