"""Turns the danger files and the emergency words into a Lexicon, noting every line that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.danger import DangerPattern, Lexicon, Tier
from bot.danger_patterns import BadPattern, Pattern, parse_pattern, parse_set, words_of
from bot.fault_reasons import pattern_problem
from bot.faults import Fault, hints
from bot.library import Document, Library
from bot.yaml_source import MapTree, Scalar

Sets = dict[str, tuple[tuple[str, ...], ...]]


def compile_lexicon(library: Library, languages: Sequence[str]) -> Lexicon:
    """Build the lexicon. Every answer that one language leads to has patterns in all of them (`bot/references.py`)."""
    return _LexiconCompiler(library, languages).lexicon()


class _LexiconCompiler:
    """Holds the library while the lexicon is compiled. Adds faults to it."""

    def __init__(self, library: Library, languages: Sequence[str]) -> None:
        self.library = library
        self.languages = languages
        self.patterns: list[DangerPattern] = []
        self.idioms: list[Pattern] = []
        self.cries: list[DangerPattern] = []
        self.unspaced: list[DangerPattern] = []

    def lexicon(self) -> Lexicon:
        own = {doc.id: doc for doc in self.library.of("danger")}
        for language, doc in own.items():
            if language in self.languages:
                self.read_language(doc)
            else:
                self.fault(doc, 1, "unknown-language", language=language, **hints(language, self.languages))
        for language in self.languages:
            if language not in own and not self.library.may_hold("danger", language):
                path = f"content/danger/{language}.yaml"
                self.library.faults.append(Fault(path, 1, "missing-file", {"file": f"{language}.yaml"}))
        self.read_cries()
        # One order for all languages: the answer that stands higher in the first file weighs more.
        order = list(dict.fromkeys(entry.node for entry in self.patterns))
        self.patterns.sort(key=lambda entry: order.index(entry.node))
        return Lexicon(tuple(self.patterns), tuple(self.idioms), tuple(self.cries), tuple(self.unspaced))

    def read_language(self, doc: Document) -> None:
        sets = self.sets(doc)
        for node, shape in doc.value.kinds.items():
            for tier in Tier:
                if getattr(shape, tier.value):
                    found = self.parsed(doc, sets, node, tier.value)
                    self.patterns += [DangerPattern(pattern, node, doc.id, tier) for pattern in found]
        if doc.value.not_danger:
            self.idioms += self.parsed(doc, sets, "not_danger")

    def sets(self, doc: Document) -> Sets:
        """The sets of a file. One with a fault stays, so that the patterns that name it are not to blame."""
        found: Sets = {}
        for name in doc.value.sets:
            entries = []
            for text, line in _lines(doc, "sets", name):
                try:
                    entries.append(parse_set(text))
                except BadPattern as bad:
                    self.bad_pattern(doc, line, text, bad)
            if not list(_lines(doc, "sets", name)):
                self.fault(doc, doc.line("sets", name), "empty-set", id=name)
            found[name] = tuple(dict.fromkeys(entries))
        return found

    def parsed(self, doc: Document, sets: Sets, *where: str) -> list[Pattern]:
        """The patterns of a list, without those that cannot be read."""
        found = []
        for text, line in _lines(doc, *where):
            try:
                found.append(parse_pattern(text, sets))
            except BadPattern as bad:
                if bad.problem == "unknown-set":
                    if "sets" not in self.library.spoiled.get("danger", ()):
                        self.fault(doc, line, "unknown-set", id=bad.word, **hints(bad.word, sets))
                elif bad.problem != "empty-set":  # that is told at the set
                    self.bad_pattern(doc, line, text, bad)
        return found

    def read_cries(self) -> None:
        """Emergency words of other languages, which nobody who checks the files can be asked about."""
        doc = self.library.one("emergency-words")
        for language, shape in doc.value.items() if doc is not None else ():
            assert doc is not None
            if shape.checked_by == "nobody yet":
                self.fault(doc, doc.line(language), "words-unchecked", language=shape.name)
            for node in shape.words:
                for text, line in _lines(doc, language, "words", node):
                    try:
                        entry = DangerPattern(self.cry(text, shape.has_spaces), node, language, Tier.CERTAIN)
                    except BadPattern as bad:
                        self.bad_pattern(doc, line, text, bad)
                        continue
                    (self.cries if shape.has_spaces else self.unspaced).append(entry)

    def cry(self, text: str, has_spaces: bool) -> Pattern:
        if has_spaces:
            return parse_pattern(text, {})
        folded = "".join(words_of(text))
        if not folded or folded.isascii():
            raise BadPattern("no-spaces", text)
        return Pattern(folded, ())

    def bad_pattern(self, doc: Document, line: int, text: str, bad: BadPattern) -> None:
        self.fault(doc, line, "bad-pattern", pattern=text, **pattern_problem(bad.problem, bad.word))

    def fault(self, doc: Document, line: int, code: str, **values: object) -> None:
        self.library.faults.append(Fault(doc.source.path, line, code, values))


def _lines(doc: Document, *where: str) -> Iterator[tuple[str, int]]:
    """What stands in a text of a file, one a line or with commas between, each with its line in the file."""
    tree = doc.source.tree
    for step in where:
        tree = tree.get(step) if isinstance(tree, MapTree) else None
    if isinstance(tree, Scalar):
        yield from ((part.strip(), line) for text, line in tree.lines() for part in text.split(",") if part.strip())
