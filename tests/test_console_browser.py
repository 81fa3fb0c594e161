"""The advisors' pages in real browsers: a talk, a draft that no poll touches, two who race, and no barrier for anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from bot import handoff
from bot.inbound import Channel
from tests.advising_world import Hub, hub_over, served
from tests.simulator_world import launched
from webhook.console.accounts import Account
from webhook.desk.records import Stage
from webhook.embedded import EmbeddedServer
from webhook.outbox.deliveries import Deliveries
from webhook.store.connection import Connection
from webhook.twilio_edge.status import Receipt, Status

NUMBER = "+5015550101"
DESK = {"width": 1360, "height": 860}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launched(playwright)
        yield browser
        browser.close()


@dataclass
class Office:
    """The hub's console on a port, and the browsers of those who work there."""

    hub: Hub
    url: str
    chromium: Browser

    def __post_init__(self) -> None:
        self.contexts: list[BrowserContext] = []
        self.faults: list[str] = []

    def sits_down(
        self, name: str = "Ana", language: str = "en", role: str = "advisor", *, size: Any = DESK, dark: bool = False
    ) -> tuple[Page, Account]:
        """Somebody logs in, in a browser of their own."""
        login = self.hub.advisor(name, language, role)
        assert login.account
        context = self.chromium.new_context(viewport=size, color_scheme="dark" if dark else "light")
        cookie = self.hub.world.login_cookie
        context.add_cookies([{"name": cookie, "value": login.cookie(cookie), "url": self.url}])
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda said: self.faults.append(said.text) if "Content Security" in said.text else None)
        return page, login.account

    def opens(self, page: Page, path: str = "/advisor") -> None:
        page.goto(self.url + path)


@pytest.fixture
def office(
    tmp_path: Path, valkey_server: EmbeddedServer, connection: Connection, chromium: Browser
) -> Iterator[Office]:
    hub = hub_over(tmp_path, valkey_server.url, connection)
    with served(hub) as url:
        office = Office(hub, url, chromium)
        yield office
        for context in office.contexts:
            context.close()
    assert office.faults == []


def chat(ticket: str) -> str:
    return f"/advisor/chat/{ticket}"


def test_a_talk_from_taking_to_closing(office: Office) -> None:
    """A new chat appears by itself; the advisor takes it, writes, sends an answer in the other language, and closes."""
    bea = office.hub.world.account("advisor", name="Bea")
    page, ana = office.sits_down("Ana", "es")
    office.opens(page)
    expect(page.locator(".nothing")).to_be_visible()
    ticket = office.hub.people.asks(NUMBER, language="en", note="can I work in Chetumal?")
    page.locator("[data-row]").click()
    expect(page.locator(".message.person .words")).to_have_text("can I work in Chetumal?")
    expect(page.locator("#send")).to_be_disabled()

    page.get_by_role("button", name="Tomar este chat").click()
    expect(page.locator("#send")).to_be_enabled()
    page.locator("#text").fill("Hello, this is Ana.")
    page.locator("#text").press("Control+Enter")
    expect(page.locator(".message.advisor .words")).to_have_text("Hello, this is Ana.")
    expect(page.locator("#text")).to_have_value("")
    expect(page.locator("#text")).to_be_focused()

    page.locator("#asked").fill("trabajador fronterizo")
    answer = page.locator(".answer", has_text="Tarjeta trabajo TVTF").first
    answer.locator("summary").click()
    expect(answer.locator(".words")).to_contain_text("Border worker card (TVTF)")
    answer.get_by_role("button", name="Enviar esta").click()
    expect(page.locator(".message.advisor")).to_have_count(2)
    expect(page.locator(".vetted")).to_contain_text("Tarjeta trabajo TVTF")

    page.locator("#log").focus()
    page.keyboard.press("n")
    page.keyboard.type("Bea knows the office.")
    page.get_by_role("button", name="Guardar nota").click()
    expect(page.locator(".message.note .words")).to_have_text("Bea knows the office.")
    assert [entry.ticket for entry in office.hub.people.outgoing(ticket)] == [ticket, ticket]

    entry = office.hub.people.outgoing(ticket)[0]
    Deliveries(office.hub.people.connection).receive(entry.id, Receipt("SM" + "a" * 32, Status.READ, 0))
    expect(page.locator(".delivery.read")).to_have_count(1)

    page.get_by_role("button", name="Transferir", exact=True).click()
    page.locator("#to").select_option(bea.id)
    page.locator("#transfer").get_by_role("button", name="Transferir").click()
    expect(page.locator(".chat-stage")).to_have_text("con Bea")
    page.get_by_role("button", name="Tomarlo yo").click()
    expect(page.locator(".chat-stage")).to_have_text("contigo")
    page.get_by_role("button", name="Cerrar", exact=True).first.click()
    page.locator("#close").get_by_role("radio").nth(1).check()
    page.get_by_role("button", name="Cerrar y devolver al bot").click()
    expect(page.locator(".notice.stop")).to_be_visible()
    expect(page.locator("#send")).to_be_disabled()
    closed = office.hub.desk.ticket(ticket)
    assert closed is not None
    assert (closed.stage, closed.advisor) == (Stage.CLOSED, ana.id)


