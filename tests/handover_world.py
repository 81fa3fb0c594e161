"""A hub in a storm: people, advisors and a Twilio in this process; store, web server and senders beside it, to be killed.

People write through signed webhooks and write again where the bot says it has no memory just now. Advisors work at the
desk as the console does, and click again where nobody answered. Twilio loses answers, and tells its news doubled and in
any order. What is left in the end must be as if nothing of that had happened.
"""

from __future__ import annotations

import queue
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

from bot.handoff import TICKET_LENGTH, TICKET_LETTERS
from bot.inbound import Channel
from bot.loading import load_catalogue
from tests.fake_twilio import FAULT, TOO_MANY, Breaks, Ending, Kept, Request, Twilio, at_random, serving
from tests.server_world import SECRET, Server
from tests.twilio_samples import message, status_form
from webhook.desk.changing import Done
from webhook.desk.desk import DeskService
from webhook.desk.records import Stage, Ticket, Voice
from webhook.embedded import EmbeddedServer
from webhook.keys import Keys
from webhook.outbox.store import Outbox
from webhook.reload import CatalogueHolder
from webhook.settings import CHECKOUT
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown

ADVISORS, SENDERS = 10, 2
AT_ONCE = 40
CHANCES: dict[Ending, float] = {Breaks.LOST: 0.02, Breaks.SWALLOWED: 0.01, TOO_MANY: 0.02, FAULT: 0.01}
CASE_CODE = re.compile(rf"\b[{TICKET_LETTERS}]{{{TICKET_LENGTH}}}\b")
KEYS = Keys(SECRET)
OURS = {Channel.SMS: "+12025550142", Channel.WHATSAPP: "whatsapp:+12025550199"}


@dataclass(frozen=True)
class Size:
    """How large a storm is. `kills` of web and senders in turn; the store is restarted once, half-way."""

    chats: int
    messages: int
    kills: int
    patience_s: float
    seed: int = 4


@dataclass
class Chat:
    """One person, and what came of their messages: `unsure` says how often a message was answered without memory."""

    number: int
    unsure: dict[str, int] = field(default_factory=dict)
    closed: threading.Event = field(default_factory=threading.Event)

    @property
    def channel(self) -> Channel:
        return Channel.WHATSAPP if self.number % 2 else Channel.SMS

    @property
    def phone(self) -> str:
        return f"+501610{self.number:04d}"

    @property
    def address(self) -> str:
        return f"whatsapp:{self.phone}" if self.channel is Channel.WHATSAPP else self.phone

    @property
    def language(self) -> str:
        return "es" if self.number % 3 else "en"

    @property
    def person(self) -> str:
        return KEYS.person_of("", self.phone).key

    def says(self, at: int) -> str:
        """Something no bot answers."""
        return f"qwrtpl {self.number}-{at} zzyzx"

    def hears(self, at: int) -> str:
        """What the advisors write to them."""
        return f"{self.number}-{at}: bring the paper"


