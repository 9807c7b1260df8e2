"""Seeded choices that are the same on every machine, Python version and PYTHONHASHSEED: blake2b decides."""

import struct
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


def digest(seed: int, *parts: object) -> bytes:
    """Return 16 bytes that depend on the seed and on every part, and on nothing else."""
    return _hashed(16, seed, parts)


def fractions(seed: int, *parts: object) -> tuple[float, ...]:
    """Return 16 numbers from 0 to below 1, drawn evenly by the seed for one purpose named by the parts."""
    return tuple(number / 2**32 for number in struct.unpack(">16I", _hashed(64, seed, parts)))


def derive_seed(seed: int, *parts: object) -> int:
    """Return a seed of 31 bits (what every provider takes) for one purpose named by the parts."""
    return int.from_bytes(digest(seed, *parts)[:4], "big") & 0x7FFF_FFFF


def shuffled(items: Iterable[T], seed: int, *parts: object, key: Callable[[T], object] = str) -> list[T]:
    """Return the items in an order drawn by the seed; ``key`` names an item and must tell items apart."""
    return sorted(items, key=lambda item: digest(seed, *parts, key(item)))


def _hashed(size: int, seed: int, parts: Iterable[object]) -> bytes:
    text = "\x1f".join([str(seed), *(str(part) for part in parts)])
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()
