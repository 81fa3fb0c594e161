"""A whole hub in one process by a clock that tests move: the real conversation, desk, sender and console over a real store.

Nothing runs by itself: `passes` lets time pass and does what a sender process does every few seconds.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

from werkzeug.test import TestResponse

from bot.actions.runner import Runner
from bot.inbound import Channel
from tests.advising_world import NOW_S
from tests.console_world import Browser, Clock, World, console_world
from tests.fake_twilio import FakeTwilio, Kept, Twilio
from tests.twilio_samples import message
from tests.webhook_world import SECRET, app_for, settings_for
from webhook.console.accounts import Account
from webhook.conversation import Conversation
from webhook.desk.desk import DeskService
from webhook.desk.inbox import TicketInbox
from webhook.desk.records import Ticket
from webhook.desk.sweeping import sweep
from webhook.keys import Keys
from webhook.observe import Metrics
from webhook.outbox.counting import SenderMetrics
from webhook.outbox.dispatch import Dispatcher, Parts
from webhook.outbox.provider import Provider
from webhook.outbox.store import Outbox
from webhook.settings import Sending
from webhook.store.connection import Connection
from webhook.store.sessions import SessionStore
from webhook.twilio_edge.inbound import read_inbound

WHATSAPP, SMS = "whatsapp:+12025550199", "+12025550142"
SWEEP_EVERY_S = 5
_ids = itertools.count(1)


@dataclass
class Hub:
    """Everything over one store. `changed` are settings that differ from the usual."""

    var: Path
    connection: Connection
    url: str
    changed: dict[str, Any] = field(default_factory=dict)
    clock: Clock = field(default_factory=lambda: Clock(NOW_S))

    def __post_init__(self) -> None:
        usual = {
            "sms_from": SMS,
            "whatsapp_from": WHATSAPP.removeprefix("whatsapp:"),
            "sending": Sending(sms_per_s=1e6),
        }
        changed = {**usual, **self.changed}
        self.keys = Keys(SECRET)
        self.console: World = console_world(self.var, self.url, clock=self.clock, **changed)
        holder = self.console.console.holder
        self.catalogue = holder.current
        self.desk = DeskService(self.connection, self.keys, holder, now=self.clock, clock=self.clock)
        self.conversation = Conversation(
            holder,
            SessionStore(self.connection, self.keys),
            Runner(report=lambda _action, _why: None),
            Metrics(),
            inbox=TicketInbox(self.desk, self.keys),
        )
        self.twilio = Twilio(self.clock)
        settings = settings_for(self.var, self.url, **changed)
        self.dispatcher = Dispatcher(
            Parts(
                connection=self.connection,
                keys=self.keys,
                provider=Provider(settings, FakeTwilio(self.twilio)),
                sending=settings.sending,
                metrics=SenderMetrics(),
                clock=self.clock,
                jitter=lambda: 1.0,
            )
        )

    def passes(self, seconds: float) -> None:
        """Do what a sender does, let time pass, and do it again."""
        self._works()
        self.clock.passes(seconds)
        self._works()

    def _works(self) -> None:
        sweep(self.desk, int(self.clock()))
        self.sends()

    def sends(self) -> None:
        """Send what is due now."""
        outbox = Outbox(self.connection)
        while any(self.dispatcher.dispatch(person) for person in outbox.due(self.clock(), 100)):
            pass
        assert self.twilio.faults == []

    def as_sent(self, text: str, language: str = "es") -> str:
        """An advisor's words as the phone gets them."""
        return self.catalogue.phrase("advisor_says", language, text=text).strip()

    def only_ticket(self) -> Ticket:
        """The one open ticket."""
        [ticket] = self.desk.open_tickets()
        return ticket

    def staff(self, name: str, role: str = "advisor", language: str = "en") -> Staff:
        """Somebody of the hub."""
        return Staff(self, self.console.account(role, name=name, language=language))

    def alarms(self) -> dict[str, float]:
        """The alarms as an operator's machinery sees them."""
        page = app_for(self.var, self.url).test_client().get("/metrics").text
        lines = [line for line in page.splitlines() if line.startswith("ventanilla_ticket_alarms{")]
        return {line.split('"')[1]: float(line.rsplit(" ", 1)[1]) for line in lines}


@dataclass
class Staff:
    """An advisor or supervisor. They log in for everything they do: the clock may have passed the end of any login."""

    hub: Hub
    account: Account

    def sees(self, path: str = "/advisor") -> str:
        """A page, as its text."""
        answer = self._browser().get(path)
        assert answer.status_code == 200, path
        return unescape(answer.text)

    def does(self, ticket: str, act: str, **form: str) -> TestResponse:
        """Something in a chat: take, reply, note, close …"""
        return self._browser().post(chat(ticket, act), form)

    def takes(self, ticket: str) -> int:
        return self.does(ticket, "take").status_code

    def writes(self, ticket: str, text: str) -> int:
        """Write to the person; the status of the answer."""
        return self.does(ticket, "reply", text=text, nonce=f"n{next(_ids)}").status_code

    def _browser(self) -> Browser:
        return self.hub.console.logged_in(account=self.account)


@dataclass
class Person:
    """Somebody with a telephone."""

    hub: Hub
    number: str = "+5016101234"
    channel: Channel = Channel.SMS

    @property
    def address(self) -> str:
        return f"whatsapp:{self.number}" if self.channel is Channel.WHATSAPP else self.number

    def says(self, text: str, **more: str) -> str | None:
        """Write something, a second later; what comes back at once."""
        self.hub.clock.passes(1)
        ours = WHATSAPP if self.channel is Channel.WHATSAPP else SMS
        form = message(text, number=self.number, id_=next(_ids), channel=self.channel.value, To=ours, **more)
        at = datetime.fromtimestamp(self.hub.clock(), UTC)
        received = read_inbound(list(form.items()), received_at=at, keys=self.hub.keys)
        return self.hub.conversation.take_turn(received, deadline=time.monotonic() + 30)

    def asks(self, *, word: str = "asesor", note: str = "") -> str:
        """Ask for an advisor and say yes, with a first note; what the yes was answered with."""
        asked = self.says(word)
        assert asked is not None
        told = self.says("1")
        assert told is not None
        self.says(note or "1")  # the note, or "skip"
        return told

    def got(self) -> list[Kept]:
        """What came by itself, oldest first."""
        return [each for each in self.hub.twilio.sent if each.to == self.address]

    def texts(self) -> list[str]:
        return [each.body for each in self.got()]


def chat(ticket: str, act: str = "") -> str:
    """The address of a chat in the console."""
    return f"/advisor/chat/{ticket}" + (f"/{act}" if act else "")
