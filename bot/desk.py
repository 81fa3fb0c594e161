"""What can honestly be said about waiting for an advisor: how many wait, how many advisors are there, how long it takes.

The numbers are counted by who runs the queue and handed in; this module only reckons with them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.hours import OpeningHours

TYPICAL_TALK_S = 10 * 60
"""How long a talk takes while none has been measured yet."""

LEAST_PATIENCE = timedelta(minutes=15)
"""How soon, at the earliest, somebody who waits is told that nobody has come."""

AFTER_OPENING = timedelta(minutes=30)
"""The same for who asked while the desk was closed: so long after it opens."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The queue at one moment.

    `waiting` are open tickets that nobody has taken, `talking` those that somebody has, `on_duty` the advisors whose page
    was open within the last minutes, `talk_s` the median length of the last talks (0: none measured). `is_there` is
    False where there is no queue at all: without a store nothing can be handed over.
    """

    waiting: int = 0
    talking: int = 0
    on_duty: int = 0
    talk_s: int = 0
    is_there: bool = True

    @property
    def wait_s(self) -> int | None:
        """The expected wait of the next person, in seconds; None while no advisor is on duty: nobody can know it then."""
        if not self.on_duty:
            return None
        ahead = self.waiting + max(0, self.talking - self.on_duty + 1)
        return (self.talk_s or TYPICAL_TALK_S) * ahead // self.on_duty

    @property
    def for_who_waits(self) -> Desk:
        """The desk as somebody sees it who waits already: at worst all others were first."""
        return replace(self, waiting=max(0, self.waiting - 1))


NO_DESK = Desk(is_there=False)


def promised_at(hours: OpeningHours, desk: Desk, at: datetime) -> datetime | None:
    """Until when somebody takes a ticket opened now, or the person is told that nobody has; None if it never opens.

    A quarter of an hour or twice the expected wait, to the full minute: nobody is told a time that is over a moment
    sooner. What does not fit before closing time is for the next opening.
    """
    opening = hours.next_opening(at)
    if opening is None:
        return None
    if opening > at:
        return opening + AFTER_OPENING
    due = opening + max(LEAST_PATIENCE, timedelta(seconds=2 * (desk.wait_s or 0)))
    due += timedelta(seconds=-due.second % 60, microseconds=-due.microsecond)
    closing = hours.next_change(at)
    if closing is None or due <= closing:
        return due
    again = hours.next_opening(closing)
    return None if again is None else again + AFTER_OPENING
