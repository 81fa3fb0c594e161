"""Both languages must say the same, in letters that an SMS can carry."""

import re
from collections import Counter
from collections.abc import Callable, Iterator

from bot import segments
from bot.check.numbers import MONEY, NO_NUMBERS
from bot.check.patterns import LINK, NUMBER, PHONE
from bot.check.project import SAME, Passage, Project, Written
from bot.faults import Fault
from bot.rendering import PLACEHOLDER

PRETERITE = re.compile(r"\b[a-zñáéíú]{3,}ó\b")
Found = Callable[[str, Passage], Counter[str]]


def parity(project: Project) -> Iterator[Fault]:
    """Placeholders, telephone numbers, links and amounts are the same in every language."""
    for passage in project.passages:
        texts = [(language, written) for language, written in passage.by_language.items() if written.text.strip()]
        for code, found in _COMPARED:
            for language, written in texts[1:]:
                fault = _difference(passage, code, found, texts[0], (language, written))
                known = code == "placeholders-differ" and _touches(passage, project.dangling)
                if fault is not None and not known:
                    yield fault


def _touches(passage: Passage, lines: frozenset[tuple[str, int]]) -> bool:
    """Whether one of the lines, known to be faulty already, is in the passage."""
    return any((passage.path, line) in lines for written in passage.by_language.values() for _, line in written.lines())


def _difference(
    passage: Passage, code: str, found: Found, first: tuple[str, Written], second: tuple[str, Written]
) -> Fault | None:
    expected, actual = found(first[1].text, passage), found(second[1].text, passage)
    if expected == actual:
        return None
    missing, extra = expected - actual, actual - expected
    there = _offset(first[1], passage, found, missing)
    here = _offset(second[1], passage, found, extra)
    same_shape = len(list(first[1].lines())) == len(list(second[1].lines()))
    line = _line_at(second[1], here if here is not None else there if same_shape else None)
    at = _line_at(first[1], there if there is not None else here if same_shape else None)
    values = ", ".join(sorted({*missing, *extra}))
    return passage.fault(line, code, first=first[0], second=second[0], at=at, values=values)


def _offset(written: Written, passage: Passage, found: Found, wanted: Counter[str]) -> int | None:
    """Which line of a text holds one of the values, from 0."""
    lines = (offset for offset, (text, _) in enumerate(written.lines()) if found(text, passage) & wanted)
    return next(lines, None)


def _line_at(written: Written, offset: int | None) -> int:
    return written.line if offset is None else list(written.lines())[offset][1]


def _placeholders(text: str, passage: Passage) -> Counter[str]:
    return Counter(f"{{{name}}}" for name in PLACEHOLDER.findall(text)) if is_filled(passage) else Counter()


def _links(text: str, passage: Passage) -> Counter[str]:
    return Counter(link.rstrip(".,;") for link in LINK.findall(PLACEHOLDER.sub(" ", text)))


def _phones(text: str, passage: Passage) -> Counter[str]:
    """Where no telephone number may stand at all, that is the fault (`bot/check/numbers.py`)."""
    if passage.kind in NO_NUMBERS:
        return Counter()
    bare = LINK.sub(" ", PLACEHOLDER.sub(" ", text))
    return Counter(re.sub(r"\D", "", phone) for phone in PHONE.findall(bare))


def _amounts(text: str, passage: Passage) -> Counter[str]:
    bare = PHONE.sub(" ", LINK.sub(" ", PLACEHOLDER.sub(" ", text)))
    if passage.kind in NO_NUMBERS:
        bare = MONEY.sub(" ", bare)
    return Counter(number.replace(",", "") for number in NUMBER.findall(bare))


_COMPARED: tuple[tuple[str, Found], ...] = (
    ("placeholders-differ", _placeholders),
    ("links-differ", _links),
    ("phones-differ", _phones),
    ("amounts-differ", _amounts),
)


def is_filled(passage: Passage) -> bool:
    """Whether the program fills values into a text."""
    return passage.kind == "phrases" or (passage.kind == "answer" and passage.name != "label")


def unfilled(project: Project) -> Iterator[Fault]:
    """Values are filled into answers and the program's phrases, and nowhere else: `{…}` would be shown as typed."""
    for passage in project.passages:
        if is_filled(passage):
            continue
        for written in passage.by_language.values():
            for text, line in written.lines():
                for name in dict.fromkeys(PLACEHOLDER.findall(text)):
                    yield passage.fault(line, "placeholder-not-filled", id=name)


def alphabet(project: Project) -> Iterator[Fault]:
    """No character is left that would turn a whole SMS into the dear encoding."""
    for passage in project.passages:
        if passage.only.get("channel") == "whatsapp":
            continue
        for written in passage.by_language.values():
            for text, line in written.lines():
                outside = segments.outside_gsm(PLACEHOLDER.sub("", text))
                if outside:
                    yield passage.fault(line, "not-gsm", characters=" ".join(outside))


def ambiguous_when_folded(project: Project) -> Iterator[Fault]:
    """On SMS "pagó" (paid) becomes "pago" (I pay, payment): a past tense that loses its accent loses its meaning."""
    for passage in project.passages:
        if passage.kind not in ("answer", "question", "notices", "phrases") or not passage.is_on_sms:
            continue
        for language, written in passage.by_language.items():
            for text, line in written.lines() if language in ("es", SAME) else ():
                for word in dict.fromkeys(PRETERITE.findall(text.lower())):
                    yield passage.fault(line, "folding-ambiguous", word=word, folded=segments.to_gsm(word))
