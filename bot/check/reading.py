"""How hard a topic is to read, and whether there are enough examples of what people ask.

English by Flesch–Kincaid grade (at most 8), Spanish by Fernández-Huerta (at least 65), over all texts of a topic.
Syllables are counted by pyphen's hyphenation patterns, offline.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from pyphen import Pyphen

from bot.check.project import Project
from bot.faults import Fault
from bot.rendering import PLACEHOLDER

MAX_URGENT_WORDS = 15
"""Words of a sentence that somebody in danger takes in (safety R09)."""

MAX_GRADE = 8.0
MIN_EASE = 65.0
MIN_EXAMPLES = 8
MIN_WORDS = 40
"""So many words a topic must have to be measured; and an answer, to be called the hardest of it."""
FEW_WORDS = 15
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_SENTENCE_END = re.compile(r"[.!?:;]+(?:\s|$)|\n+")


def levels(project: Project) -> Iterator[Fault]:
    """A warning for each topic that is too hard in a language, at its hardest answer."""
    texts: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for answer in project.answers:
        for language in project.catalogue.languages:
            text = "\n".join(paragraph.texts[language] for paragraph in answer.paragraphs)
            texts[answer.topic, language][answer.id] = text
    for (topic, language), by_answer in texts.items():
        measure = _MEASURES.get(language)
        text = "\n".join(by_answer.values())
        if measure is None or len(_WORD.findall(text)) < MIN_WORDS or not measure.is_hard(text):
            continue
        hardest = max(by_answer, key=lambda id_: measure.hardness(by_answer[id_]))
        values = {"topic": topic, "score": f"{measure.score(text):.1f}", "limit": measure.limit}
        yield project.answer_fault(hardest, measure.code, "text", 0, language, **values)


_CLAUSE_END = re.compile(r"[.!?:;]+(?:\s|$)")


def long_sentences(project: Project) -> Iterator[Fault]:
    """A warning for each sentence of a danger answer that is too long to be taken in."""
    for passage in project.passages:
        is_urgent = passage.kind == "answer" and project.catalogue.is_danger(passage.owner)
        for written in passage.by_language.values() if is_urgent else ():
            for text, line in written.lines():
                counts = [len(_WORD.findall(part)) for part in _CLAUSE_END.split(PLACEHOLDER.sub(" ", text))]
                if max(counts) > MAX_URGENT_WORDS:
                    yield passage.fault(line, "long-sentence", count=max(counts), most=MAX_URGENT_WORDS)


def english_grade(text: str) -> float:
    """The Flesch–Kincaid grade: 0.39 words a sentence + 11.8 syllables a word − 15.59 (Kincaid 1975)."""
    words, sentences, syllables = counts(text, "en_US")
    return 0.39 * words / sentences + 11.8 * syllables / words - 15.59


def spanish_ease(text: str) -> float:
    """Reading ease: 206.84 − 60 syllables a word − 1.02 words a sentence (Fernández-Huerta 1959)."""
    words, sentences, syllables = counts(text, "es")
    return 206.84 - 60 * syllables / words - 1.02 * words / sentences


@dataclass(frozen=True)
class Measure:
    """How one language is measured. `sign` is 1 where a higher score is harder."""

    code: str
    score: Callable[[str], float]
    limit: float
    sign: int

    def hardness(self, text: str) -> float:
        """Higher is harder; a few words say nothing."""
        return self.sign * self.score(text) if len(_WORD.findall(text)) >= FEW_WORDS else -1000.0

    def is_hard(self, text: str) -> bool:
        return self.sign * self.score(text) > self.sign * self.limit


_MEASURES = {
    "en": Measure("hard-to-read-en", english_grade, MAX_GRADE, 1),
    "es": Measure("hard-to-read-es", spanish_ease, MIN_EASE, -1),
}


def counts(text: str, dictionary: str) -> tuple[int, int, int]:
    """Words, sentences and syllables, each at least 1."""
    plain = PLACEHOLDER.sub("seven", text).replace("*", "")
    words = _WORD.findall(plain)
    sentences = sum(1 for part in _SENTENCE_END.split(plain) if _WORD.search(part))
    return max(1, len(words)), max(1, sentences), max(1, sum(_syllables(word.lower(), dictionary) for word in words))


@cache
def _syllables(word: str, dictionary: str) -> int:
    return len(_hyphenation(dictionary).positions(word)) + 1


@cache
def _hyphenation(dictionary: str) -> Pyphen:
    return Pyphen(lang=dictionary, left=1, right=1)


def examples(project: Project) -> Iterator[Fault]:
    """A warning where the bot has too few examples of what people write."""
    for answer in project.answers:
        if answer.id in project.catalogue.nodes and not answer.people_ask:
            continue
        few = [
            language
            for language in project.catalogue.languages
            if 0 < len(answer.people_ask.get(language, ())) < MIN_EXAMPLES
        ]
        for language in few:
            count = len(answer.people_ask[language])
            yield project.answer_fault(
                answer.id,
                "few-examples",
                "people_ask",
                language,
                id=answer.id,
                count=count,
                least=MIN_EXAMPLES,
                language=language,
            )
