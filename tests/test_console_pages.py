"""The advisors' and supervisors' pages over a real store: what they show, what they refuse, and what they never let out."""

from __future__ import annotations

import json
import re
import string
from dataclasses import replace
from datetime import datetime
from html import unescape
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from werkzeug.test import TestResponse

from bot import handoff, questions
from bot.inbound import Channel
from bot.turn import Effect
from tests.advising_world import Hub, hub_over
from tests.console_world import Browser
from webhook.console.answering import own_path
from webhook.console.chat_pages import CLOSINGS
from webhook.console.showing import masked, readable
from webhook.console.words import FILES, LANGUAGES, read_words
from webhook.desk.changing import Done
from webhook.desk.counting import Counted
from webhook.desk.desk import DeskService
from webhook.desk.records import Outcome, Stage
from webhook.desk.sweeping import SILENT_AFTER_S, sweep
from webhook.embedded import EmbeddedServer
from webhook.outbox.deliveries import Deliveries
from webhook.outbox.entries import Kind
from webhook.outbox.entries import write as write_entry
from webhook.outbox.given_up import GivenUp, Letter
from webhook.outbox.store import Outbox
from webhook.store.connection import Connection
from webhook.store.questions import QuestionList
from webhook.twilio_edge.status import Receipt, Status

NUMBER = "+5015550101"
SID = "SM" + "a" * 32

HOSTILE = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "attribute": '" onmouseover="alert(1)" x=\'',
    "right to left": "\u202eetirw ot hcus\u202c \u2067abc",
    "zero width": "p\u200ba\u200bs\u200bs\ufeff",
    "combining": "h" + "\u0301\u0316\u0489" * 300,
    "long": "x" * 4000,
    "template": "{{ 7 * 7 }} {% raw %} ${7*7}",
    "htmx": '<div hx-get="/advisor" hx-trigger="load" data-merge id="log">x</div>',
    "lone surrogate": "a\ud800b",
    "control": "a\x00b\x07c",
}


@pytest.fixture
def hub(tmp_path: Path, valkey_server: EmbeddedServer, connection: Connection) -> Hub:
    return hub_over(tmp_path, valkey_server.url, connection)


def chat(ticket: str, act: str = "") -> str:
    return f"/advisor/chat/{ticket}" + (f"/{act}" if act else "")


def told(response: TestResponse) -> dict[str, dict[str, object]]:
    """What a page's script is told."""
    found: dict[str, dict[str, object]] = json.loads(response.headers["HX-Trigger"])
    return found


def taken(hub: Hub, browser: Browser, ticket: str) -> str:
    """The browser's advisor takes a chat."""
    response = browser.post(chat(ticket, "take"))
    assert response.status_code == 200, told(response)
    return ticket


def user(browser: Browser) -> str:
    assert browser.account is not None
    return browser.account.id


def rows(page: str) -> list[str]:
    """The cases in a list, in its order."""
    return re.findall(r'data-key="row-(\w+)"', page)


# --- the queue -------------------------------------------------------------------------------------------------------


def test_danger_stands_first_then_who_has_waited_longest(hub: Hub) -> None:
    """Somebody locked in must not wait behind a question about a fee."""
    first = hub.people.asks("+5015550001")
    second = hub.people.asks("+5015550002")
    possible = hub.people.asks("+5015550003", danger="possible")
    certain = hub.people.asks("+5015550004", danger="certain")
    raised = hub.people.asks("+5015550005")
    hub.people.tells(raised, handoff.RAISED)
    assert rows(hub.advisor().get("/advisor").text) == [certain, raised, possible, first, second]


def test_a_row_says_topic_language_channel_and_wait_and_no_word_of_the_person(hub: Hub) -> None:
    """The queue is open on screens that others pass; nobody has taken the chat yet."""
    hub.people.asks(NUMBER, Channel.SMS, topic="asylum-mexico", note="my code words")
    hub.world.clock.passes(125)
    page = unescape(hub.advisor().get("/advisor").text)
    for shown in ("Asylum in Mexico", "Spanish", "SMS", "2 min"):
        assert shown in page
    assert "my code words" not in page
    assert NUMBER not in page


def test_my_chats_and_all_chats_are_listed_by_themselves(hub: Hub) -> None:
    """An advisor finds her own chats, and the closed one somebody asks about."""
    ana, bea = hub.advisor("Ana"), hub.advisor("Bea")
    waiting, mine, theirs, closed = (hub.people.asks(f"+501555000{n}") for n in range(4))
    taken(hub, ana, mine)
    taken(hub, bea, theirs)
    taken(hub, ana, closed)
    ana.post(chat(closed, "close"), {"why": "helped"})
    assert rows(ana.get("/advisor").text) == [waiting]
    assert rows(ana.get("/advisor?tab=mine").text) == [mine]
    everything = ana.get("/advisor?tab=all").text
    assert set(rows(everything)) == {waiting, mine, theirs, closed}
    assert "Bea" in everything
    assert rows(ana.get("/advisor?tab=<script>").text) == [waiting]


