"""Nobody waits without knowing it, through all parts: by a moved clock, what the phone gets and what the hub sees."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.inbound import Channel
from bot.segments import to_gsm
from tests.handover_hub import SWEEP_EVERY_S, Hub, Person, chat
from webhook.desk.records import Alarm, Outcome, Stage, Voice
from webhook.desk.returning import TAKEN_AGAIN_IN_S
from webhook.desk.speaking import WINDOW_S
from webhook.desk.sweeping import SILENT_AFTER_S, UNTOUCHED_AFTER_S
from webhook.embedded import EmbeddedServer
from webhook.settings import Sending
from webhook.store.connection import Connection

CHETUMAL = ZoneInfo("America/Cancun")
TEMPLATE = "HX" + "5" * 32
NOT_IN_TIME = "Not taken in time"


@pytest.fixture
def hub(tmp_path: Path, valkey_server: EmbeddedServer, connection: Connection) -> Hub:
    return Hub(tmp_path, connection, valkey_server.url)


def is_said(hub: Hub, key: str, text: str) -> bool:
    """Whether a phrase stands in what a phone got, with or without its accents."""
    first = hub.catalogue.phrase(key, "es").splitlines()[0].partition("{")[0].strip()
    return first in text or to_gsm(first) in text


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.WHATSAPP])
def test_nobody_on_duty_is_told_at_the_promised_minute_and_alarms(hub: Hub, channel: Channel) -> None:
    """The time that was told is the time that counts (R40); supervisor and operator see it as soon as the person does."""
    person, supervisor = Person(hub, channel=channel), hub.staff("Sol", "supervisor")
    told = person.asks()
    ticket = hub.only_ticket()
    told_s = -(-ticket.promised_s // 60) * 60  # whole minutes are told, rounded up
    assert f"{datetime.fromtimestamp(told_s, CHETUMAL):%H:%M}" in told
    assert NOT_IN_TIME not in supervisor.sees("/staff")

    hub.passes(ticket.promised_s - hub.clock() - 1)
    assert person.got() == []
    assert set(hub.alarms().values()) == {0.0}
    hub.passes(SWEEP_EVERY_S)
    [notice] = person.got()
    assert is_said(hub, "not_taken", notice.body)
    assert "911" in notice.body
    assert notice.at_s <= min(told_s, ticket.promised_s) + SWEEP_EVERY_S

    assert hub.only_ticket().alarm is Alarm.NOT_TAKEN
    assert hub.only_ticket().stage is Stage.WAITING
    assert hub.alarms() == {"not_taken": 1.0, "silent": 0.0}
    assert NOT_IN_TIME in supervisor.sees("/staff")
    assert NOT_IN_TIME in hub.staff("Ana").sees("/advisor")
    for _ in range(20):
        hub.passes(60)
    assert len(person.got()) == 1

    advisor = hub.staff("Eva")
    assert advisor.takes(ticket.id) == 200
    assert set(hub.alarms().values()) == {0.0}
    assert NOT_IN_TIME not in supervisor.sees("/staff")


def test_what_the_notice_offers_works(hub: Hub) -> None:
    """Other ways to get help are no dead end: the first of them brings the numbers, the last leaves the line."""
    person = Person(hub)
    person.asks()
    hub.passes(hub.only_ticket().promised_s - hub.clock())
    [notice] = person.texts()
    assert "911" in (person.says("1") or "")
    assert hub.only_ticket().stage is Stage.WAITING
    leave = notice.splitlines()[-2].split()[0]
    person2 = Person(hub, "+5016105678")
    person2.asks()
    [other] = [each for each in hub.desk.open_tickets() if each.alarm is None]
    hub.passes(other.promised_s - hub.clock())
    person2.says(leave)
    assert [each.id for each in hub.desk.open_tickets()] != [other.id]
    closed = hub.desk.ticket(other.id)
    assert closed is not None
    assert (closed.stage, closed.outcome) == (Stage.CLOSED, Outcome.LEFT)


def test_an_advisor_who_falls_silent_loses_the_chat_and_the_person_knows(hub: Hub) -> None:
    """The next advisor reads all of it; the silent one can no longer answer without taking it again."""
    person, ana, eva = Person(hub), hub.staff("Ana"), hub.staff("Eva")
    person.asks(note="qwrtpl me falta un papel zzyzx")
    ticket = hub.only_ticket().id
    assert ana.takes(ticket) == 200
    assert ana.writes(ticket, "Hola, soy Ana.") == 200
    hub.passes(1)
    assert person.texts() == [hub.as_sent("Hola, soy Ana.")]
    assert person.says("tengo acta de nacimiento") is None
    hub.passes(SILENT_AFTER_S - 1)
    assert len(person.got()) == 1
    hub.passes(1)
    assert is_said(hub, "advisor_silent", person.texts()[-1])
    assert "911" in person.texts()[-1]
    assert (hub.only_ticket().stage, hub.only_ticket().alarm) == (Stage.WAITING, Alarm.SILENT)
    assert hub.alarms() == {"not_taken": 0.0, "silent": 1.0}
    assert "Answer overdue" in hub.staff("Sol", "supervisor").sees("/staff")

    assert ana.writes(ticket, "Perdón") == 409
    assert eva.takes(ticket) == 200
    page = eva.sees(chat(ticket))
    assert all(text in page for text in ("me falta un papel", "soy Ana", "tengo acta de nacimiento"))
    assert eva.writes(ticket, "Hola, soy Eva.") == 200
    hub.passes(1)
    assert person.texts()[-1] == hub.as_sent("Hola, soy Eva.")
    assert set(hub.alarms().values()) == {0.0}


def test_silent_advisor_and_then_nobody_is_told_twice_and_no_more(hub: Hub) -> None:
    """Each promise that breaks is told once."""
    person, ana = Person(hub), hub.staff("Ana")
    person.asks()
    ticket = hub.only_ticket().id
    ana.takes(ticket)
    hub.passes(SILENT_AFTER_S)
    hub.passes(TAKEN_AGAIN_IN_S)
    for _ in range(10):
        hub.passes(3600)
    silent, not_taken = person.texts()
    assert is_said(hub, "advisor_silent", silent)
    assert is_said(hub, "not_taken", not_taken)


def test_a_ticket_left_alone_for_three_days_closes_and_says_so(hub: Hub) -> None:
    """The person is not left believing that somebody still comes; they can ask again, and the bot answers."""
    person, ana = Person(hub), hub.staff("Ana")
    person.asks()
    ticket = hub.only_ticket().id
    ana.takes(ticket)
    ana.writes(ticket, "Hola")
    hub.passes(UNTOUCHED_AFTER_S - 60)
    assert hub.only_ticket().stage is Stage.TALKING
    hub.passes(60)
    assert hub.desk.open_tickets() == []
    closed = hub.desk.ticket(ticket)
    assert closed is not None
    assert closed.outcome is Outcome.UNTOUCHED
    assert ticket in person.texts()[-1]
    assert ana.writes(ticket, "sigo") == 409
    assert person.says("menu")
    assert ticket not in person.asks()
    assert hub.only_ticket().id != ticket


def test_outside_the_window_nothing_is_sent_and_the_advisor_is_told_why(hub: Hub) -> None:
    """WhatsApp takes no free text a day after the last message; a reply must not seem to have been sent."""
    person, ana = Person(hub, channel=Channel.WHATSAPP), hub.staff("Ana")
    person.asks()
    ticket = hub.only_ticket().id
    ana.takes(ticket)
    assert ana.writes(ticket, "Hola") == 200
    hub.passes(WINDOW_S)
    before = len(person.got())
    answer = ana.does(ticket, "reply", text="¿Sigue ahí?", nonce="once")
    assert answer.status_code == 409
    assert "24" in answer.headers["HX-Trigger"]
    hub.passes(3600)
    assert len(person.got()) == before
    assert [one.text for one in hub.desk.messages(ticket) if one.voice is Voice.ADVISOR] == ["Hola"]
    assert person.says("aquí estoy") is None
    assert ana.writes(ticket, "¿Sigue ahí?") == 200
    hub.passes(1)
    assert person.texts()[-1] == hub.as_sent("¿Sigue ahí?")


def test_outside_the_window_the_template_asks_and_the_words_follow_in_order(
    tmp_path: Path, valkey_server: EmbeddedServer, connection: Connection
) -> None:
    """With an approved template the person is asked once to write, and then gets everything, in order."""
    sending = Sending(sms_per_s=1e6, templates={"es": TEMPLATE})
    hub = Hub(tmp_path, connection, valkey_server.url, {"sending": sending})
    person, ana = Person(hub, channel=Channel.WHATSAPP), hub.staff("Ana")
    person.asks()
    ticket = hub.only_ticket().id
    ana.takes(ticket)
    hub.clock.passes(WINDOW_S + 3600)
    assert ana.writes(ticket, "uno") == 200
    assert ana.writes(ticket, "dos") == 200
    hub.sends()
    assert [each.content_sid for each in person.got()] == [TEMPLATE]
    assert person.says("hola, ya puedo") is None
    hub.sends()
    for _ in range(4):
        hub.passes(10)
    assert [each.content_sid or each.body for each in person.got()] == [
        TEMPLATE,
        hub.as_sent("uno"),
        hub.as_sent("dos"),
    ]
    assert [one.text for one in hub.desk.messages(ticket) if one.voice is Voice.PERSON] == ["hola, ya puedo"]
