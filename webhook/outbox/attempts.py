"""What is known of the attempts to send an entry, kept beside the outbox for as long as the entry is in it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True, slots=True)
class Attempts:
    """How far the sending of one entry has come.

    `tries` counts attempts that ended, `attempt_ms` is the moment of one that was begun and whose end is not known (0:
    none). `resent` says that it was sent again although the first may have arrived, `back` that a failure told later
    has brought it back, `old` the provider's ids of what failed then. `parked` entries wait until the person writes.
    `shut_s` is when the provider said that the window was closed, `slot_ms` a place in the rate that is reserved for
    it, `over_cap` that it waits because today is spent, `over` the reason why it is being given up and `code` the provider's error behind it.
    `plain`: the template was refused, so the text goes out instead.
    """

    tries: int = 0
    attempt_ms: int = 0
    resent: bool = False
    back: bool = False
    old: tuple[str, ...] = ()
    parked: bool = False
    shut_s: int = 0
    slot_ms: int = 0
    over_cap: bool = False
    over: str = ""
    code: int = 0
    plain: bool = False


NO_ATTEMPTS = Attempts()
_DEFAULTS = asdict(NO_ATTEMPTS)
_NAMES = frozenset(field.name for field in fields(Attempts))


def dump_attempts(attempts: Attempts) -> str:
    """Write them down, without spaces; what is as at the beginning is left out."""
    told = {name: value for name, value in asdict(attempts).items() if value != _DEFAULTS[name]}
    return json.dumps(told, separators=(",", ":"))


def load_attempts(written: bytes | str) -> Attempts:
    """Read them back. What cannot be read counts as an attempt of unknown outcome: nothing is sent twice for it."""
    if not written:
        return NO_ATTEMPTS
    try:
        told = {name: value for name, value in json.loads(written).items() if name in _NAMES}
        return Attempts(**{**told, "old": tuple(told.get("old", ()))})
    except (ValueError, TypeError, AttributeError):
        return Attempts(attempt_ms=1)
