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
    """All files, by kind and in order of their paths, with the faults found so far.

    `spoiled` are the ids, by kind, that stand in the files but could not be read, and `unread` the kinds of which
    nobody can tell which ids they hold. What names those ids is not to blame: one fault must not look like thirty.
    """

    documents: dict[str, list[Document]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    version: str = ""
    spoiled: dict[str, set[str]] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)

    def of(self, kind: str) -> Sequence[Document]:
        return self.documents.get(kind, ())

    def one(self, kind: str) -> Document | None:
        found = self.documents.get(kind)
        return found[0] if found else None

    def spoil(self, kind: str, id_: str) -> None:
        """Note that an entry is there, and cannot be used."""
        self.spoiled.setdefault(kind, set()).add(id_)

    def may_hold(self, kind: str, id_: str) -> bool:
        """Whether an id that was not found may stand in something that could not be read."""
        return kind in self.unread or id_ in self.spoiled.get(kind, ())

    def is_whole(self, *kinds: str) -> bool:
        """Whether all entries of these kinds were read; of all kinds if none is named."""
        damaged = self.unread | {kind for kind, ids in self.spoiled.items() if ids}
        return not (damaged.intersection(kinds) if kinds else damaged)
