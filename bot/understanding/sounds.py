"""Brings misspelt words to those that the examples know, by how they sound: "rezidensia" to "residencia"."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

LEAST_LETTERS = 4
"""Shorter words sound like too many others."""

LEAST_LETTERS_FOR_TYPOS = 5
MOST_LETTERS = 24
"""Longer strings are no words, and would take long to look up."""

LEAST_SEEN = 2
"""How often a word stands in the examples before others are corrected to it: they hold misspelt words too."""

_REPEATED = re.compile(r"(.)\1+")
_SOUNDS = (
    ("qu", "k"), ("ck", "k"), ("ph", "f"), ("ch", "x"), ("sh", "x"), ("ll", "y"), ("gue", "ge"), ("gui", "gi"),
    ("ce", "se"), ("ci", "si"), ("ge", "je"), ("gi", "ji"), ("c", "k"), ("q", "k"), ("z", "s"), ("v", "b"),
    ("h", ""), ("w", "u"), ("y", "i"),
)  # fmt: skip


def sound(word: str) -> str:
    """A rough key of how a word sounds to a writer of Spanish or of English: equal for what is often confused."""
    for written, heard in _SOUNDS:
        word = word.replace(written, heard)
    return _REPEATED.sub(r"\1", word)


@dataclass(frozen=True)
class Speller:
    """The words that the examples know, by their sound, and by their sound with one letter missing."""

    known: frozenset[str]
    by_sound: Mapping[str, str]
    by_typo: Mapping[str, str]

    @classmethod
    def of(cls, texts: Iterable[Iterable[str]]) -> Speller:
        """Learn the words of texts. Of words that sound alike the more frequent one is meant."""
        counts = Counter(word for words in texts for word in words)
        often = sorted(
            (word for word, count in counts.items() if count >= LEAST_SEEN and word.isalpha()),
            key=lambda word: (counts[word], word),
        )
        by_sound = {sound(word): word for word in often}  # the most frequent comes last, and stays
        typos: dict[str, list[str]] = defaultdict(list)
        for key, word in by_sound.items():
            if len(key) >= LEAST_LETTERS:
                for spelt in (key, *_one_less(key)):
                    typos[spelt].append(word)
        by_typo = {key: max(words, key=lambda word: (counts[word], word)) for key, words in typos.items()}
        return cls(frozenset(often), by_sound, by_typo)

    def corrected(self, word: str) -> str:
        """The known word that sounds like this one, or differs in one letter of its sound; else the word itself."""
        if word in self.known or not LEAST_LETTERS <= len(word) <= MOST_LETTERS or not word.isalpha():
            return word
        key = sound(word)
        if key in self.by_sound:
            return self.by_sound[key]
        if len(key) < LEAST_LETTERS_FOR_TYPOS:
            return word
        return next((self.by_typo[spelt] for spelt in (key, *_one_less(key)) if spelt in self.by_typo), word)


def _one_less(key: str) -> list[str]:
    return [key[:at] + key[at + 1 :] for at in range(len(key))]
