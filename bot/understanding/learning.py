"""The model of a catalogue: found where it was kept, or learned, once per version of the examples."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bot.understanding import encoder as encoders
from bot.understanding import kernel
from bot.understanding import model as models
from bot.understanding.encoder import Encoder, EncoderMissing
from bot.understanding.labelled import Labelled
from bot.understanding.model import Model

if TYPE_CHECKING:
    from bot.catalogue import Catalogue

KEPT = 3
"""Models kept beside the current one: going back to older files costs nothing."""

PREFIX = "model-"

CALIBRATION = 1
"""Raised with every change of how thresholds are chosen: models that are kept have theirs from before."""


def version_of(catalogue: Catalogue, tuning: Sequence[Labelled]) -> str:
    """Everything that decides what is learned."""
    return catalogue.lessons.version(
        models.FORMAT, models.MOST_WORDS, CALIBRATION, kernel.BEND, kernel.SHARE_OF_MEANING, kernel.SHARE_TOLD, encoders.version(),
        sorted(catalogue.vocabulary.courtesy), sorted(catalogue.reader.vocabulary.slots.items()),
        sorted(catalogue.vocabulary.directions.items()), sorted(map(str, catalogue.vocabulary.spellings.items())),
        [row.line for row in tuning],
    )  # fmt: skip


def find(catalogue: Catalogue, folder: Path, tuning: Sequence[Labelled]) -> Model | None:
    """The kept model of exactly these examples."""
    kept = folder / f"{PREFIX}{version_of(catalogue, tuning)}"
    try:
        return models.load(kept)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def newest(folder: Path) -> Model | None:
    """The model learned last, of whatever examples."""
    for kept in sorted(folder.glob(f"{PREFIX}*"), key=lambda path: path.stat().st_mtime, reverse=True):
        with suppress(OSError, ValueError, KeyError, TypeError):
            return models.load(kept)
    return None


def learn(
    catalogue: Catalogue, folder: Path, tuning: Sequence[Labelled], tell: Callable[[str], None] = lambda _: None
) -> Model:
    """Learn a model, choose its thresholds, and keep it. Takes minutes and gigabytes: never in a process that answers."""
    from bot.understanding.calibration import calibrated
    from bot.understanding.training import train

    encoder = encoder_in(folder)
    version = version_of(catalogue, tuning)
    model = train(catalogue.lessons, catalogue.reader, encoder, version, tell)
    tell("choosing thresholds")
    model = calibrated(model, catalogue.reader, encoder, catalogue.lexicon, tuning)
    models.save(model, folder / f"{PREFIX}{version}")
    _forget_old(folder, f"{PREFIX}{version}")
    return model


def encoder_in(folder: Path) -> Encoder | None:
    """The encoder, its state kept in a folder; None where there is none."""
    with suppress(EncoderMissing):
        return encoders.load(folder)
    return None


def _forget_old(folder: Path, current: str) -> None:
    """Remove all but the newest models."""
    kept = sorted(folder.glob(f"{PREFIX}*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in [path for path in kept if path.name != current][KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
