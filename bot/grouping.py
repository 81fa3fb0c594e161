"""Puts questions that ask the same together, so that an editor reads each once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rapidfuzz import fuzz, process

from bot.folding import fold
from bot.understanding.encoder import Encoder
from bot.understanding.kernel import Floats

ALIKE_IN_WORDS = 0.76
ALIKE_IN_MEANING = 0.68
"""From which likeness on two texts ask the same; of the words in any order, and of what the encoder makes of them."""

MOST_COMPARED = 3000
"""Different texts that are compared with each other; more would take minutes."""


def grouped(texts: Sequence[str], encoder: Encoder | None = None) -> list[list[int]]:
    """The places of the texts in groups, each with its most typical text first; the group of the earliest text first."""
    folded = [fold(text) for text in texts]
    places: dict[str, list[int]] = {}
    for at, words in enumerate(folded):
        places.setdefault(words, []).append(at)
    different = list(places)
    groups = _by_likeness(different[:MOST_COMPARED], encoder) if different else []
    groups += [[at] for at in range(len(groups and different[:MOST_COMPARED]), len(different))]
    return [[at for member in group for at in places[different[member]]] for group in groups]


def _by_likeness(texts: Sequence[str], encoder: Encoder | None) -> list[list[int]]:
    """Each text joins the group whose first text it is most like, if it is like it at all."""
    likeness = _likeness(texts, encoder)
    firsts: list[int] = []
    members: dict[int, list[int]] = {}
    for at in range(len(texts)):
        near = max(firsts, key=lambda first: likeness[at, first], default=None)
        if near is not None and likeness[at, near] >= 1:
            members[near].append(at)
        else:
            firsts.append(at)
            members[at] = [at]
    return [_most_typical_first(members[first], likeness) for first in firsts]


def _likeness(texts: Sequence[str], encoder: Encoder | None) -> Floats:
    """The likeness of each two texts, 1 and more where they ask the same."""
    words = process.cdist(texts, texts, scorer=fuzz.token_sort_ratio, dtype=np.float32)
    likeness = (words / (100 * ALIKE_IN_WORDS)).astype(np.float32)
    if encoder is not None:
        meanings = encoder.encode(texts)
        likeness = np.maximum(likeness, meanings @ meanings.T / np.float32(ALIKE_IN_MEANING))
    return likeness


def _most_typical_first(group: list[int], likeness: Floats) -> list[int]:
    typical = max(group, key=lambda at: (float(likeness[at, group].sum()), -at))
    return [typical, *(at for at in group if at != typical)]
