"""Every route of the console against everybody who should not reach it. New routes come under these tests by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Blueprint
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.console_world import Browser, World, console_world
from webhook.console.accounts import Role
from webhook.console.app import PAGES
from webhook.console.guard import Caller, Undeclared, callers, declared
from webhook.console.headers import HEADERS
from webhook.console.world import Console
from webhook.embedded import EmbeddedServer
from webhook.store.connection import Connection

SAMPLES = {"name": "htmx-2.0.6.min.js", "token": "A" * 43, "user": "0" * 16}
"""For the parts of addresses; "x1" stands for any other."""

OPEN = {"/login", "/healthz", "/static/<path:name>", "/invitation/<token>", "/run/<token>"}
"""All that can be called without a login. Adding to it is a decision, and is made here."""

NOT_FOR_CHATS = (Role.EDITOR, Role.ADMIN)


@pytest.fixture
def world(tmp_path: Path, connection: Connection, valkey_server: EmbeddedServer) -> World:
    """The whole console."""
    return console_world(tmp_path, valkey_server.url)


def routes(world: World) -> Iterator[tuple[Rule, str, str]]:
    """Every rule with a sample address and each of its methods."""
    for rule in world.app.url_map.iter_rules():
        path = re.sub(r"<(?:(\w+):)?(\w+)>", _sample, rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD"}):
            yield rule, path, method


def _sample(part: re.Match[str]) -> str:
    return "1" if part[1] == "int" else SAMPLES.get(part[2], "x1")


def call(browser: Browser, method: str, path: str, csrf: str, **headers: str) -> TestResponse:
    return browser.get(path, headers) if method == "GET" else browser.post(path, csrf=csrf, headers=headers)


def test_every_route_says_who_may_call_it_and_takes_get_or_post(world: World) -> None:
    """What is not declared cannot be guarded."""
    for rule, _, method in routes(world):
        assert declared(world.app, rule.endpoint) is not None, rule
        assert method in {"GET", "POST"}, rule


def test_only_these_are_open_to_anyone(world: World) -> None:
    """A page that was opened by mistake shows here."""
    is_open = {
        rule.rule for rule, _, _ in routes(world) if (says := declared(world.app, rule.endpoint)) and says.is_open
    }
    assert is_open == OPEN


def test_route_without_declaration_keeps_the_console_from_starting(
    tmp_path: Path, connection: Connection, valkey_server: EmbeddedServer
) -> None:
    """A forgotten line must be found before anybody can call the page."""

    def forgetful(console: Console) -> Blueprint:
        pages = Blueprint("forgetful", __name__)

        @pages.get("/forgotten")
        def forgotten() -> str:
            return "secret"

        @pages.get("/nobody")
        @callers()
        def nobody() -> str:
            return "secret"

        return pages

    with pytest.raises(Undeclared, match=r"/forgotten.*/nobody"):
        console_world(tmp_path, valkey_server.url, pages=(*PAGES, forgetful))


def test_anonymous_reaches_nothing_but_what_is_open(world: World) -> None:
    """Without a login there is a login page, and nothing else."""
    csrf = world.browser().csrf()
    for rule, path, method in routes(world):
        if rule.rule in OPEN:
            continue
        browser = world.browser()
        csrf = browser.csrf()
        answer = call(browser, method, path, csrf)
        if method == "GET":
            assert (answer.status_code, answer.headers.get("Location")) == (303, "/login"), rule
        else:
            assert answer.status_code == 401, rule
        part = call(browser, method, path, csrf, **{"HX-Request": "true"})
        assert (part.status_code, part.headers.get("HX-Redirect")) == (401, "/login"), rule


@pytest.mark.parametrize("role", list(Role))
def test_each_role_is_refused_what_is_not_its_own(world: World, role: Role) -> None:
    """403 for the wrong role on every route; the right ones pass the door."""
    account = world.account(role)
    refused = 0
    for rule, path, method in routes(world):
        says = declared(world.app, rule.endpoint)
        assert says is not None
        browser = world.logged_in(account=account)
        answer = call(browser, method, path, browser.csrf())
        if says.allows(role):
            assert answer.status_code not in (401, 403) or says.is_open, rule
            assert answer.headers.get("Location") != "/login" or says.is_open or path == "/logout", rule
            assert answer.status_code < 500 or answer.status_code == 503, rule
        else:
            assert answer.status_code == 403, rule
            refused += 1
    assert refused


def test_admins_and_editors_read_no_chat(world: World) -> None:
    """Who decides who gets in must not read what is said; who works on texts has no need to."""
    for rule, _, _ in routes(world):
        if not rule.rule.startswith("/advisor"):
            continue
        says = declared(world.app, rule.endpoint)
        assert says is not None
        assert not any(says.allows(role) for role in NOT_FOR_CHATS), rule


def test_supervisors_can_do_what_advisors_can() -> None:
    """They step in when nobody else is there."""

    @callers(Caller.ADVISOR)
    def view() -> None: ...

    says = view.__ventanilla_callers__  # type: ignore[attr-defined]  # set by the decorator
    assert [role for role in Role if says.allows(role)] == [Role.ADVISOR, Role.SUPERVISOR]


FOREIGN: dict[str, dict[str, str]] = {
    "another site": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "another site, an old browser": {"Origin": "https://evil.example", "Sec-Fetch-Site": ""},
    "another host of the same site": {"Origin": "https://x.hub.example.org", "Sec-Fetch-Site": "same-site"},
    "our origin, but the browser knows better": {"Sec-Fetch-Site": "cross-site"},
    "a frame without origin": {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    "no origin at all": {"Origin": "", "Sec-Fetch-Site": ""},
    "another port": {"Origin": "http://127.0.0.1:9999", "Sec-Fetch-Site": ""},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_nothing_can_be_sent_from_elsewhere(world: World, headers: dict[str, str]) -> None:
    """Even with a stolen CSRF token, and by whoever is logged in."""
    for rule, path, method in routes(world):
        if method == "GET":
            continue
        browser = _allowed(world, rule)
        assert call(browser, method, path, browser.csrf(), **headers).status_code == 403, rule


def test_form_of_our_own_is_taken_from_browsers_old_and_new(world: World) -> None:
    """Without a Referer a browser names our own origin "null"; that must not lock anybody out."""
    for headers in (
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Origin": world.origin, "Sec-Fetch-Site": "same-origin"},
        {"Origin": world.origin, "Sec-Fetch-Site": ""},
        {"Origin": "null", "Sec-Fetch-Site": ""},
    ):
        browser = world.logged_in()
        assert browser.post("/account/language", {"language": "en"}, headers=headers).status_code == 303


def test_no_part_of_a_page_can_be_fetched_from_elsewhere(world: World) -> None:
    """A link from another site may lead here; a script, picture or request from there may not."""
    for rule, path, method in routes(world):
        if method != "GET":
            continue
        browser = _allowed(world, rule)
        for mode in ("no-cors", "cors"):
            fetched = browser.get(path, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode})
            assert fetched.status_code == 403, rule
    linked = world.logged_in().get("/account", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"})
    assert linked.status_code == 200


def test_every_post_wants_the_token_of_this_very_login(world: World) -> None:
    """None, nonsense, another browser's, that of the time before the login, that of a login that has ended."""
    stranger = world.browser().csrf()
    account = world.account()
    ended = world.logged_in(account=account)
    of_ended_login = ended.csrf()
    ended.post("/logout", csrf=of_ended_login)
    for rule, path, method in routes(world):
        if method == "GET":
            continue
        for token in ("", "nonsense", stranger, of_ended_login):
            browser = _allowed(world, rule)
            assert browser.post(path, csrf=token).status_code == 400, (rule, token)


