"""Words that our texts ask people to type must work; words that carriers act upon must never be asked for."""

import re
from collections.abc import Iterator

from bot.check.project import Project
from bot.faults import Fault
from bot.folding import fold
from bot.words import CARRIER_WORDS, LISTS, Command, folded_lines

_VERBS = r"write|type|send|reply|answer|text|escribe|escríbenos|manda|envía|responde|contesta|pon|teclea"
TOLD = re.compile(
    rf"\b(?:{_VERBS})(?:\s+(?:with|the word|back|con|la palabra))*[:\s]+[*\"']?([A-ZÁÉÍÓÚÑ][A-ZÁÉÍÓÚÑ]+|[A-Z])\b(?![a-záéíóúñ])",
    re.IGNORECASE,
)
_CARRIERS_MAY = {
    Command.CARRIER_STOP,
    Command.CARRIER_END,
    Command.HELP_NUMBERS,
    Command.OPT_IN,
    Command.OPT_IN_IF_OUT,
    Command.OPT_OUT,
}


def told_words(project: Project) -> Iterator[Fault]:
    """Every word in capitals that a text tells people to write."""
    words = project.catalogue.words
    for passage in project.passages:
        if passage.document.kind not in ("answer", "question", "notices", "phrases"):
            continue
        for language, written in passage.by_language.items():
            for text, line in written.lines():
                for told in _told(text):
                    if fold(told) in CARRIER_WORDS:
                        yield passage.fault(line, "carrier-word", word=told)
                    elif not words.accepted(fold(told), language):
                        yield passage.fault(line, "word-not-accepted", word=told, language=language)


def _told(text: str) -> list[str]:
    """The words in capitals after a verb such as "write"."""
    return list(dict.fromkeys(match.group(1) for match in TOLD.finditer(text) if match.group(1).isupper()))


def clashing_words(project: Project) -> Iterator[Fault]:
    """One word, one meaning: a word of two commands, or a command that carriers act upon."""
    document = project.library.one("words")
    if document is None:
        return
    seen: dict[str, str] = {}
    for key, shape in document.value.items():
        if key in LISTS:
            continue
        for language, text in shape.words.items():
            for offset, word in enumerate(folded_lines(text)):
                line = document.line(key, "words", language) + offset + 1
                other = seen.setdefault(word, key)
                if other != key:
                    yield Fault(document.source.path, line, "word-twice", {"word": word, "first": other, "second": key})
                carrier = word in CARRIER_WORDS and (key not in {command.value for command in _CARRIERS_MAY})
                if carrier:
                    yield Fault(document.source.path, line, "carrier-command", {"word": word, "command": key})
