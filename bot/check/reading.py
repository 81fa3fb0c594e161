"""How hard a topic is to read, and whether there are enough examples of what people ask.

English by Flesch–Kincaid grade (at most 8), Spanish by Fernández-Huerta (at least 65), over all texts of a topic.
Syllables are counted by pyphen's hyphenation patterns, offline.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
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
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_SENTENCE_END = re.compile(r"[.!?:;]+(?:\s|$)|\n+")


def levels(project: Project) -> Iterator[Fault]:
    """A warning for each topic that is too hard in a language."""
    texts: dict[tuple[str, str], list[str]] = defaultdict(list)
    first: dict[str, str] = {}
    for answer in project.answers:
        first.setdefault(answer.topic, answer.where.path)
        for language in project.catalogue.languages:
            texts[answer.topic, language] += [paragraph.texts[language] for paragraph in answer.paragraphs]
    for (topic, language), paragraphs in texts.items():
        text = "\n".join(paragraphs)
        if len(_WORD.findall(text)) < MIN_WORDS:
            continue
        if language == "en" and (grade := english_grade(text)) > MAX_GRADE:
            yield Fault(
                first[topic], 1, "hard-to-read-en", {"topic": topic, "grade": f"{grade:.1f}", "most": MAX_GRADE}
            )
        if language == "es" and (ease := spanish_ease(text)) < MIN_EASE:
            yield Fault(first[topic], 1, "hard-to-read-es", {"topic": topic, "ease": f"{ease:.0f}", "least": MIN_EASE})


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