def test_token_may_come_as_a_header(world: World) -> None:
    """As htmx sends it."""
    browser = world.logged_in()
    token = browser.csrf()
    answer = browser.post("/account/language", {"language": "en"}, csrf="", headers={"X-CSRFToken": token})
    assert answer.status_code == 303
    answer = browser.post("/account/language", {"language": "en"}, csrf="", headers={"X-CSRFToken": token + "x"})
    assert answer.status_code == 400


def test_get_never_reaches_a_post_and_no_other_method_anything(world: World) -> None:
    """What changes something cannot be reached by a link or a picture."""
    methods: dict[str, set[str]] = {}
    for _, path, method in routes(world):
        methods.setdefault(path, set()).add(method)
    browser = world.logged_in(Role.SUPERVISOR)
    for path, taken in methods.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD"} - taken:
            if method == "HEAD" and "GET" in taken:
                continue
            answer = browser.client.open(path, method=method, base_url=world.origin, headers={"Origin": world.origin})
            assert answer.status_code == 405, (path, method)


def test_every_answer_has_the_strict_headers_and_is_not_kept(world: World) -> None:
    """Errors and redirects as well: the one page that was forgotten is the one that is used."""
    browsers = [world.browser(), *(world.logged_in(role) for role in Role)]
    answers = [(path, browser.get(path)) for browser in browsers for _, path, _ in routes(world)]
    answers += [("nowhere", browser.get("/nowhere")) for browser in browsers]
    for path, answer in answers:
        for name, value in HEADERS.items():
            assert answer.headers.get(name) == value, (path, name)
        assert answer.headers["Cache-Control"] == "no-store", path
        assert "Strict-Transport-Security" not in answer.headers, "this is development"
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "*" not in policy


def test_production_insists_on_tls(tmp_path: Path, connection: Connection, valkey_server: EmbeddedServer) -> None:
    """A browser that was here once never speaks plainly again."""
    production = console_world(tmp_path, valkey_server.url, production=True)
    assert production.browser().get("/login").headers["Strict-Transport-Security"].startswith("max-age=")


