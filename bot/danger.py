"""Danger first: a lexicon of patterns, searched in whatever a person writes (design §7, safety R21).

`content/danger/<language>.yaml` holds the patterns, `content/emergency-words.yaml` short cries in languages that the
service does not speak; how a pattern is written stands in `bot/danger_patterns.py`. Idioms (`not_danger`) cancel a
find that lies wholly inside them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from bot.danger_patterns import Pattern, Step, places_of, words_of


class Tier(StrEnum):
    """How sure a pattern is: certain leads to the danger answer, possible adds the help numbers to another answer."""

    CERTAIN = "certain"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class DangerPattern:
    """One pattern of the lexicon: the danger answer it leads to, the language it is in, and how sure it is."""

    pattern: Pattern
    node: str
    language: str
    tier: Tier


@dataclass(frozen=True, slots=True)
class Alarm:
    """What was found, and by which pattern. `language` may be one that the service does not speak."""

    node: str
    language: str
    pattern: str
    tier: Tier


class _Find(NamedTuple):
    """A pattern found in a text: from which word to which."""

    start: int
    end: int
    rank: int
    entry: DangerPattern


@dataclass(frozen=True)
class Lexicon:
    """All patterns, in the order of the files.

    `cries` are the emergency words of other languages; `unspaced` those of languages written without spaces, found
    anywhere in a text.
    """

    patterns: tuple[DangerPattern, ...]
    idioms: tuple[Pattern, ...] = ()
    cries: tuple[DangerPattern, ...] = ()
    unspaced: tuple[DangerPattern, ...] = ()

    @cached_property
    def nodes(self) -> frozenset[str]:
        """The danger answers."""
        return frozenset(entry.node for entry in self.patterns)

    def search(self, text: str) -> Alarm | None:
        """What a text tells of, or None: a certain find before all possible ones, and of these the first in the text.

        Where others overlap it the longest counts ("they are beating the child"), then the one higher in the files.
        """
        words = words_of(text)
        finds = self._finds(words)
        certain = [find for find in finds if find.entry.tier is Tier.CERTAIN]
        cry = None if certain else self._unspaced_in(words)
        if cry is not None or not finds:
            return _alarm(cry) if cry is not None else None
        finds = certain or finds
        first = min(finds, key=lambda find: find.start)
        best = min(
            (find for find in finds if find.start < first.end), key=lambda find: (find.start - find.end, find.rank)
        )
        return _alarm(best.entry)

    def _finds(self, words: list[str]) -> list[_Find]:
        """Everything that is found in a text and that no idiom covers."""
        places = places_of(words)
        ranks = {rank for word in places for rank in self._ranks_by_word.get(word, ())}
        found = [
            _Find(start, end, rank, self._ranked[rank])
            for rank in ranks
            for start, end in self._ranked[rank].pattern.spans(places, len(words))
        ]
        covered = self._covered(places, len(words)) if found else []
        return [find for find in found if not any(low <= find.start and find.end <= high for low, high in covered)]

    def samples(self, language: str) -> Iterator[str]:
        """Messages in which patterns of a language are found: a few for each."""
        return (sample for entry in self.patterns if entry.language == language for sample in entry.pattern.samples)

    def _unspaced_in(self, words: list[str]) -> DangerPattern | None:
        """A cry in a language without spaces."""
        text = "".join(words)
        if text.isascii():
            return None
        return next((entry for entry in self.unspaced if entry.pattern.text in text), None)

    def _covered(self, places: Mapping[str, int], length: int) -> list[tuple[int, int]]:
        """From which word to which the idioms of a text reach."""
        found = {number for word in places for number in self._idioms_by_word.get(word, ())}
        return [span for number in found for span in self.idioms[number].spans(places, length)]

    @cached_property
    def _ranked(self) -> tuple[DangerPattern, ...]:
        """Patterns by weight: certain ones in the order of the files, cries of other languages, possible ones."""
        certain = [entry for entry in self.patterns if entry.tier is Tier.CERTAIN]
        return (*certain, *self.cries, *(entry for entry in self.patterns if entry.tier is not Tier.CERTAIN))

    @cached_property
    def _ranks_by_word(self) -> Mapping[str, tuple[int, ...]]:
        return _by_rarest_words([entry.pattern for entry in self._ranked])

    @cached_property
    def _idioms_by_word(self) -> Mapping[str, tuple[int, ...]]:
        return _by_rarest_words(self.idioms)


def _alarm(entry: DangerPattern) -> Alarm:
    return Alarm(entry.node, entry.language, entry.pattern.text, entry.tier)


def _by_rarest_words(patterns: Iterable[Pattern]) -> Mapping[str, tuple[int, ...]]:
    """Each pattern's number under the words of its rarest step: hundreds hold "me" or "my", few "chained".

    A message then costs a look at the few patterns that share an unusual word with it, not at each.
    """
    patterns = tuple(patterns)
    frequency = Counter(
        word
        for pattern in patterns
        for step in pattern.steps
        for word in {word for entry in step.entries for word in entry}
    )

    def rarest(entry: tuple[str, ...]) -> str:
        return min(entry, key=lambda word: (frequency[word], word))

    def weight(step: Step) -> int:
        return sum(frequency[rarest(entry)] for entry in step.entries)

    found: dict[str, list[int]] = defaultdict(list)
    for number, pattern in enumerate(patterns):
        for entry in min(pattern.needed, key=weight).entries:
            found[rarest(entry)].append(number)
    return {word: tuple(dict.fromkeys(numbers)) for word, numbers in found.items()}
