"""What the model learns from: every example of the content, with what it is an example of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.folding import fold
from bot.names import Language
from bot.understanding.names import Named

OUTSIDE = "outside:"
"""Begins the label of a kind of question that has no answer here."""

LEAST_LETTERS = 2


class Asked(Protocol):
    """A kind of question that has no answer, with examples by language."""

    @property
    def id(self) -> str: ...
    @property
    def people_ask(self) -> Mapping[Language, tuple[str, ...]]: ...


@dataclass(frozen=True, slots=True)
class Lesson:
    """One example: what people write, and the answer they want (or "outside:" and the kind of what has none)."""

    text: str
    label: str


@dataclass(frozen=True)
class Lessons:
    """All examples, in a fixed order, and which labels mean danger."""

    lessons: tuple[Lesson, ...]
    danger: frozenset[str]

    @classmethod
    def of(
        cls,
        answers: Iterable[Named],
        not_covered: Iterable[Asked],
        danger: Iterable[str],
        languages: Sequence[Language],
    ) -> Lessons:
        """Collect them from the content."""
        found: dict[tuple[str, str], Lesson] = {}
        for answer in answers:
            for language in languages:
                texts = (answer.label.get(language, ""), *answer.synonyms.get(language, ()))
                _add(found, (*texts, *answer.people_ask.get(language, ())), answer.id)
        for kind in not_covered:
            for language in languages:
                _add(found, kind.people_ask.get(language, ()), OUTSIDE + kind.id)
        return cls(tuple(found.values()), frozenset(danger))

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(sorted({lesson.label for lesson in self.lessons}))

    def version(self, *parts: object) -> str:
        """A hash of all examples, and of what else decides what is learned from them."""
        digest = hashlib.blake2s(digest_size=10)
        content = [[lesson.text, lesson.label] for lesson in self.lessons]
        digest.update(json.dumps([content, sorted(self.danger), *map(str, parts)], ensure_ascii=False).encode())
        return digest.hexdigest()


def _add(found: dict[tuple[str, str], Lesson], texts: Iterable[str], label: str) -> None:
    for text in texts:
        folded = fold(text)
        if len(folded) >= LEAST_LETTERS:
            found.setdefault((folded, label), Lesson(text, label))
