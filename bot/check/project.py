"""What the rules look at: the files with their lines, and the catalogue compiled from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from bot import segments
from bot.catalogue import Answer, Catalogue
from bot.check.pseudo import other_hub, with_nothing_confirmed
from bot.check.sound import is_made_up
from bot.faults import Fault
from bot.library import Document, Library
from bot.rendering import PLACEHOLDER
from bot.yaml_source import Entry, ListTree, MapTree, Scalar, Tree

SAME = ""
"""The language of a text that is the same in all."""


@dataclass(frozen=True)
class Written:
    """One text in one language, with the line of the file at which it begins."""

    scalar: Scalar

    @property
    def text(self) -> str:
        return self.scalar.text

    @property
    def line(self) -> int:
        return self.scalar.line

    def lines(self) -> Iterator[tuple[str, int]]:
        """Its lines, each with its line in the file."""
        return self.scalar.lines()


@dataclass(frozen=True)
class Passage:
    """One text in every language: what kind of file it stands in, whose it is, and what it is there."""

    document: Document
    owner: str
    name: str
    by_language: Mapping[str, Written]
    line: int
    only: Mapping[str, str]

    @property
    def path(self) -> str:
        return self.document.source.path

    @property
    def kind(self) -> str:
        return self.document.kind

    @property
    def is_on_sms(self) -> bool:
        """Whether an SMS can carry it."""
        if self.kind == "answer" and self.name == "text" and self.document.value.sms is not None:
            return False
        return self.only.get("channel") != "whatsapp"

    def fault(self, line: int, code: str, **values: object) -> Fault:
        return Fault(self.path, line, code, values)


@dataclass(frozen=True)
class Project:
    """The files, the catalogue (without what leads nowhere) and the day."""

    library: Library
    catalogue: Catalogue
    today: date

    @cached_property
    def answers(self) -> tuple[Answer, ...]:
        """The answers that stand in files."""
        return tuple(answer for answer in self.catalogue.answers.values() if not is_made_up(answer))

    @cached_property
    def dangling(self) -> frozenset[tuple[str, int]]:
        """File and line of every `{…}` that is called like nothing."""
        codes = {"dangling-placeholder", "placeholder-not-filled"}
        return frozenset((fault.path, fault.line) for fault in self.library.faults if fault.code in codes)

    @cached_property
    def has_foreign_letters(self) -> bool:
        """Whether some text holds letters that an SMS cannot carry: then its size says nothing."""
        return any(
            segments.outside_gsm(PLACEHOLDER.sub("", written.text))
            for passage in self.passages
            for written in passage.by_language.values()
            if passage.only.get("channel") != "whatsapp"
        )

    @cached_property
    def other_hub(self) -> Catalogue:
        """The catalogue as if the hub were confirmed; as if it were not, where it is."""
        return other_hub(self.catalogue, self.today)

    @cached_property
    def in_production(self) -> Catalogue:
        """The catalogue without any help line that needs confirming."""
        return with_nothing_confirmed(self.catalogue)

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """Every text that a person may read, wherever it stands."""
        return tuple(
            passage
            for kind in _READ
            for document in self.library.of(kind)
            if document.source.tree is not None
            for passage in _within(
                document, document.source.tree, self.catalogue.languages, document.id, document.id, {}
            )
        )

    @cached_property
    def documents(self) -> Mapping[tuple[str, str], Document]:
        """Each file by its kind and id."""
        found: dict[tuple[str, str], Document] = {}
        for documents in self.library.documents.values():
            for document in documents:
                found.setdefault((document.kind, document.id), document)
        return found

    @cached_property
    def flow_of(self) -> Mapping[str, Document]:
        """The file in which the moves of a node stand."""
        return {id_: document for document in reversed(self.library.of("flow")) for id_ in document.value}

    def texts_of(self, kind: str, id_: str, *where: str | int) -> Iterator[tuple[str, Written]]:
        """The texts by language at a place of a file: of an answer's `label`, of `sms`, of the third paragraph …"""
        document = self.documents.get((kind, id_))
        tree: Tree | None = document.source.tree if document is not None else None
        for step in where:
            if isinstance(tree, MapTree):
                tree = tree.get(str(step))
            elif isinstance(tree, ListTree) and isinstance(step, int) and step < len(tree.items):
                tree = tree.items[step]
            else:
                return
        if isinstance(tree, Scalar):
            yield SAME, Written(tree)
        if isinstance(tree, MapTree):
            for entry in tree.entries:
                if entry.key in self.catalogue.languages and isinstance(entry.value, Scalar):
                    yield entry.key, Written(entry.value)

    def answer_fault(self, id_: str, code: str, *where: str | int, **values: object) -> Fault:
        """A fault at a part of an answer's file."""
        document = self.documents["answer", id_]
        return Fault(document.source.path, document.line(*where), code, values)

    def flow_fault(self, id_: str, code: str, *where: str | int, **values: object) -> Fault:
        """A fault at a part of a node's moves."""
        document = self.flow_of[id_]
        return Fault(document.source.path, document.line(id_, *where), code, values)

    def entry_fault(self, kind: str, id_: str, code: str, *where: str | int, **values: object) -> Fault:
        """A fault at a part of an entry of a file of entries (facts, places, words …)."""
        document = self.library.one(kind)
        if document is None:
            return Fault(f"content/{kind}.yaml", 1, code, values)
        return Fault(document.source.path, document.line(id_, *where), code, values)


_READ = ("answer", "question", "facts", "sources", "places", "towns", "helplines", "notices", "phrases", "languages")
"""The kinds of files that hold something people read."""

_NOT_READ = frozenset({"people_ask", "synonyms", "note", "only", "when", "title", "publisher", "confirmed"})
"""Parts of those files that nobody on a phone reads."""

_MAY_BE_SAME = frozenset({"name", "address", "text", "list"})
"""Parts that may hold one text for all languages."""


def _within(
    document: Document, tree: Tree, languages: tuple[str, ...], owner: str, name: str, only: Mapping[str, str]
) -> Iterator[Passage]:
    """The passages of a tree: maps whose keys are languages, and texts that are the same in all."""
    if isinstance(tree, ListTree):
        for item in tree.items:
            yield from _within(document, item, languages, owner, name, only)
    elif isinstance(tree, Scalar):
        if name in _MAY_BE_SAME and document.kind not in ("answer", "question", "notices", "phrases"):
            yield Passage(document, owner, name, {SAME: Written(tree)}, tree.line, only)
    else:
        conditions = tree.get("only")
        if isinstance(conditions, MapTree):
            only = {entry.key: entry.value.text for entry in conditions.entries if isinstance(entry.value, Scalar)}
        texts = _texts(tree, languages)
        if texts:
            yield Passage(document, owner, name, texts, tree.line, only)
        is_top = owner == name == document.id
        for entry in tree.entries:
            if entry.key not in _NOT_READ and entry.key not in texts:
                whose = entry.key if is_top and document.kind not in ("answer", "question") else owner
                yield from _within(document, entry.value, languages, whose, entry.key, only)


def _texts(tree: MapTree, languages: tuple[str, ...]) -> dict[str, Written]:
    """The texts of a map, by language; none for a map whose keys are something else."""

    def is_text(entry: Entry) -> bool:
        return entry.key in languages and isinstance(entry.value, Scalar)

    return {
        entry.key: Written(entry.value) for entry in tree.entries if is_text(entry) and isinstance(entry.value, Scalar)
    }
