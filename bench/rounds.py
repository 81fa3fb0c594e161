"""Ventanilla and the floor by turns, with the same messages, so that a noisy machine is noisy for both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.requests import Crowd
from bench.sender import Sender, Sent
from bench.servers import Running
from bench.walks import Walk

IN_FLIGHT = 16
"""Connections while the server is kept busy."""

ALONE = 20
"""People of a round who write one after another, when nobody else does: what a person waits on an idle server."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One server in one round. CPU is in µs a message."""

    busy: Sent
    alone: Sent
    worker_us: float
    store_us: float
    memory_mb: float


@dataclass(frozen=True, slots=True)
class Round:
    """Both with the same messages."""

    ours: Measured
    floor: Measured

    @property
    def speed_ratio(self) -> float:
        """Our messages a second over those of the floor: 1 would be as fast."""
        return self.ours.busy.per_second / self.floor.busy.per_second

    @property
    def cpu_ratio(self) -> float:
        """The floor's CPU a message, in the workers, over ours."""
        return self.floor.worker_us / self.ours.worker_us


def alternate(
    ours: Running, floor: Running, walks: Sequence[Walk], *, people: int, rounds: int, tell: Callable[[str], None]
) -> list[Round]:
    """The rounds, after one that warms up and does not count. `people` are shared out among them."""
    each = people // rounds
    done: list[Round] = []
    with Sender() as sender:
        _prepare(sender, walks, people, people + max(each, len(walks)))
        _round(sender, ours, floor, ours_first=True)
        for number in range(rounds):
            _prepare(sender, walks, number * each, (number + 1) * each)
            done.append(_round(sender, ours, floor, ours_first=number % 2 == 0))
            tell(f"  round {number + 1} of {rounds}: {done[-1].speed_ratio:.2f} of the floor")
    return done


def _prepare(sender: Sender, walks: Sequence[Walk], first: int, end: int) -> None:
    """The people of a round: most write at the same time, the last few one after another."""
    alone_from = end - min(ALONE, (end - first) // 4)
    sender.prepare("busy", Crowd(walks, first, alone_from), IN_FLIGHT)
    sender.prepare("alone", Crowd(walks, alone_from, end), 1)


def _round(sender: Sender, ours: Running, floor: Running, *, ours_first: bool) -> Round:
    if ours_first:
        return Round(ours=_measured(sender, ours), floor=_measured(sender, floor))
    return Round(floor=_measured(sender, floor), ours=_measured(sender, ours))


def _measured(sender: Sender, server: Running) -> Measured:
    before = server.usage()
    busy = sender.send("busy", server.port)
    after = server.usage()
    alone = sender.send("alone", server.port)
    messages = len(busy.micros)
    return Measured(
        busy,
        alone,
        worker_us=(after.workers_s - before.workers_s) / messages * 1e6,
        store_us=(after.store_s - before.store_s) / messages * 1e6,
        memory_mb=server.memory_mb(),
    )


def middle(rounds: Sequence[Round], value: Callable[[Round], float]) -> float:
    """The median of a value over the rounds."""
    return median(value(round_) for round_ in rounds)
