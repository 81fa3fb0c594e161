"""`python -m bench.console`: what the console costs while fifty advisors have it open.

A real `ventanilla console` with one worker. Each advisor has a chat open, whose page asks for the lists and for that chat
at its own rate, while people write and advisors answer. The floor is the smallest page of somebody logged in, asked for as
often: what polling costs beside it is what lies between.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import median

from bench import servers
from bench.advisors import NOT_CHANGED, Advisor, Answers, look
from bench.servers import Running, environment, running
from bot.catalogue import Catalogue
from bot.inbound import Channel
from bot.loading import load_catalogue
from tests.advising_world import Moment, People
from webhook.console.accounts import Accounts, Role
from webhook.console.logins import Logins
from webhook.desk.desk import DeskService
from webhook.desk.records import Voice
from webhook.embedded import EmbeddedServer
from webhook.keys import Keys
from webhook.observe import set_up_logging
from webhook.outbox.deliveries import Deliveries
from webhook.reload import CatalogueHolder
from webhook.settings import CHECKOUT
from webhook.store.connection import Connection
from webhook.twilio_edge.status import Receipt, Status

CONSOLE = ("-m", "webhook.cli", "console")
FLOOR_PATH = "/"
"""Nothing but the login is looked up, and the browser is told where its page is."""

ADVISORS, TICKETS, TALKING, MESSAGES = 50, 40, 30, 20
CHANGES_PER_S = 2.0
TABS = ("waiting", "waiting", "waiting", "mine", "all")
PERSON_SAYS = "Me pidieron una copia del pasaporte y no sé si la que tengo sirve, porque está en blanco y negro."
ADVISOR_SAYS = "Sí sirve, si se leen bien el número y la fecha. Lleva también el original y dos fotos."
USUAL = (3, 10.0)
QUICK = (1, 2.0)


@dataclass(frozen=True, slots=True)
class Used:
    """One server in one round: its answers, and the share of a core that its worker and the store took."""

    answers: Answers
    per_s: float
    worker: float
    store: float


@dataclass(frozen=True, slots=True)
class Round:
    """The pages, and the floor with as many questions."""

    pages: Used
    floor: Used
    memory_mb: float

    @property
    def ratio(self) -> float:
        """How much more of the worker a page's question takes than one of the floor."""
        return (self.pages.worker / self.pages.per_s) / max(self.floor.worker / self.floor.per_s, 1e-9)


@dataclass
class Hub:
    """Everything in the store: people who have asked, and the advisors who are logged in."""

    connection: Connection
    keys: Keys
    catalogue: Catalogue
    clock: Moment = field(default_factory=lambda: Moment(time.time() - 3000))
    tickets: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    advisors: list[Advisor] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.people = People(self.connection, self.keys, self.catalogue.codes, self.clock)
        self.desk = DeskService(self.connection, self.keys, CatalogueHolder(self.catalogue), now=self.clock)
        self.deliveries = Deliveries(self.connection)

    def fill(self) -> None:
        """Accounts with a login, and tickets with messages both ways."""
        accounts = Accounts(self.connection, self.keys, time.time)
        logins = Logins(self.connection, self.keys, time.time)
        made = [
            accounts.add(f"a{number}@example.org", Role.ADVISOR, language=("es", "en")[number % 2])
            for number in range(ADVISORS)
        ]
        self.users = [account.id for account in made]
        for number in range(TICKETS):
            self._talk(number)
        for number, (account, tab) in enumerate(zip(made, cycle(TABS), strict=False)):
            chat = self.tickets[number % TICKETS]
            self.advisors.append(Advisor(logins.begin(account), chat, tab, is_theirs=number < TALKING))
        self.clock.at_s = time.time()

    def says(self, ticket: str) -> None:
        """A person writes now."""
        self.clock.at_s = time.time()
        self.people.writes(ticket, PERSON_SAYS)

    def delivers(self, ticket: str) -> None:
        """The last message of an advisor is taken by the provider, and arrives."""
        entries = [message.entry for message in self.desk.messages(ticket) if message.voice is Voice.ADVISOR]
        if entries:
            self._deliver(entries[-1])

    def _talk(self, number: int) -> None:
        channel = (Channel.WHATSAPP, Channel.SMS)[number % 3 == 2]
        language = ("es", "en")[number % 3 == 1]
        danger = "certain" if number % 10 == 9 else ""
        telephone = f"+52983100{number:04d}"
        ticket = self.people.asks(telephone, channel, language=language, danger=danger, note=PERSON_SAYS)
        self.tickets.append(ticket)
        if number < TALKING:
            self.desk.take(ticket, self.users[number])
        is_taken = number < TALKING
        for said in range(MESSAGES - (2 if is_taken else 1)):  # the first note, and that it was taken, are there
            if said % 2 and is_taken:
                self.desk.reply(ticket, self.users[number], ADVISOR_SAYS, f"n{said}")
                self.delivers(ticket)
            else:
                self.people.writes(ticket, PERSON_SAYS)

    def _deliver(self, entry: str) -> None:
        sid = f"SM{abs(hash(entry)):032x}"
        self.deliveries.accepted(entry, sid, "")
        for status in (Status.SENT, Status.DELIVERED):
            self.deliveries.receive(entry, Receipt(sid, status))


