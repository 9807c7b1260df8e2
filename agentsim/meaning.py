"""How near two texts are in meaning: vectors from WordLlama, static word vectors that come inside its wheel.

It tells subjects apart well and tells ``guilty`` from ``not guilty`` not at all: a sign beside others, never a
proof alone. English is served best.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vectors = npt.NDArray[np.float32]

LONGEST = 2000
"""Characters of a text that are read."""


@cache
def _words() -> Any:
    # Half a second, so only when first needed. Its weights lie in the package; nothing is downloaded.
    import wordllama

    return wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)


def vectors(texts: Sequence[str]) -> "Vectors":
    """Return one vector a text, shape ``(len(texts), 256)``, of length 1, or 0 for a text without words.

    The product of two vectors is their cosine similarity, from -1 to 1.
    """
    import numpy as np

    if not texts:
        return np.zeros((0, 256), dtype=np.float32)
    # A text without a token would divide by zero; it gets the vector that is near nothing.
    known = [index for index, text in enumerate(texts) if text.strip()]
    found = np.zeros((len(texts), 256), dtype=np.float32)
    if known:
        found[known] = np.nan_to_num(_words().embed([texts[index][:LONGEST] for index in known], norm=True))
    return found
