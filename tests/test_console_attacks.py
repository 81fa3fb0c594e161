"""What was tried against the console, its proxy and its parts by attacking them, and does not work (any more)."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from bot.inbound import Channel
from tests.advising_world import MEDIA_URL, Hub, hub_over
from tests.console_world import PASSWORD, Browser, World, console_world
from tests.twilio_samples import ACCOUNT
from tests.webhook_world import app_for, settings_for
from webhook.console import devices, throttle
from webhook.console.accounts import Account, Role
from webhook.console.media import MediaDoor, NoMedia
from webhook.console.proxies import calling_address
from webhook.console.run_login import make_run_login
from webhook.desk.changing import Done
from webhook.desk.records import Attachment, Stage
from webhook.embedded import EmbeddedServer
from webhook.hostnames import is_own_name
from webhook.outbox.deliveries import Deliveries
from webhook.settings import Environment, SettingsRefused, read_settings
from webhook.store.connection import Connection
from webhook.twilio_edge.status import Receipt, Status

ROOT = Path(__file__).resolve().parent.parent
STRANGER = "203.0.113.66"


@pytest.fixture
def production(tmp_path: Path, connection: Connection, valkey_server: EmbeddedServer) -> World:
    """A console as it runs for people."""
    return console_world(tmp_path, valkey_server.url, production=True)


@pytest.fixture
def world(tmp_path: Path, connection: Connection, valkey_server: EmbeddedServer) -> World:
    """A console as a developer has it."""
    return console_world(tmp_path, valkey_server.url)


@pytest.fixture
def hub(tmp_path: Path, connection: Connection, valkey_server: EmbeddedServer) -> Hub:
    """A console with people who can write."""
    return hub_over(tmp_path, valkey_server.url, connection)


def log_in(browser: Browser, account: Account, code: str, *, password: str = PASSWORD, peer: str = "127.0.0.1") -> int:
    """The status of a try to log in, from an address on the network."""
    browser.client.environ_base["REMOTE_ADDR"] = peer
    return browser.post("/login", {"email": account.email, "password": password, "code": code}).status_code


def known_device(world: World, account: Account) -> Browser:
    """A browser in which somebody has logged in once, and out again."""
    browser = world.browser()
    assert log_in(browser, account, world.code(account)) == 303
    browser.account = account
    assert browser.post("/logout").status_code == 303
    browser.account = None
    world.clock.passes(60)
    return browser


# --- locking others out -----------------------------------------------------------------------------------------------


def test_strangers_lock_nobody_out_who_has_logged_in_here_before(production: World) -> None:
    """Whoever knows an advisor's address could else keep her from people in danger, an hour at a time."""
    ana = production.account()
    browser = known_device(production, ana)
    for number in range(throttle.EMAIL_TRIES):
        assert log_in(production.browser(), ana, "000000", password="wrong", peer=f"203.0.113.{number}") == 401
    assert log_in(production.browser(), ana, production.code(ana), peer=STRANGER) == 429
    assert log_in(browser, ana, production.code(ana)) == 303


def test_neighbours_behind_one_proxy_do_not_lock_a_known_device(production: World) -> None:
    """Where a proxy hides who calls, all advisors and all strangers have one address."""
    ana = production.account()
    browser = known_device(production, ana)
    for number in range(throttle.ADDRESS_TRIES):
        production.console.throttle.admit(f"x{number}@example.org", "127.0.0.1")
    assert log_in(production.browser(), ana, production.code(ana)) == 429
    assert log_in(browser, ana, production.code(ana)) == 303


def test_a_known_device_has_five_tries_as_well(production: World) -> None:
    """Who finds an open laptop has its mark, and must not guess for ever."""
    ana = production.account()
    browser = known_device(production, ana)
    for _ in range(throttle.DEVICE_TRIES):
        assert log_in(browser, ana, "000000", password="wrong") == 401
    assert log_in(browser, ana, production.code(ana)) == 429
    assert log_in(production.browser(), ana, production.code(ana), peer=STRANGER) == 303, "others are not held back"


def test_a_login_on_a_known_device_gives_strangers_no_new_tries(production: World) -> None:
    """They would else have five more whenever she comes to work."""
    ana = production.account()
    browser = known_device(production, ana)
    for number in range(throttle.EMAIL_TRIES):
        log_in(production.browser(), ana, "000000", password="wrong", peer=f"203.0.113.{number}")
    assert log_in(browser, ana, production.code(ana)) == 303
    assert log_in(production.browser(), ana, "000000", password="wrong", peer=STRANGER) == 429


