"""What the rules look at: the files with their lines, and the catalogue compiled from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from bot.catalogue import Catalogue
from bot.faults import Fault
from bot.library import Document, Library
from bot.yaml_source import ListTree, MapTree, Scalar, Tree


@dataclass(frozen=True)
class Written:
    """One text in one language, with the line of the file at which it begins."""

    text: str
    line: int

    def lines(self) -> Iterator[tuple[str, int]]:
        """Its lines, each with its line in the file."""
        for offset, text in enumerate(self.text.splitlines()):
            yield text, self.line + offset


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

    def fault(self, line: int, code: str, **values: object) -> Fault:
        return Fault(self.path, line, code, values)


@dataclass(frozen=True)
class Project:
    """The files, the catalogue and the day."""

    library: Library
    catalogue: Catalogue
    today: date

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """Every text that a person may read, wherever it stands."""
        return tuple(self._passages())

    def _passages(self) -> Iterator[Passage]:
        for document in self._documents():
            tree = document.source.tree
            if tree is not None:
                yield from _within(document, tree, self.catalogue.languages, document.id, document.id, {})

    def _documents(self) -> Iterator[Document]:
        for kind in ("answer", "question", "facts", "sources", "places", "towns", "helplines", "notices", "phrases"):
            yield from self.library.of(kind)

    @cached_property
    def documents(self) -> Mapping[tuple[str, str], Document]:
        """Each file by its kind and id."""
        return {(document.kind, document.id): document for kind in self.library.documents.values() for document in kind}

    @cached_property
    def flow_of(self) -> Mapping[str, Document]:
        """The file in which the moves of a node stand."""
        return {id_: document for document in reversed(self.library.of("flow")) for id_ in document.value}

    def answer_fault(self, id_: str, code: str, *where: str | int, **values: object) -> Fault:
        """A fault at a part of an answer's file."""
        document = self.documents.get(("answer", id_))
        if document is None:
            return Fault("content", 1, code, values)
        return Fault(document.source.path, document.line(*where), code, values)

    def flow_fault(self, id_: str, code: str, *where: str | int, **values: object) -> Fault:
        """A fault at a part of a node's moves; at its answer when it has none."""
        document = self.flow_of.get(id_)
        if document is None:
            return self.answer_fault(id_, code, **values)
        return Fault(document.source.path, document.line(id_, *where), code, values)

    def entry_fault(self, kind: str, id_: str, code: str, *where: str | int, **values: object) -> Fault:
        """A fault at a part of an entry of a file of entries (facts, places, words …)."""
        document = self.library.one(kind)
        if document is None:
            return Fault("content", 1, code, values)
        return Fault(document.source.path, document.line(id_, *where), code, values)


_NOT_READ = frozenset({"people_ask", "synonyms", "note", "only", "when", "title", "publisher"})
"""Parts of files that nobody on a phone reads."""


def _within(
    document: Document, tree: Tree, languages: tuple[str, ...], owner: str, name: str, only: Mapping[str, str]
) -> Iterator[Passage]:
    """The passages of a tree: maps whose keys are languages."""
    if isinstance(tree, ListTree):
        for item in tree.items:
            yield from _within(document, item, languages, owner, name, only)
        return
    if not isinstance(tree, MapTree):
        return
    conditions = tree.get("only")
    if isinstance(conditions, MapTree):
        only = {entry.key: entry.value.text for entry in conditions.entries if isinstance(entry.value, Scalar)}
    texts = {entry.key: entry.value for entry in tree.entries if entry.key in languages}
    if texts:
        by_language = {
            key: Written(value.text, value.line) for key, value in texts.items() if isinstance(value, Scalar)
        }
        yield Passage(document, owner, name, by_language, tree.line, only)
    top = owner == name == document.id
    for entry in tree.entries:
        if entry.key in languages or entry.key in _NOT_READ:
            continue
        whose = entry.key if top and document.kind not in ("answer", "question") else owner
        yield from _within(document, entry.value, languages, whose, entry.key, only)
