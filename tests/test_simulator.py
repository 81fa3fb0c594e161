"""The phone simulator in a real browser, over the real server: what somebody does on it, and what they see."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright
from simulator_world import Phone, Served, launched, serving, until

from bot import segments
from webhook.outbox.deliveries import Deliveries
from webhook.twilio_edge.status import Status

pytestmark = pytest.mark.xdist_group("simulator")

DESK = {"width": 1440, "height": 900}
SMALL = {"width": 360, "height": 740}
MENU = "Enter Mexico"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launched(playwright)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, served: Served) -> Iterator["Opener"]:
    """Opens pages; at the end no page may have complained, or have asked anybody but our server."""
    opener = Opener(browser, served.url)
    yield opener
    opener.close()


class Opener:
    """Makes pages of a size, in a language and a colour scheme."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url
        self.complaints: list[str] = []
        self.expected = 0

    def __call__(self, *, size: dict[str, int] = DESK, locale: str = "en-US", **more: object) -> Phone:
        context = self.browser.new_context(viewport=size, locale=locale, **more)  # type: ignore[arg-type]  # its own dict type
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda said: self._complain(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self._complain(str(error)))
        page.on("request", self._watch)
        page.goto(self.url)
        page.locator("#wire").evaluate("drawer => { drawer.open = true }")
        expect(page.locator(".chip").first).to_be_visible()
        return Phone(page)

    def _complain(self, words: str) -> None:
        self.complaints.append(words)

    def _watch(self, request: Request) -> None:
        if not request.url.startswith(self.url):
            self._complain(f"asked {request.url}")

    def close(self) -> None:
        for context in self.browser.contexts:
            context.close()
        assert self.complaints[self.expected :] == []


@pytest.fixture
def phone(open_page: Opener) -> Phone:
    """The page at a desk, in English."""
    return open_page()


# --- WhatsApp ----------------------------------------------------------------------------------------------------


def test_a_row_of_a_menu_is_sent_as_a_list_choice(phone: Phone) -> None:
    """What is tapped travels as WhatsApp sends it: the id, and the label as body."""
    phone.say("hello")
    phone.tap(MENU)
    wire = phone.wire()
    assert (wire["ListId"], wire["Body"], wire["MessageType"]) == ("enter-mexico", MENU, "interactive")
    assert "ButtonPayload" not in wire
    assert phone.page.locator(".stop code").all_text_contents() == ["main", "enter-mexico"]
    assert phone.memory("Version") == "2"


def test_up_to_three_choices_are_sent_as_buttons(phone: Phone) -> None:
    """WhatsApp draws few choices as buttons, and says so in other parameters."""
    phone.say("hello")
    phone.say("who will win the football match")
    assert phone.last_reply.locator(".choice").count() <= 3
    label = phone.last_reply.locator(".choice span").last.inner_text()
    phone.tap(label)
    assert (phone.wire()["ButtonText"], phone.wire()["ButtonType"]) == (label, "REPLY")
    assert phone.wire()["ButtonPayload"]


def test_an_old_choice_can_still_be_tapped(phone: Phone) -> None:
    """On a real phone old messages stay, and their buttons work."""
    phone.say("hello")
    phone.tap(MENU)
    phone.page.locator(".choices").first.get_by_role("button", name="Work").click()
    phone.settle()
    assert phone.page.locator(".stop[aria-current] code").inner_text() == "work"


def test_keys_are_sent_as_what_they_print(phone: Phone) -> None:
    """ "0 Menu" is the key 0."""
    phone.say("hello")
    phone.tap(MENU)
    phone.tap("0 Menu")
    assert phone.wire()["Body"] == "0"
    expect(phone.last_reply).to_contain_text(MENU)


def test_bold_is_drawn_and_times_are_those_of_the_persons_side(phone: Phone) -> None:
    """Stars are how WhatsApp writes bold; nobody should see them."""
    phone.say("hello")
    phone.say("SOS")
    assert phone.last_reply.locator("strong").count() >= 1
    assert "*" not in phone.last_reply.inner_text()
    assert phone.last_reply.locator("time").inner_text()
    expect(phone.last_sent.locator(".tick-mark")).to_contain_text("answered")
    assert phone.page.locator("a[href^='tel:']").count() == 0