def test_lists_that_have_not_changed_are_not_sent_again(hub: Hub) -> None:
    """Fifty open pages ask every two seconds."""
    ana = hub.advisor()
    hub.people.asks(NUMBER)
    first = ana.get("/advisor/lists?tab=waiting")
    again = ana.get("/advisor/lists?tab=waiting", {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    hub.people.asks("+5015550009")
    changed = ana.get("/advisor/lists?tab=waiting", {"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert len(rows(changed.text)) == 2


def test_whoever_has_the_page_open_is_on_duty(hub: Hub) -> None:
    """The bot tells people how long they will wait from who is really there."""
    ana = hub.advisor()
    assert hub.desk.on_duty() == []
    ana.get("/advisor")
    assert hub.desk.on_duty() == [user(ana)]
    hub.world.clock.passes(100)
    ana.get("/advisor/lists")
    hub.world.clock.passes(100)
    assert hub.desk.on_duty() == [user(ana)]


def test_an_alarm_is_raised_when_nobody_comes_and_when_the_advisor_is_silent(hub: Hub) -> None:
    """Nobody came in the promised time, or whoever came says nothing: that must be seen at once, by everybody."""
    ticket = hub.people.asks(NUMBER, note="hello", promised_in_s=60)
    ana, sup = hub.advisor("Ana"), hub.advisor("Lidia", role="supervisor")
    hub.world.clock.passes(120)
    assert re.search(r'class="wait late"', ana.get("/advisor").text)
    assert sweep(hub.desk, int(hub.world.clock())) == 1
    assert "Not taken in time" in ana.get("/advisor").text
    assert "Not taken in time" in ana.get(chat(ticket)).text
    assert '<li class="figure amber"><b>1</b><span>alarms' in sup.get("/staff").text

    taken(hub, ana, ticket)
    assert "Not taken in time" not in ana.get("/advisor?tab=all").text
    hub.people.writes(ticket, "are you there?")
    hub.world.clock.passes(SILENT_AFTER_S)
    assert sweep(hub.desk, int(hub.world.clock())) == 1
    for page in (ana.get("/advisor"), ana.get(chat(ticket)), sup.get("/staff")):
        assert "Answer overdue" in page.text
    assert "No answer in time: back to the queue" in ana.get(chat(ticket)).text


def test_an_advisor_is_warned_before_writing_at_a_time_that_is_not_safe(hub: Hub) -> None:
    """Somebody else may hold the phone (R17, R41). It is one in the afternoon; they said the morning."""
    ana = hub.advisor()
    ticket = hub.people.asks(NUMBER)
    hub.people.tells(ticket, handoff.SAFE_TIME, value="morning")
    taken(hub, ana, ticket)
    assert "It is not that time now" not in ana.get(chat(ticket)).text, "they wrote a moment ago"
    hub.world.clock.passes(700)
    assert "It is not that time now" in ana.get(chat(ticket)).text


# --- a chat ----------------------------------------------------------------------------------------------------------


def test_a_chat_shows_who_said_what_at_the_hubs_time(hub: Hub) -> None:
    """Chetumal is five hours behind UTC: 18:00 there reads 13:00."""
    ticket = hub.people.asks(NUMBER, note="is it open?")
    page = hub.advisor().get(chat(ticket)).text
    assert "is it open?" in page
    assert "first note" in page
    assert ">13:00</time>" in page


def test_what_the_person_agreed_to_share_is_shown(hub: Hub) -> None:
    """The way through the menu, the safe time and the check word, with the reminder to ask for it first (R41, R43)."""
    ticket = hub.people.asks(NUMBER, path="main,work,border-worker-card")
    hub.people.tells(ticket, handoff.CHECK_WORD, text="blue <b>boat</b>")
    hub.people.tells(ticket, handoff.SAFE_TIME, value="morning")
    page = hub.advisor().get(chat(ticket)).text
    assert "<li>Menu</li><li>Work</li><li>Border worker card</li>" in page
    assert "Ask for the code word first" in page
    assert "blue &lt;b&gt;boat&lt;/b&gt;" in page
    assert "In the morning" in page
    assert "not shared" in hub.advisor().get(chat(hub.people.asks("+5015550009"))).text


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_a_person_writes_is_shown_and_does_nothing(hub: Hub, text: str) -> None:
    """Anybody with a phone writes into this page."""
    ticket = hub.people.asks(NUMBER, note=text)
    hub.people.tells(ticket, handoff.CHECK_WORD, text=text)
    ana = hub.advisor()
    for path in (chat(ticket), chat(ticket, "now")):
        response = ana.get(path)
        assert response.status_code == 200
        page = response.text
        shown = re.search(r'<p class="words" dir="auto">(.*?)</p>', page, re.DOTALL)
        assert shown, "the message is not there"
        assert "<" not in shown[1]
        assert '"' not in shown[1]
        assert unescape(shown[1]).strip() == readable(text).strip()
        assert page.count("<script") == (2 if path == chat(ticket) else 0)


def test_a_page_of_a_chat_holds_no_number_no_script_and_no_style(hub: Hub) -> None:
    """The policy forbids them; what is not there cannot be let in by a mistake in the policy."""
    ticket = hub.people.asks(NUMBER)
    ana = hub.advisor()
    taken(hub, ana, ticket)
    for path in ("/advisor", chat(ticket), "/advisor?tab=all"):
        page = ana.get(path).text
        assert NUMBER not in page
        assert not re.search(r"<script(?![^>]* src=)|\sstyle=|\son\w+=|<style|javascript:", page)
        assert not re.search(r"""(?:src|href)="(?!/|#)""", page)


def test_a_chat_that_is_not_there_is_a_plain_page(hub: Hub) -> None:
    """Case codes are read out on the telephone, and mistyped."""
    ana = hub.advisor()
    for ticket in ("AAAAAAAA", "%3Cscript%3E", "../staff", "A" * 500):
        for path in (chat(ticket), chat(ticket, "now")):
            assert ana.get(path).status_code == 404
    assert ana.post(chat("AAAAAAAA", "answers"), {"asked": "visa"}).status_code == 404


def test_opening_is_in_the_access_log_and_polling_is_not(hub: Hub) -> None:
    """The log says who opened what; an entry a second would bury it."""
    ticket = hub.people.asks(NUMBER)
    ana = hub.advisor()
    ana.get(chat(ticket))
    ana.get(chat(ticket, "now"))
    ana.get("/advisor/lists")
    entries = hub.world.console.access_log.page(ticket=ticket).entries
    assert [(entry.user, entry.did) for entry in entries] == [(user(ana), "opened")]


# --- what an advisor does --------------------------------------------------------------------------------------------


def test_a_whole_talk(hub: Hub) -> None:
    """Take, reply, note, answer, pass on, close: each does its part, and each is in the log."""
    ticket = hub.people.asks(NUMBER, language="es")
    ana, bea = hub.advisor("Ana"), hub.advisor("Bea")
    taken(hub, ana, ticket)
    replied = ana.post(chat(ticket, "reply"), {"text": "Hola\r\n¿qué tal?", "nonce": "nonce-one-1"})
    assert told(replied)["kept"]["clears"] is True
    ana.post(chat(ticket, "note"), {"text": "<b>never sent</b>", "nonce": "nonce-two-2"})
    answered = ana.post(chat(ticket, "reply"), {"answer": "border-worker-card", "nonce": "nonce-three"})
    assert told(answered)["kept"]["clears"] is False
    sent = [entry.text for entry in hub.people.outgoing(ticket)]
    assert len(sent) == 2
    assert "Hola\n¿qué tal?" in sent[0]
    assert "Tarjeta de trabajador fronterizo" in sent[1]
    assert not any("never sent" in text for text in sent)
    ana.post(chat(ticket, "transfer"), {"to": user(bea)})
    assert hub.desk.ticket(ticket).advisor == user(bea)  # type: ignore[union-attr]
    bea.post(chat(ticket, "close"), {"why": "helped"})
    closed = hub.desk.ticket(ticket)
    assert closed is not None
    assert (closed.stage, closed.outcome) == (Stage.CLOSED, Outcome.HANDED_BACK)
    page = ana.get(chat(ticket)).text
    assert "The question is answered" in page
    assert "Nothing more is sent" in page
    entries = hub.world.console.access_log.page(ticket=ticket).entries
    assert {entry.did for entry in entries} >= {"took", "replied", "noted", "transferred", "closed"}


def test_a_double_click_sends_once(hub: Hub) -> None:
    """The browser asks again after a lost answer; the person must not read it twice."""
    ticket = hub.people.asks(NUMBER)
    ana = hub.advisor()
    taken(hub, ana, ticket)
    for _ in range(3):
        ana.post(chat(ticket, "reply"), {"text": "Hola", "nonce": "nonce-same-1"})
    assert len(hub.people.outgoing(ticket)) == 1


def test_who_comes_second_is_told_who_was_first(hub: Hub) -> None:
    """Two advisors must never answer the same chat unknowingly."""
    ticket = hub.people.asks(NUMBER)
    ana, bea = hub.advisor("Ana"), hub.advisor("Bea")
    taken(hub, ana, ticket)
    late = bea.post(chat(ticket, "take"))
    assert late.status_code == 409
    assert "Ana took this chat first" in str(told(late)["refused"]["says"])
    assert 'id="log"' in late.text
    refused = bea.post(chat(ticket, "reply"), {"text": "Hola", "nonce": "nonce-four"})
    assert refused.status_code == 409
    assert "Ana has this chat now" in str(told(refused)["refused"]["says"])
    assert hub.people.outgoing(ticket) == []
    assert bea.post(chat(ticket, "close"), {"why": "helped"}).status_code == 409


def test_a_chat_is_taken_over_only_from_whom_it_was_seen_with(hub: Hub) -> None:
    """Between looking and clicking it may have gone to a third."""
    ticket = hub.people.asks(NUMBER)
    ana, bea, eva = hub.advisor("Ana"), hub.advisor("Bea"), hub.advisor("Eva")
    taken(hub, ana, ticket)
    assert f'"instead_of": "{user(ana)}"' in unescape(bea.get(chat(ticket)).text)
    assert bea.post(chat(ticket, "take"), {"instead_of": user(ana)}).status_code == 200
    assert eva.post(chat(ticket, "take"), {"instead_of": user(ana)}).status_code == 409
    assert "Taken over from Ana" in bea.get(chat(ticket)).text


def test_before_it_is_taken_nothing_can_be_sent(hub: Hub) -> None:
    """Whoever answers must have said so, or two would."""
    ticket = hub.people.asks(NUMBER)
    ana = hub.advisor()
    assert 'data-can="read"' in ana.get(chat(ticket)).text
    refused = ana.post(chat(ticket, "reply"), {"text": "Hola", "nonce": "nonce-five"})
    assert refused.status_code == 409
    assert "Take it first" in str(told(refused)["refused"]["says"])
    assert ana.post(chat(ticket, "note"), {"text": "look at this", "nonce": "nonce-six-6"}).status_code == 200


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 4001, "á" * 300])
def test_what_cannot_be_one_sms_is_refused_and_says_so(hub: Hub, text: str) -> None:
    """Half a message is worse than none."""
    ticket = hub.people.asks(NUMBER, Channel.SMS)
    ana = hub.advisor()
    taken(hub, ana, ticket)
    response = ana.post(chat(ticket, "reply"), {"text": text, "nonce": "nonce-seven"})
    is_fine = text == "á" * 300  # folded into the cheap alphabet it fits
    assert response.status_code == (200 if is_fine else 409)
    assert len(hub.people.outgoing(ticket)) == (1 if is_fine else 0)


def test_an_answer_out_of_date_cannot_be_sent(hub: Hub) -> None:
    """Not offered, and refused if somebody's page is older than the date (safety R45)."""
    hub.world.clock.at_s += 14 * 365 * 24 * 3600
    ticket = hub.people.asks(NUMBER)
    ana = hub.advisor()
    taken(hub, ana, ticket)
    found = ana.post(chat(ticket, "answers"), {"asked": "border worker card"}).text
    assert "Out of date" in found
    assert "border-worker-card" not in found
    for answer in ("border-worker-card", "main", "no-such-answer", "<script>"):
        refused = ana.post(chat(ticket, "reply"), {"answer": answer, "nonce": f"nonce-{answer}"})
        assert refused.status_code == 409
    assert hub.people.outgoing(ticket) == []


def test_a_person_who_left_or_erased_or_opted_out_cannot_be_written_to(hub: Hub) -> None:
    """The page says why, and keeps what was being written."""
    ana = hub.advisor()
    left, erased, opted_out = (taken(hub, ana, hub.people.asks(f"+501555000{n}")) for n in range(3))
    hub.people.leaves(left, "exit")
    hub.people.leaves(opted_out, "opted_out")
    hub.people.erases(erased)
    for ticket, says in ((left, "left with X"), (opted_out, "wants no more messages"), (erased, "erased this chat")):
        page = ana.get(chat(ticket))
        if page.status_code == 200:
            assert says in unescape(page.text)
            assert 'data-can="nothing"' in page.text
        refused = ana.post(chat(ticket, "reply"), {"text": "Hola", "nonce": "nonce-eight"})
        assert refused.status_code == 409
        assert told(refused)["refused"]["says"]
        assert hub.people.outgoing(ticket) == []


def test_after_whatsapps_24_hours_the_page_says_why_nothing_can_be_sent(hub: Hub) -> None:
    """An advisor who does not know it thinks that the service is broken."""
    ticket = hub.people.asks(NUMBER)
    ana = hub.advisor()
    taken(hub, ana, ticket)
    early = ana.get(chat(ticket)).text
    assert "Time left to write" in early
    assert "23 h" in early
    assert "WhatsApp lets us write" not in early
    hub.world.clock.passes(21 * 3600)
    ana = hub.world.logged_in(account=ana.account)
    assert "WhatsApp lets us write for another 2 h" in ana.get(chat(ticket)).text
    hub.world.clock.passes(4 * 3600)
    ana = hub.world.logged_in(account=ana.account)
    page = unescape(ana.get(chat(ticket)).text)
    assert "They must write first" in page
    assert 'data-can="read"' in page
    refused = ana.post(chat(ticket, "reply"), {"text": "Hola", "nonce": "nonce-nine"})
    assert "The 24 hours of WhatsApp are over" in str(told(refused)["refused"]["says"])


def test_a_reply_after_the_window_says_that_it_waits_for_the_person(tmp_path: Path, hub: Hub) -> None:
    """With the approved template the text is not lost, and the advisor must not think that it was read."""
    ticket = hub.people.asks(NUMBER)
    ana = hub.advisor()
    taken(hub, ana, ticket)
    hub.world.clock.passes(25 * 3600)
    desk = DeskService(
        hub.people.connection, hub.people.keys, hub.world.console.holder, invites=True, now=hub.world.clock
    )
    assert desk.reply(ticket, user(ana), "Hola", "nonce-parked") is Done.INVITED
    page = hub.world.logged_in(account=ana.account).get(chat(ticket)).text
    assert "Waits until the person writes" in page
    assert "asks them to write; this goes out when they do" in page


@pytest.mark.parametrize(
    ("channel", "text", "shown"),
    [
        (Channel.WHATSAPP, "*Visa* para *Belice*", "<b>Visa</b> para <b>Belice</b>"),
        (Channel.WHATSAPP, "2*3*4 y * suelto * y **", "2*3*4 y * suelto * y **"),
        (Channel.WHATSAPP, "*<script>x</script>*", "<b>&lt;script&gt;x&lt;/script&gt;</b>"),
        (Channel.SMS, "*Visa*", "*Visa*"),
    ],
    ids=["stars", "no pair", "script", "sms"],
)
def test_what_a_phone_shows_in_bold_is_bold(hub: Hub, channel: Channel, text: str, shown: str) -> None:
    """An advisor reads what the person reads; and nothing that stands between stars comes to life."""
    ticket = hub.people.asks(NUMBER, channel, note=text)
    assert f'<p class="words" dir="auto">{shown}</p>' in hub.advisor().get(chat(ticket)).text


def test_messages_of_one_voice_stand_under_one_name(hub: Hub) -> None:
    """Six names in a row for six short messages hide the messages."""
    ticket = hub.people.asks(NUMBER, note="one")
    hub.people.writes(ticket, "two")
    hub.people.writes(ticket, "three")
    hub.world.clock.passes(600)
    hub.people.writes(ticket, "four")
    page = hub.advisor().get(chat(ticket)).text
    found = re.findall(r'class="message ([^"]*)".*?<p class="words" dir="auto">(\w+)</p>', page, re.DOTALL)
    assert [(text, "next" in kind) for kind, text in found] == [
        ("one", False),
        ("two", True),
        ("three", True),
        ("four", False),
    ]


def test_certain_danger_says_that_the_bot_has_answered(hub: Hub) -> None:
    """Else the advisor sends the same numbers again, or thinks that nobody has."""
    ticket = hub.people.asks(NUMBER, note="hello")
    hub.people.writes(ticket, "maybe", danger="possible")
    assert "answered at once with the help numbers" not in hub.advisor().get(chat(ticket)).text
    hub.people.writes(ticket, "he has a knife", danger="certain")
    assert "answered at once with the help numbers" in hub.advisor().get(chat(ticket)).text


def test_a_chat_begins_with_the_asking_even_without_a_word(hub: Hub) -> None:
    """An empty page looks like a fault."""
    ticket = hub.people.asks(NUMBER)
    assert "Asked for an advisor" in hub.advisor().get(chat(ticket)).text


def test_a_promise_is_shown_as_the_person_was_told_it(hub: Hub) -> None:
    """A minute less here than on the phone, and the advisor believes that the person is impatient."""
    ticket = hub.people.asks(NUMBER, promised_in_s=899)
    promised = datetime.fromtimestamp(hub.world.clock() + 899 + 59, ZoneInfo("America/Cancun"))
    assert f"<dd><time>{promised:%H:%M}</time></dd>" in hub.advisor().get(chat(ticket)).text


def test_an_sms_has_no_window(hub: Hub) -> None:
    """A countdown there would hurry for nothing."""
    ticket = hub.people.asks(NUMBER, Channel.SMS)
    assert "WhatsApp lets us" not in hub.advisor().get(chat(ticket)).text


def test_a_chat_goes_only_to_somebody_who_answers_people(hub: Hub) -> None:
    """An editor reads no chat, and an account that is shut cannot answer."""
    ticket = hub.people.asks(NUMBER)
    ana = hub.advisor()
    taken(hub, ana, ticket)
    editor = hub.world.account("editor")
    shut = hub.world.account("advisor")
    hub.world.console.accounts.disable(shut.id)
    for to in ("", "nobody", editor.id, shut.id, user(ana)):
        assert ana.post(chat(ticket, "transfer"), {"to": to}).status_code == 409
    assert hub.desk.ticket(ticket).advisor == user(ana)  # type: ignore[union-attr]


def test_a_chat_goes_back_to_the_queue_and_the_person_is_told(hub: Hub) -> None:
    """An advisor whose shift ends need not find a colleague first, and nobody waits without knowing it."""
    ticket = hub.people.asks(NUMBER, note="hello")
    ana, bea = hub.advisor("Ana"), hub.advisor("Bea")
    taken(hub, ana, ticket)
    assert bea.post(chat(ticket, "transfer"), {"to": "queue"}).status_code == 409
    assert "The person was told" in str(told(ana.post(chat(ticket, "transfer"), {"to": "queue"}))["kept"]["says"])
    back = hub.desk.ticket(ticket)
    assert back is not None
    assert (back.stage, back.advisor, back.alarm) == (Stage.WAITING, "", None)
    assert back.promised_s > hub.world.clock()
    (entry,) = hub.people.outgoing(ticket)
    assert entry.kind is Kind.NOTICE
    assert "Put back into the queue; the person was told · <bdi>Ana</bdi>" in bea.get(chat(ticket)).text
    assert ana.post(chat(ticket, "reply"), {"text": "Hola", "nonce": "nonce-back"}).status_code == 409
    taken(hub, bea, ticket)


def test_who_came_after_the_page_was_opened_can_be_given_a_chat(hub: Hub) -> None:
    """The list of colleagues is asked for when it is opened, not an hour before."""
    ticket = hub.people.asks(NUMBER)
    ana = hub.advisor("Ana")
    assert "Bea" not in ana.get(chat(ticket)).text
    hub.advisor("Bea").get("/advisor")
    hub.world.clock.passes(30)
    options = ana.get(chat(ticket, "colleagues")).text
    assert "Bea · here now" in options
    assert 'value="queue"' in options


def test_whoever_logs_out_is_no_longer_on_duty(hub: Hub) -> None:
    """People are told how long they wait by how many are there."""
    ana = hub.advisor()
    ana.get("/advisor")
    assert hub.desk.on_duty() == [user(ana)]
    ana.post("/logout")
    assert hub.desk.on_duty() == []


def test_a_chat_is_closed_with_one_of_our_reasons(hub: Hub) -> None:
    """Free text in a figure would one day hold a name."""
    ticket = hub.people.asks(NUMBER)
    ana = hub.advisor()
    taken(hub, ana, ticket)
    assert ana.post(chat(ticket, "close"), {"why": "because of María"}).status_code == 400
    for why in CLOSINGS:
        assert f'value="{why}"' in ana.get(chat(ticket)).text


# --- the number ------------------------------------------------------------------------------------------------------


def test_a_number_is_shown_for_a_reason_only_and_the_log_knows_first(hub: Hub) -> None:
    """Replies go out without it; whoever looks must be able to say why."""
    ticket = hub.people.asks(NUMBER)
    ana, bea = hub.advisor("Ana"), hub.advisor("Bea")
    taken(hub, ana, ticket)
    assert masked(NUMBER) in ana.get(chat(ticket)).text
    assert ana.post(chat(ticket, "reveal"), {"reason": ""}).status_code == 400
    assert ana.post(chat(ticket, "reveal"), {"reason": "curious"}).status_code == 400
    assert bea.post(chat(ticket, "reveal"), {"reason": "danger"}).status_code == 403
    shown = ana.post(chat(ticket, "reveal"), {"reason": "danger"})
    assert NUMBER in shown.text
    (entry,) = (each for each in hub.world.console.access_log.page(ticket=ticket).entries if each.did == "revealed")
    assert (entry.user, entry.reason) == (user(ana), "danger")
    ana.post(chat(ticket, "close"), {"why": "helped"})
    assert ana.post(chat(ticket, "reveal"), {"reason": "danger"}).status_code == 403


@pytest.mark.parametrize("address", ["+5015550101", "whatsapp:+5219835550101", "BZ.1000abcdef", "12345", "12", ""])
def test_a_masked_number_tells_at_most_two_digits(address: str) -> None:
    """There are few enough numbers here that four would point at one person."""
    shown = masked(address).replace("•", "").strip()
    assert len(shown) <= 2


# --- how far a message has come --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (Status.QUEUED, 0, "Waiting to be sent"),
        (Status.SENT, 0, "Sent"),
        (Status.DELIVERED, 0, "Delivered"),
        (Status.READ, 0, "Read"),
        (Status.UNDELIVERED, 30003, "The phone is off or has no signal."),
        (Status.FAILED, 63016, "They must write first."),
    ],
)
def test_each_message_says_how_far_it_has_come(hub: Hub, status: Status, code: int, words: str) -> None:
    """Who is told "not delivered, and why" tries another way; who is told nothing waits."""
    ticket = hub.people.asks(NUMBER)
    ana = hub.advisor()
    taken(hub, ana, ticket)
    ana.post(chat(ticket, "reply"), {"text": "Hola", "nonce": "nonce-ten-10"})
    assert "Waiting to be sent" in ana.get(chat(ticket)).text
    (entry,) = hub.people.outgoing(ticket)
    before = ana.get(chat(ticket, "now")).headers["ETag"]
    Deliveries(hub.people.connection).receive(entry.id, Receipt(SID, status, code))
    now = ana.get(chat(ticket, "now"), {"If-None-Match": before})
    if now.status_code == 304:
        assert status is Status.QUEUED
    else:
        assert words in unescape(now.text)


