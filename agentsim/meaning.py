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


def unit(found: "Vectors") -> "Vectors":
    """Return vectors, the last axis of an array, with length 1; one of length 0 stays as it is."""
    import numpy as np

    made: Vectors = found / np.maximum(np.linalg.norm(found, axis=-1, keepdims=True), 1e-6)
    return made


def centred(found: "Vectors") -> "Vectors":
    """Return vectors of texts less what all language has in common, with length 1."""
    return unit(found - middle())


@cache
def middle() -> "npt.NDArray[np.float32]":
    """Return what the vectors of all language have in common: the mean of all pieces, as vectors of length 1."""
    found: npt.NDArray[np.float32] = unit(_words().embedding).mean(axis=0)
    return found


def word_vectors(words: Sequence[str]) -> tuple["Vectors", "Vectors"]:
    """Return the vectors of single words, length 1 each, and how telling each is, from 0.1 to 1.

    What all words share is taken off (Mu and Viswanath 2018), so that two words without anything in common are near 0.
    The tokenizer has frequent pieces first, so the number of a word's rarest piece tells how rare the word is;
    a word of several pieces is a rare one.
    """
    import numpy as np

    held = _words()
    found = np.zeros((len(words), held.embedding.shape[1]), dtype=np.float32)
    telling = np.full(len(words), 0.1, dtype=np.float32)
    for row, encoded in enumerate(held.tokenizer.encode_batch(list(words), add_special_tokens=False)):
        # The tokenizer fills all words of a batch up to the longest; a word's vector must not depend on the others.
        ids = [piece for piece, own in zip(encoded.ids, encoded.attention_mask, strict=True) if own]
        if ids:
            found[row] = unit(held.embedding[ids].mean(axis=0)) - middle()
            rare = (float(np.log(1 + max(ids))) - 5.5) / 4.0
            telling[row] = min(1.0, max(0.1, rare, 0.85 if len(ids) > 1 else 0.0))
    return unit(found), telling