def test_words_never_become_markup(phone: Phone) -> None:
    """Whoever writes, and whatever an editor puts into a file."""
    words = "<img src=x onerror=alert(1)> <b>hi</b> *<i>there</i>*"
    phone.say(words)
    assert phone.last_sent.locator(".words").inner_text() == words.replace("*", "")
    assert phone.page.locator("#messages img, #messages b, #messages .words i").count() == 0
    expect(phone.page.locator("#wire-fields")).to_contain_text("onerror=alert")


def test_a_location_is_shared(phone: Phone) -> None:
    """The spots are on both sides of the border."""
    phone.say("hello")
    phone.share("Corozal")
    wire = phone.wire()
    assert (wire["Latitude"], wire["Longitude"], wire["Label"], wire["Body"]) == (
        "18.394000",
        "-88.388000",
        "Corozal",
        "–",
    )
    expect(phone.last_reply).to_contain_text("Corozal")
    expect(phone.page.locator("#decision")).to_contain_text("action_nearest_place")


def test_any_place_on_earth_can_be_shared(phone: Phone) -> None:
    """And what is no place is refused with a reason."""
    phone.say("hello")
    phone.page.locator("#attach").click()
    phone.page.locator("#latitude").fill("91")
    phone.page.get_by_role("button", name="Share", exact=True).click()
    expect(phone.page.locator("#coordinates-complaint")).to_contain_text("degrees")
    phone.page.locator("#latitude").fill("17,25")
    phone.page.locator("#longitude").fill("-88.77")
    phone.page.get_by_role("button", name="Share", exact=True).click()
    phone.settle()
    assert (phone.wire()["Latitude"], phone.wire()["Longitude"]) == ("17.250000", "-88.770000")


@pytest.mark.parametrize(
    ("name", "type_"),
    [("Photo", "image/jpeg"), ("Voice note", "audio/ogg"), ("Sticker", "image/webp"), ("Contact", "text/vcard")],
)
def test_things_that_are_not_text_can_be_sent(phone: Phone, name: str, type_: str) -> None:
    """People send them; the bot must say what it can read."""
    phone.say("hello")
    phone.share(name)
    assert phone.wire()["MediaContentType0"] == type_
    assert phone.wire()["MessageSid"].startswith("MM")
    expect(phone.last_reply).to_contain_text(MENU)


def test_a_withheld_number_is_known_by_the_user_id(phone: Phone) -> None:
    """More and more people hide their number on WhatsApp."""
    phone.page.get_by_text("For developers").click()
    phone.page.get_by_text("WhatsApp hides the number").click()
    phone.say("hello")
    assert phone.wire()["From"].startswith("whatsapp:MX.")
    assert "WaId" not in phone.wire()
    assert phone.memory("Version") == "1"


def test_what_an_advisor_writes_comes_to_the_phone(phone: Phone, served: Served) -> None:
    """Through the real outbox and sender, with the stand-in for Twilio: shown, said aloud, and told as read."""
    served.until_all_run()
    phone.say("hello")
    id_ = served.send(phone.wire(), "Hello, my name is Ixchel. *How* can I help?")
    expect(phone.last_reply).to_contain_text("my name is Ixchel. How can I help?")
    assert phone.last_reply.locator("strong").inner_text() == "How"
    expect(phone.last_reply.locator(".tick-mark")).to_have_class("tick-mark read")
    expect(phone.page.locator("#live")).to_contain_text("Ixchel")
    deliveries = Deliveries(served.store)
    until(lambda: deliveries.of([id_])[id_].status is Status.READ)
    second = served.send(phone.wire(), "One more thing.")
    expect(phone.last_reply).to_contain_text("One more thing.")
    until(lambda: deliveries.of([second])[second].status is Status.READ)
    assert phone.page.locator(".theirs", has_text="my name is Ixchel").count() == 1


def test_an_advisors_sms_shows_its_cost(phone: Phone, served: Served) -> None:
    """As every SMS does; nobody can tell whether it was read."""
    served.until_all_run()
    phone.on("SMS")
    phone.say("hello")
    id_ = served.send(phone.wire(), "An advisor writes to you.")
    expect(phone.last_reply).to_contain_text("An advisor writes to you.")
    expect(phone.last_reply.locator(".cost")).to_contain_text("1 SMS")
    deliveries = Deliveries(served.store)
    until(lambda: deliveries.of([id_])[id_].status is Status.DELIVERED)
    assert phone.last_reply.locator(".tick-mark").count() == 0


