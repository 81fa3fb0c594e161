"""`python -m bench.sending`: how many messages one sender process hands over in a second.

The whole sender with its threads, store and rates (set so high that they never hold), against a fake inside the process
and against one over HTTP in a process of its own. The floor is the same client of Twilio's SDK, with as many threads, that
posts the same messages and does nothing else: what the outbox costs is what lies between.
"""

from __future__ import annotations

import argparse
import multiprocessing
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from statistics import median

from twilio.http import HttpClient

from bot.inbound import Channel
from tests.fake_twilio import FakeTwilio, LocalHttpClient, Twilio, serving
from webhook.embedded import EmbeddedServer
from webhook.keys import Keys
from webhook.observe import set_up_logging
from webhook.outbox.counting import SenderMetrics
from webhook.outbox.dispatch import Parts
from webhook.outbox.entries import Entry, Kind, new_id, write
from webhook.outbox.outcomes import Came
from webhook.outbox.provider import Provider
from webhook.outbox.sender import THREADS, Chore, Sender
from webhook.outbox.store import Outbox
from webhook.settings import CHECKOUT, Environment, Sending, Settings
from webhook.store.connection import Connection

SECRET = "an invented secret for measurements only"
UNLIMITED = Sending(sms_per_s=1e6, whatsapp_per_s=1e6, daily_usd=1e6)
TEXT = "An advisor of the hub: yes, you can ask for the card at the office on the bridge. Bring your passport."
USUAL = (100, 10, 5)
QUICK = (20, 3, 1)
INSIDE, OVER_HTTP = "inside the process", "over HTTP"


@dataclass(frozen=True, slots=True)
class Rates:
    """Messages a second: of the whole sender, and of bare posts by the same client; CPU of the sender in µs a message."""

    sender: float
    floor: float
    cpu_us: float

    @property
    def ratio(self) -> float:
        return self.sender / self.floor


def measure(people: int, each: int, rounds: int, folder: Path) -> dict[str, list[Rates]]:
    """Rates for each fake, round by round, taking turns."""
    set_up_logging(production=True)
    found: dict[str, list[Rates]] = {INSIDE: [], OVER_HTTP: []}
    settings = Settings(
        environment=Environment.PRODUCTION,
        root=CHECKOUT,
        var=folder,
        models=folder,
        public_base_url="https://bot.example.org",
        account_sid=f"AC{1:032x}",
        auth_tokens=("an invented token",),
        secrets=(SECRET,),
        sms_from="+12025550142",
        sending=UNLIMITED,
    )
    with EmbeddedServer(folder / "store") as server, _fake_process() as address:
        _round(settings, FakeTwilio(Twilio()), server.url, 10, 3)  # what is only made once is made now
        for _ in range(rounds):
            for name, http in ((INSIDE, FakeTwilio(Twilio())), (OVER_HTTP, LocalHttpClient(address))):
                found[name].append(_round(settings, http, server.url, people, each))
    return found


def report(found: dict[str, list[Rates]], people: int, each: int) -> str:
    """The table: medians of the rounds."""
    lines = [
        f"{people * each:,} messages to {people} people, {THREADS} threads, {len(found[INSIDE])} rounds; medians",
        "",
        f"{'messages a second of one sender':<34}{'sender':>10}{'floor':>10}{'ratio':>8}{'CPU, µs a message':>20}",
    ]
    for name, rates in found.items():
        sender, floor, ratio, cpu_us = (
            median(of(each_) for each_ in rates)
            for of in (lambda it: it.sender, lambda it: it.floor, lambda it: it.ratio, lambda it: it.cpu_us)
        )
        lines.append(f"  fake {name:<27}{sender:>10,.0f}{floor:>10,.0f}{ratio:>8.2f}{cpu_us:>20,.0f}")
    return "\n".join(lines)


def _round(settings: Settings, http: HttpClient, store: str, people: int, each: int) -> Rates:
    connection, keys, provider = Connection(store), Keys(SECRET), Provider(settings, http)
    connection.command("FLUSHALL")
    entries = _fill(Outbox(connection), keys, people, each)
    floor = len(entries) / _seconds(lambda: _post_all(provider, entries))
    parts = Parts(connection, keys, provider, UNLIMITED, SenderMetrics())
    cpu_before = time.process_time()
    seconds = _seconds(lambda: _drain(parts))
    cpu_s = time.process_time() - cpu_before
    connection.close()
    return Rates(len(entries) / seconds, floor, cpu_s / len(entries) * 1e6)


def _fill(outbox: Outbox, keys: Keys, people: int, each: int) -> list[Entry]:
    """What waits: so many messages of so many people."""
    now_s, made = time.time(), []
    for number in range(people):
        address = f"+501610{number:04d}"
        person = keys.person_of("", address).key
        for _ in range(each):
            entry = Entry(new_id(person), Kind.ADVISOR, Channel.SMS, address, "+12025550142", TEXT, int(now_s))
            outbox.put(person, write(entry, keys), now_s)
            made.append(entry)
    return made


def _post_all(provider: Provider, entries: Sequence[Entry]) -> None:
    """The floor: bare posts by as many threads."""

    def post(mine: Sequence[Entry]) -> None:
        for entry in mine:
            if provider.send(entry).came is not Came.ACCEPTED:
                raise RuntimeError("the fake refused a message")

    threads = [threading.Thread(target=post, args=[entries[at::THREADS]]) for at in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _drain(parts: Parts) -> None:
    """Run a sender until nothing waits."""
    outbox = Outbox(parts.connection)

    def stop_when_done() -> None:
        if outbox.waiting(time.time())[0] == 0:
            sender.stop()

    sender = Sender(parts, chores=(Chore("done", 0.05, stop_when_done),))
    sender.run()


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@contextmanager
def _fake_process() -> Iterator[str]:
    """A fake over HTTP in a process of its own, so that it does not take the sender's time."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.close()
        process.join(5)


def _serve(pipe: Pipe) -> None:
    with serving(Twilio()) as address:
        pipe.send(address)
        try:
            pipe.recv()
        except EOFError:
            return


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.sending", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="some seconds, to see that it works")
    given = parser.parse_args()
    people, each, rounds = QUICK if given.quick else USUAL
    folder = Path(tempfile.mkdtemp(prefix="v-bench-", dir="/tmp"))  # short: a socket stands in it
    try:
        print(report(measure(people, each, rounds, folder), people, each))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