def test_file_of_ours_is_kept_only_under_its_digest(world: World) -> None:
    """A browser keeps htmx for a year, and a new version has another address."""
    page = world.browser().get("/login").text
    addresses = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))
    assert addresses
    for address in addresses:
        answer = world.browser().get(address.replace("&amp;", "&"))
        assert answer.status_code == 200, address
        assert answer.headers["Cache-Control"].endswith("immutable")
        assert "Set-Cookie" not in answer.headers
        old = world.browser().get(f"{address.partition('?')[0]}?v=old")
        assert old.headers["Cache-Control"] == "no-store"
    for outside in ("../app.py", "..%2fapp.py", "/etc/passwd", "no-such-file"):
        assert world.browser().get(f"/static/{outside}").status_code == 404


def test_no_page_holds_script_or_style_of_its_own(world: World) -> None:
    """The policy would refuse it, and the page would not work; markup from outside would look just like it."""
    for role in Role:
        browser = world.logged_in(role)
        for _, path, method in routes(world):
            answer = browser.get(path) if method == "GET" else None
            if answer is None or answer.mimetype != "text/html":
                continue
            assert not re.search(r"<script(?![^>]*\ssrc=)", answer.text), path
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", answer.text), path


def _broken(console: Console) -> Blueprint:
    pages = Blueprint("broken", __name__)

    @pages.get("/broken")
    @callers(Caller.ANYONE)
    def broken() -> str:
        raise RuntimeError("words of somebody: +5219831234567")

    return pages


def test_error_of_ours_is_a_plain_page_and_says_nothing(
    tmp_path: Path, connection: Connection, valkey_server: EmbeddedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """No trace to anybody, nothing personal in the log, and the log says where."""
    world = console_world(tmp_path, valkey_server.url, pages=(*PAGES, _broken))
    answer = world.browser().get("/broken", {"Accept-Language": "es-MX"})
    assert answer.status_code == 500
    assert "Algo falló de nuestro lado" in answer.text
    logged = capsys.readouterr().err
    assert "console_page_failed" in logged
    for text in (answer.text, logged):
        assert "983" not in text
        assert "Traceback" not in text


@pytest.mark.parametrize(
    ("accepted", "said"), [("en-BZ", "There is no such page."), ("es-MX", "no existe"), ("zh", "no existe")]
)
def test_error_page_is_in_the_reader_s_language(world: World, accepted: str, said: str) -> None:
    """Of the account, else of the browser, else of the hub."""
    assert said in world.browser().get("/nowhere", {"Accept-Language": accepted}).text
    english = world.logged_in(language="en")
    english.get("/account")
    assert "This page cannot" in english.post("/account", csrf="x").text


def test_lost_store_is_a_page_that_says_so(own_server: EmbeddedServer, tmp_path: Path, connection: Connection) -> None:
    """Nobody is let in or shown anything while it cannot be asked, and it is no crash."""
    world = console_world(tmp_path, own_server.url)
    browser = world.logged_in()
    assert browser.get("/account").status_code == 200
    own_server.stop()
    for answer in (
        browser.get("/account"),
        browser.post("/account/language", {"language": "en"}, csrf="x"),
        world.browser().get("/"),
        world.browser().get("/advisor"),
    ):
        assert answer.status_code in (303, 503)
    assert browser.get("/account").status_code == 503
    assert browser.get("/healthz").status_code == 200


@pytest.mark.parametrize("cookie", ["", "x" * 5000, "ñandú", "0" * 16 + "." + "A" * 43, "../../etc", "a\x00b", "%00"])
def test_strange_cookie_is_nobody(world: World, cookie: str) -> None:
    """Whatever is sent as a token, it is no login and no error."""
    browser = world.browser()
    answer = browser.client.get(
        "/account",
        base_url=world.origin,
        headers={"Cookie": f"{world.login_cookie}={cookie}".encode().decode("latin-1")},
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")


def test_page_that_asks_by_itself_keeps_nobody_logged_in(
    tmp_path: Path, connection: Connection, valkey_server: EmbeddedServer
) -> None:
    """Pages poll every second; if that counted, an empty desk would stay logged in all day."""

    def polled(console: Console) -> Blueprint:
        pages = Blueprint("polled", __name__)

        @pages.get("/polled")
        @callers(Caller.STAFF, renews=False)
        def poll() -> str:
            return "news"

        return pages

    world = console_world(tmp_path, valkey_server.url, pages=(*PAGES, polled))
    browser = world.logged_in()
    for _ in range(3):
        assert browser.get("/polled").status_code == 200
        world.clock.passes(599)
    assert browser.get("/polled").status_code == 200
    world.clock.passes(10)
    assert browser.get("/polled").status_code == 303


def _allowed(world: World, rule: Rule) -> Browser:
    """A browser of somebody who may call a route."""
    says = declared(world.app, rule.endpoint)
    assert says is not None
    if says.is_open:
        return world.browser()
    return world.logged_in(next(role for role in Role if says.allows(role)))