def test_a_message_that_may_have_come_twice_says_so(hub: Hub) -> None:
    """The advisor should not wonder about the person's confusion."""
    ticket = hub.people.asks(NUMBER)
    ana = hub.advisor()
    taken(hub, ana, ticket)
    ana.post(chat(ticket, "reply"), {"text": "Hola", "nonce": "nonce-eleven"})
    (entry,) = hub.people.outgoing(ticket)
    Deliveries(hub.people.connection).accepted(entry.id, SID, hub.people.person(NUMBER).key, double=True)
    assert "may have arrived twice" in ana.get(chat(ticket)).text


# --- help while writing ----------------------------------------------------------------------------------------------


def test_answers_are_found_in_the_advisors_words_and_sent_in_the_persons(hub: Hub) -> None:
    """The preview is what the phone will show."""
    ticket = hub.people.asks(NUMBER, language="en")
    ana = hub.advisor(language="es")
    taken(hub, ana, ticket)
    page = unescape(ana.post(chat(ticket, "answers"), {"asked": "trabajador fronterizo"}).text)
    assert "Tarjeta trabajo TVTF" in page
    assert "Border worker card (TVTF)" in page
    assert "Enviar esta" in page
    bea = hub.advisor("Bea", language="es")
    assert "Enviar esta" not in bea.post(chat(ticket, "answers"), {"asked": "trabajador fronterizo"}).text


