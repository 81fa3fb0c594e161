"""When it is safe to write to somebody who waits: the time of day they named, since others may see their phone (R17, R41)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.catalogue import RATHER_NOT

ZONE = ZoneInfo("America/Cancun")

AFTER_I_WRITE = "after-i-write"
JUST_WROTE_S = 600
"""So long after a message of theirs they still hold the phone, as far as anybody can tell."""

HOURS = {"morning": range(8, 12), "afternoon": range(13, 19)}
"""By the clock of Chetumal, and so that it is the same part of the day in Belize, an hour behind."""

ANY = frozenset({"", "any-time", RATHER_NOT})


def is_safe(safe_time: str, at: datetime, wrote_s: int) -> bool:
    """Whether a message may go to them unasked at an aware moment; `wrote_s` is when they last wrote.

    A time that nobody knows (any more) counts as "only after I write": the careful reading.
    """
    if safe_time in ANY or at.timestamp() - wrote_s <= JUST_WROTE_S:
        return True
    return at.astimezone(ZONE).hour in HOURS.get(safe_time, ())