def test_the_mark_of_a_device_is_good_for_one_account_and_lets_nobody_in(production: World) -> None:
    """An advisor's own mark must not give her free tries at a colleague's password; nor is it a login."""
    ana, ben = production.account(), production.account()
    browser = known_device(production, ana)
    for number in range(throttle.EMAIL_TRIES):
        production.console.throttle.admit(ben.email, f"203.0.113.{number}")
    assert log_in(browser, ben, production.code(ben)) == 429
    assert browser.get("/advisor").status_code == 303
    mark = browser.cookie("__Host-device")
    known = production.console.devices.known
    assert known(mark, ana)
    assert not known(mark, ben)
    assert not known(mark, None)
    assert not known(mark[:-4] + "AAAA", ana)
    assert not known("A" * 40, ana)
    assert not known("ñ", ana)


@pytest.mark.parametrize("how", ["reset", "disable"])
def test_the_mark_of_a_device_ends_with_what_ends_logins_and_after_half_a_year(production: World, how: str) -> None:
    """Somebody who was sent away has no tries of their own."""
    ana = production.account()
    mark = production.console.devices.mark(ana)
    assert not production.console.devices.known(mark, getattr(production.console.accounts, how)(ana.id))
    assert production.console.devices.known(mark, ana)
    production.clock.passes(devices.KNOWN_S)
    assert not production.console.devices.known(mark, ana)


def test_the_cookie_of_a_device_tells_nothing_and_is_out_of_reach(production: World) -> None:
    """It stays in the browser of a shared desk for half a year."""
    ana = production.account(email="marker@example.org", name="Marker")
    answer = production.browser().post(
        "/login", {"email": ana.email, "password": PASSWORD, "code": production.code(ana)}
    )
    cookie = next(line for line in answer.headers.getlist("Set-Cookie") if line.startswith("__Host-device="))
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/", f"Max-Age={devices.KNOWN_S}"} <= set(cookie.split("; "))
    assert "marker" not in cookie.lower()
    assert ana.id not in cookie
    assert len(cookie.partition(";")[0]) < 300, "what is longer is not taken back"


# --- who calls --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "forwarded", "counts"),
    [
        ("172.18.0.2", "198.51.100.9", "198.51.100.9"),
        ("::ffff:172.18.0.2", "198.51.100.9", "198.51.100.9"),
        ("172.18.0.2", "6.6.6.6, 198.51.100.9", "198.51.100.9"),
        ("172.18.0.2", "6.6.6.6, 198.51.100.9, 203.0.113.1", "198.51.100.9"),
        ("172.18.0.2", "198.51.100.9, 203.0.113.1, 203.0.113.2", "198.51.100.9"),
        ("203.0.113.1", "198.51.100.9", "198.51.100.9"),
        ("172.18.0.2", "203.0.113.1", "203.0.113.1"),
        ("172.18.0.2", " , ,", "172.18.0.2"),
        ("198.51.100.9", "6.6.6.6", "198.51.100.9"),
        ("", "6.6.6.6", ""),
        ("172.18.0.2", "6.6.6.6, 192.168.1.5", "192.168.1.5"),
    ],
)
def test_only_our_proxies_say_for_whom_they_ask(peer: str, forwarded: str, counts: str) -> None:
    """A header that anybody can write must not give a new address for every try."""
    trusted = read_settings({"VENTANILLA_TRUSTED_PROXIES": "203.0.113.0/30, 2001:db8::1"}).trusted_proxies
    assert calling_address(peer, forwarded, trusted) == counts


def test_a_proxy_that_is_no_address_is_refused_at_the_start() -> None:
    """A slip there would count everybody as one, and nobody would know."""
    with pytest.raises(SettingsRefused, match="VENTANILLA_TRUSTED_PROXIES"):
        read_settings({"VENTANILLA_TRUSTED_PROXIES": "proxy.example.org"})


