"""`python -m bench.handover`: five hundred talks of twenty messages each way while everything is killed again and again.

The same storm as in `tests/test_handover_resilience.py`, at full size. It fails at the first message that is lost, out of
order, or doubled without saying so; else it prints what happened.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from tests.handover_truth import Found, hold
from tests.handover_world import Size, storm


def report(size: Size, found: Found) -> str:
    """The figures as a table."""
    killed = ", ".join(f"{name} {times}" for name, times in found.killed.items())
    lines = [
        f"{size.chats:,} talks, {size.messages} messages each way, killed or restarted: {killed}",
        "",
        f"  {'messages of people, all in their tickets and in order':<62}{found.inbound:>8,}",
        f"  {'messages to people: delivered in order, or told as below':<62}{found.outbound:>8,}",
        f"  {'of these marked “may be double”':<62}{found.marked:>8,}",
        f"  {'of these really double':<62}{found.doubled:>8,}",
        f"  {'told the advisor as “nobody knows whether it arrived”':<62}{found.told_as_lost:>8,}",
        f"  {'answered “write again” while the store was away':<62}{found.repeated_by_people:>8,}",
        f"  {'seconds':<62}{found.seconds:>8,.0f}",
        f"  {'messages a second, both ways, on this machine':<62}{found.per_second:>8,.0f}",
    ]
    return "\n".join(lines)


def main() -> None:
    """Let the storm rage, look at what is left, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.handover", description=__doc__)
    parser.add_argument("--chats", type=int, default=500)
    parser.add_argument(
        "--messages", type=int, default=20, help="of the advisors in each talk, and as many of the person"
    )
    parser.add_argument("--kills", type=int, default=10, help="how often web server and sender are killed, in turn")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--patience", type=float, default=3600.0, help="give up after so many seconds")
    given = parser.parse_args()
    size = Size(given.chats, given.messages, given.kills, given.patience, given.seed)
    folder = Path(tempfile.mkdtemp(prefix="v-bench-", dir="/tmp"))  # short: a socket stands in it
    try:
        with storm(folder, size) as raging:
            raging.rage()
            found = hold(raging)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(report(size, found))


if __name__ == "__main__":
    main()
