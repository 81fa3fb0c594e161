"""From which confidence on the bot does what. They belong to the examples, and are chosen again with them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """`sharpness` turns scores into probabilities (they are multiplied by it before the softmax).

    An answer is given at once from the confidence `direct` on, offered in a list from `listed` on. `outside` is the
    probability that there is no answer from which on this is said. `danger_certain` and `danger_possible` are that
    somebody tells of danger; `danger_sharpness` is for that question alone, where many weak signs must add up. The
    defaults hold where nothing could be measured.
    """

    sharpness: float = 25.0
    direct: float = 0.95
    listed: float = 0.1
    outside: float = 0.6
    danger_sharpness: float = 14.0
    danger_certain: float = 0.5
    danger_possible: float = 0.1

    @property
    def danger_hinted(self) -> float:
        """From here on a weak sign of the lexicon counts as well."""
        return self.danger_possible / 3


DEFAULT = Thresholds()