def test_the_proxy_reads_requests_whole_and_drops_what_could_pass_for_its_own_headers() -> None:
    """Four visitors who send a body drop by drop held the console; `X_Forwarded_For` overwrote `X-Forwarded-For`."""
    caddyfile = (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    sizes = re.findall(r"max_size (\w+)", caddyfile)
    assert re.findall(r"request_buffers (\w+)", caddyfile) == sizes
    assert caddyfile.count("\treverse_proxy {") == len(sizes) == 2
    assert "\n\trequest_header -*_*\n" in caddyfile
    assert "read_header" in caddyfile
    assert "read_body" in caddyfile


# --- a developer's machine --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1:8001", True),
        ("[::1]:8001", True),
        ("192.168.1.20:8000", True),
        ("localhost:8001", True),
        ("laptop:8001", True),
        ("laptop.local", True),
        ("tunnel.example.org", True),
        ("TUNNEL.example.org:443", True),
        ("evil.example", False),
        ("evil.example:8001", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example:8001", False),
        ("tunnel.example.org.evil.example", False),
        ("evil.example.", False),
        ("", False),
        ("[::1", False),
    ],
)
def test_a_name_of_the_public_dns_is_not_this_machine(host: str, own: bool) -> None:
    """DNS rebinding: a page of the web gives its own name this machine's address, and reads what is here."""
    assert is_own_name(host, "https://tunnel.example.org", "http://127.0.0.1:8001") is own


def test_neither_console_nor_simulator_answer_to_a_strangers_name_in_development(world: World, tmp_path: Path) -> None:
    """Both show a developer everything without asking who it is; the login of a run would be taken by the first."""
    _, link = make_run_login(world.console.settings)
    path = link.partition("//")[2].partition("/")[2]
    for page in ("/login", f"/{path}", "/nothing"):
        evil = world.app.test_client().get(page, base_url="http://evil.example:8001")
        assert evil.status_code == 403
        assert "Set-Cookie" not in evil.headers
    assert world.browser().get(f"/{path}").headers["Location"] == "/", "the link was not used up"
    simulator = app_for(tmp_path / "web").test_client()
    for page in ("/", "/simulator/content", "/simulator/examples"):
        assert simulator.get(page, base_url="http://evil.example:8000", buffered=True).status_code == 403
        assert simulator.get(page, base_url="http://127.0.0.1:8000", buffered=True).status_code == 200
    signed = simulator.post("/simulator/sign", base_url="http://evil.example:8000", json={})
    assert signed.status_code == 403


def test_a_login_of_a_development_run_counts_for_nothing_in_production(
    world: World, production: World, tmp_path: Path
) -> None:
    """Even if somebody lets a development run work on the store and with the secret of the real one."""
    account = world.console.accounts.add("run@run.invalid", Role.SUPERVISOR, for_run=True)
    token = world.console.logins.begin(account)
    browser = production.browser()
    browser.client.set_cookie("__Host-login", token, domain="hub.example.org", secure=True)
    assert browser.get("/staff").headers["Location"] == "/login"
    developer = world.browser()
    developer.client.set_cookie("login", token, domain="127.0.0.1")
    assert developer.get("/staff").status_code == 200


def test_production_has_no_page_of_the_simulator_and_no_run_login(production: World, tmp_path: Path) -> None:
    """What shows sessions and signs messages must not be there to be found."""
    webhook = app_for(tmp_path, stateless=True, environment=Environment.PRODUCTION)
    rules = {str(rule) for app in (webhook, production.app) for rule in app.url_map.iter_rules()}
    assert not {rule for rule in rules if "simulator" in rule or rule.startswith("/run")}
    client = webhook.test_client()
    for path in ("/", "/simulator/inbox", "/simulator/sign", "/simulator/state", "/simulator/stateless", "/advisor"):
        assert client.get(path).status_code == client.post(path, json={}).status_code == 404


# --- tickets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nonce", ["utcome", "pened", "utcome\n", "", "x" * 5000, "\0", "é"])
def test_no_name_that_a_page_gives_a_message_can_spoil_its_ticket(hub: Hub, nonce: str) -> None:
    """The mark `o…` of `utcome` was the field `outcome`: the ticket could not be read, and was in no list any more."""
    ticket = hub.people.asks("+5015550101", note="hello")
    ana = hub.advisor()
    assert ana.post(f"/advisor/chat/{ticket}/take").status_code == 200
    assert ana.post(f"/advisor/chat/{ticket}/reply", {"text": "hola", "nonce": nonce}).status_code == 200
    assert [entry.text.endswith("hola") for entry in hub.people.outgoing(ticket)] == [True], "and it was really sent"
    found = hub.desk.ticket(ticket)
    assert found is not None
    assert found.stage is Stage.TALKING
    assert found.outcome is None
    assert found.opened_s > 1
    assert [each.id for each in hub.desk.open_tickets()] == [ticket]


