"""What was learned from the examples: how much each of them speaks for each label. Numbers only, used with numpy alone.

For every message its likeness to all examples is taken; each example gives its label, and takes from others, as much as
ridge regression found best (`training.py`). Where no encoder is installed likeness is that of spelling alone.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.understanding.encoder import Encoder
from bot.understanding.features import Sparse, counted, weighed
from bot.understanding.kernel import SHARE_OF_MEANING, SHARE_TOLD, Floats, Postings, bent
from bot.understanding.lessons import OUTSIDE
from bot.understanding.sounds import Speller
from bot.understanding.thresholds import Thresholds
from bot.understanding.wording import Worded

FORMAT = 2
MOST_WORDS = 40
"""Longer stories are read to their end by their spelling; their meaning is taken from so many words."""

MOST_LETTERS = 240
"""More in so many words are no words, and would take long."""


@dataclass(frozen=True)
class Model:
    """Learned once per version of the examples; shared by all threads, and by processes that map the same files.

    `meanings` and `weights` have a row per example, `weights` a column per label; `axes` are those along which meanings
    differ most (no rows where no encoder was there). `texts` and `of_label` say what each example is an example of.
    """

    version: str
    labels: tuple[str, ...]
    danger: frozenset[str]
    thresholds: Thresholds
    speller: Speller
    texts: tuple[str, ...]
    of_label: NDArray[np.int32]
    rarity: Floats
    postings: Postings
    axes: Floats
    meanings: Floats
    weights: Floats

    @property
    def needs_encoder(self) -> bool:
        return bool(len(self.axes))

    def scores(self, worded: Worded, encoder: Encoder | None) -> tuple[Floats, Floats]:
        """How much speaks for each label, and the likeness to each example (bent). An encoder, if it learned with one."""
        likeness = self.postings.likeness(self.vector(worded))
        if self.needs_encoder and encoder is not None:
            likeness *= 1 - SHARE_OF_MEANING
            likeness += SHARE_OF_MEANING * (self.meanings @ along(meaning_of([worded], encoder), self.axes)[0])
        near = bent(likeness)
        return near @ self.weights, near

    def vector(self, worded: Worded) -> Sparse:
        """The spelling of a text as a vector."""
        return weighed(counted(worded), self.rarity, SHARE_TOLD)

    def nearest_example(self, label: str, near: Floats) -> str:
        """The example of a label that a message is most like: what a reader of the ranking wants to see."""
        rows = self.rows_of[self.place_of[label]]
        return self.texts[rows[int(np.argmax(near[rows]))]] if len(rows) else ""

    @cached_property
    def rows_of(self) -> tuple[NDArray[np.int64], ...]:
        """Which examples each label has."""
        return tuple(np.flatnonzero(self.of_label == at) for at in range(len(self.labels)))

    @cached_property
    def place_of(self) -> Mapping[str, int]:
        return {label: at for at, label in enumerate(self.labels)}

    @cached_property
    def is_outside(self) -> NDArray[np.bool_]:
        return np.array([label.startswith(OUTSIDE) for label in self.labels])

    @cached_property
    def is_danger(self) -> NDArray[np.bool_]:
        return np.array([label in self.danger for label in self.labels])


def meaning_of(worded: list[Worded], encoder: Encoder) -> Floats:
    """What texts mean, one row each: as they are understood, beside as they are written."""
    pairs = [(_begun(each.meant), _begun(each.written)) for each in worded]
    texts = list(dict.fromkeys(text for pair in pairs for text in pair))  # most are written as they are meant
    encoded = encoder.encode(texts)
    at = {text: place for place, text in enumerate(texts)}
    return np.hstack((encoded[[at[meant] for meant, _ in pairs]], encoded[[at[written] for _, written in pairs]]))


def _begun(words: Sequence[str]) -> str:
    """As much of a text as its meaning is taken from."""
    return " ".join(words[:MOST_WORDS])[:MOST_LETTERS]


def along(meanings: Floats, axes: Floats) -> Floats:
    """Meanings along axes, each of length one."""
    turned = meanings @ axes
    turned /= np.linalg.norm(turned, axis=1, keepdims=True) + np.float32(1e-9)
    return turned


# --- keeping it ------------------------------------------------------------------------------------------------------

ARRAYS = ("of_label", "rarity", "axes", "meanings", "weights")


def save(model: Model, folder: Path) -> None:
    """Keep a model in a folder of its own, whole or not at all."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix="."))
    for name in ARRAYS:
        np.save(draft / f"{name}.npy", getattr(model, name))
    for part in ("starts", "rows", "values"):
        np.save(draft / f"postings-{part}.npy", getattr(model.postings, part))
    speller = model.speller
    head: dict[str, Any] = {
        "format": FORMAT,
        "version": model.version,
        "labels": model.labels,
        "danger": sorted(model.danger),
        "thresholds": asdict(model.thresholds),
        "speller": [sorted(speller.known), dict(speller.by_sound), dict(speller.by_typo)],
        "texts": model.texts,
    }
    (draft / "model.json").write_text(json.dumps(head, ensure_ascii=False), encoding="utf-8")
    if folder.exists():  # another process was faster, with the same result
        shutil.rmtree(draft)
        return
    draft.rename(folder)


def load(folder: Path) -> Model:
    """Read a model back; its arrays are mapped, not copied. Raises OSError, ValueError, KeyError for a broken one."""
    head = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    if head["format"] != FORMAT:
        raise ValueError(f"model format {head['format']}")

    def array(name: str) -> NDArray[Any]:
        mapped: NDArray[Any] = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        return mapped.view(np.ndarray)

    known, by_sound, by_typo = head["speller"]
    texts = tuple(head["texts"])
    return Model(
        version=head["version"],
        labels=tuple(head["labels"]),
        danger=frozenset(head["danger"]),
        thresholds=_thresholds(head["thresholds"]),
        speller=Speller(frozenset(known), by_sound, by_typo),
        texts=texts,
        postings=Postings(array("postings-starts"), array("postings-rows"), array("postings-values"), len(texts)),
        **{name: array(name) for name in ARRAYS},
    )


def _thresholds(stored: Mapping[str, float]) -> Thresholds:
    return Thresholds(**{field.name: float(stored[field.name]) for field in fields(Thresholds)})
