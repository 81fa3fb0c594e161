"""Words of this border as people write them: greetings to pass over, spellings, and what names a place or a thing.

`content/vocabulary.yaml` holds it; towns and countries come from the files that hold those. It is never shown to
anybody: it only helps to see that two people who write differently mean the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.names import Language

LONGEST_NAME = 4
"""Words of the longest name that is looked for."""

LONGEST_COURTESY = 6

SIDE = "in-"
COUNTRY = "country-"

Words = tuple[str, ...]


@dataclass(frozen=True)
class Vocabulary:
    """All of it, folded.

    `spellings` maps a word to what it means, by language; `slots` a name to what it tells ("corozal" → "in-belize");
    `directions` what stands before a place to the way it says ("vengo de" → "from").
    """

    courtesy: frozenset[Words] = frozenset()
    spellings: Mapping[Language, Mapping[str, Words]] = field(default_factory=dict)
    slots: Mapping[Words, str] = field(default_factory=dict)
    directions: Mapping[Words, str] = field(default_factory=dict)

    def without_courtesy(self, words: Sequence[str]) -> list[str]:
        """The words between greetings and thanks. A message that is nothing else stays as it is."""
        left, right = 0, len(words)
        while left < right and (length := self._courtesy_at(words, left, right)):
            left += length
        while left < right and (length := self._courtesy_before(words, left, right)):
            right -= length
        return list(words[left:right] or words)

    def _courtesy_at(self, words: Sequence[str], left: int, right: int) -> int:
        """How many words of courtesy begin here: the longest phrase."""
        longest = min(LONGEST_COURTESY, right - left)
        return next((size for size in range(longest, 0, -1) if tuple(words[left : left + size]) in self.courtesy), 0)

    def _courtesy_before(self, words: Sequence[str], left: int, right: int) -> int:
        longest = min(LONGEST_COURTESY, right - left)
        return next((size for size in range(longest, 0, -1) if tuple(words[right - size : right]) in self.courtesy), 0)

    def respelt(self, words: Sequence[str], language: Language) -> list[str]:
        """The words as they are meant."""
        spellings = self.spellings.get(language, {})
        return [meant for word in words for meant in spellings.get(word, (word,))]

    def told(self, words: Sequence[str]) -> list[str]:
        """What the names in a text tell, each with the way it is meant: "in-mexico", "to:in-mexico", "passport" …"""
        names = list(self._names(words))
        found = [slot for _, slot in names]
        for at, slot in names:
            way = self._way_before(words, at) if slot.startswith((SIDE, COUNTRY)) else ""
            if way:
                found.append(f"{way}:{slot}")
        return found

    def _names(self, words: Sequence[str]) -> Iterator[tuple[int, str]]:
        """Where each name begins, and what it tells; the longest of those that begin together."""
        at = 0
        while at < len(words):
            for size in range(min(LONGEST_NAME, len(words) - at), 0, -1):
                slot = self.slots.get(tuple(words[at : at + size]))
                if slot is not None:
                    yield at, slot
                    at += size
                    break
            else:
                at += 1

    def _way_before(self, words: Sequence[str], at: int) -> str:
        for size in (3, 2, 1):
            way = self.directions.get(tuple(words[at - size : at])) if at >= size else None
            if way is not None:
                return way
        return ""
