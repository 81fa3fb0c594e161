"""Turns words into numbers: the pieces of words, words and pairs of words, and what names tell, each at a hashed place.

The same for training and for answering. A text is a sparse vector, the places in rising order and the values at them.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.understanding.wording import Worded

Floats = NDArray[np.float32]
Places = NDArray[np.int64]

PIECES = 1 << 15
TOLD = 1 << 12
PLACES = PIECES + TOLD
"""Length of the vector: the pieces first, then what names tell."""

SHORTEST_PIECE, LONGEST_PIECE = 3, 5


class Sparse(NamedTuple):
    """A text as a vector."""

    places: Places
    values: Floats


def counted(worded: Worded) -> Sparse:
    """How often each feature stands in a text, damped: 1 + ln(count)."""
    pieces = Counter(zlib.crc32(piece.encode()) % PIECES for piece in pieces_of(worded.meant))
    told = Counter(PIECES + zlib.crc32(name.encode()) % TOLD for name in told_together(worded.told))
    found = sorted((pieces | told).items())
    places = np.fromiter((place for place, _ in found), np.int64, len(found))
    values = np.fromiter((1 + math.log(count) for _, count in found), np.float32, len(found))
    return Sparse(places, values)


def pieces_of(words: Sequence[str]) -> Iterator[str]:
    """Three to five letters of a word with its ends marked, whole words, and pairs of neighbours."""
    for word in words:
        marked = f" {word} "
        for size in range(SHORTEST_PIECE, min(LONGEST_PIECE, len(marked)) + 1):
            for at in range(len(marked) - size + 1):
                yield marked[at : at + size]
        yield f"w={word}"
    for first, second in pairwise(words):
        yield f"b={first} {second}"


def told_together(told: Sequence[str]) -> Iterator[str]:
    """What names tell, and each two of them together: a work question about Mexico is neither of both alone."""
    yield from told
    names = sorted({name for name in told if ":" not in name})
    for at, first in enumerate(names):
        for second in names[at + 1 :]:
            yield f"{first}+{second}"


def weighed(vector: Sparse, rarity: Floats, share_told: float) -> Sparse:
    """The vector with rare features counting more; its two parts scaled so that squared lengths add up to one.

    `share_told` of the squared length belongs to what names tell (nothing if there are none).
    """
    places = vector.places
    values = vector.values * rarity[places]
    cut = int(np.searchsorted(places, PIECES))
    values[:cut] *= _scale(values[:cut], 1 - share_told)
    values[cut:] *= _scale(values[cut:], share_told)
    return Sparse(places, values)


def _scale(values: Floats, share: float) -> float:
    length = float(np.sqrt(np.dot(values, values)))
    return math.sqrt(share) / length if length else 0.0
