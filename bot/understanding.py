"""Finds the answers that a free text may ask for, best first, with a confidence between 0 and 1.

It knows the labels, synonyms and examples (`people_ask`) of the content. A text that is one of them, case, accents and
punctuation aside, is certain; one that is merely near is only ever offered, never taken as said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rapidfuzz import fuzz, process

from bot.folding import fold
from bot.names import Language, NodeId

SURE = 0.9
"""From this confidence on, the answer is given without asking."""

MOST_RANKED = 3
NEARLY_SURE = 0.7
"""From this confidence on, an answer about danger may be offered to somebody who did not name it."""

SHORTEST = 4
"""Letters below which a word is near to everything."""

_NEAR_AT_MOST = 0.8
_LEAST_LIKENESS = 55.0


class Named(Protocol):
    """What an answer is called, and what people write who want it, by language."""

    @property
    def id(self) -> NodeId: ...
    @property
    def label(self) -> Mapping[Language, str]: ...
    @property
    def synonyms(self) -> Mapping[Language, tuple[str, ...]]: ...
    @property
    def people_ask(self) -> Mapping[Language, tuple[str, ...]]: ...


@dataclass(frozen=True)
class Understanding:
    """What the content gives as examples: folded text → the node it belongs to, by language."""

    examples: Mapping[Language, Mapping[str, tuple[NodeId, ...]]]

    @classmethod
    def of(cls, answers: Sequence[Named], languages: Iterable[Language]) -> Understanding:
        """Learn the names and examples of answers."""
        return cls({language: _examples(answers, language) for language in languages})

    def languages_of(self, folded: str) -> tuple[Language, ...]:
        """The languages in which a text stands word for word among the examples."""
        return tuple(language for language, examples in self.examples.items() if folded and folded in examples)

    def rank(self, text: str, language: Language) -> tuple[tuple[NodeId, float], ...]:
        """The answers that fit best, best first, at most three. Several certain ones: the text is the name of each.

        The person's own language counts a little more.
        """
        folded = fold(text)
        if not folded:
            return ()
        for tongue in sorted(self.examples, key=lambda tongue: tongue != language):
            if nodes := self.examples[tongue].get(folded):
                return tuple((node, 1.0) for node in nodes[:MOST_RANKED])
        if len(folded) < SHORTEST:
            return ()
        scores: dict[NodeId, float] = {}
        for tongue, examples in self.examples.items():
            weight = 1.0 if tongue == language else 0.9
            for _, score, node in _near(folded, examples):
                scores[node] = max(scores.get(node, 0.0), score / 100 * weight * _NEAR_AT_MOST)
        return tuple(sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:MOST_RANKED])


def _near(folded: str, examples: Mapping[str, tuple[NodeId, ...]]) -> Iterator[tuple[str, float, NodeId]]:
    found = process.extract(folded, examples.keys(), scorer=fuzz.token_set_ratio, limit=8, score_cutoff=_LEAST_LIKENESS)
    return ((example, score, node) for example, score, _ in found for node in examples[example])


def _examples(answers: Sequence[Named], language: Language) -> dict[str, tuple[NodeId, ...]]:
    """Folded text → the nodes it stands for. A label says more than a synonym, a synonym more than an example."""
    labels: dict[str, list[NodeId]] = defaultdict(list)
    synonyms: dict[str, list[NodeId]] = defaultdict(list)
    asked: dict[str, list[NodeId]] = defaultdict(list)
    for answer in answers:
        labels[fold(answer.label[language])].append(answer.id)
        for synonym in answer.synonyms.get(language, ()):
            synonyms[synonym].append(answer.id)
        for example in answer.people_ask.get(language, ()):
            asked[fold(example)].append(answer.id)
    found = {**asked, **synonyms, **labels}
    return {text: tuple(dict.fromkeys(nodes)) for text, nodes in found.items() if text}
