"""The labels, synonyms and examples of the content, word for word: who writes one of them has said it without doubt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rapidfuzz import fuzz, process

from bot.folding import fold
from bot.names import Language, NodeId

MOST_NAMED = 3
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
class Names:
    """Folded text → the answers that it names, by language."""

    by_text: Mapping[Language, Mapping[str, tuple[NodeId, ...]]]

    @classmethod
    def of(cls, answers: Sequence[Named], languages: Iterable[Language]) -> Names:
        """Learn the names and examples of answers."""
        return cls({language: _names(answers, language) for language in languages})

    def languages_of(self, folded: str) -> tuple[Language, ...]:
        """The languages in which a text stands word for word among the names."""
        return tuple(language for language, names in self.by_text.items() if folded and folded in names)

    def named(self, folded: str, language: Language) -> tuple[NodeId, ...]:
        """The answers that a whole text names, in the person's own language if there are any."""
        for tongue in sorted(self.by_text, key=lambda tongue: tongue != language):
            if nodes := self.by_text[tongue].get(folded):
                return nodes[:MOST_NAMED]
        return ()

    def alike(self, folded: str, language: Language) -> tuple[tuple[NodeId, float], ...]:
        """The answers whose names look most like a text, by their words alone. For as long as no model is there.

        The person's own language counts a little more.
        """
        if len(folded) < SHORTEST:
            return ()
        scores: dict[NodeId, float] = {}
        for tongue, names in self.by_text.items():
            weight = (1.0 if tongue == language else 0.9) * _NEAR_AT_MOST / 100
            for name, score, _ in process.extract(
                folded, names.keys(), scorer=fuzz.token_set_ratio, limit=8, score_cutoff=_LEAST_LIKENESS
            ):
                for node in names[name]:
                    scores[node] = max(scores.get(node, 0.0), score * weight)
        return tuple(sorted(scores.items(), key=lambda item: (-item[1], item[0])))


def _names(answers: Sequence[Named], language: Language) -> dict[str, tuple[NodeId, ...]]:
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