@pytest.mark.parametrize(
    ("channel", "text", "words"),
    [
        (Channel.SMS, "Hola", "1 SMS"),
        (Channel.SMS, "x" * 200, "2 SMS"),
        (Channel.SMS, "x" * 2000, "too long"),
        (Channel.SMS, "Привет", "doubles the price"),
        (Channel.WHATSAPP, "Hola", "of 1600 characters"),
        (Channel.WHATSAPP, "x" * 2000, "too long"),
        (Channel.WHATSAPP, " ", ""),
    ],
)
def test_while_writing_the_length_is_told_as_it_will_be_sent(hub: Hub, channel: Channel, text: str, words: str) -> None:
    """Each SMS costs; and what marks a message as from a person counts too."""
    ticket = hub.people.asks(NUMBER, channel)
    said = hub.advisor().post(chat(ticket, "cost"), {"text": text}).text
    assert words in said
    assert bool(words) == bool(said.strip())


def test_saved_replies_are_offered_by_name_in_the_advisors_language(hub: Hub) -> None:
    """And put into the box in the person's."""
    page = unescape(hub.advisor(language="es").get(chat(hub.people.asks(NUMBER, language="en"))).text)
    assert "Pedir la palabra clave" in page
    assert "please write the code word that you chose" in page


# --- the overview ----------------------------------------------------------------------------------------------------


