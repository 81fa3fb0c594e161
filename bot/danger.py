"""Danger first: a lexicon of phrases, searched in whatever a person writes (design §7, safety R21).

`content/danger/<language>.yaml` maps the id of a danger answer to its phrases, one a line. `*` between words stands for
up to four other words. Phrases under `not_danger` are idioms: a phrase found wholly inside one does not count.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from bot.folding import fold

MAX_GAP = 4
CANCELS = "not_danger"

Parts = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class DangerPhrase:
    """One line of the lexicon: folded words, with "*" where other words may stand."""

    text: str
    node: str
    language: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """What was found: the danger answer it leads to, the language of the phrase, and the phrase itself."""

    node: str
    language: str
    phrase: str


class _Entry(NamedTuple):
    """A phrase taken apart. `rank` puts the longer first: of two that begin at one word the more exact one wins."""

    rank: int
    words: frozenset[str]
    parts: Parts
    phrase: DangerPhrase


@dataclass(frozen=True)
class Lexicon:
    """All phrases of all languages, found by their rarest word: a message costs microseconds, not a scan of each."""

    phrases: tuple[DangerPhrase, ...]
    idioms: tuple[str, ...]

    @cached_property
    def nodes(self) -> frozenset[str]:
        """The danger answers."""
        return frozenset(phrase.node for phrase in self.phrases)

    def search(self, text: str) -> Alarm | None:
        """The first phrase in the text that no idiom covers; the longest where several begin together."""
        words = fold(text).split()
        possible = self._possible(frozenset(words))
        covered: list[tuple[int, int]] | None = None
        for start in range(len(words) if possible else 0):
            for entry in possible:
                end = _match(entry.parts, words, start)
                if end < 0:
                    continue
                if covered is None:
                    covered = self._idioms_in(words)
                if not any(low <= start and end <= high for low, high in covered):
                    return Alarm(entry.phrase.node, entry.phrase.language, entry.phrase.text)
        return None

    def _possible(self, present: frozenset[str]) -> list[_Entry]:
        """The phrases all of whose words are in a text, longest first: in most texts none."""
        entries = (entry for word in present for entry in self._by_rarest_word.get(word, ()))
        return sorted(entry for entry in entries if entry.words <= present)

    def _idioms_in(self, words: list[str]) -> list[tuple[int, int]]:
        """From which word to which the idioms of a text reach."""
        spans = []
        for start, word in enumerate(words):
            for parts in self._idioms_by_first_word.get(word, ()):
                end = _match(parts, words, start)
                if end >= 0:
                    spans.append((start, end))
        return spans

    @cached_property
    def _by_rarest_word(self) -> Mapping[str, tuple[_Entry, ...]]:
        """Each phrase under that one of its words which the fewest phrases have: hundreds begin with "me" or "my"."""
        longest_first = sorted(self.phrases, key=lambda phrase: -len(phrase.text))
        split = [(phrase, _parts(phrase.text)) for phrase in longest_first]
        frequency = Counter(word for _, parts in split for word in _words(parts))
        found: dict[str, list[_Entry]] = defaultdict(list)
        for rank, (phrase, parts) in enumerate(split):
            rarest = min(_words(parts), key=lambda word: (frequency[word], word))
            found[rarest].append(_Entry(rank, _words(parts), parts, phrase))
        return {word: tuple(entries) for word, entries in found.items()}

    @cached_property
    def _idioms_by_first_word(self) -> Mapping[str, tuple[Parts, ...]]:
        found: dict[str, list[Parts]] = defaultdict(list)
        for idiom in self.idioms:
            parts = _parts(idiom)
            found[parts[0][0]].append(parts)
        return {word: tuple(entries) for word, entries in found.items()}


def _parts(text: str) -> Parts:
    """The runs of words between the gaps of a phrase."""
    return tuple(tuple(part.split()) for part in text.split(" * "))


def _words(parts: Parts) -> frozenset[str]:
    return frozenset(word for part in parts for word in part)


def _match(parts: Parts, words: list[str], start: int) -> int:
    """Where a phrase that begins at a word ends, or -1. Gaps are bounded, so no text can make this slow."""
    first, *rest = parts
    end = start + len(first)
    if tuple(words[start:end]) != first:
        return -1
    if not rest:
        return end
    return max((_match(tuple(rest), words, end + gap) for gap in range(MAX_GAP + 1)), default=-1)


def compile_lexicon(by_language: Mapping[str, Mapping[str, Iterable[str]]]) -> Lexicon:
    """Build the lexicon from language → node → phrases."""
    phrases: dict[str, DangerPhrase] = {}
    idioms: list[str] = []
    for language, by_node in by_language.items():
        for node, lines in by_node.items():
            for line in lines:
                text = fold_pattern(line)
                if not text:
                    continue
                if node == CANCELS:
                    idioms.append(text)
                else:
                    phrases.setdefault(text, DangerPhrase(text, node, language))
    return Lexicon(tuple(phrases.values()), tuple(dict.fromkeys(idioms)))


def fold_pattern(line: str) -> str:
    """A phrase folded as messages are, its gaps kept."""
    parts = [fold(part) for part in line.split("*")]
    return " * ".join(part for part in parts if part)
