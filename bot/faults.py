"""Faults in the files that staff edit: where, what, and how to mend it, in the languages of the staff.

A fault names a class (`code`) and the values of one case; the sentences stand once, in `bot/fault_messages.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from bot.fault_messages import MESSAGES


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong at one line (from 1) of one file, named relative to the root of the project."""

    path: str
    line: int
    code: str
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_error(self) -> bool:
        """Errors stop a publication; warnings ask for attention."""
        return MESSAGES[self.code].is_error

    def what(self, language: str = "en") -> str:
        """What is wrong, in one sentence."""
        return MESSAGES[self.code].sentence(language).what.format_map(_Values(self.values))

    def mend(self, language: str = "en") -> str:
        """What to do about it, in one sentence."""
        return MESSAGES[self.code].sentence(language).mend.format_map(_Values(self.values))

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what()} {self.mend()}"


class _Values(dict[str, object]):
    """A value that a caller forgot must not hide the fault itself."""

    def __missing__(self, key: str) -> str:
        return f"({key})"


class ContentFaults(Exception):
    """The files cannot be used as they are. `faults` holds all of them, in order of file and line."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = in_order(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def in_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """The faults by file and line, each once."""
    seen: dict[tuple[str, int, str, str], Fault] = {}
    for fault in faults:
        seen.setdefault((fault.path, fault.line, fault.code, fault.what()), fault)
    return tuple(sorted(seen.values(), key=lambda fault: (fault.path, fault.line, fault.code)))


def nearest_of(wrong: str, known: Iterable[str]) -> str:
    """The known word that a wrong one is most like; "" when none is near."""
    best = process.extractOne(wrong, list(known), scorer=fuzz.ratio, score_cutoff=65)
    return str(best[0]) if best is not None else ""


def hints(wrong: str, known: Iterable[str]) -> dict[str, str]:
    """A mend in both languages: the nearest known word, or to remove the wrong one."""
    best = nearest_of(wrong, known)
    if not best:
        return {"hint": "Remove it, or correct its spelling.", "pista": "Quítalo o corrige cómo está escrito."}
    return {"hint": f"Did you mean “{best}”?", "pista": f"¿Quisiste decir «{best}»?"}
