"""What can honestly be said about waiting for an advisor: how many wait, how many advisors are there, how long it takes.

The numbers are counted by who runs the queue and handed in; this module only reckons with them.
"""

from __future__ import annotations

from dataclasses import dataclass

TYPICAL_TALK_S = 10 * 60
"""How long a talk takes while none has been measured yet."""


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


NO_DESK = Desk(is_there=False)
