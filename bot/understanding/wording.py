"""Reads a text as the model does: folded, without greetings, respelt, with what its names tell."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.folding import fold
from bot.language import LanguageGuess
from bot.understanding.sounds import Speller
from bot.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Worded:
    """`written` are the words as they stand, `meant` as they are understood, `told` what their names tell."""

    written: tuple[str, ...]
    meant: tuple[str, ...]
    told: tuple[str, ...]


@dataclass(frozen=True)
class Reader:
    """Reads texts, for training and for answering alike."""

    vocabulary: Vocabulary
    guess: LanguageGuess
    speller: Speller = field(default_factory=lambda: Speller(frozenset(), {}, {}))

    def read(self, text: str) -> Worded:
        """The words of a text."""
        written = self.vocabulary.without_courtesy(fold(text).split())
        meant = self.respelt(written)
        if self.speller.known:
            meant = [self.speller.corrected(word) for word in meant]
        return Worded(tuple(written), tuple(meant), tuple(self.vocabulary.told(meant)))

    def respelt(self, written: list[str]) -> list[str]:
        """The words as they are meant in the language of most of them."""
        evidence = self.guess.evidence(" ".join(written))
        language = max(evidence, key=lambda language: evidence[language])
        return self.vocabulary.respelt(written, language)
