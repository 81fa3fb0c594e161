"""How alike two texts are, from 0 to 1: in meaning (by the encoder) and in spelling (by the pieces of their words).

A kernel machine compares a message with every example. Likeness is bent by exp(BEND · (likeness − 1)), so that near
examples count for more than many far ones: on our messages that found .80 at once where a straight one found .73.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.understanding.features import PLACES, Sparse

Floats = NDArray[np.float32]

SHARE_OF_MEANING = 0.55
SHARE_TOLD = 0.22
"""What names tell, as a part of spelling."""

BEND = 2.0


@dataclass(frozen=True)
class Postings:
    """Sparse vectors of all examples, by place: which examples have something there, and how much."""

    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    values: Floats
    count: int

    @classmethod
    def of(cls, vectors: list[Sparse]) -> Postings:
        """Turn vectors of examples into lists by place."""
        places = np.concatenate([vector.places for vector in vectors])
        values = np.concatenate([vector.values for vector in vectors]).astype(np.float32)
        rows = np.repeat(np.arange(len(vectors), dtype=np.int32), [len(vector.places) for vector in vectors])
        order = np.argsort(places, kind="stable")
        starts = np.searchsorted(places[order], np.arange(PLACES + 1))
        return cls(starts.astype(np.int64), rows[order], values[order], len(vectors))

    def likeness(self, vector: Sparse) -> Floats:
        """The product of a vector with that of each example."""
        starts, ends = self.starts[vector.places], self.starts[vector.places + 1]
        lengths = ends - starts
        total = int(lengths.sum())
        if not total:
            return np.zeros(self.count, np.float32)
        offsets = np.repeat(starts - np.concatenate(([0], np.cumsum(lengths)[:-1])), lengths)
        at = offsets + np.arange(total)
        weights = self.values[at] * np.repeat(vector.values, lengths)
        return np.bincount(self.rows[at], weights, self.count).astype(np.float32)


def mixed(meaning: Floats, spelling: Floats) -> Floats:
    """Both kinds of likeness as one."""
    return SHARE_OF_MEANING * meaning + (1 - SHARE_OF_MEANING) * spelling


def bent(likeness: Floats) -> Floats:
    """Likeness with the near ones lifted, in place."""
    likeness -= 1
    likeness *= BEND
    np.exp(likeness, out=likeness)
    return likeness