def test_small_numbers_are_hidden_and_larger_ones_are_not(hub: Hub) -> None:
    """Nine people from one village on one day can be recognised (R55)."""
    for _ in range(9):
        hub.desk.counting.add([Counted("opened", "es")])
    for _ in range(10):
        hub.desk.counting.add([Counted("opened", "en"), Counted("taken", "en", "wait", 240)])
    page = hub.advisor(role="supervisor").get("/staff").text
    table = re.search(r'aria-labelledby="days-title"><table>(.*?)</table>', page, re.DOTALL)
    assert table
    english, spanish = re.findall(r"<tr><th.*?</tr>", table[1].split("<tbody>")[1])
    assert "<td>10</td><td>10</td><td>4 min</td>" in english
    assert "under 10" in spanish
    assert "<td>9</td>" not in page


def test_the_share_of_danger_that_reached_a_human_is_shown(hub: Hub) -> None:
    """R44: the operator must see it, and how long it took."""
    for _ in range(20):
        hub.desk.counting.add([Counted("danger_opened", "es")])
    for _ in range(15):
        hub.desk.counting.add([Counted("danger_reached", "es", "danger_answer", 120)])
    page = hub.advisor(role="supervisor").get("/staff").text
    assert "<td>20</td><td>15</td><td>75 %</td><td>2 min</td>" in page


