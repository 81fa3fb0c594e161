"""Chooses the thresholds of a model from labelled messages that it has not learned from.

What may go wrong is bounded first, then as much as possible is done within that: the numbers are those the project
promises (docs/understanding.md), a little stricter, because other messages will be a little harder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bot.danger import Lexicon, Tier
from bot.understanding.encoder import Encoder
from bot.understanding.labelled import Labelled
from bot.understanding.model import Model
from bot.understanding.thresholds import DEFAULT, Thresholds
from bot.understanding.understood import probabilities
from bot.understanding.wording import Reader

SHARPNESS = (4.0, 6.0, 8.0, 10.0, 12.0, 15.0, 18.0, 22.0, 27.0, 33.0, 40.0)
WRONG_AT_ONCE = 0.018
"""Of messages that have an answer: at most so many get a wrong one at once."""

WRONG_OUTSIDE = 0.006
"""Of messages that have no answer: at most so many get one at once."""

TOLD_WRONGLY = 0.015
"""Of messages that have an answer: at most so many are told that there is none."""

LOST_BELOW_LIST = 0.01
"""Of messages whose answer is among the best three: at most so many are not offered it."""

CERTAIN_FALSELY = 0.006
"""Of ordinary messages: at most so many are taken for certain danger."""

POSSIBLE_FALSELY = 0.048
"""Of ordinary messages: at most so many get the quiet line or more."""

POSSIBLE_FALSELY_NEAR = 0.2
"""The same of messages that look like danger."""

FEWEST = 100
"""Messages below which nothing can be chosen."""

Flags = NDArray[np.bool_]
Chances = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """The probabilities of all labels for each message, and what is true of it."""

    rows: Sequence[Labelled]
    chances: Chances
    accepted: Flags
    alarms: Sequence[Tier | None]
    model: Model

    @property
    def in_scope(self) -> Flags:
        return np.array([row.in_scope for row in self.rows])

    @property
    def best(self) -> NDArray[np.int64]:
        """The best answer of each, whatever speaks for none."""
        return np.asarray(np.argmax(np.where(self.model.is_outside, -1, self.chances), axis=1), np.int64)

    @property
    def confidence(self) -> Chances:
        return np.asarray(np.where(self.model.is_outside, 0, self.chances).max(axis=1), np.float64)

    @property
    def right(self) -> Flags:
        return self.accepted[np.arange(len(self.rows)), self.best]

    @property
    def among_three(self) -> Flags:
        inside = np.where(self.model.is_outside, -1, self.chances)
        best = np.argsort(-inside, axis=1)[:, :3]
        return np.asarray(np.take_along_axis(self.accepted, best, axis=1).any(axis=1), np.bool_)

    @property
    def no_answer(self) -> Chances:
        return np.asarray(self.chances[:, self.model.is_outside].sum(axis=1), np.float64)

    @property
    def danger(self) -> Chances:
        return np.asarray(self.chances[:, self.model.is_danger].sum(axis=1), np.float64)

    def marked(self, *values: str) -> Flags:
        """The messages with one of these in their column `danger`."""
        return np.array([row.danger in values for row in self.rows])


def scores_of(model: Model, reader: Reader, encoder: Encoder | None, rows: Sequence[Labelled]) -> NDArray[np.float32]:
    """The scores of all labels, one row a message."""
    reader = replace(reader, speller=model.speller)
    return np.stack([model.scores(reader.read(row.text), encoder)[0] for row in rows])


def measured(
    model: Model, scores: NDArray[np.float32], sharpness: float, rows: Sequence[Labelled], lexicon: Lexicon
) -> Measured:
    """Scores as probabilities, beside what is true."""
    chances = np.stack([probabilities(row, sharpness) for row in scores]).astype(np.float64)
    accepted = np.array([[label in row.accepted for label in model.labels] for row in rows])
    alarms = [alarm.tier if (alarm := lexicon.search(row.text)) else None for row in rows]
    return Measured(rows, chances, accepted, alarms, model)


def calibrated(
    model: Model, reader: Reader, encoder: Encoder | None, lexicon: Lexicon, rows: Sequence[Labelled]
) -> Model:
    """The model with thresholds chosen from messages; with the default ones where there are too few."""
    if len(rows) < FEWEST:
        return replace(model, thresholds=DEFAULT)
    scores = scores_of(model, reader, encoder, rows)
    by_sharpness = {sharpness: measured(model, scores, sharpness, rows, lexicon) for sharpness in SHARPNESS}
    best = min(SHARPNESS, key=lambda sharpness: _surprise(by_sharpness[sharpness]))
    chosen = _chosen(best, by_sharpness[best])
    return replace(model, thresholds=_with_danger(chosen, by_sharpness))


def _surprise(found: Measured) -> float:
    """How little the probabilities expect what is true: the mean of -ln of it."""
    true = np.where(found.in_scope, (found.chances * found.accepted).sum(axis=1), found.no_answer)
    return float(-np.log(true + 1e-6).mean())


def _chosen(sharpness: float, found: Measured) -> Thresholds:
    in_scope = found.in_scope
    outside = _smallest(found.no_answer, lambda over: _share(over, in_scope) <= TOLD_WRONGLY)
    answered = found.no_answer < outside

    def at_once_is_safe(over: Flags) -> bool:
        at_once = over & answered
        return (
            _share(at_once & ~found.right, in_scope) <= WRONG_AT_ONCE
            and _share(at_once & ~found.right, ~in_scope) <= WRONG_OUTSIDE
        )

    direct = _smallest(found.confidence, at_once_is_safe)
    wanted = in_scope & answered & found.among_three
    listed = float(np.quantile(found.confidence[wanted], LOST_BELOW_LIST)) if wanted.any() else DEFAULT.listed
    return replace(DEFAULT, sharpness=sharpness, direct=direct, listed=min(listed, direct), outside=outside)


def _with_danger(chosen: Thresholds, by_sharpness: Mapping[float, Measured]) -> Thresholds:
    """The same with the softness at which most danger is found for the false alarms that may be."""
    found = {sharpness: _danger_thresholds(measured) for sharpness, measured in by_sharpness.items()}
    best = max(found, key=lambda sharpness: found[sharpness][2])
    certain, possible, _ = found[best]
    return replace(chosen, danger_sharpness=best, danger_certain=certain, danger_possible=possible)


def _danger_thresholds(found: Measured) -> tuple[float, float, float]:
    """From which probability on danger is certain, from which on possible, and the share of danger found so.

    Both as low as false alarms permit, those of the lexicon's certain patterns among them: recall goes first. What the
    patterns find is not counted as found: whoever writes them has read these messages.
    """
    told, ordinary, near = (
        np.array([row.tells_of_danger for row in found.rows]),
        found.marked("-"),
        found.marked("near"),
    )
    patterns = np.array([alarm is Tier.CERTAIN for alarm in found.alarms])

    def few_alarms(over: Flags) -> bool:
        heard = over | patterns
        return _share(heard, ordinary) <= POSSIBLE_FALSELY and _share(heard, near) <= POSSIBLE_FALSELY_NEAR

    possible = _smallest(found.danger, few_alarms)
    certain = _smallest(found.danger, lambda over: _share(over & ~patterns, ordinary) <= CERTAIN_FALSELY)
    return max(certain, possible), possible, _share(found.danger >= possible, told)


def _share(part: Flags, whole: Flags) -> float:
    return float((part & whole).sum() / max(1, whole.sum()))


def _smallest(values: Chances, is_fine: Callable[[Flags], bool]) -> float:
    """The smallest threshold from which on all is fine."""
    candidates = np.unique(np.round(values, 4))
    fine = [float(candidate) for candidate in candidates if is_fine(values >= candidate)]
    return min(fine, default=1.01)
