"""From which confidence on the bot does what. They belong to the examples, and are chosen again with them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """`sharpness` turns scores into probabilities (they are multiplied by it before the softmax).

    An answer is given at once from the confidence `direct` on, offered in a list from `listed` on. `outside` is the
    probability that there is no answer from which on this is said. `danger_certain` and `danger_possible` are that
    somebody tells of danger. The defaults hold where nothing could be measured.
    """

    sharpness: float = 12.0
    direct: float = 0.46
    listed: float = 0.155
    outside: float = 0.3
    danger_certain: float = 0.5
    danger_possible: float = 0.25


DEFAULT = Thresholds()
