"""What polling costs: a page asks every second or two, so what has not changed is neither opened nor drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.advising_world import Hub, hub_over
from tests.console_world import Browser
from webhook.console.advising import CLOCK_S
from webhook.desk import tickets
from webhook.desk.records import Message
from webhook.desk.tickets import LISTED_FOR_S, Tickets
from webhook.embedded import EmbeddedServer
from webhook.keys import Keys
from webhook.outbox.deliveries import Deliveries
from webhook.store.connection import Connection
from webhook.store.keyspace import PREFIXES, ticket_key
from webhook.twilio_edge.status import Receipt, Status

NUMBER = "+5015550101"
MINUTE_S = 60


@pytest.fixture
def hub(tmp_path: Path, valkey_server: EmbeddedServer, connection: Connection) -> Hub:
    return hub_over(tmp_path, valkey_server.url, connection)


def now_of(ticket: str) -> str:
    return f"/advisor/chat/{ticket}/now"


def tag(browser: Browser, path: str) -> str:
    """The tag of what a page shows now."""
    return str(browser.get(path).headers["ETag"])


def is_new(browser: Browser, path: str, known: str) -> bool:
    """Whether a poll brings something to whoever has what that tag names."""
    answer = browser.get(path, {"If-None-Match": known})
    assert answer.status_code in (200, 304)
    assert (answer.status_code == 304) == (answer.data == b"")
    return answer.status_code == 200


def taken(hub: Hub, ana: Browser) -> str:
    """A chat that Ana has, with one answer of hers."""
    ticket = hub.people.asks(NUMBER)
    assert ana.account
    assert hub.desk.take(ticket, ana.account.id).is_done
    assert hub.desk.reply(ticket, ana.account.id, "Hola", "nonce-1").is_done
    return ticket


def test_a_poll_of_an_unchanged_chat_opens_no_message(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty open chats ask a thousand times in half a minute. Almost all of that brings nothing."""
    ana = hub.advisor()
    ticket = taken(hub, ana)
    known = tag(ana, now_of(ticket))
    opened: list[str] = []
    really = tickets.open_message

    def counted(sealed: bytes, of: str, keys: Keys) -> Message:
        opened.append(of)
        return really(sealed, of, keys)

    monkeypatch.setattr(tickets, "open_message", counted)
    assert not is_new(ana, now_of(ticket), known)
    assert opened == []
    hub.people.writes(ticket, "¿Sigues ahí?")
    assert is_new(ana, now_of(ticket), known)
    assert opened


def test_every_word_and_every_receipt_is_new(hub: Hub) -> None:
    """What an advisor does not see, a person waits for in vain."""
    ana = hub.advisor()
    ticket = taken(hub, ana)
    assert ana.account
    user = ana.account.id
    (entry,) = hub.people.outgoing(ticket)
    deliveries = Deliveries(hub.people.connection)
    changes = (
        lambda: hub.people.writes(ticket, "Gracias"),
        lambda: deliveries.accepted(entry.id, f"SM{1:032x}", ""),
        lambda: deliveries.receive(entry.id, Receipt(f"SM{1:032x}", Status.DELIVERED)),
        lambda: deliveries.receive(entry.id, Receipt(f"SM{1:032x}", Status.READ)),
        lambda: hub.desk.note(ticket, user, "Llamar mañana", "nonce-2"),
        lambda: hub.desk.close(ticket, user),
    )
    for change in changes:
        known = tag(ana, now_of(ticket))
        change()
        assert is_new(ana, now_of(ticket), known)


def test_time_alone_brings_the_page_up_to_date(hub: Hub) -> None:
    """WhatsApp's window closes and a wait grows without anybody doing anything."""
    ana = hub.advisor()
    ticket = taken(hub, ana)
    lists = "/advisor/lists?tab=all"
    known, known_lists = tag(ana, now_of(ticket)), tag(ana, lists)
    hub.people.writes(ticket, "Hola")
    hub.world.clock.passes(CLOCK_S)
    assert is_new(ana, now_of(ticket), known)
    assert is_new(ana, lists, known_lists)
    known_lists = tag(ana, lists)
    hub.world.clock.passes(MINUTE_S)
    assert is_new(ana, lists, known_lists)


def test_two_advisors_have_tags_of_their_own(hub: Hub) -> None:
    """One chat is drawn otherwise for who has it and who looks on, and in the language of each."""
    ana, eva = hub.advisor("Ana"), hub.advisor("Eva")
    ticket = taken(hub, ana)
    assert tag(ana, now_of(ticket)) != tag(eva, now_of(ticket))
    assert tag(ana, "/advisor/lists?tab=mine") != tag(eva, "/advisor/lists?tab=mine")
    pia = hub.advisor("Pia", language="es")
    assert tag(eva, "/advisor/lists") != tag(pia, "/advisor/lists")


def test_a_closed_ticket_that_has_ended_by_its_lifetime_leaves_the_list(hub: Hub) -> None:
    """Lists are kept between polls; what may no longer be kept must not live on in them."""
    ana = hub.advisor()
    ticket = taken(hub, ana)
    assert ana.account
    hub.desk.close(ticket, ana.account.id)
    moment = [0.0]
    kept = Tickets(hub.people.connection, hub.people.keys, clock=lambda: moment[0])
    assert [each.id for each in kept.closed(50)] == [ticket]
    for prefix in PREFIXES:
        hub.people.connection.command("DEL", ticket_key(prefix, ticket))  # as the store does when the time has come
    moment[0] = LISTED_FOR_S
    assert kept.closed(50) == []
