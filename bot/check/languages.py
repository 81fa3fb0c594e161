"""Both languages must say the same, in letters that an SMS can carry."""

import re
from collections import Counter
from collections.abc import Callable, Iterator

from bot import segments
from bot.check.project import Passage, Project
from bot.faults import Fault
from bot.rendering import PLACEHOLDER

LINK = re.compile(
    r"https?://[^\s)]+|\bwww\.[^\s)]+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:gob\.mx|gov\.bz|org|com|int)\b[^\s)]*"
)
PHONE = re.compile(r"(?<![\w$.,/-])\+?\(?\d(?:[\s().-]{0,2}\d){6,14}(?![\w/-])")
NUMBER = re.compile(r"\d+(?:[.,]\d{3})*(?:[.,]\d+)?")
PRETERITE = re.compile(r"\b[a-zñáéíú]{3,}ó\b")


def parity(project: Project) -> Iterator[Fault]:
    """Placeholders, telephone numbers, links and amounts are the same in every language."""
    for passage in project.passages:
        if len(passage.by_language) < 2:
            continue
        for code, found in _COMPARED:
            yield from _compare(passage, code, found)


def _compare(passage: Passage, code: str, found: Callable[[str], Counter[str]]) -> Iterator[Fault]:
    (first_language, first), *others = passage.by_language.items()
    expected = found(first.text)
    for language, written in others:
        actual = found(written.text)
        if actual != expected:
            missing, extra = expected - actual, actual - expected
            different = sorted({*missing, *extra})
            line = _line_with(written.lines(), extra) or written.line
            yield passage.fault(line, code, first=first_language, second=language, values=", ".join(different))


def _line_with(lines: Iterator[tuple[str, int]], wanted: Counter[str]) -> int:
    """The first line that holds one of the values that are too many."""
    return next((line for text, line in lines if any(value in text for value in wanted)), 0)


def _placeholders(text: str) -> Counter[str]:
    return Counter(f"{{{name}}}" for name in PLACEHOLDER.findall(text))


def _links(text: str) -> Counter[str]:
    return Counter(link.rstrip(".,;") for link in LINK.findall(PLACEHOLDER.sub(" ", text)))


def _phones(text: str) -> Counter[str]:
    bare = LINK.sub(" ", PLACEHOLDER.sub(" ", text))
    return Counter(re.sub(r"\D", "", phone) for phone in PHONE.findall(bare))


def _amounts(text: str) -> Counter[str]:
    bare = PHONE.sub(" ", LINK.sub(" ", PLACEHOLDER.sub(" ", text)))
    return Counter(number.replace(",", "") for number in NUMBER.findall(bare))


_COMPARED: tuple[tuple[str, Callable[[str], Counter[str]]], ...] = (
    ("placeholders-differ", _placeholders),
    ("links-differ", _links),
    ("phones-differ", _phones),
    ("amounts-differ", _amounts),
)


def alphabet(project: Project) -> Iterator[Fault]:
    """No character is left that would turn a whole SMS into the dear encoding."""
    for passage in project.passages:
        if passage.only.get("channel") == "whatsapp" or passage.document.kind == "sources":
            continue
        for written in passage.by_language.values():
            for text, line in written.lines():
                outside = segments.outside_gsm(PLACEHOLDER.sub("", text))
                if outside:
                    yield passage.fault(line, "not-gsm", characters=" ".join(outside))


def ambiguous_when_folded(project: Project) -> Iterator[Fault]:
    """On SMS "pagó" (paid) becomes "pago" (I pay, payment): a past tense that loses its accent loses its meaning."""
    for passage in project.passages:
        written = passage.by_language.get("es")
        if written is None or passage.only.get("channel") == "whatsapp" or passage.document.kind != "answer":
            continue
        for text, line in written.lines():
            for word in PRETERITE.findall(text.lower()):
                yield passage.fault(line, "folding-ambiguous", word=word, folded=segments.to_gsm(word))
