"""The table."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from statistics import median

from bench.memory import Sizes
from bench.rounds import FLOOR, IN_FLIGHT, LEAN, OURS, Measured, Round
from bench.starting import Start
from bench.walks import Walk, mix_of

SPEED_TARGET = 0.6
SESSION_TARGET_BYTES = 400
LOAD_TARGET_S = 1.0
FIRST_TARGET_S = 2.0


def crowd(walks: Sequence[Walk], people: int) -> str:
    """Who writes what."""
    mix = ", ".join(f"{share:.0%} {kind}" for kind, share in mix_of(walks).items() if share >= 0.005)
    length = sum(len(walk.texts) for walk in walks) / len(walks)
    return f"{people:,} people write {length:.1f} messages each, on {len(walks)} different walks: {mix}."


def speed(rounds: Sequence[Round]) -> str:
    """The servers side by side."""
    names = list(rounds[0].measured)
    messages = sum(len(round_.measured[OURS].busy.micros) for round_ in rounds)
    lines = [
        "",
        f"Python {platform.python_version()}; {os.cpu_count()} cores, shared by workers, store and sender. "
        f"{messages:,} messages to each server, in {len(rounds)} rounds by turns; medians of the rounds.",
        "",
        _row("", *names),
        _row("-" * 34, *("-" * 12 for _ in names)),
    ]
    for title, of in _ROWS:
        lines.append(_row(title, *(_number(median(of(round_.measured[name]) for round_ in rounds)) for name in names)))
    lines.append("")
    for floor in (FLOOR, LEAN):
        lines += [
            f"RATIO to the {floor}, messages a second:  {median(it.speed_ratio(floor) for it in rounds):.2f}"
            f"   ({_spread([it.speed_ratio(floor) for it in rounds])})",
            f"      to the {floor}, CPU of the workers: {median(it.cpu_ratio(floor) for it in rounds):.2f}",
        ]
    refused = sum(
        measured.busy.refused + measured.alone.refused for round_ in rounds for measured in round_.measured.values()
    )
    return "\n".join([*lines, f"target: at least {SPEED_TARGET} of the floor. Answers that were not 200: {refused}"])


def the_rest(
    sizes: Sizes, sessions: int, loaded_s: float, made_s: float, starts: Mapping[str, Sequence[Start]]
) -> str:  # fmt: skip
    """Memory and the start."""
    lines = [
        "",
        f"memory of a session, of {sessions:,}:  {sizes.session:.0f} bytes   (target at most {SESSION_TARGET_BYTES}; "
        f"{sizes.session_text:.0f} of them are its text)",
        f"  besides: preferences {sizes.prefs:.0f} a person, number and user id {sizes.alias:.0f} a person on WhatsApp, "
        f"seen mark {sizes.seen_mark:.0f} a message",
        f"catalogue loaded in {loaded_s:.2f} s   (target {LOAD_TARGET_S:g}; {made_s:.2f} s more for what first turns need)",
        *(_first_answers(command, done) for command, done in starts.items()),
        *(_parts(done) for done in starts.values() if done[0].memory_mb),
    ]
    return "\n".join(lines)


def _first_answers(command: str, starts: Sequence[Start]) -> str:
    seconds = [start.first_s for start in starts]
    return (
        f"first answer after `ventanilla {command}`: {min(seconds):.2f} s   "
        f"(best of {len(seconds)} starts, worst {max(seconds):.2f}; target {FIRST_TARGET_S:g})"
    )


def _parts(starts: Sequence[Start]) -> str:
    """How long until web server, sender and console answer, and what their processes take."""
    seconds = [start.all_s for start in starts]
    memory = starts[-1].memory_mb
    each = ", ".join(f"{kind} {size:.0f}" for kind, size in memory.items())
    return (
        f"all parts of `ventanilla run` answer after {min(seconds):.2f} s   (worst {max(seconds):.2f})\n"
        f"memory of `ventanilla run` (PSS): {sum(memory.values()):.0f} MB   ({each})"
    )


def _spread(ratios: Sequence[float]) -> str:
    """Where half of the rounds lie: on a quiet machine close together."""
    ordered = sorted(ratios)
    return f"half of the rounds lie between {ordered[len(ordered) // 4]:.2f} and {ordered[3 * len(ordered) // 4]:.2f}"


def _row(*cells: str) -> str:
    first, *others = cells
    return f"{first:<34}" + "".join(f"{cell:>14}" for cell in others)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


_ROWS: tuple[tuple[str, Callable[[Measured], float]], ...] = (
    (f"messages a second ({IN_FLIGHT} at a time)", lambda it: it.busy.per_second),
    ("  p50, ms", lambda it: it.busy.percentile_ms(50)),
    ("  p95, ms", lambda it: it.busy.percentile_ms(95)),
    ("  p99, ms", lambda it: it.busy.percentile_ms(99)),
    ("one message at a time: p50, ms", lambda it: it.alone.percentile_ms(50)),
    ("  p95, ms", lambda it: it.alone.percentile_ms(95)),
    ("  p99, ms", lambda it: it.alone.percentile_ms(99)),
    ("CPU of the workers, µs a message", lambda it: it.worker_us),
    ("CPU of the store, µs a message", lambda it: it.store_us),
    ("CPU of the sender, µs a message", lambda it: it.busy.cpu_s / len(it.busy.micros) * 1e6),
    ("memory of a worker (PSS), MB", lambda it: it.memory_mb),
)