def test_messages_that_were_given_up_are_listed_with_the_reason_and_without_their_words(hub: Hub) -> None:
    """Somebody must be able to do something about it, and need not read it for that."""
    ticket = hub.people.asks(NUMBER)
    ana = hub.advisor()
    taken(hub, ana, ticket)
    ana.post(chat(ticket, "reply"), {"text": "my code words", "nonce": "nonce-twelve"})
    (entry,) = hub.people.outgoing(ticket)
    person = hub.people.person(NUMBER).key
    sealed = write_entry(entry, hub.people.keys)
    letter = Letter(entry.id, person, "unreachable", 63003, int(hub.world.clock()), sealed)
    GivenUp(hub.people.connection).put(letter)
    GivenUp(hub.people.connection).put(replace(letter, id=f"{person[0]}broken0000000000", written=b"broken"))
    page = hub.advisor(role="supervisor").get("/staff").text
    assert "This person is not on WhatsApp." in page
    assert chat(ticket) in page
    assert "my code words" not in page


def test_a_supervisor_sends_a_lost_message_again_once_or_lets_it_go(hub: Hub) -> None:
    """Two who click at once must not make one message two, and the log knows who did it."""
    ticket = hub.people.asks(NUMBER)
    ana, sup = hub.advisor(), hub.advisor("Lidia", role="supervisor")
    taken(hub, ana, ticket)
    for number in range(2):
        ana.post(chat(ticket, "reply"), {"text": f"text {number}", "nonce": f"nonce-lost-{number}"})
    person = hub.people.person(NUMBER).key
    first, second = hub.people.outgoing(ticket)
    for entry in (first, second):
        Outbox(hub.people.connection).withdraw(person, entry.id)
        sealed = write_entry(entry, hub.people.keys)
        GivenUp(hub.people.connection).put(Letter(entry.id, person, "spend_cap", 0, int(hub.world.clock()), sealed))
    assert ana.post(f"/staff/messages/{first.id}/retry").status_code == 403
    page = sup.get("/staff").text
    assert f"/staff/messages/{first.id}/retry" in page

    again = sup.post(f"/staff/messages/{first.id}/retry")
    assert "goes out again" in str(told(again)["said"]["says"])
    assert first.id not in again.text
    assert sup.post(f"/staff/messages/{first.id}/retry").status_code == 409
    assert [entry.id for entry in hub.people.outgoing(ticket)] == [first.id]

    assert sup.post(f"/staff/messages/{second.id}/drop").status_code == 200
    assert sup.post(f"/staff/messages/{second.id}/drop").status_code == 409
    assert GivenUp(hub.people.connection).count() == 0
    log = hub.world.console.access_log.page(user=user(sup)).entries
    assert {(each.did, each.ticket) for each in log} >= {("retried", ticket), ("dropped", ticket)}