def test_a_message_of_one_ticket_has_no_bearing_on_another(hub: Hub) -> None:
    """A nonce that was used elsewhere must neither send twice nor swallow a reply."""
    ana = hub.advisor()
    tickets = [hub.people.asks(f"+501555010{number}", note="hello") for number in range(2)]
    for ticket in tickets:
        ana.post(f"/advisor/chat/{ticket}/take")
        for _ in range(2):
            ana.post(f"/advisor/chat/{ticket}/reply", {"text": "hola", "nonce": "same"})
    assert [len(hub.people.outgoing(ticket)) for ticket in tickets] == [1, 1]


def test_nothing_of_a_colleagues_talk_can_be_done_by_another_advisor(hub: Hub) -> None:
    """Reading and noting is for all; answering, closing, passing on and seeing the number is for whoever has it."""
    ana, ben = hub.advisor("Ana"), hub.advisor("Ben")
    assert ana.account is not None
    assert ben.account is not None
    ticket = hub.people.asks("+5015550177", note="hello")
    assert ana.post(f"/advisor/chat/{ticket}/take").status_code == 200
    at = f"/advisor/chat/{ticket}"
    refused = {
        "take": ben.post(f"{at}/take"),
        "take from nobody": ben.post(f"{at}/take", {"instead_of": ben.account.id}),
        "reply": ben.post(f"{at}/reply", {"text": "hola", "nonce": "n1"}),
        "answer": ben.post(f"{at}/reply", {"answer": "border-worker-card", "nonce": "n2"}),
        "transfer": ben.post(f"{at}/transfer", {"to": ben.account.id}),
        "close": ben.post(f"{at}/close", {"why": "helped"}),
        "reveal": ben.post(f"{at}/reveal", {"reason": "asked"}),
    }
    assert {what: answer.status_code for what, answer in refused.items()} == {
        **dict.fromkeys(refused, 409),
        "reveal": 403,
    }
    assert not any("5550177" in answer.text for answer in refused.values())
    assert hub.people.outgoing(ticket) == []
    found = hub.desk.ticket(ticket)
    assert found is not None
    assert found.advisor == ana.account.id


@pytest.mark.parametrize("end", ["closed", "erased", "unknown"])
def test_a_ticket_that_has_ended_takes_nothing_and_tells_no_number(hub: Hub, end: str) -> None:
    """A page that was left open must not reach somebody who is gone."""
    ana = hub.advisor()
    assert ana.account is not None
    ticket = hub.people.asks("+5015550177", note="a marker of the person")
    ana.post(f"/advisor/chat/{ticket}/take")
    if end == "closed":
        assert hub.desk.close(ticket, ana.account.id) is Done.DONE
    elif end == "erased":
        hub.people.erases(ticket)
    at = f"/advisor/chat/{'ZZZZZZZZ' if end == 'unknown' else ticket}"
    before = len(hub.people.outgoing(ticket))
    answers = [
        ana.post(f"{at}/take"),
        ana.post(f"{at}/reply", {"text": "hola", "nonce": "n1"}),
        ana.post(f"{at}/note", {"text": "hola", "nonce": "n2"}),
        ana.post(f"{at}/transfer", {"to": hub.advisor("Ben").account.id}),  # type: ignore[union-attr]
        ana.post(f"{at}/reveal", {"reason": "asked"}),
        ana.get(f"{at}/media/1/0"),
    ]
    assert all(400 <= answer.status_code < 500 for answer in answers)
    assert not any("5550177" in answer.text for answer in answers)
    assert len(hub.people.outgoing(ticket)) == before


# --- whatever comes in ------------------------------------------------------------------------------------------------

STRANGE = (
    "\0", "\ufffd" * 50, "a" * 10_000, "x" * 240_000, "\u202e\u2066evil\u2069", "\u200b" * 500, "Z" + "\u0300" * 3000,
    "<script>alert(1)</script>", "{{7*7}}{0}%s%n", "\r\nX-Injected: 1", "9" * 6000, "-1", "../../etc/passwd", "\u2028",
    "\x1b[31m", "²٣", "0001-01-01", "9999-12-31", "2026-W01-1", "0-0", "1-0", "9999999999999999-999999999",
)  # fmt: skip