def test_a_draft_is_never_lost_or_moved_by_a_poll(office: Office) -> None:
    """What somebody is writing stays as it is, with cursor, focus and scroll, whatever comes in beside it."""
    ticket = office.hub.people.asks(NUMBER, note="hello")
    page, ana = office.sits_down()
    office.hub.desk.take(ticket, ana.id)
    for number in range(30):
        office.hub.people.writes(ticket, f"message {number}")
    office.opens(page, chat(ticket))
    log = page.locator("#log")
    log.evaluate("log => { log.scrollTop = 40; }")
    text = page.locator("#text")
    text.fill("half a sentence")
    text.evaluate("box => box.setSelectionRange(4, 6)")
    office.hub.people.writes(ticket, "and one more")
    expect(page.locator(".message", has_text="and one more")).to_have_count(1)
    expect(text).to_have_value("half a sentence")
    expect(text).to_be_focused()
    assert text.evaluate("box => [box.selectionStart, box.selectionEnd]") == [4, 6]
    assert log.evaluate("log => log.scrollTop") == 40

    page.reload()
    expect(page.locator("#text")).to_have_value("half a sentence")


def test_a_new_message_is_followed_only_by_who_reads_at_the_end(office: Office) -> None:
    """Whoever reads further up is not torn away; whoever waits at the end sees what comes."""
    ticket = office.hub.people.asks(NUMBER, note="hello")
    page, ana = office.sits_down()
    office.hub.desk.take(ticket, ana.id)
    for number in range(30):
        office.hub.people.writes(ticket, f"message {number}")
    office.opens(page, chat(ticket))
    office.hub.people.writes(ticket, "the last one")
    expect(page.locator(".message", has_text="the last one")).to_be_in_viewport()


def test_what_is_open_stays_open_while_the_page_asks(office: Office) -> None:
    """A check word that closes itself again and again cannot be compared."""
    ticket = office.hub.people.asks(NUMBER, note="hello")
    office.hub.people.tells(ticket, handoff.CHECK_WORD, text="sunflower")
    page, _ = office.sits_down()
    office.opens(page, chat(ticket))
    page.get_by_text("Show the word").click()
    office.hub.people.writes(ticket, "are you there?")
    expect(page.locator(".message", has_text="are you there?")).to_have_count(1)
    expect(page.locator(".the-word")).to_be_visible()
    expect(page.locator(".the-word")).to_have_text("sunflower")


def test_of_two_who_take_one_chat_the_second_is_told_and_keeps_the_draft(office: Office) -> None:
    """Two advisors can never answer the same chat unknowingly."""
    ticket = office.hub.people.asks(NUMBER, note="hello")
    first, _ = office.sits_down("Ana")
    second, _ = office.sits_down("Bea")
    for page in (first, second):
        office.opens(page, chat(ticket))
        page.locator("#text").fill("I can help you.")
    first.get_by_role("button", name="Take this chat").click()
    expect(first.locator("#send")).to_be_enabled()
    expect(second.locator(".notice")).to_contain_text("Ana has this chat")
    expect(second.locator("#send")).to_be_disabled()
    expect(second.locator("#text")).to_have_value("I can help you.")


