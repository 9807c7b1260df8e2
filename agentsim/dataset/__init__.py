"""From finished dialogues to chat datasets: rows, splits, token counts, a card, and files written whole."""

from agentsim.dataset.contents import Format
from agentsim.dataset.conversation import System
from agentsim.dataset.export import ExportResult, export
from agentsim.dataset.row import Row
from agentsim.dataset.rows import rows
from agentsim.dataset.split import Member, Split, split
from agentsim.dataset.tokens import ReportedTokens, TokenCounter, TokenizerFile

__all__ = [
    "ExportResult",
    "Format",
    "Member",
    "ReportedTokens",
    "Row",
    "Split",
    "System",
    "TokenCounter",
    "TokenizerFile",
    "export",
    "rows",
    "split",
]