def measure(rounds: int, seconds: float, folder: Path) -> list[Round]:
    """The pages and the floor, taking turns."""
    set_up_logging(production=True)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = Keys(environment(folder)["VENTANILLA_SECRET"])
    with EmbeddedServer(folder / "store") as store:
        hub = Hub(Connection(store.url), keys, load_catalogue(CHECKOUT, show_unconfirmed=False))
        hub.fill()
        with running(CONSOLE, folder / "console", workers=1, REDIS_URL=store.url) as console:
            return asyncio.run(_measure(hub, console, _pid_of(store), rounds, seconds))


async def _measure(hub: Hub, console: Running, store: int, rounds: int, seconds: float) -> list[Round]:
    for advisor in hub.advisors:
        await advisor.open(console.port)
    await look(hub.advisors, 2.0, Answers())  # what is only made once is made now
    done: list[Round] = []
    for _ in range(rounds):
        floor = await _used(hub, console, store, seconds, FLOOR_PATH)
        pages = await _used(hub, console, store, seconds)
        done.append(Round(pages, floor, console.memory_mb()))
    for advisor in hub.advisors:
        advisor.close()
    return done


async def _used(hub: Hub, console: Running, store: int, seconds: float, path: str = "") -> Used:
    answers = Answers()
    worker_s, store_s, started = console.usage().workers_s, servers.cpu_s(store), time.perf_counter()
    changing = None if path else asyncio.create_task(_change(hub))
    await look(hub.advisors, seconds, answers, path)
    if changing is not None:
        changing.cancel()
        await asyncio.gather(changing, return_exceptions=True)
    lasted = time.perf_counter() - started
    return Used(
        answers,
        per_s=len(answers.seconds) / lasted,
        worker=(console.usage().workers_s - worker_s) / lasted,
        store=(servers.cpu_s(store) - store_s) / lasted,
    )


async def _change(hub: Hub) -> None:
    """By turns a person writes and an advisor answers; the answer arrives."""
    for number, advisor in enumerate(cycle([advisor for advisor in hub.advisors if advisor.is_theirs])):
        other = hub.tickets[(number + TICKETS // 2) % TICKETS]
        await asyncio.to_thread(hub.says, other)
        await asyncio.sleep(1 / CHANGES_PER_S)
        if await advisor.write(ADVISOR_SAYS, f"w{time.time_ns()}") != 200:
            raise RuntimeError("an answer was refused")
        await asyncio.sleep(1 / CHANGES_PER_S)
        await asyncio.to_thread(hub.delivers, advisor.chat)


def _pid_of(store: EmbeddedServer) -> int:
    return int(Connection(store.url).command("INFO", "server")["process_id"])


def report(rounds: list[Round]) -> str:
    """The table: medians of the rounds, waiting times of all."""
    pages, floor = _joined([it.pages for it in rounds]), _joined([it.floor for it in rounds])
    answered = sum(pages.statuses.values())
    unchanged = pages.statuses[NOT_CHANGED] / answered
    wrong = answered - pages.statuses[200] - pages.statuses[NOT_CHANGED]
    ratios = sorted(it.ratio for it in rounds)
    rows = [
        ("questions a second", *(f"{median(it.per_s for it in each):,.1f}" for each in _both(rounds))),
        ("CPU of the console, of a core", *(f"{median(it.worker for it in each):.1%}" for each in _both(rounds))),
        ("CPU of the store, of a core", *(f"{median(it.store for it in each):.1%}" for each in _both(rounds))),
        *(
            (f"p{percent}, ms", f"{pages.percentile_ms(percent):.1f}", f"{floor.percentile_ms(percent):.1f}")
            for percent in (50, 95, 99)
        ),
    ]
    return "\n".join(
        [
            f"{ADVISORS} advisors with a chat open, {TICKETS} open tickets of {MESSAGES} messages and more, "
            f"{CHANGES_PER_S:g} messages a second; {len(rounds)} rounds; medians",
            "",
            f"{'':<34}{'pages':>12}{'floor':>12}",
            *(f"{title:<34}{ours:>12}{theirs:>12}" for title, ours, theirs in rows),
            "",
            f"CPU of a page's question over one of the floor: {median(ratios):.2f} (from {ratios[0]:.2f} to {ratios[-1]:.2f})",
            f"answered with nothing new (304): {unchanged:.0%} of {answered:,}; neither 200 nor 304: {wrong}",
            f"memory of the console's worker (PSS): {median(it.memory_mb for it in rounds):.0f} MB",
        ]
    )


def _both(rounds: list[Round]) -> tuple[list[Used], list[Used]]:
    return [it.pages for it in rounds], [it.floor for it in rounds]


def _joined(used: list[Used]) -> Answers:
    joined = Answers()
    for each in used:
        joined.seconds += each.answers.seconds
        joined.statuses += each.answers.statuses
    return joined


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.console", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="some seconds, to see that it works")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="v-bench-", dir="/tmp"))  # short: a socket stands in it
    try:
        print(report(measure(*(QUICK if given.quick else USUAL), folder)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
