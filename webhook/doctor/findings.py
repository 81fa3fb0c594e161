"""What the doctor says: one line for each thing that was looked at, and how to mend what is wrong.

Nothing here may hold a secret, a number or a word of anybody: the lines are pasted into messages and tickets.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from urllib.parse import urlsplit, urlunsplit


class Level(StrEnum):
    """How it stands."""

    OK = "OK"
    BY_HAND = "BY HAND"  # no program can see it: somebody must look
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what it is about, how it stands, what was found, and how to mend it ("" when it is well)."""

    area: str
    level: Level
    what: str
    mend: str = ""

    def as_dict(self) -> dict[str, str]:
        return {name: str(value) for name, value in asdict(self).items()}


def ok(area: str, what: str) -> Finding:
    return Finding(area, Level.OK, what)


def warn(area: str, what: str, mend: str) -> Finding:
    return Finding(area, Level.WARN, what, mend)


def fail(area: str, what: str, mend: str) -> Finding:
    return Finding(area, Level.FAIL, what, mend)


def by_hand(area: str, what: str, mend: str) -> Finding:
    return Finding(area, Level.BY_HAND, what, mend)


def exit_code(findings: Iterable[Finding]) -> int:
    """1 if anything must be mended."""
    return int(any(finding.level is Level.FAIL for finding in findings))


def shown_url(url: str) -> str:
    """An address as it may be shown: without a user, a password or a query in it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address that cannot be read"
    return urlunsplit((parts.scheme, f"{host}{port}", parts.path, "", parts.fragment))