def test_a_chat_lost_while_writing_is_said_and_the_text_stays(office: Office) -> None:
    """The click that comes a moment too late sends nothing and loses nothing."""
    ticket = office.hub.people.asks(NUMBER, note="hello")
    page, ana = office.sits_down("Ana")
    office.hub.desk.take(ticket, ana.id)
    office.opens(page, chat(ticket))
    page.route("**/now*", lambda route: route.abort())  # the page has not heard of it yet
    page.locator("#text").fill("I can help you.")
    bea = office.hub.world.account("advisor", name="Bea")
    office.hub.desk.take(ticket, bea.id, instead_of=ana.id)
    page.locator("#send").click()
    expect(page.locator("#refused")).to_contain_text("Bea has this chat now")
    expect(page.locator("#text")).to_have_value("I can help you.")
    assert office.hub.people.outgoing(ticket) == []


def test_whoever_is_logged_out_stays_on_the_page_with_the_draft(office: Office) -> None:
    """A login that ends in the middle of a sentence must not eat the sentence."""
    ticket = office.hub.people.asks(NUMBER, note="hello")
    page, ana = office.sits_down()
    office.hub.desk.take(ticket, ana.id)
    office.opens(page, chat(ticket))
    page.locator("#text").fill("half a sentence")
    office.hub.world.console.accounts.set_role(ana.id, ana.role)  # ends every login
    expect(page.locator("#away")).to_be_visible()
    expect(page.locator("#text")).to_have_value("half a sentence")


def test_a_number_is_shown_after_a_reason(office: Office) -> None:
    """And gone again when the page is left."""
    ticket = office.hub.people.asks(NUMBER, note="hello")
    page, ana = office.sits_down()
    office.hub.desk.take(ticket, ana.id)
    office.opens(page, chat(ticket))
    assert NUMBER not in page.content()
    page.locator(".number").get_by_role("button", name="Show").click()
    page.locator("#reason").select_option("danger")
    page.locator("#reveal").get_by_role("button", name="Show").click()
    expect(page.locator("#revealed")).to_contain_text(NUMBER)
    page.reload()
    expect(page.locator("#revealed")).to_have_text("")


def test_who_takes_a_chat_sees_it_among_their_own(office: Office) -> None:
    """A list that says "nobody is waiting" beside the chat one has just taken makes one look for it."""
    ticket = office.hub.people.asks(NUMBER, note="hello")
    page, _ = office.sits_down()
    office.opens(page, chat(ticket))
    page.locator("#take").click()
    expect(page.locator('[data-tab="mine"]')).to_have_attribute("aria-current", "true")
    expect(page.locator("[data-row].here")).to_have_count(1)
    expect(page.locator(".back")).to_have_attribute("href", "/advisor?tab=mine")
    assert page.url.endswith("?tab=mine")


def test_what_was_read_is_not_marked_as_new_and_what_comes_elsewhere_is(office: Office) -> None:
    """A mark that never goes away is soon looked at by nobody."""
    first, second = (office.hub.people.asks(f"+501555000{n}", note="hello") for n in range(2))
    page, ana = office.sits_down()
    for ticket in (first, second):
        office.hub.desk.take(ticket, ana.id)
    office.opens(page, f"{chat(first)}?tab=mine")
    office.hub.people.writes(first, "read at once")
    expect(page.locator(".message", has_text="read at once")).to_be_visible()
    mark_of = "[data-row='{}'] .mark.fresh"
    expect(page.locator(mark_of.format(first))).to_be_hidden()
    office.hub.people.writes(second, "somewhere else")
    expect(page.locator(mark_of.format(second))).to_be_visible()
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    expect(page.locator('[data-tab="mine"] .count')).to_have_class(re.compile("fresh"))
    page.locator(f"[data-row='{second}']").click()
    expect(page.locator(".message", has_text="somewhere else")).to_be_visible()
    expect(page).not_to_have_title(re.compile(r"^\("))
    expect(page.locator(mark_of.format(second))).to_be_hidden()


