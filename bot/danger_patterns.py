"""How a line of the danger lexicon is written, and where it is found in the words of a message.

    <lock> <me> in|up|inside        <me>: any entry of that set; in|up|inside: one of these
    tied <me>? up                   a word or set with ? may be left out
    has my * passport               * stands for up to four other words

Matching follows all places of a message at once, as bits of a number: bit 3 stands for the gap before the fourth word.
It goes through a pattern once, never back, so that no text can make it slow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from bot.folding import fold

MAX_GAP = 4
MIN_LETTERS = 4
"""A shorter word is not enough for an alarm of its own."""

MAX_SAMPLES = 6

_SET = re.compile(r"<([^<>]+)>")
_SIGNS = re.compile(r"[<>|*?]")
_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")
"""A letter three times or more, as in "auxiliooo" and "heeelp": no word is written so."""


class BadPattern(Exception):
    """A line that cannot be read. `problem` is a key of `fault_reasons.pattern_problem`, `word` where it lies."""

    def __init__(self, problem: str, word: str) -> None:
        super().__init__(problem, word)
        self.problem = problem
        self.word = word


def words_of(text: str) -> list[str]:
    """The words of a text, folded as all messages are; moreover without apostrophes and without drawn-out letters."""
    return _DRAWN_OUT.sub(r"\1", fold(text)).replace("'", "").split()


@dataclass(frozen=True, slots=True)
class Step:
    """One place of a pattern: what may stand there. A gap has no entries."""

    entries: tuple[tuple[str, ...], ...]
    singles: frozenset[str]
    longer: tuple[tuple[str, ...], ...]
    may_miss: bool = False

    @classmethod
    def of(cls, entries: tuple[tuple[str, ...], ...], *, may_miss: bool = False) -> Step:
        """A step from its entries, each of one word or several."""
        singles = frozenset(entry[0] for entry in entries if len(entry) == 1)
        return cls(entries, singles, tuple(entry for entry in entries if len(entry) > 1), may_miss)

    def after(self, reached: int, places: Mapping[str, int]) -> int:
        """The places that can be reached through this step."""
        if not self.entries:
            for _ in range(MAX_GAP):
                reached |= reached << 1
            return reached
        found = 0
        for word in self.singles & places.keys():
            found |= places[word]
        through = (reached & found) << 1
        for entry in self.longer:
            here = reached
            for word in entry:
                here = (here & places.get(word, 0)) << 1
                if not here:
                    break
            through |= here
        return through | reached if self.may_miss else through


GAP = Step.of(())


@dataclass(frozen=True)
class Pattern:
    """One line, taken apart. The first and the last step are words that must be there."""

    text: str
    steps: tuple[Step, ...]

    def spans(self, places: Mapping[str, int], length: int) -> Iterator[tuple[int, int]]:
        """From which word to which it reaches, for every beginning: the longest where there are several."""
        if not self._reach((1 << length) - 1, places):
            return
        for start in range(length):
            reached = self._reach(1 << start, places)
            if reached:
                yield start, reached.bit_length() - 1

    def _reach(self, reached: int, places: Mapping[str, int]) -> int:
        for step in self.steps:
            reached = step.after(reached, places)
            if not reached:
                return 0
        return reached

    @property
    def needed(self) -> Iterator[Step]:
        """The steps without which it is not found."""
        return (step for step in self.steps if step.entries and not step.may_miss)

    @cached_property
    def samples(self) -> tuple[str, ...]:
        """A few messages in which it is found, spread over what its sets hold."""
        count = min(MAX_SAMPLES, max(len(step.entries) for step in self.steps))
        return tuple(dict.fromkeys(self._sample(number, count) for number in range(count)))

    def _sample(self, number: int, count: int) -> str:
        shown = (step for step in self.steps if step.entries and not (step.may_miss and number % 2 == 0))
        return " ".join(" ".join(step.entries[number * len(step.entries) // count]) for step in shown)


def places_of(words: list[str]) -> dict[str, int]:
    """At which places of a text each of its words stands, as bits."""
    places: dict[str, int] = {}
    for place, word in enumerate(words):
        places[word] = places.get(word, 0) | 1 << place
    return places


def parse_set(line: str) -> tuple[str, ...]:
    """One entry of a set: plain words."""
    if _SIGNS.search(line):
        raise BadPattern("sign-in-set", line.strip())
    words = tuple(words_of(line))
    if not words:
        raise BadPattern("no-word", line.strip())
    return words


def parse_pattern(line: str, sets: Mapping[str, tuple[tuple[str, ...], ...]]) -> Pattern:
    """A line as a pattern. Raises BadPattern."""
    steps = tuple(_parse_step(token, sets) for token in line.split())
    for first, second in pairwise(steps):
        if not first.entries and not second.entries:
            raise BadPattern("two-gaps", "*")
    for step in (steps[0], steps[-1]):
        if not step.entries or step.may_miss:
            raise BadPattern("open-end", line.split()[0 if step is steps[0] else -1])
    pattern = Pattern(" ".join(line.split()), steps)
    needed = list(pattern.needed)
    if len(needed) == 1:
        for word in needed[0].singles:
            if len(word) < MIN_LETTERS and word.isascii():
                raise BadPattern("too-short", word)
    return pattern


def _parse_step(token: str, sets: Mapping[str, tuple[tuple[str, ...], ...]]) -> Step:
    if token == "*":
        return GAP
    may_miss = token.endswith("?")
    entries: list[tuple[str, ...]] = []
    for choice in token.removesuffix("?").split("|"):
        named = _SET.fullmatch(choice)
        if named:
            if named[1] not in sets:
                raise BadPattern("unknown-set", named[1])
            if not sets[named[1]]:
                raise BadPattern("empty-set", named[1])
            entries += sets[named[1]]
            continue
        words = () if _SIGNS.search(choice) else tuple(words_of(choice))
        if not words:
            raise BadPattern("no-word", token)
        entries.append(words)
    return Step.of(tuple(dict.fromkeys(entries)), may_miss=may_miss)