def test_a_message_that_may_have_arrived_says_so_when_it_is_sent_again(hub: Hub) -> None:
    """Whoever reads the same thing twice should not wonder alone."""
    ticket = hub.people.asks(NUMBER)
    ana, sup = hub.advisor(), hub.advisor("Lidia", role="supervisor")
    taken(hub, ana, ticket)
    ana.post(chat(ticket, "reply"), {"text": "text", "nonce": "nonce-unsure"})
    person = hub.people.person(NUMBER).key
    (entry,) = hub.people.outgoing(ticket)
    Outbox(hub.people.connection).withdraw(person, entry.id)
    sealed = write_entry(entry, hub.people.keys)
    GivenUp(hub.people.connection).put(Letter(entry.id, person, "outcome_unknown", 0, int(hub.world.clock()), sealed))
    sup.post(f"/staff/messages/{entry.id}/retry")
    assert "may have arrived twice" in ana.get(chat(ticket)).text


def test_how_chats_ended_is_counted_by_what_advisors_said(hub: Hub) -> None:
    """How many were helped, and how many could not be, decides what the hub asks money for."""
    ana, sup = hub.advisor(), hub.advisor("Lidia", role="supervisor")
    for number in range(10):
        ticket = taken(hub, ana, hub.people.asks(f"+50155501{number:02d}"))
        ana.post(chat(ticket, "close"), {"why": "referred"})
    page = unescape(sup.get("/staff").text)
    table = re.search(r'aria-labelledby="whys-title"><table>(.*?)</table>', page, re.DOTALL)
    assert table
    assert "Referred" in table[1]
    assert "<td>10</td>" in table[1]


