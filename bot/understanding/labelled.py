"""Messages labelled with the answer they want, for choosing thresholds and for measuring (tests/understanding)."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = "tests/understanding"
TUNING = "tuning"
HELD_BACK = "held-back"
COLUMNS = ("text", "language", "node", "also", "danger", "style")
NONE = "-"
NOT_DANGER = (NONE, "near", "unclear")
"""Values of `danger` that are no kind of danger: nothing of it, looks like it, two readers disagreed."""


class BadLabels(ValueError):
    """A file that cannot be read, with its line and what to do."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One message. `node` is "-" where no answer fits; `also` are answers that would serve as well."""

    text: str
    language: str
    node: str
    also: tuple[str, ...]
    danger: str
    styles: tuple[str, ...]
    line: str

    @property
    def accepted(self) -> frozenset[str]:
        """All answers that would serve."""
        return frozenset((self.node, *self.also)) - {NONE}

    @property
    def in_scope(self) -> bool:
        return self.node != NONE

    @property
    def tells_of_danger(self) -> bool:
        return self.danger not in NOT_DANGER


def read_labelled(root: Path, part: str) -> Sequence[Labelled]:
    """All messages of a part, in order of their files; none where the folder is not there. Raises BadLabels."""
    found = []
    for file in sorted((root / FOLDER / part).glob("*.tsv")):
        with file.open(encoding="utf-8", newline="") as opened:
            rows = csv.reader(opened, delimiter="\t", quoting=csv.QUOTE_NONE)
            if tuple(next(rows, ())) != COLUMNS:
                raise BadLabels(f"{file.name}:1: The first line must be: {' '.join(COLUMNS)}, with tabs between.")
            for row in rows:
                if len(row) != len(COLUMNS):
                    raise BadLabels(f"{file.name}:{rows.line_num}: {len(COLUMNS)} columns are needed, not {len(row)}.")
                found.append(_labelled(row))
    return tuple(found)


def _labelled(row: list[str]) -> Labelled:
    text, language, node, also, danger, style = row
    several = tuple(id_ for id_ in also.split(",") if id_ not in ("", NONE))
    return Labelled(text, language, node, several, danger, tuple(style.split(",")), "\t".join(row))
