"""Words that our texts ask people to type must work; words that carriers act upon must never be asked for."""

import re
from collections.abc import Iterator

from bot.check.project import Passage, Project
from bot.faults import Fault
from bot.folding import fold
from bot.rendering import PLACEHOLDER
from bot.words import CARRIER_WORDS, LISTS, Command, folded_lines

_VERBS = "write|type|send|reply|answer|text|say|escribe|escríbenos|escribir|manda|envía|responde|contesta|pon|teclea"
_CAPITALS = r"[A-ZÁÉÍÓÚÑ]+|\d{1,2}"
TOLD = re.compile(
    rf"\b(?:{_VERBS})(?:\s+(?:us|with|the word|back|con|la palabra))*[:\s]+[*\"']?({_CAPITALS})\b(?!['.,]?[\w])",
)
CAPITALS = re.compile(r"(?<![\w/.$-])(?:[A-ZÁÉÍÓÚÑ]{2,}|X)(?![\w/$-])")
KEYS = frozenset("0123456789")
"""Single digits are the keys and choices that a reply prints itself."""

_CARRIERS_MAY = frozenset(
    {"carrier-stop", "carrier-end", "help-numbers", "opt-in", "opt-in-if-out", "opt-out", *LISTS}
)  # fmt: skip


def told_words(project: Project) -> Iterator[Fault]:
    """Every word in capitals that a text tells people to write must be understood in the language of the text."""
    if not project.library.is_whole("words"):
        return
    for passage in project.passages:
        if passage.kind not in ("answer", "question", "notices", "phrases"):
            continue
        for language, written in passage.by_language.items():
            for text, line in written.lines():
                yield from _in_line(project, passage, language, PLACEHOLDER.sub(" ", text), line)


def _in_line(project: Project, passage: Passage, language: str, text: str, line: int) -> Iterator[Fault]:
    words = project.catalogue.words
    capitals = CAPITALS.findall(text)
    told = {*_after_verbs(text), *(word for word in capitals if word == "X" or passage.kind == "phrases")}
    for word in dict.fromkeys([*sorted(told), *capitals]):
        folded = fold(word)
        meaning = words.by_text.get(folded)
        if folded in CARRIER_WORDS:
            yield passage.fault(line, "carrier-word", word=word)
        elif folded in KEYS or words.accepted(folded, language):
            continue
        elif (meaning is not None and meaning.command is not Command.LANGUAGE) or (meaning is None and word in told):
            yield passage.fault(line, "word-not-accepted", word=word, language=language)


def _after_verbs(text: str) -> list[str]:
    """The words in capitals, or numbers, after a verb such as "write"; the verb may begin the sentence."""
    return TOLD.findall(re.sub(rf"\b(?i:{_VERBS})\b", lambda match: match.group().lower(), text))


def clashing_words(project: Project) -> Iterator[Fault]:
    """One word, one meaning: a word of two commands, or a command that carriers act upon."""
    document = project.library.one("words")
    if document is None:
        return
    seen: dict[str, str] = {}
    for key, shape in document.value.items():
        if key in LISTS:
            continue
        for language, written in project.texts_of("words", "words", key, "words"):
            meaning = f"{key} {language}" if key == Command.LANGUAGE else shape.go or key
            for text, line in written.lines():
                for word in folded_lines(text):
                    other = seen.setdefault(word, meaning)
                    if word in CARRIER_WORDS and key not in _CARRIERS_MAY:
                        values = {"word": word, "command": key}
                        yield Fault(document.source.path, line, "carrier-command", values)
                    elif other != meaning:
                        values = {"word": word, "first": other, "second": meaning}
                        yield Fault(document.source.path, line, "word-twice", values)
