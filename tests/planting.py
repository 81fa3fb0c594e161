"""Plants faults in a copy of the shipped content: a planter is a function that picks random places and says what to
change there, and at which line the check must then tell it.

Many planters share one copy; each takes places that no other has taken.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from bot.check.project import Project
from bot.check.sound import sound
from bot.compiling import compile_catalogue
from bot.library import Document
from bot.loading import read_library
from bot.yaml_source import MapTree

ROOT = Path(__file__).parent.parent
TODAY = date(2026, 11, 22)
PLACES = 8
T = TypeVar("T")


@dataclass(frozen=True)
class Edit:
    """Lines of a file that go (`drop` of them, from `line` on, counted from 1) and lines that come instead."""

    path: str
    line: int
    new: tuple[str, ...] = ()
    drop: int = 0


@dataclass(frozen=True)
class Plant:
    """One fault: the edits that make it, and where it must be told: `offset` lines into what the first edit brings.

    `at` is a place that no edit moves; `says` are words that the sentence must hold, where many faults share one line.
    """

    code: str
    edits: tuple[Edit, ...]
    offset: int = 0
    at: tuple[str, int] | None = None
    says: str = ""


@dataclass
class Garden:
    """The shipped files and what is known of them, and the places that are taken already."""

    random: Random
    taken: set[object] = field(default_factory=set)

    def pick(self, places: Iterable[T], key: Callable[[T], object], count: int = PLACES) -> list[T]:
        """Random places, each with a key that nobody has taken."""
        found: list[T] = []
        candidates = sorted(places, key=str)
        self.random.shuffle(candidates)
        for place in candidates:
            if key(place) not in self.taken and len(found) < count:
                self.taken.add(key(place))
                found.append(place)
        return found

    # --- places ----------------------------------------------------------------------------------------------------

    @cached_property
    def project(self) -> Project:
        return shipped_project()

    def answers(self, *, but_danger: bool = True, count: int = PLACES) -> list[Document]:
        """Answers, each a file of its own."""
        catalogue = self.project.catalogue
        files = (doc for doc in self.project.library.of("answer") if doc.topic != "service")
        wanted = [doc for doc in files if not (but_danger and catalogue.is_danger(doc.id))]
        return self.pick(wanted, lambda doc: doc.source.path, count)

    def text_lines(self, language: str, *, danger: bool = False, count: int = PLACES) -> list[tuple[str, int, str]]:
        """Lines of answers that go out on SMS too: file, line, text."""
        catalogue = self.project.catalogue
        found = [
            (passage.path, line, text)
            for passage in self.project.passages
            if passage.kind == "answer" and passage.name == "text" and passage.is_on_sms and not passage.only
            if catalogue.is_danger(passage.owner) == danger and passage.owner not in ("main", "welcome")
            for text, line in passage.by_language[language].lines()
            if text.strip() and not text.strip().endswith(":") and "{" not in text and not text.startswith("*")
        ]
        return self.pick(found, lambda place: place[0], count)

    def nodes(self, accept: Callable[[str], bool] = lambda _: True, count: int = PLACES) -> list[tuple[Document, str]]:
        """Nodes of the flows, by file and id."""
        found = [(doc, id_) for doc in self.project.library.of("flow") for id_ in doc.value if accept(id_)]
        return self.pick(found, lambda place: (place[0].source.path, place[1]), count)

    def entries(
        self, kind: str, accept: Callable[[Any], bool] = lambda _: True, count: int = PLACES
    ) -> list[tuple[Document, str]]:
        """Entries of a file of entries."""
        (document,) = self.project.library.of(kind)
        found = [(document, key) for key, shape in document.value.items() if accept(shape)]
        return self.pick(found, lambda place: (kind, place[1]), count)

    def words(self) -> list[tuple[Document, str, str]]:
        """Commands and languages in which they have words."""
        (document,) = self.project.library.of("words")
        lists = ("yes", "no", "numbers", "number-fillers", "i-am-in")
        found = [(document, key, language) for key in document.value if key not in lists for language in ("en", "es")]
        return self.pick(found, lambda place: ("words", place[1], place[2]))


@cache
def shipped_project() -> Project:
    """The shipped files as the rules see them."""
    library = read_library(ROOT)
    catalogue = compile_catalogue(library, show_unconfirmed=True)
    assert catalogue is not None
    return Project(library, sound(catalogue), TODAY)


@cache
def shipped_lines(path: str) -> tuple[str, ...]:
    return tuple((ROOT / path).read_text(encoding="utf-8").split("\n"))


def line_at(path: str, line: int) -> str:
    """A line of a shipped file, from 1."""
    return shipped_lines(path)[line - 1]


def length_of(doc: Document, *where: str | int) -> int:
    """How many lines a part of a file takes, its key included."""
    first = doc.line(*where)
    lines = shipped_lines(doc.source.path)
    indent = len(lines[first - 1]) - len(lines[first - 1].lstrip())
    end = first
    while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > indent):
        end += 1
    while not lines[end - 1].strip():
        end -= 1
    return end - first + 1


def changed(path: str, line: int, change: Callable[[str], str], code: str) -> Plant:
    """One line that is written differently, and told there."""
    return Plant(code, (Edit(path, line, (change(line_at(path, line)),), drop=1),))


def below(path: str, line: int, new: tuple[str, ...], code: str, offset: int = 0) -> Plant:
    """Lines that come below a line; the fault is told at one of them."""
    return Plant(code, (Edit(path, line + 1, new),), offset)


def new_file(path: str, lines: tuple[str, ...], code: str, line: int = 1) -> Plant:
    """A file that was not there."""
    return Plant(code, (Edit(path, 1, (*lines, "")),), at=(path, line))


def planted(plants: Iterable[Plant], folder: Path) -> Iterator[tuple[Plant, str, int]]:
    """Make a copy of the shipped content with all plants; gives each with the file and line where it must be told."""
    plants = list(plants)
    for name in ("content", "flows"):
        if not (folder / name).exists():
            shutil.copytree(ROOT / name, folder / name)
    by_path: dict[str, list[Edit]] = {}
    for plant in plants:
        for edit in plant.edits:
            by_path.setdefault(edit.path, []).append(edit)
    for edits in by_path.values():
        edits.sort(key=lambda edit: edit.line)
    for path, edits in by_path.items():
        _write(folder / path, edits)
    for plant in plants:
        path, line = plant.at or (plant.edits[0].path, plant.edits[0].line + plant.offset)
        edits = by_path.get(path, []) if plant.at is None or (ROOT / path).exists() else []
        if plant.at is None:
            above = edits[: next(index for index, edit in enumerate(edits) if edit is plant.edits[0])]
        else:
            above = [edit for edit in edits if edit.line < line or (edit.line == line > 1 and not edit.drop)]
        yield plant, path, line + sum(len(edit.new) - edit.drop for edit in above)


def _write(file: Path, edits: list[Edit]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if any(edit.drop < 0 for edit in edits):
        file.unlink()
        return
    lines = file.read_bytes().split(b"\n") if file.exists() else []
    for edit in reversed(edits):
        new = [text.encode("utf-8", "surrogateescape") for text in edit.new]
        lines[edit.line - 1 : edit.line - 1 + edit.drop] = new
    file.write_bytes(b"\n".join(lines))


def keys_of(doc: Document) -> tuple[str, ...]:
    """The keys at the top of a file."""
    tree = doc.source.tree
    return tuple(entry.key for entry in tree.entries) if isinstance(tree, MapTree) else ()
