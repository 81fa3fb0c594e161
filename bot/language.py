"""Tells in which language a message is written, from the words of the content itself.

One word never decides (a name, a town, "no"): below the threshold the answer is "not known".
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.folding import fold

MIN_WORDS = 2
MIN_EVIDENCE = 2.5
_SMOOTHING = 0.5


@dataclass(frozen=True)
class LanguageGuess:
    """How much each word and each word ending speaks for each language (log odds against the best other one)."""

    odds: Mapping[str, Mapping[str, float]]
    languages: tuple[str, ...]

    @classmethod
    def of(cls, texts: Mapping[str, Iterable[str]]) -> LanguageGuess:
        """Learn from texts of each language."""
        counts = {language: Counter(_features(written)) for language, written in texts.items()}
        totals = {language: sum(counter.values()) + 1 for language, counter in counts.items()}
        odds: dict[str, dict[str, float]] = {}
        for feature in {feature for counter in counts.values() for feature in counter}:
            rates = {
                language: math.log((counter[feature] + _SMOOTHING) / totals[language])
                for language, counter in counts.items()
            }
            mean = sum(rates.values()) / len(rates)
            odds[feature] = {language: rate - mean for language, rate in rates.items()}
        return cls(odds, tuple(texts))

    def evidence(self, text: str) -> dict[str, float]:
        """How strongly a text speaks for each language."""
        sums = dict.fromkeys(self.languages, 0.0)
        for feature in _features([text]):
            for language, odds in self.odds.get(feature, {}).items():
                sums[language] += odds
        return sums

    def guess(self, text: str) -> str:
        """The language of a text, or "" when its words do not decide."""
        words = fold(text).split()
        if sum(word.isalpha() for word in words) < MIN_WORDS or len(self.languages) < 2:
            return ""
        ranked = sorted(self.evidence(text).items(), key=lambda item: -item[1])
        (best, first), (_, second) = ranked[:2]
        return best if first - second >= MIN_EVIDENCE else ""


def _features(texts: Iterable[str]) -> list[str]:
    """Words, and their last three letters, which tell Spanish from English even in words never seen."""
    features = []
    for text in texts:
        for word in fold(text).split():
            if word.isalpha() and len(word) > 1:
                features.append(word)
                if len(word) > 3:
                    features.append("-" + word[-3:])
    return features
