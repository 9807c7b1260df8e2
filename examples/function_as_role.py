"""A Python function plays a role: here a shop's rule-based chatbot meets simulated customers."""

from collections.abc import Mapping, Sequence

from agentsim import simulate


def bot(said: Sequence[Mapping[str, str]]) -> str:
    """Answer the last thing that was said."""
    last = said[-1]["text"].lower()
    if "receipt" in last:
        return "Without a receipt I can offer an exchange. Would that help?"
    if len(said) > 4:
        return "I have opened a case for you. You will hear from us within two days."
    return "I see. When did you buy it, and do you still have the receipt?"


run = simulate(
    scenarios=["shop-return"],
    roles={"agent": bot},
    dialogues=2,
    max_turns=6,
    seed=5,
    out="runs/bot-under-test",
)
for record in run.records():
    print("---", record.dialogue.id, record.dialogue.end.reason)
    for turn in record.dialogue.turns:
        print(f"{turn.role} ({turn.speaker}): {turn.text}")