def test_a_chat_is_given_to_who_came_later_or_back_to_the_queue(office: Office) -> None:
    """The list is asked for when it is opened; the dialog stays open meanwhile."""
    ticket = office.hub.people.asks(NUMBER, note="hello")
    page, ana = office.sits_down()
    office.hub.desk.take(ticket, ana.id)
    office.opens(page, chat(ticket))
    office.sits_down("Bea")
    office.hub.world.clock.passes(30)
    page.get_by_role("button", name="Pass on").first.click()
    expect(page.locator("#to option", has_text="Bea")).to_have_count(1)
    page.locator("#to").select_option("queue")
    page.locator("#transfer").get_by_role("button", name="Pass on").click()
    expect(page.locator("#take")).to_be_visible()
    expect(page.locator(".event", has_text="Put back into the queue")).to_be_visible()
    expect(page.locator("#send")).to_be_disabled()


def test_an_answer_that_was_sent_says_so_where_it_was_sent(office: Office) -> None:
    """Somebody who looks away for a moment must not wonder whether they clicked."""
    ticket = office.hub.people.asks(NUMBER, note="hello")
    page, ana = office.sits_down()
    office.hub.desk.take(ticket, ana.id)
    office.opens(page, chat(ticket))
    page.locator("#asked").fill("visa")
    page.locator(".answer summary").first.click()
    button = page.locator("[data-sends-answer]").first
    expect(button).to_be_in_viewport(ratio=1)
    button.click()
    expect(button).to_have_text("On its way")
    expect(button).to_be_disabled()


def test_a_closed_chat_has_no_box_and_an_erased_one_no_draft(office: Office) -> None:
    """A box that can send nothing invites to write; and whoever erased a chat erased what was said of it."""
    left, erased = (office.hub.people.asks(f"+501555000{n}", note="hello") for n in range(2))
    page, ana = office.sits_down()
    for ticket in (left, erased):
        office.hub.desk.take(ticket, ana.id)
    office.opens(page, chat(left))
    page.locator("#text").fill("half a sentence")
    office.hub.people.leaves(left, "exit")
    expect(page.locator(".notice")).to_contain_text("left with X")
    expect(page.locator("#text")).to_have_value("half a sentence")
    page.locator("#text").fill("")
    page.reload()
    expect(page.locator("#reply")).to_be_hidden()
    expect(page.locator(".answers")).to_be_hidden()

    office.opens(page, chat(erased))
    page.locator("#text").fill("what she told me")
    office.hub.people.erases(erased)
    expect(page.locator(".notice")).to_contain_text("erased this chat")
    expect(page.locator("#reply")).to_be_hidden()
    assert "what she told me" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_the_overview_follows_by_itself(office: Office) -> None:
    """A supervisor who must reload to see an alarm sees it too late."""
    page, _ = office.sits_down("Lidia", role="supervisor")
    office.opens(page, "/staff")
    expect(page.get_by_text("Nobody is waiting.")).to_be_visible()
    ticket = office.hub.people.asks(NUMBER, note="hello", danger="certain", topic="danger-now")
    expect(page.locator("#staff-waits")).to_contain_text(ticket)
    expect(page.locator(".figure.warm b")).to_have_text("1")


def test_hostile_words_do_nothing_in_a_browser(office: Office) -> None:
    """A page that runs what a person wrote would give them every other person's chat."""
    ticket = office.hub.people.asks(NUMBER, note="<img src=x onerror=\"document.title='owned'\"><script>x</script>")
    office.hub.people.writes(ticket, "\u202eabc\u202c " + "y" * 3000 + " h" + "\u0301" * 200)
    office.hub.people.writes(ticket, '<div hx-get="/advisor" hx-trigger="load" id="log" data-merge>x</div>')
    page, _ = office.sits_down()
    office.opens(page, chat(ticket))
    expect(page.locator(".message")).to_have_count(3)
    assert page.locator(".words img, .words script, .words div").count() == 0
    assert "owned" not in page.title()
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    log = page.locator("#log")
    assert log.evaluate("log => log.scrollWidth <= log.clientWidth")


def test_new_chats_are_told_in_the_title_and_by_a_notification_without_content(office: Office) -> None:
    """Somebody in another tab must learn of it; whoever sees the screen must not learn what it is about."""
    page, _ = office.sits_down()
    office.contexts[-1].grant_permissions(["notifications"], origin=office.url)
    page.add_init_script(
        """window.told = [];
        window.Notification = class { constructor(title, more) { window.told.push([title, more.body]); } };
        window.Notification.permission = "granted";
        Object.defineProperty(document, "hidden", { get: () => true });"""
    )
    office.opens(page)
    page.locator("#alerts").click()
    expect(page.locator("#alerts")).to_have_attribute("aria-pressed", "true")
    office.hub.people.asks(NUMBER, note="my code words", danger="certain", topic="danger-now")
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    assert page.evaluate("window.told") == [["Ventanilla", "A new chat waits."]]