def test_no_input_of_somebody_logged_in_is_an_error_of_ours(hub: Hub) -> None:
    """Every field of every form and every parameter: a 500 is a talk that stops, and perhaps a way in."""
    ana, sue, adam = hub.advisor("Ana"), hub.advisor("Sue", role="supervisor"), hub.advisor("Adam", role="admin")
    ticket = hub.people.asks("+5015550101", Channel.SMS, note="hello")
    ana.post(f"/advisor/chat/{ticket}/take")
    at = f"/advisor/chat/{ticket}"
    forms = {
        f"{at}/reply": ("text", "nonce", "answer"),
        f"{at}/note": ("text", "nonce"),
        f"{at}/take": ("instead_of",),
        f"{at}/transfer": ("to",),
        f"{at}/close": ("why",),
        f"{at}/reveal": ("reason",),
        f"{at}/answers": ("asked",),
        f"{at}/cost": ("text",),
        "/account/language": ("language", "back"),
    }
    csrf = ana.csrf()
    for strange in STRANGE:
        answers = [
            ana.post(path, {"text": "hola", "nonce": "n", "language": "en", name: strange}, csrf=csrf)
            for path, names in forms.items()
            for name in names
        ]
        asked = quote(strange[:4000])
        answers += [ana.get(f"/advisor?tab={asked}"), ana.get(f"/advisor/lists?here={asked}&tab=all")]
        answers += [ana.get(f"/advisor/chat/{asked}"), ana.get(f"{at}/media/{asked}/{asked}")]
        answers += [sue.get(f"/staff/access?{name}={asked}") for name in ("user", "ticket", "day", "before")]
        answers += [
            adam.post("/staff/accounts", {"email": f"{strange}@example.org", "role": "editor", "language": "en"})
        ]
        answers += [adam.get(f"/static/{asked}?v={asked}")]
        assert {answer.status_code for answer in answers if answer.status_code >= 500} == set(), strange[:20]
        assert not any("X-Injected" in answer.headers or "<script>alert" in answer.text for answer in answers)
    assert [each.id for each in hub.desk.open_tickets()] == [ticket]


@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", "1970-01-01"])
def test_a_day_before_the_store_knows_of_days_has_no_entries(world: World, day: str) -> None:
    """It was taken for a store that is down."""
    page = world.logged_in("supervisor").get(f"/staff/access?day={day}")
    assert page.status_code == 200


# --- what the provider keeps for us ------------------------------------------------------------------------------------


class Drip(io.RawIOBase):
    """A body that comes byte by byte, and counts what was read of it."""

    def __init__(self) -> None:
        self.given = 0

    def read1(self, _size: int = -1) -> bytes:
        self.given += 1
        return b"x"

    def read(self, size: int = -1) -> bytes:
        raise AssertionError("whoever waits for a whole chunk waits for ever")


class Provider(BaseAdapter):
    """Answers every request with one page, perhaps only when it is let."""

    def __init__(self, headers: dict[str, str], body: Any = b"OggS", status: int = 200) -> None:
        super().__init__()
        self.page = (status, headers, body)
        self.asked: list[tuple[str, bool]] = []
        self.holds: threading.Event | None = None
        self.reached = threading.Semaphore(0)

    def send(self, request: requests.PreparedRequest, **_options: Any) -> requests.Response:  # type: ignore[override]
        self.asked.append((request.url or "", "Authorization" in request.headers))
        self.reached.release()
        if self.holds:
            assert self.holds.wait(30)
        status, headers, body = self.page
        response = requests.Response()
        response.status_code, response.url, response.request = status, request.url or "", request
        response.headers = CaseInsensitiveDict(headers)
        response.raw = body if isinstance(body, io.RawIOBase) else io.BytesIO(body)
        return response

    def close(self) -> None:
        pass


OGG = {"Content-Type": "audio/ogg"}


def door(provider: Provider, **options: Any) -> MediaDoor:
    return MediaDoor(("AC", "token"), account=ACCOUNT, adapter=provider, **options)


def refusal(provider: Provider, url: str = MEDIA_URL, **options: Any) -> NoMedia:
    with pytest.raises(NoMedia) as refused:
        door(provider, **options).fetch(Attachment(url, "audio/ogg"))
    return refused.value