def test_mail_waits_for_who_looks_at_another_phone(phone: Phone, served: Served) -> None:
    """Unread until that person is on the screen again."""
    served.until_all_run()
    phone.say("hello")
    wire = phone.wire()
    phone.page.get_by_role("button", name="New person").click()
    id_ = served.send(wire, "Are you there?")
    deliveries = Deliveries(served.store)
    until(lambda: id_ in deliveries.of([id_]) and deliveries.of([id_])[id_].status is Status.DELIVERED)
    expect(phone.page.locator("#messages")).not_to_contain_text("Are you there?")
    phone.page.locator("#person").select_option("1")
    expect(phone.last_reply).to_contain_text("Are you there?")
    until(lambda: deliveries.of([id_])[id_].status is Status.READ)


# --- SMS ---------------------------------------------------------------------------------------------------------


def test_an_sms_shows_its_segments_and_what_it_costs(phone: Phone) -> None:
    """An editor sees at once which word made a message dear."""
    phone.on("SMS")
    phone.say("hello")
    marks = phone.last_reply.locator(".cut").all_text_contents()
    pieces = phone.last_reply.locator(".piece").all_text_contents()
    text = "".join(piece.removesuffix(mark) for piece, mark in zip(pieces, marks, strict=True))
    counted = segments.count(text)
    assert len(pieces) == counted.segments > 1
    assert tuple(piece.removesuffix(mark) for piece, mark in zip(pieces, marks, strict=True)) == segments.split(text)
    expected = f"{counted.segments} SMS · {counted.encoding} · {counted.units} characters"
    assert phone.last_reply.locator(".cost").inner_text() == expected
    assert phone.last_reply.get_by_role("button").count() == 0


def test_what_a_person_pays_is_shown_too(phone: Phone) -> None:
    """One accent can double the price of their message."""
    phone.on("SMS")
    phone.say("¿dónde está la oficina?")
    assert phone.last_sent.locator(".cost").inner_text() == "1 SMS · UCS-2 · 23 characters"


def test_silence_is_shown_as_a_quiet_note(phone: Phone) -> None:
    """After STOP the bot says nothing: whoever tries it must see that this is meant."""
    phone.on("SMS")
    phone.say("hello")
    phone.say("STOP")
    expect(phone.page.locator(".note")).to_contain_text("No reply, on purpose")
    assert "<Message>" not in phone.page.locator("#wire-twiml").inner_text()
    assert phone.memory("Asked for no messages") == "sms"


def test_what_twilio_has_answered_is_sent_along_once(phone: Phone) -> None:
    """Advanced Opt-Out speaks through a Messaging Service."""
    phone.on("SMS")
    phone.page.get_by_text("For developers").click()
    phone.page.locator("#opt-out").select_option("STOP")
    phone.say("BAJA")
    assert phone.wire()["OptOutType"] == "STOP"
    assert phone.wire()["MessagingServiceSid"].startswith("MG")
    phone.say("hello")
    assert "OptOutType" not in phone.wire()


# --- people ------------------------------------------------------------------------------------------------------


def test_a_new_person_is_new_to_the_bot_and_the_old_one_comes_back(phone: Phone) -> None:
    """The first reply is the one that matters most: it must be easy to see again."""
    phone.say("hello")
    phone.page.get_by_role("button", name="New person").click()
    expect(phone.page.locator("#session")).to_contain_text("Nothing about this person")
    assert phone.page.locator(".message").count() == 0
    phone.say("hola")
    assert phone.wire()["From"].startswith("whatsapp:+5010")
    phone.page.locator("#person").select_option(index=0)
    expect(phone.last_sent).to_contain_text("hello")
    expect(phone.page.locator(".stop[aria-current] code")).to_have_text("main")


def test_one_person_has_one_language_on_both_channels(phone: Phone) -> None:
    """What is known of a person does not depend on how they write."""
    phone.say("hello")
    phone.on("SMS")
    expect(phone.page.locator(".message")).to_have_count(0)
    phone.say("1")
    assert phone.memory("Language") == "en"
    phone.on("WhatsApp")
    expect(phone.last_sent).to_contain_text("hello")


# --- when something goes wrong -----------------------------------------------------------------------------------


