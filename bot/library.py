"""The files that were read, by kind, before they are compiled into a catalogue."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.faults import Fault
from bot.yaml_source import Source


@dataclass(frozen=True)
class Document:
    """One file that was read and has the right shape."""

    kind: str
    id: str
    topic: str
    source: Source
    value: Any

    def line(self, *where: str | int) -> int:
        return self.source.line_of(where)


@dataclass
class Library:
    """All files, by kind and in order of their paths, with the faults found so far."""

    documents: dict[str, list[Document]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    version: str = ""

    def of(self, kind: str) -> Sequence[Document]:
        return self.documents.get(kind, ())

    def one(self, kind: str) -> Document | None:
        found = self.documents.get(kind)
        return found[0] if found else None
