"""Learns from the examples. Imported by the process that trains, never by one that answers: it needs scipy.

Kernel ridge regression (Saunders, Gammerman and Vovk 1998): all examples are compared with each other, and the weights
found that give each its own label. Memory: 4 bytes a pair of examples, 2.5 GB for 25,000. Time: two minutes on two cores.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix

from bot.understanding.encoder import Encoder
from bot.understanding.features import PLACES, Sparse, counted, weighed
from bot.understanding.kernel import SHARE_OF_MEANING, SHARE_TOLD, Floats, Postings, bent
from bot.understanding.lessons import Lessons
from bot.understanding.model import Model, along, meaning_of
from bot.understanding.sounds import Speller
from bot.understanding.thresholds import DEFAULT
from bot.understanding.wording import Reader

RIDGE = 0.1
AXES = 256
BLOCK = 2048

Told = Callable[[str], None]


def train(
    lessons: Lessons, reader: Reader, encoder: Encoder | None, version: str, tell: Told = lambda _: None
) -> Model:
    """The model of all examples, with thresholds still to be chosen. `tell` hears what is being done."""
    tell(f"reading {len(lessons.lessons)} examples")
    texts = tuple(lesson.text for lesson in lessons.lessons)
    speller = Speller.of(reader.read(text).meant for text in texts)
    reader = replace(reader, speller=speller)
    worded = [reader.read(text) for text in texts]
    vectors = [counted(each) for each in worded]
    rarity = _rarity(vectors)
    vectors = [weighed(vector, rarity, SHARE_TOLD) for vector in vectors]
    labels = lessons.labels
    places = {label: at for at, label in enumerate(labels)}
    of_label = np.array([places[lesson.label] for lesson in lessons.lessons], np.int32)
    targets = np.zeros((len(texts), len(labels)), np.float32)
    targets[np.arange(len(texts)), of_label] = 1
    tell("comparing their spelling")
    likeness = _alike(vectors)
    axes = meanings = np.zeros((0, 0), np.float32)
    if encoder is not None:
        tell("comparing their meaning")
        whole = np.concatenate([meaning_of(worded[at : at + BLOCK], encoder) for at in range(0, len(worded), BLOCK)])
        axes = _axes(whole)
        meanings = along(whole, axes)
        _add_meaning(likeness, meanings)
    tell("finding the weights")
    return Model(
        version=version,
        labels=labels,
        danger=lessons.danger,
        thresholds=DEFAULT,
        speller=speller,
        texts=texts,
        of_label=of_label,
        rarity=rarity,
        postings=Postings.of(vectors),
        axes=axes,
        meanings=meanings,
        weights=_solved(likeness, targets),
    )


def _axes(meanings: Floats) -> Floats:
    """The directions in which meanings differ most: a quarter of all, with .94 of what there is."""
    _, axes = np.linalg.eigh(meanings.T @ meanings)
    return np.ascontiguousarray(axes[:, ::-1][:, :AXES], np.float32)


def _rarity(vectors: Sequence[Sparse]) -> Floats:
    """How rare each feature is: ln of all texts by those that have it, and one."""
    having = np.bincount(np.concatenate([vector.places for vector in vectors]), minlength=PLACES)
    return (np.log((1 + len(vectors)) / (1 + having)) + 1).astype(np.float32)


def _alike(vectors: Sequence[Sparse]) -> Floats:
    """The likeness of each two texts in spelling."""
    ends = np.cumsum([0, *(len(vector.places) for vector in vectors)])
    values = np.concatenate([vector.values for vector in vectors])
    places = np.concatenate([vector.places for vector in vectors])
    rows = csr_matrix((values, places, ends), shape=(len(vectors), PLACES))
    columns = rows.T.tocsr()
    alike = np.empty((len(vectors), len(vectors)), np.float32)
    for at in range(0, len(vectors), BLOCK):
        alike[at : at + BLOCK] = (rows[at : at + BLOCK] @ columns).toarray()
    return alike


def _add_meaning(likeness: Floats, meanings: Floats) -> None:
    """Make the likeness of spelling one of both, in place."""
    for at in range(0, len(meanings), BLOCK):
        block = slice(at, at + BLOCK)
        likeness[block] *= 1 - SHARE_OF_MEANING
        likeness[block] += SHARE_OF_MEANING * (meanings[block] @ meanings.T)


def _solved(likeness: Floats, targets: Floats) -> Floats:
    """The weights of all examples; takes the likeness apart in doing so."""
    kernel = bent(likeness)
    kernel[np.diag_indices_from(kernel)] += RIDGE
    factor = cho_factor(kernel.T, overwrite_a=True, check_finite=False)  # symmetric: turned, it is taken in place
    solved: NDArray[np.float32] = cho_solve(factor, targets, check_finite=False)
    return np.ascontiguousarray(solved, np.float32)
