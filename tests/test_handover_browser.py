"""Both ends of a talk in two real browser windows: the person's phone, and the console of the advisor who takes over.

Everything is started by the one command `ventanilla run`; what goes between them goes through webhook, outbox and sender.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests.console_world import content
from tests.handover_world import CASE_CODE
from tests.simulator_world import Phone, Served, launched, serving

pytestmark = pytest.mark.xdist_group("run")

PATIENCE_MS = 30_000
DESK, POCKET = {"width": 1280, "height": 860}, {"width": 390, "height": 844}


class Desk:
    """The console in a browser, by what an advisor does there and sees."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def rows(self) -> Locator:
        return self.page.locator("a.row")

    def heard(self, text: str) -> Locator:
        """A message of the chat."""
        return self.page.locator("#log .message", has_text=text)

    def log_in(self, served: Served) -> None:
        """By the link that the command has printed."""
        link = re.search(r"http\S+/run/\S+", served.until_all_run())
        assert link, served.log
        self.page.goto(link[0])
        expect(self.page.locator("#lists")).to_be_visible()

    def take(self, topic: str = "") -> None:
        """Open the chat that waits, and take it."""
        self.rows.filter(has_text=topic).first.click()
        self.page.locator("#take").click()
        expect(self.page.locator("[data-opens=close]")).to_be_visible()

    def write(self, text: str) -> None:
        self.page.locator("#text").fill(text)
        self.page.locator("#send").click()
        expect(self.heard(text)).to_be_visible()
        expect(self.page.locator("#text")).to_have_value("")

    def show_side(self) -> None:
        """What stands beside the chat; on a phone it must be opened first."""
        if self.page.locator("#side-open").is_visible():
            self.page.locator("#side-open").click()

    def look_up(self, asked: str) -> Locator:
        """Search the vetted answers; the first one that is found, opened."""
        self.show_side()
        self.page.locator("#asked").fill(asked)
        answer = self.page.locator("#found details.answer").first
        expect(answer).to_be_visible()
        answer.locator("summary").click()
        return answer

    def send_vetted(self, asked: str) -> None:
        self.look_up(asked).locator("[data-sends-answer]").click()
        expect(self.page.locator("#log .message.advisor .vetted").last).to_be_visible()

    def close(self) -> None:
        self.page.locator("[data-opens=close]").click()
        self.page.locator("dialog#close input[name=why]").first.check()
        self.page.locator("dialog#close button.main").click()
        expect(self.page.locator("[data-opens=close]")).to_be_hidden()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = launched(playwright)
        yield browser
        browser.close()
    expect.set_options(timeout=5_000)  # as it was, for the tests that follow


@pytest.fixture(scope="module")
def advisors_window(browser: Browser, served: Served) -> Iterator[BrowserContext]:
    """The advisor's window; the printed link opens once, so all tests share it."""
    window = browser.new_context(viewport=DESK)  # type: ignore[arg-type]  # as the library writes it
    window.set_default_timeout(PATIENCE_MS)
    Desk(window.new_page()).log_in(served)
    yield window
    window.close()


@pytest.fixture
def desk(advisors_window: BrowserContext, served: Served) -> Iterator[Desk]:
    page = advisors_window.new_page()
    page.goto(f"{served.console_url}/advisor")
    expect(page.locator("#lists")).to_be_visible()
    yield Desk(page)
    page.close()


@pytest.fixture
def phone(browser: Browser, served: Served) -> Iterator[Phone]:
    """A new person with a phone of their own."""
    window = browser.new_context(viewport=POCKET)  # type: ignore[arg-type]
    window.set_default_timeout(PATIENCE_MS)
    page = window.new_page()
    page.goto(served.url)
    expect(page.locator("#text")).to_be_enabled()
    yield Phone(page)
    window.close()


def gets(phone: Phone, text: str) -> None:
    """Something comes to the phone by itself."""
    expect(phone.page.locator(".message.theirs", has_text=text).last).to_be_visible()


def asks(phone: Phone, word: str, note: str, *, taps: str = "") -> str:
    """Ask for an advisor and say yes, by a button or by its number; the case code."""
    phone.say(word)
    if taps:
        phone.tap(taps)
    else:
        phone.say("1")
    code = CASE_CODE.search(phone.last_reply.inner_text())
    assert code, phone.last_reply.inner_text()
    phone.say(note)
    return code[0]


def phrase(key: str, language: str, **values: str) -> str:
    """What the bot says, up to the end of its first sentence."""
    return content().phrase(key, language, **values).strip().splitlines()[0].partition(". ")[0]


def test_a_talk_from_the_question_to_the_bot_again(phone: Phone, desk: Desk) -> None:
    """Asked, agreed, seen, talked in both languages, answered with a vetted text, closed, and back where the person was."""
    phone.say("trabajo")
    parked = phone.last_reply.inner_text().splitlines()[0]
    code = asks(phone, "asesor", "qwrtpl es por el papel de mi hija zzyzx", taps=f"1 {phrase('hand_over_yes', 'es')}")
    expect(desk.rows.filter(has_text=code)).to_be_visible()
    desk.take(code)
    expect(desk.heard("es por el papel de mi hija")).to_be_visible()

    desk.write("Hola, soy Rosa. ¿Qué papel es?")
    gets(phone, phrase("advisor_says", "es", text="Hola, soy Rosa. ¿Qué papel es?"))
    phone.say("el acta de nacimiento")
    expect(desk.heard("el acta de nacimiento")).to_be_visible()

    desk.send_vetted("border worker card")  # the advisor searches in English, the person reads Spanish
    gets(phone, "Trabajador fronterizo")
    expect(
        desk.page.locator("#log .message.advisor .delivery.delivered, #log .message.advisor .delivery.read").last
    ).to_be_visible()

    phone.say("en")
    phone.say("can my sister get one too?")
    expect(desk.heard("can my sister get one too?")).to_be_visible()
    expect(desk.page.locator("#text")).to_have_attribute("lang", "en")  # what is offered for sending is English now
    expect(desk.page.locator(".answers")).not_to_contain_text("Spanish")
    desk.write("Yes, she can.")
    gets(phone, phrase("advisor_says", "en", text="Yes, she can."))

    desk.close()
    gets(phone, phrase("handed_back", "en"))
    assert "work" in phone.last_reply.inner_text().lower(), f"the place where they were: {parked}"
    phone.say("9")
    expect(desk.rows.filter(has_text=code)).to_have_count(0)


def test_a_talk_by_sms_with_the_console_on_a_phone(phone: Phone, desk: Desk) -> None:
    """The hub's advisor may only have a telephone too; SMS has no accents and no window."""
    desk.page.set_viewport_size(POCKET)  # type: ignore[arg-type]
    phone.on("SMS")
    phone.say("hello")
    code = asks(phone, "advisor", "qwrtpl my papers zzyzx")
    expect(desk.rows.filter(has_text=code)).to_be_visible()
    desk.take(code)
    expect(desk.heard("my papers")).to_be_visible()
    desk.write("Good morning, this is Rosa.")
    gets(phone, phrase("advisor_says", "en", text="Good morning, this is Rosa."))
    phone.say("thank you")
    expect(desk.heard("thank you")).to_be_visible()
    desk.close()
    gets(phone, phrase("handed_back", "en"))


def test_no_leaves_nothing_in_the_queue(phone: Phone, desk: Desk) -> None:
    """Who says no has asked nothing of anybody."""
    phone.say("asesor")
    phone.tap("No")
    expect(desk.rows).to_have_count(0)