@pytest.mark.parametrize(
    "url",
    [
        MEDIA_URL.replace(ACCOUNT, "AC" + "f" * 32),
        MEDIA_URL + "/../../../Messages.json",
        MEDIA_URL + "?PageSize=1000",
        "https://api.twilio.com/2010-04-01/Accounts/" + ACCOUNT + "/Messages.json",
        "https://api.twilio.com@evil.example/" + MEDIA_URL.partition(".com/")[2],
        MEDIA_URL.replace("api.twilio.com", "media.twiliocdn.com"),
        MEDIA_URL.replace("https", "http"),
        MEDIA_URL.replace("api.twilio.com", "api.twilio.com:8443"),
        MEDIA_URL.replace("api.twilio.com", "169.254.169.254"),
    ],
)
def test_credentials_open_media_of_our_own_account_and_nothing_else(url: str) -> None:
    """They would open every message of the account."""
    provider = Provider(OGG)
    assert refusal(provider, url).why == "not_ours"
    assert provider.asked == []


@pytest.mark.parametrize(
    "target",
    [
        "https://ec2-203-0-113-9.compute-1.amazonaws.com/x",
        "https://169.254.169.254/latest/meta-data/",
        "https://127.0.0.1/x",
        "https://s3.evil.example/x",
        "https://xtwilio.com/x",
        "https://evil.example/.twilio.com",
        "https://api.twilio.com/2010-04-01/Accounts.json",
        "http://media.twiliocdn.com/x",
    ],
)
def test_a_redirect_leads_to_the_providers_storage_or_nowhere(target: str) -> None:
    """Whoever has any server at the same cloud is not the provider."""
    provider = Provider({"Location": target}, status=302)
    assert refusal(provider).why == "not_ours"
    assert [url for url, _ in provider.asked] == [MEDIA_URL]


@pytest.mark.parametrize(
    "target",
    [
        "https://s3-external-1.amazonaws.com/media.twiliocdn.com/AC/x",
        "https://media.s3.us-east-1.amazonaws.com/x",
        "https://media.twiliocdn.com/x",
    ],
)
def test_the_providers_storage_is_reached_without_credentials(target: str) -> None:
    """A voice note must still play."""
    provider = Provider({"Location": target}, status=302)
    assert refusal(provider).why == "out_of_reach", "it leads in a circle here"
    assert provider.asked[:2] == [(MEDIA_URL, True), (target, False)]


def test_a_body_that_comes_drop_by_drop_ends_in_time() -> None:
    """Each drop came in time, and so the whole never ended: four of them held every thread of the console."""
    moments = iter(range(10_000))
    drip = Drip()
    assert refusal(Provider(OGG, drip), clock=lambda: float(next(moments))).why == "out_of_reach"
    assert 0 < drip.given < 100


@pytest.mark.parametrize("packed", ["gzip", "br", "deflate, gzip", "GZIP"])
def test_what_is_packed_is_not_unpacked(packed: str) -> None:
    """We ask for it plain; a few bytes that become gigabytes are no voice note."""
    assert refusal(Provider({**OGG, "Content-Encoding": packed}, b"\x1f\x8b")).why == "wrong_kind"


@pytest.mark.parametrize("length", ["9" * 5000, "²", "-1", "", "1e9"])
def test_a_length_that_is_no_length_is_no_error(length: str) -> None:
    """What is really there is counted anyway."""
    media = door(Provider({**OGG, "Content-Length": length})).fetch(Attachment(MEDIA_URL, "audio/ogg"))
    assert media.body == b"OggS"