def test_the_overview_asks_for_itself_and_counts_who_has_how_much(hub: Hub) -> None:
    """A supervisor looks at it from the other end of the room."""
    sup, ana = hub.advisor("Lidia", role="supervisor"), hub.advisor("Ana")
    ana.get("/advisor")
    taken(hub, ana, hub.people.asks(NUMBER))
    first = sup.get("/staff/now")
    assert '<bdi>Ana</bdi><span class="soft">1 chat</span>' in first.text
    assert sup.get("/staff/now", {"If-None-Match": first.headers["ETag"]}).status_code == 304
    hub.people.asks("+5015550102")
    assert sup.get("/staff/now", {"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_who_waits_and_who_is_there_is_shown(hub: Hub) -> None:
    """With somebody waiting and nobody there, the supervisor picks up the telephone."""
    hub.people.asks(NUMBER, danger="certain", topic="danger-now")
    hub.world.clock.passes(300)
    sup = hub.advisor("Lidia", role="supervisor")
    page = sup.get("/staff").text
    assert "No advisor has the page open." in page
    assert "5 min" in page
    assert '<li class="figure warm"><b>1</b>' in page
    hub.advisor("Ana").get("/advisor")
    assert "<bdi>Ana</bdi>" in sup.get("/staff").text


def test_editors_see_the_questions_and_no_chat(hub: Hub) -> None:
    """They mend answers; they read nobody's talk."""
    day = int(hub.world.clock()) // 86400
    effect = Effect(
        questions.NOT_UNDERSTOOD,
        {"entry": "an-entry", "text": "<b>where is the bus</b>", "language": "en", "offered": "crossing"},
    )
    noted = QuestionList(hub.people.connection, hub.people.keys)
    noted.note(effect, day)
    editor = hub.advisor(role="editor")
    page = editor.get("/staff/questions").text
    assert "&lt;b&gt;where is the bus&lt;/b&gt;" in page
    ticket = hub.people.asks(NUMBER)
    for path in ("/advisor", "/advisor/lists", chat(ticket), chat(ticket, "now"), "/staff"):
        assert editor.get(path).status_code == 403


def test_advisors_do_not_see_the_figures_and_admins_no_chat(hub: Hub) -> None:
    """Each role sees what its work needs."""
    ticket = hub.people.asks(NUMBER)
    assert hub.advisor().get("/staff").status_code == 403
    assert hub.advisor().get("/staff/questions").status_code == 403
    admin = hub.advisor(role="admin")
    for path in ("/advisor", chat(ticket), "/staff", "/staff/questions"):
        assert admin.get(path).status_code == 403
    supervisor = hub.advisor(role="supervisor")
    for path in ("/advisor", chat(ticket), "/staff", "/staff/questions"):
        assert supervisor.get(path).status_code == 200


# --- words -----------------------------------------------------------------------------------------------------------


def test_every_word_is_there_in_both_languages_with_the_same_values() -> None:
    """An advisor in Spanish must not read a key, or half a sentence in English."""
    fields = string.Formatter()
    for key, texts in read_words().items():
        assert set(texts) == set(LANGUAGES), key
        assert all(text.strip() for text in texts.values()), key
        names = [{name for _, name, _, _ in fields.parse(text) if name} for text in texts.values()]
        assert names[0] == names[1], key


def test_no_word_stands_twice() -> None:
    """The later file would win, and nobody would know why a change does nothing."""
    seen: set[str] = set()
    for file in FILES:
        for line in file.read_text(encoding="utf-8").splitlines():
            if found := re.match(r"([a-z]\w*):", line):
                assert found[1] not in seen, found[1]
                seen.add(found[1])
        assert set(yaml.safe_load(file.read_text(encoding="utf-8"))) <= seen


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_shows_a_key_in_place_of_a_word(hub: Hub, language: str) -> None:
    """Every stage and state of a chat has its words in both languages."""
    ana = hub.advisor("Ana", language=language, role="supervisor")
    waiting, mine, closed = (hub.people.asks(f"+501555000{n}", danger="certain") for n in range(3))
    taken(hub, ana, mine)
    taken(hub, ana, closed)
    ana.post(chat(closed, "close"), {"why": "referred"})
    pages = ["/advisor?tab=all", "/staff", "/staff/questions", *(chat(each) for each in (waiting, mine, closed))]
    for path in pages:
        page = ana.get(path).text
        assert f'<html lang="{language}">' in page
        text = unescape(re.sub(r"<[^>]*>", " ", page))
        assert not re.search(r"\b(?:danger|alarm|delivery|event|outcome|why|notice|stage)_[a-z_]+\b", text)


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "", "/a\nb", "javascript:alert(1)"]
)
def test_a_form_leads_back_to_our_own_pages_only(path: str) -> None:
    """A link that logs in here and lands elsewhere is how passwords are stolen."""
    assert own_path(path) == "/"
    assert own_path("/advisor?tab=mine") == "/advisor?tab=mine"