def test_keys_work_rest_while_writing_and_can_be_switched_off(office: Office) -> None:
    """A shortcut that fires inside a sentence takes a chat nobody meant to take."""
    first, _second = (office.hub.people.asks(f"+501555000{n}", note="hello") for n in range(2))
    page, _ = office.sits_down()
    office.opens(page, chat(first))
    page.locator("#text").fill("")
    page.locator("#text").press_sequentially("jkt?")
    expect(page.locator("#text")).to_have_value("jkt?")
    expect(page.locator("#keys")).to_be_hidden()
    page.locator("#log").focus()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("#log").focus()
    page.keyboard.press("j")
    expect(page.locator("[data-row]").nth(1)).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#asked")).to_be_focused()
    page.locator("#show-keys").click()
    page.locator("#keys-on").uncheck()
    page.keyboard.press("Escape")
    page.locator("#log").focus()
    page.keyboard.press("t")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()
    expect(page.locator("#take")).to_be_visible()


def test_on_a_phone_the_box_is_there_and_nothing_runs_over_the_edge(office: Office) -> None:
    """An advisor on the way home answers from the bus."""
    ticket = office.hub.people.asks(NUMBER, note="palabra " * 60)
    page, ana = office.sits_down(size=PHONE)
    office.hub.desk.take(ticket, ana.id)
    office.opens(page)
    page.get_by_role("link", name=re.compile("Mine")).click()
    page.locator("[data-row]").click()
    for place in ("#text", "#send", ".back", "#side-open"):
        expect(page.locator(place)).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    page.locator("#side-open").click()
    page.get_by_text("Are you still there?", exact=True).click()
    page.get_by_role("button", name="Put into my message").locator("visible=true").click()
    expect(page.locator("#text")).not_to_have_value("")
    expect(page.locator("#text")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(("size", "dark"), [(DESK, False), (PHONE, True)], ids=["desk, light", "phone, dark"])
def test_axe_finds_nothing(office: Office, language: str, size: Any, dark: bool) -> None:
    """Labels, contrast, roles and focus: on every page, in both languages, light and dark."""
    people, desk = office.hub.people, office.hub.desk
    waiting = people.asks("+5015550001", danger="certain", topic="danger-now", note="hello", path="main,work")
    people.tells(waiting, handoff.CHECK_WORD, text="sunflower")
    people.tells(waiting, handoff.SAFE_TIME, value="morning")
    mine = people.asks("+5015550002", Channel.WHATSAPP, note="hello")
    closed = people.asks("+5015550003", Channel.SMS, note="hello")
    page, lidia = office.sits_down("Lidia", language, "supervisor", size=size, dark=dark)
    editor, _ = office.sits_down("Edi", language, "editor", size=size, dark=dark)
    for ticket in (mine, closed):
        desk.take(ticket, lidia.id)
        desk.reply(ticket, lidia.id, "Hola", f"nonce-{ticket}")
        desk.note(ticket, lidia.id, "a note", f"note-{ticket}")
    desk.close(closed, lidia.id)
    people.shares_place(mine, 18.5, -88.3)
    for path in ("/advisor", "/advisor?tab=all", chat(waiting), chat(mine), chat(closed), "/staff", "/account"):
        office.opens(page, path)
        assert _faults(page) == [], path
    office.opens(editor, "/staff/questions")
    assert _faults(editor) == []
    office.opens(page, chat(mine))
    if size == PHONE:
        page.locator("#side-open").click()
        expect(page.locator("#side")).to_be_in_viewport(ratio=0.9)
    page.locator("#asked").fill("visa")
    page.locator(".answer summary").first.click()
    assert _faults(page) == [], "search"
    page.keyboard.press("Escape")
    page.evaluate("document.getElementById('close').showModal()")
    assert _faults(page) == [], "closing"


def _faults(page: Page) -> list[str]:
    """What axe-core calls serious or critical, and where."""
    page.evaluate("Promise.all(document.getAnimations().map(each => each.finished)).then(() => true)")
    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