def test_a_slow_provider_leaves_threads_for_the_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Photos that do not come must not keep every advisor from every chat."""
    from webhook.commands.consoling import THREADS
    from webhook.console import media

    monkeypatch.setattr(media, "WAIT_FOR_PLACE_S", 0.01)
    assert media.MOST_AT_ONCE < THREADS
    provider = Provider(OGG)
    provider.holds = threading.Event()
    slow = door(provider)
    threads = [
        threading.Thread(target=lambda: slow.fetch(Attachment(MEDIA_URL, "audio/ogg")))
        for _ in range(media.MOST_AT_ONCE)
    ]
    for thread in threads:
        thread.start()
        assert provider.reached.acquire(timeout=30)
    with pytest.raises(NoMedia) as refused:
        slow.fetch(Attachment(MEDIA_URL, "audio/ogg"))
    assert refused.value.status == 503
    provider.holds.set()
    for thread in threads:
        thread.join(30)
    assert slow.fetch(Attachment(MEDIA_URL, "audio/ogg")).body == b"OggS", "the places are free again"


# --- receipts ---------------------------------------------------------------------------------------------------------


def test_receipts_without_end_do_not_fill_the_store(connection: Connection) -> None:
    """One address, called over and over with new ids: what it leaves is bounded, and ends by itself."""
    deliveries = Deliveries(connection)
    entry = "A" * 17
    for number in range(60):
        deliveries.receive(entry, Receipt(f"SM{number:032x}", Status.SENT))
    keys = connection.command("KEYS", "*d:*")
    assert len(keys) == 1
    assert connection.command("HLEN", keys[0]) <= 16
    assert connection.command("TTL", keys[0]) > 0
    assert deliveries.of([entry])[entry].status is Status.SENT


@pytest.fixture
def webhook(tmp_path: Path, connection: Connection, valkey_server: EmbeddedServer) -> Iterator[Any]:
    """The webhook over a store."""
    return app_for(tmp_path, valkey_server.url).test_client()


@pytest.mark.parametrize("entry", ["A" * 17, "../../x", "", "A" * 5000, "*", "{p01}AAAAAAAAAAAA"])
def test_an_unsigned_receipt_changes_nothing(webhook: Any, everything: Any, connection: Connection, entry: str) -> None:
    """Whoever guesses the id of a message cannot say that it arrived."""
    before = everything()
    form = {"MessageSid": f"SM{1:032x}", "MessageStatus": "delivered", "AccountSid": ACCOUNT}
    for headers in ({}, {"X-Twilio-Signature": ""}, {"X-Twilio-Signature": "A" * 28}):
        answer = webhook.post(f"/twilio/status?o={quote(entry)}", data=form, headers=headers)
        assert answer.status_code == 403
    assert everything() == before


# --- what is left behind -----------------------------------------------------------------------------------------------

MARKER = "XolotlMarker"


def test_nothing_that_is_typed_or_asked_stands_in_a_log_a_title_or_a_line_of_the_store(
    hub: Hub, capsys: pytest.CaptureFixture[str], everything: Any
) -> None:
    """Words, numbers and addresses of people live in sealed records, and nowhere else."""
    ticket = hub.people.asks("+5015559876", note=f"{MARKER} note")
    ana = hub.advisor("Ana")
    at = f"/advisor/chat/{ticket}"
    ana.post(f"{at}/take")
    answers = [
        ana.get(at),
        ana.post(f"{at}/reply", {"text": f"{MARKER} reply", "nonce": "n1"}),
        ana.post(f"{at}/note", {"text": f"{MARKER} memo", "nonce": "n2"}),
        ana.post(f"{at}/answers", {"asked": f"{MARKER} asked"}),
        ana.post(f"{at}/cost", {"text": f"{MARKER} cost"}),
        ana.post(f"{at}/reveal", {"reason": "asked"}),
        ana.get(f"/advisor?tab={MARKER}", {"Referer": f"https://{MARKER}.example/", "User-Agent": MARKER}),
        ana.get(f"/{MARKER}"),
        hub.world.browser().post("/login", {"email": f"{MARKER}@example.org", "password": MARKER, "code": MARKER}),
    ]
    assert MARKER in answers[0].text, "the test sees what it looks for"
    assert "+5015559876" in answers[5].text
    for answer in answers:
        title = re.search(r"<title>(.*?)</title>", answer.text)
        headers = " ".join(f"{name}: {value}" for name, value in answer.headers)
        assert MARKER not in (title[1] if title else "") + headers
    said = "".join(capsys.readouterr())
    kept = b"\n".join(part for pair in everything().items() for part in pair)
    for secret in (MARKER.lower(), "5559876"):
        assert secret not in said.lower()
        assert secret.encode() not in kept.lower()


def test_settings_never_show_a_secret_in_words(tmp_path: Path) -> None:
    """Whatever prints them, in a traceback say, prints no key."""
    settings = settings_for(tmp_path, "redis://:marker@localhost", api_key=("SK", "marker"))
    assert "marker" not in repr(settings)
    assert settings.secrets[0] not in repr(settings)
