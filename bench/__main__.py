"""`python -m bench`: everything, in some five minutes. `--quick`: a smoke run whose numbers mean little."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from bench import console, memory, report, sending, servers, starting
from bench.rounds import FLOOR, LEAN, OURS, alternate
from bench.servers import running
from bench.walks import make_walks
from bot.loading import load_catalogue
from webhook.settings import CHECKOUT


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="some 20 seconds, to see that it works")
    parser.add_argument("--people", type=int, help="how many people write (10,000)")
    parser.add_argument("--rounds", type=int, help="into how many rounds they are shared out (24)")
    parser.add_argument("--sessions", type=int, help="how many sessions the memory is measured with (200,000)")
    parser.add_argument("--workers", type=int, help="processes of each server; one for each core by default")
    given = parser.parse_args()
    people = given.people or (400 if given.quick else 10_000)
    rounds = given.rounds or (3 if given.quick else 24)
    starts = 1 if given.quick else 3
    sessions = given.sessions or (5_000 if given.quick else 200_000)

    folder = Path(tempfile.mkdtemp(prefix="v-bench-", dir="/tmp"))  # short: sockets stand in it
    try:
        catalogue = load_catalogue(CHECKOUT, show_unconfirmed=False)
        walks = make_walks(catalogue, min(people, 400))
        tell(report.crowd(walks, people))
        sizes = memory.measure(walks, catalogue.codes, sessions, folder / "memory")
        loaded_s, made_s = starting.catalogue_load_s()
        started_up = {
            command: [starting.start(command, folder / f"{command}-{again}") for again in range(starts)]
            for command in ("web", "run")
        }
        with (
            running(servers.VENTANILLA, folder / "ours", workers=given.workers) as ours,
            running(servers.FLOOR, folder / "floor", workers=given.workers) as floor,
            running(servers.LEAN, folder / "lean", workers=given.workers) as lean,
        ):
            started = {OURS: ours, FLOOR: floor, LEAN: lean}
            done = alternate(started, walks, people=people, rounds=rounds, tell=tell)
        sent = sending.measure(*(sending.QUICK if given.quick else sending.USUAL), folder / "sending")
        polled = console.measure(*(console.QUICK if given.quick else console.USUAL), folder / "console")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(report.speed(done))
    print(report.the_rest(sizes, sessions, loaded_s, made_s, started_up))
    print("\n" + sending.report(sent, *(sending.QUICK if given.quick else sending.USUAL)[:2]))
    print("\n" + console.report(polled))


def tell(line: str) -> None:
    """Say how far it is, beside the table and not in it."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
