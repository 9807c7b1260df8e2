"""From an agent's message to a turn."""

from typing import cast, get_args

from autogen_agentchat.messages import BaseChatMessage

from agentsim.schema import FinishReason, Speaker, Turn, Usage

_FINISHES = frozenset(get_args(FinishReason))


def turn_of(message: BaseChatMessage, index: int, role: str, speaker: Speaker) -> Turn:
    """Return the turn that an agent's message is, with what the metadata of an agent of ours tells."""
    told = message.metadata if speaker in ("model", "endpoint") else {}
    usage = message.models_usage
    finish = told.get("finish", "unknown")
    return Turn(
        index=index,
        role=role,
        text=message.to_model_text(),
        speaker=speaker,
        model=told.get("model"),
        finish=cast("FinishReason", finish if finish in _FINISHES else "unknown"),
        reasoning=told.get("reasoning"),
        usage=Usage(
            prompt_tokens=usage.prompt_tokens if usage else 0,
            completion_tokens=usage.completion_tokens if usage else 0,
            cost=float(told.get("cost", 0)),
            calls=int(told.get("calls", 0)),
        ),
    )
