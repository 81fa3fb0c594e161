"""Ventanilla and the floors by turns, with the same messages, so that a noisy machine is noisy for both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.requests import Crowd
from bench.sender import Sender, Sent
from bench.servers import Running
from bench.walks import Walk

OURS, FLOOR, LEAN = "ventanilla", "floor", "lean floor"
"""The servers, as the table names them."""

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
    """Each server, by name, with the same messages."""

    measured: Mapping[str, Measured]

    def speed_ratio(self, floor: str) -> float:
        """Our messages a second over those of a floor: 1 would be as fast."""
        return self.measured[OURS].busy.per_second / self.measured[floor].busy.per_second

    def cpu_ratio(self, floor: str) -> float:
        """A floor's CPU a message, in the workers, over ours."""
        return self.measured[floor].worker_us / self.measured[OURS].worker_us


def alternate(
    servers: Mapping[str, Running], walks: Sequence[Walk], *, people: int, rounds: int, tell: Callable[[str], None]
) -> list[Round]:
    """The rounds, after one that warms up and does not count. `people` are shared out among them."""
    each = people // rounds
    done: list[Round] = []
    with Sender() as sender:
        _prepare(sender, walks, people, people + max(each, len(walks)))
        _round(sender, servers, first=0)
        for number in range(rounds):
            _prepare(sender, walks, number * each, (number + 1) * each)
            done.append(_round(sender, servers, first=number % len(servers)))
            tell(f"  round {number + 1} of {rounds}: {done[-1].speed_ratio(FLOOR):.2f} of the floor")
    return done


def _prepare(sender: Sender, walks: Sequence[Walk], first: int, end: int) -> None:
    """The people of a round: most write at the same time, the last few one after another."""
    alone_from = end - min(ALONE, (end - first) // 4)
    sender.prepare("busy", Crowd(walks, first, alone_from), IN_FLIGHT)
    sender.prepare("alone", Crowd(walks, alone_from, end), 1)


def _round(sender: Sender, servers: Mapping[str, Running], *, first: int) -> Round:
    """One server after the other, each time another one first."""
    names = list(servers)
    return Round({name: _measured(sender, servers[name]) for name in names[first:] + names[:first]})


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