class UnsureTwilio(Twilio):
    """Loses answers, and never lists some of the messages whose answer was lost. Its news wait in `news`."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.choose = at_random(seed, CHANCES)
        self.dice = random.Random(seed)
        self.broken: set[str] = set()  # entries whose outcome was unknown once: the next request is answered
        self.unlisted: set[str] = set()
        self.news: queue.Queue[tuple[Kept, str] | None] = queue.Queue()

    def _create(self, request: Request) -> tuple[int, dict[str, Any]] | Breaks:
        entry = Kept("", "", "", "", 0.0, callback=request.data.get("StatusCallback", "")).entry
        if entry in self.broken:
            self.script.append(None)
        known = len(self.messages)
        answer = super()._create(request)
        made = self.messages[known:]
        if isinstance(answer, Breaks) or answer[0] >= 500:
            self.broken.add(entry)
        if isinstance(answer, Breaks) and made and self.dice.random() < 0.5:
            self.unlisted.add(made[0].sid)
            return answer
        for each in made:
            self._tell(each)
        return answer

    def _is_asked_for(self, message: Kept, params: Any) -> bool:  # type: ignore[override]  # needs what is hidden
        return message.sid not in self.unlisted and super()._is_asked_for(message, params)

    def _tell(self, made: Kept) -> None:
        """News of a message, out of order and now and then twice."""
        news = ["sent", "delivered"] if self.dice.random() < 0.3 else ["delivered"]
        news += news[:1] if self.dice.random() < 0.2 else []
        self.dice.shuffle(news)
        for status in news:
            self.news.put((made, status))


class Hub:
    """Store, web server and senders, each in a process of its own."""

    def __init__(self, folder: Path, twilio: str) -> None:
        self.store = EmbeddedServer(folder / "store")
        self.store.start()
        self.web = Server(folder / "web", "--workers", "2", environ=self._limits())
        self._twilio = twilio
        self._log = folder / "senders.log"
        self._senders: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        self.web.start()
        for _ in range(SENDERS):
            self.start_sender()

    def start_sender(self) -> None:
        command = [sys.executable, "-m", "tests.handover_child", self._twilio]
        with self._log.open("ab") as log:
            self._senders.append(
                subprocess.Popen(command, cwd=CHECKOUT, env=self.web.environ(), stdout=log, stderr=log)
            )

    def kill_web(self) -> None:
        self.web.kill()
        self.web.start()

    def kill_sender(self) -> None:
        oldest = self._senders.pop(0)
        oldest.send_signal(signal.SIGKILL)
        oldest.wait()
        self.start_sender()

    def stop(self) -> None:
        for sender in self._senders:
            sender.send_signal(signal.SIGTERM)
        for sender in self._senders:
            try:
                sender.wait(20)
            except subprocess.TimeoutExpired:
                sender.kill()
                sender.wait()
        self.web.stop()
        self.store.stop()

    @property
    def log(self) -> str:
        """What web server and senders have said."""
        files = (self.web.var / "server.log", self._log)
        return "\n".join(file.read_text(errors="replace") for file in files if file.exists())

    def _limits(self) -> dict[str, str]:
        limits = ("VENTANILLA_SMS_PER_S", "VENTANILLA_WHATSAPP_PER_S", "VENTANILLA_DAILY_USD")
        return {"REDIS_URL": self.store.url, **dict.fromkeys(limits, "1000000")}


@dataclass
class Storm:
    """Everything together."""

    size: Size
    hub: Hub
    twilio: UnsureTwilio
    chats: list[Chat]
    dice: random.Random
    store_was_away: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    faults: list[BaseException] = field(default_factory=list)
    killed: dict[str, int] = field(default_factory=lambda: {"web": 0, "sender": 0, "store": 0})
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self._holder = CatalogueHolder(load_catalogue(CHECKOUT, show_unconfirmed=True))
        self._by_person = {chat.person: chat for chat in self.chats}
        self._outbox = Outbox(Connection(self.hub.store.url))
        self._closing: set[str] = set()
        self._ids = iter(range(1, 10**9))
        self._ids_lock = threading.Lock()
        self._ends_at = time.monotonic() + self.size.patience_s
        menu = {self._holder.current.phrase("word_menu", language) for language in self._holder.current.languages}
        self._menu_words = menu

    @property
    def whole(self) -> int:
        """How many messages go out: the advisors', and that each talk has ended."""
        return self.size.chats * (self.size.messages + 1)

    def desk(self) -> DeskService:
        """A desk as one console process has it."""
        return DeskService(Connection(self.hub.store.url), KEYS, self._holder)

    def rage(self) -> None:
        """All chats from their first message to their last, through everything that happens meanwhile."""
        began = time.monotonic()
        helpers = [threading.Thread(target=self._guarded, args=[self._advise, at]) for at in range(ADVISORS)]
        helpers += [threading.Thread(target=self._guarded, args=[self._tell_news]) for _ in range(3)]
        helpers.append(threading.Thread(target=self._guarded, args=[self._kill]))
        for helper in helpers:
            helper.start()
        try:
            with ThreadPoolExecutor(min(AT_ONCE, self.size.chats)) as crowd:
                list(crowd.map(lambda chat: self._guarded(self._person, chat), self.chats))
            self.until(lambda: not self._waits(), "the outbox is empty")
            helpers[-1].join(self.size.patience_s)
        finally:
            self.over.set()
            for _ in range(3):
                self.twilio.news.put(None)
            for helper in helpers:
                helper.join(60)
            self.seconds = time.monotonic() - began
        if self.faults:
            raise self.faults[0]

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for something to become true."""
        while not holds():
            if self.faults:
                raise self.faults[0]
            assert time.monotonic() < self._ends_at, f"waited in vain: {what}\n{self.hub.log[-3000:]}"
            time.sleep(0.05)

    def _guarded(self, work: Callable[..., None], *args: Any) -> None:
        """A thread that fails must not be missed."""
        try:
            work(*args)
        except BaseException as fault:
            self.faults.append(fault)

    def _waits(self) -> bool:
        try:
            return self._outbox.waiting(time.time())[0] > 0
        except StoreDown:
            return True

    # --- the person --------------------------------------------------------------------------------------------------

    def _person(self, chat: Chat) -> None:
        while not CASE_CODE.search(self._say(chat, "asesor" if chat.language == "es" else "advisor") or ""):
            if CASE_CODE.search(self._say(chat, "1") or ""):
                break
        for at in range(1, self.size.messages + 1):
            text = chat.says(at)
            chat.unsure[text] = 0
            while self._is_forgetful(self._say(chat, text)):
                chat.unsure[text] += 1
        self.until(chat.closed.is_set, f"chat {chat.number} ends")

    def _say(self, chat: Chat, text: str) -> str | None:
        """One message, delivered as Twilio does, however long nobody answers."""
        with self._ids_lock:
            id_ = next(self._ids)
        form = message(text, number=chat.phone, id_=id_, channel=chat.channel.value, To=OURS[chat.channel])
        self.until(lambda: not self.faults, "all is well")
        return self.hub.web.deliver(form, patience_s=max(1.0, self._ends_at - time.monotonic()))

    def _is_forgetful(self, reply: str | None) -> bool:
        """Whether it was given while the store was away: its choices are words, MENU the last of them (design §3)."""
        last = (reply or "").rstrip().rpartition("\n")[2].removeprefix("- ")
        return last in self._menu_words

    # --- the advisors ------------------------------------------------------------------------------------------------

    def _advise(self, number: int) -> None:
        desk, user, dice = self.desk(), f"advisor{number}", random.Random(self.size.seed * 100 + number)
        while not self.over.is_set():
            try:
                tickets = desk.open_tickets()
                for person in self._closing - {ticket.person for ticket in tickets}:
                    self._by_person[person].closed.set()
                busy = [self._serve(desk, user, dice, ticket) for ticket in tickets]
                if not any(busy):
                    self.over.wait(0.05)
            except StoreDown:
                self.store_was_away.set()
                self.over.wait(0.1)

    def _serve(self, desk: DeskService, user: str, dice: random.Random, ticket: Ticket) -> bool:
        """One step in a chat, if it is ours or nobody's."""
        if ticket.stage is Stage.WAITING:
            return desk.take(ticket.id, user).is_done
        if ticket.advisor != user:
            return False
        chat, said = self._by_person[ticket.person], desk.messages(ticket.id)
        written = sum(one.voice is Voice.ADVISOR for one in said)
        if written < self.size.messages:
            self._reply(desk, user, ticket, chat.hears(written + 1), f"n{written + 1}", twice=dice.random() < 0.1)
            if written == 2 and chat.number % 7 == 0:
                desk.transfer(ticket.id, user, f"advisor{dice.randrange(ADVISORS)}")
            return True
        if len({one.text for one in said if one.voice is Voice.PERSON}) == self.size.messages:
            self._closing.add(ticket.person)
            desk.close(ticket.id, user, "helped")
            return True
        return False

    @staticmethod
    def _reply(desk: DeskService, user: str, ticket: Ticket, text: str, nonce: str, *, twice: bool) -> None:
        """Sent once, however often it is clicked."""
        for _ in range(2 if twice else 1):
            done = desk.reply(ticket.id, user, text, nonce)
            assert done.is_done or done in (Done.STORE_DOWN, Done.NOT_YOURS, Done.BUSY), done

    # --- what goes wrong ---------------------------------------------------------------------------------------------

    def _kill(self) -> None:
        """Kill web and sender in turn, whenever so many messages have gone out; in the middle the store goes away."""
        moments = sorted(self.dice.sample(range(self.whole // 20, self.whole * 9 // 10), self.size.kills))
        for at, moment in enumerate(moments):
            self.until(lambda moment=moment: len(self.twilio.sent) >= moment, "messages go out")  # type: ignore[misc]
            name = ("web", "sender")[at % 2]
            (self.hub.kill_web if name == "web" else self.hub.kill_sender)()
            self.killed[name] += 1
            if at == self.size.kills // 2:
                self.hub.store.stop()
                self.until(self.store_was_away.is_set, "somebody notices")
                self.hub.store.start()
                self.killed["store"] += 1

    def _tell_news(self) -> None:
        """Deliver Twilio's news. What cannot be delivered now is tried a few times, and then lost."""
        while (news := self.twilio.news.get()) is not None:
            made, status = news
            form = status_form("sms delivered", MessageSid=made.sid, MessageStatus=status, SmsStatus=status)
            path = made.callback.removeprefix(self.hub.web.base_url)
            for _ in range(3):
                with suppress(OSError, HTTPException):
                    self.hub.web.post(form, path)
                    break
                self.over.wait(0.2)


@contextmanager
def storm(folder: Path, size: Size) -> Iterator[Storm]:
    """A storm that is ready to begin."""
    twilio = UnsureTwilio(size.seed)
    with serving(twilio) as address:
        hub = Hub(folder, address)
        try:
            hub.start()
            yield Storm(size, hub, twilio, [Chat(number) for number in range(size.chats)], random.Random(size.seed))
        finally:
            hub.stop()


__all__ = ["Chat", "Size", "Storm", "storm"]