def test_a_message_that_comes_twice_changes_nothing(phone: Phone) -> None:
    """Twilio may deliver twice; the page can do so too."""
    phone.say("hello")
    phone.say("1")
    reply, version = phone.last_reply.locator(".words").inner_text(), phone.memory("Version")
    phone.page.get_by_text("For developers").click()
    phone.page.get_by_role("button", name="Deliver the last message again").click()
    expect(phone.page.locator(".note")).to_contain_text("delivered again")
    expect(phone.page.locator(".message.theirs")).to_have_count(3)
    assert phone.last_reply.locator(".words").inner_text() == reply
    assert phone.memory("Version") == version == "2"


def test_without_memory_choices_are_words(phone: Phone) -> None:
    """A number would mean nothing next time; the word does."""
    phone.page.get_by_text("For developers").click()
    phone.page.get_by_text("Without memory").click()
    phone.say("hello")
    assert phone.last_reply.locator(".number").count() == 0
    phone.tap(MENU)
    assert (phone.wire()["Body"], "ListId" in phone.wire()) == (MENU, False)
    expect(phone.page.locator("#session")).to_contain_text("Nothing about this person")


def test_a_lost_message_can_be_sent_again(phone: Phone, open_page: Opener) -> None:
    """The server is restarted while somebody tries the bot."""
    phone.page.route("**/twilio/inbound", lambda route: route.abort())
    phone.say("hello")
    expect(phone.last_sent.locator(".failure")).to_contain_text("does not answer")
    open_page.expected = len(open_page.complaints)  # the browser complains of the lost request
    phone.page.unroute("**/twilio/inbound")
    phone.page.get_by_role("button", name="Try again").click()
    expect(phone.last_reply).to_contain_text(MENU)
    expect(phone.page.locator(".failure")).to_have_count(0)


def test_a_faulty_edit_is_told_with_its_place(phone: Phone, served: Served) -> None:
    """An editor who saves and sees no change must not have to guess why."""
    card = phone.page.locator("#content-card")
    expect(card).to_have_attribute("data-state", "current")
    version = phone.page.locator("#content-version").inner_text()
    edited = served.root / "content" / "service" / "thanks.yaml"
    good = edited.read_text(encoding="utf-8")
    edited.write_text(good + "surprise: yes\n", encoding="utf-8")
    try:
        expect(card).to_have_attribute("data-state", "refused", timeout=150_000)
        expect(phone.page.locator(".faults")).to_contain_text("content/service/thanks.yaml:")
        expect(phone.page.locator("#content-version")).to_have_text(version)
        phone.say("hello")
        expect(phone.last_reply).to_contain_text(MENU)
    finally:
        edited.write_text(good, encoding="utf-8")
    expect(card).to_have_attribute("data-state", "current", timeout=60_000)
    expect(phone.page.locator(".faults")).to_have_count(0)


# --- for everybody -----------------------------------------------------------------------------------------------


def test_a_screen_reader_hears_the_reply(phone: Phone) -> None:
    """The same words are shown to who wonders how it sounds."""
    phone.say("hello")
    phone.say("SOS")
    expect(phone.page.locator("#live")).to_contain_text("Ventanilla: ")
    heard = phone.page.locator("#live").inner_text()
    shown = phone.page.locator("#spoken").inner_text()
    assert "911" in heard
    assert "*" not in heard + shown
    assert "".join(heard.removeprefix("Ventanilla: ").split()) == "".join(shown.split())
    expect(phone.page.locator("#live")).to_have_attribute("lang", "en")


def test_everything_can_be_done_with_the_keyboard(phone: Phone) -> None:
    """From the first key: skip to the phone, write, choose, share, leave the sheet, change the channel."""
    keyboard, page = phone.page.keyboard, phone.page
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(page.locator("#text")).to_be_focused()
    keyboard.type("hello")
    keyboard.press("Enter")
    phone.settle()
    first = phone.last_reply.locator(".choice").first
    first.focus()
    keyboard.press("Enter")
    phone.settle()
    assert phone.wire()["ListId"] == "enter-mexico"
    page.locator("#attach").focus()
    keyboard.press("Enter")
    expect(page.locator("#sheet button").first).to_be_focused()
    keyboard.press("Escape")
    expect(page.locator("#attach")).to_be_focused()
    expect(page.locator("#sheet")).to_be_hidden()
    page.get_by_role("radio", name="WhatsApp").focus()
    keyboard.press("ArrowRight")
    expect(page.locator("#phone")).to_have_attribute("data-channel", "sms")


def test_the_page_speaks_both_languages(open_page: Opener) -> None:
    """Its own words change; what the bot says does not."""
    phone = open_page(locale="es-MX")
    expect(phone.page.locator("html")).to_have_attribute("lang", "es")
    phone.say("hello")
    reply = phone.last_reply.locator(".words").inner_text()
    phone.page.get_by_role("radio", name="English").check()
    expect(phone.page.locator("html")).to_have_attribute("lang", "en")
    expect(phone.page.locator("#welcome-title")).to_have_text("Write to it as a person would")
    expect(phone.last_reply.locator(".words")).to_have_text(reply)
    untold = "nodes => nodes.filter(node => !node.textContent.trim()).map(node => node.dataset.say)"
    assert phone.page.locator("[data-say]").evaluate_all(untold) == []


def test_both_languages_have_the_same_words() -> None:
    """A word that is missing in one shows an error to half of the people."""
    source = (Path(__file__).parent.parent / "webhook" / "pages" / "static" / "words.js").read_text(encoding="utf-8")
    spanish, english = source.split("\n  en: {\n")[0], source.split("\n  en: {\n")[1].split("\n};")[0]

    def keys(part: str) -> list[str]:
        return [line.split(":")[0].strip() for line in part.splitlines() if line.startswith("    ") and ": " in line]

    assert keys(spanish) == keys(english)
    assert len(keys(english)) > 80


def test_every_control_has_a_name(phone: Phone) -> None:
    """A button without a name is a guess for who cannot see it."""
    phone.say("hello")
    phone.page.locator("#attach").click()
    tree = phone.page.locator("body").aria_snapshot()
    nameless = [line for line in tree.splitlines() if line.strip().rstrip(":") in ("- button", "- textbox", "- radio", "- link", "- combobox", "- checkbox")]  # fmt: skip
    assert nameless == []


AUDIT = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
LOOKS = [
    (size, scheme, channel)
    for size in ("desk", "small")
    for scheme in ("light", "dark")
    for channel in ("WhatsApp", "SMS")
]


@pytest.mark.parametrize(("size", "scheme", "channel"), LOOKS)
def test_it_can_be_read_at_every_size_and_in_the_dark(open_page: Opener, size: str, scheme: str, channel: str) -> None:
    """Contrast AA for all words, nothing wider than the screen, no target smaller than a fingertip's 24 pixels."""
    viewport = DESK if size == "desk" else SMALL
    phone = open_page(size=viewport, color_scheme=scheme)
    phone.on(channel)
    phone.say("hello")
    phone.say("¿dónde está la oficina?")
    phone.say("STOP")
    page = phone.page
    page.get_by_text("For developers").click()
    page.locator("#attach").click()
    faint = page.locator("body").evaluate(AUDIT)
    assert json.dumps(faint, indent=1) == "[]"
    assert page.locator("html").evaluate("html => html.scrollWidth") <= viewport["width"]
    box = page.locator("#phone").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= viewport["width"]
    small = "all => all.map(one => [one.textContent.trim(), one.getBoundingClientRect()]).filter(([, box]) => box.height && (box.height < 24 || box.width < 24)).map(([name]) => name)"  # fmt: skip
    assert page.locator("button, select, textarea, summary").evaluate_all(small) == []


def test_nothing_moves_for_who_asks_for_that(open_page: Opener) -> None:
    """Movement makes some people ill."""
    phone = open_page(reduced_motion="reduce")
    phone.say("hello")
    moving = "all => all.filter(one => getComputedStyle(one).animationName !== 'none').length"
    assert phone.page.locator("*").evaluate_all(moving) == 0


def test_focus_can_be_seen(phone: Phone) -> None:
    """Who goes by keyboard must see where they are."""
    page: Page = phone.page
    for _ in range(12):
        page.keyboard.press("Tab")
        seen = page.locator(":focus").evaluate(
            "one => [one, one.nextElementSibling].filter(Boolean)"
            ".some(any => getComputedStyle(any).outlineStyle === 'solid' && parseFloat(getComputedStyle(any).outlineWidth) >= 2)"
        )
        assert seen, page.locator(":focus").evaluate("one => one.outerHTML.slice(0, 200)")
