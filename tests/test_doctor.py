"""The doctor finds what would lose messages or show words to strangers, and says how to mend it; good set-ups are told so."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from click.testing import CliRunner
from server_world import Server
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio_samples import ACCOUNT, TOKEN
from webhook_world import settings_for

from webhook.cli import main
from webhook.commands.doctor import findings_of
from webhook.doctor.account import FRAGMENT, NEVER_OPT_OUT, look_at_account
from webhook.doctor.findings import Finding, Level, exit_code, shown_url
from webhook.doctor.here import look_here
from webhook.doctor.round_trip import knock
from webhook.doctor.twilio_api import TwilioApi
from webhook.embedded import EmbeddedServer
from webhook.outbox.given_up import GivenUp, Letter
from webhook.outbox.heartbeat import Heartbeat
from webhook.outbox.limits import Limits
from webhook.settings import Complaints, Environment, Sending, Settings
from webhook.store.connection import Connection

BASE = "https://hub.example.org"
SMS, WHATSAPP, SERVICE = "+12025550142", "whatsapp:+12025550143", f"MG{1:032x}"
TEMPLATES = {"en": f"HX{1:032x}", "es": f"HX{2:032x}"}
INBOUND = f"{BASE}/twilio/inbound#{FRAGMENT}"
FALLBACK = "https://second.example.net/twilio/fallback#rt=4000&rc=1&rp=ct,rt,5xx"
STATUS = f"{BASE}/twilio/status"
KEY = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

Answers = dict[str, Any]


class Account(HttpClient):
    """An account at Twilio that answers from a table of paths. A number in the table is a status."""

    def __init__(self, answers: Answers, clock_s: float = 0.0) -> None:
        super().__init__(None, False, None)
        self.answers = answers
        self.clock_s = clock_s
        self.methods: set[str] = set()

    def request(self, method: str, uri: str, *args: Any, **more: Any) -> Response:
        self.methods.add(method)
        found = self.answers.get(urlsplit(uri).path, 404)
        at = format_datetime(datetime.now(UTC) - timedelta(seconds=self.clock_s), usegmt=True)
        status, said = (found, {"code": 20404, "status": found}) if isinstance(found, int) else (200, found)
        return Response(status, json.dumps(said), {"Date": at})


ACCOUNT_PATH = f"/2010-04-01/Accounts/{ACCOUNT}"
NUMBERS = f"{ACCOUNT_PATH}/IncomingPhoneNumbers.json"
SERVICE_PATH = f"/v1/Services/{SERVICE}"
SENDERS = "/v2/Channels/Senders"
MESSAGES = f"{ACCOUNT_PATH}/Messages.json"


def good_account() -> Answers:
    """An account set up as docs/operating.md says."""
    approved = {
        f"/v1/Content/{sid}/ApprovalRequests": {"whatsapp": {"status": "approved"}} for sid in TEMPLATES.values()
    }
    contents = {f"/v1/Content/{sid}": {"sid": sid, "language": language} for language, sid in TEMPLATES.items()}
    return {
        f"{ACCOUNT_PATH}.json": {"status": "active", "type": "Full"},
        NUMBERS: {"incoming_phone_numbers": [{"phone_number": SMS, "capabilities": {"sms": True}, "sms_url": ""}]},
        SERVICE_PATH: {
            "inbound_request_url": INBOUND,
            "inbound_method": "POST",
            "fallback_url": FALLBACK,
            "fallback_method": "POST",
            "status_callback": STATUS,
            "use_inbound_webhook_on_number": False,
        },
        f"{SERVICE_PATH}/PhoneNumbers": {"phone_numbers": [{"phone_number": SMS}]},
        f"{SERVICE_PATH}/ChannelSenders": {"senders": [{"sender": WHATSAPP}]},
        SENDERS: {"senders": [{"sender_id": WHATSAPP, "status": "ONLINE", "webhook": {}}]},
        MESSAGES: {"messages": [{"body": ""}, {"body": "REDACTED"}]},
        **contents,
        **approved,
    }


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation for people."""
    return settings_for(
        tmp_path,
        environment=Environment.PRODUCTION,
        public_base_url=BASE,
        console_url=BASE,
        sms_from=SMS,
        whatsapp_from=WHATSAPP,
        messaging_service_sid=SERVICE,
        sending=Sending(templates=TEMPLATES),
        complaints=Complaints(KEY, tmp_path / "complaints"),
    )


def of_account(settings: Settings, answers: Answers, clock_s: float = 0.0) -> list[Finding]:
    return list(look_at_account(settings, TwilioApi(settings, Account(answers, clock_s))))


def levels(findings: list[Finding], area: str) -> set[Level]:
    return {finding.level for finding in findings if finding.area == area}


# --- the account -------------------------------------------------------------------------------------------------


def test_a_good_account_has_nothing_to_mend(settings: Settings) -> None:
    """Who did all of it must not be sent to look for faults that are not there."""
    findings = of_account(settings, good_account())
    assert [finding for finding in findings if finding.level in (Level.WARN, Level.FAIL)] == []
    assert exit_code(findings) == 0
    areas = {finding.area for finding in findings if finding.level is Level.OK}
    assert {"account", "clock", "SMS number", "Messaging Service", "WhatsApp sender", "templates", "redaction"} <= areas


def test_what_cannot_be_read_is_to_be_looked_at_by_hand(settings: Settings) -> None:
    """A tick that nobody earned is worse than none: the opt-out lists decide whether somebody can ask for help."""
    (line,) = [finding for finding in of_account(settings, good_account()) if finding.area == "opt-out words"]
    assert line.level is Level.BY_HAND
    assert all(word in line.mend for word in (*NEVER_OPT_OUT, "BAJA", "ALTO", "PARAR"))


def test_only_looking_is_done(settings: Settings) -> None:
    """The doctor may be called at any hour: it changes nothing at Twilio."""
    account = Account(good_account())
    list(look_at_account(settings, TwilioApi(settings, account)))
    assert account.methods == {"GET"}


Change = Callable[[Answers], object]


def _outside_the_service(answers: Answers) -> None:
    """The WhatsApp sender has its own addresses, which are right."""
    answers[f"{SERVICE_PATH}/ChannelSenders"]["senders"] = []
    own = {"callback_url": INBOUND, "fallback_url": FALLBACK, "status_callback_url": STATUS}
    answers[SENDERS]["senders"][0]["webhook"] = own


BAD: dict[str, tuple[str, Level, str, Change]] = {
    "another account's webhook": (
        "Messaging Service", Level.FAIL, "The webhook is https://other.example.org/bot.",
        lambda a: a[SERVICE_PATH].update(inbound_request_url="https://user:hunter2@other.example.org/bot?key=hunter2"),
    ),
    "no webhook": (
        "Messaging Service", Level.FAIL, "No webhook", lambda a: a[SERVICE_PATH].update(inbound_request_url=None),
    ),
    "no retries": (
        "Messaging Service", Level.FAIL, "nothing",
        lambda a: a[SERVICE_PATH].update(inbound_request_url=INBOUND.partition("#")[0]),
    ),
    "called by GET": (
        "Messaging Service", Level.FAIL, "GET", lambda a: a[SERVICE_PATH].update(inbound_method="GET"),
    ),
    "no fallback": (
        "Messaging Service", Level.WARN, "no fallback", lambda a: a[SERVICE_PATH].update(fallback_url=""),
    ),
    "fallback on the same host": (
        "Messaging Service", Level.WARN, "same host",
        lambda a: a[SERVICE_PATH].update(fallback_url=f"{BASE}/twilio/fallback"),
    ),
    "fallback is no fallback": (
        "Messaging Service", Level.FAIL, "fallback is", lambda a: a[SERVICE_PATH].update(fallback_url=f"{BASE}/x"),
    ),
    "no status callback": (
        "Messaging Service", Level.WARN, "missing", lambda a: a[SERVICE_PATH].update(status_callback=None),
    ),
    "the service defers": (
        "Messaging Service", Level.WARN, "defers",
        lambda a: a[SERVICE_PATH].update(use_inbound_webhook_on_number=True),
    ),
    "no such service": ("Messaging Service", Level.FAIL, "no such service", lambda a: a.pop(SERVICE_PATH)),
    "a sender outside the service": (
        "Messaging Service", Level.WARN, "TWILIO_WHATSAPP_FROM",
        _outside_the_service,
    ),
    "no such number": ("SMS number", Level.FAIL, "no such number", lambda a: a[NUMBERS].update(incoming_phone_numbers=[])),
    "a number for voice": (
        "SMS number", Level.FAIL, "cannot send",
        lambda a: a[NUMBERS]["incoming_phone_numbers"][0].update(capabilities={"sms": False}),
    ),
    "no such WhatsApp sender": ("WhatsApp sender", Level.FAIL, "no such sender", lambda a: a[SENDERS].update(senders=[])),
    "a sender that is not online": (
        "WhatsApp sender", Level.FAIL, "offline", lambda a: a[SENDERS]["senders"][0].update(status="OFFLINE"),
    ),
    "no such template": ("templates", Level.FAIL, "“es”", lambda a: a.pop(f"/v1/Content/{TEMPLATES['es']}")),
    "a rejected template": (
        "templates", Level.FAIL, "rejected",
        lambda a: a[f"/v1/Content/{TEMPLATES['en']}/ApprovalRequests"].update(whatsapp={"status": "rejected"}),
    ),
    "a template in another language": (
        "templates", Level.FAIL, "written in", lambda a: a[f"/v1/Content/{TEMPLATES['es']}"].update(language="en"),
    ),
    "words in Twilio's log": (
        "redaction", Level.FAIL, "can be read", lambda a: a[MESSAGES]["messages"].append({"body": "mi quetzal"}),
    ),
    "no messages yet": ("redaction", Level.BY_HAND, "no messages", lambda a: a[MESSAGES].update(messages=[])),
    "not to be asked": ("redaction", Level.WARN, "did not tell", lambda a: a.update({MESSAGES: 500})),
    "wrong credentials": ("account", Level.FAIL, "refuses", lambda a: a.update({f"{ACCOUNT_PATH}.json": 401})),
    "no such account": ("account", Level.FAIL, "no such account", lambda a: a.pop(f"{ACCOUNT_PATH}.json")),
    "a suspended account": (
        "account", Level.FAIL, "suspended", lambda a: a[f"{ACCOUNT_PATH}.json"].update(status="suspended"),
    ),
    "a trial account": ("account", Level.WARN, "trial", lambda a: a[f"{ACCOUNT_PATH}.json"].update(type="Trial")),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_each_fault_of_an_account_is_found_and_nothing_else(settings: Settings, name: str) -> None:
    """One thing wrong, one line about it, with how to mend it, and no secret, number or word in it."""
    area, level, words, change = BAD[name]
    answers = good_account()
    change(answers)
    findings = of_account(settings, answers)
    found = [finding for finding in findings if finding.area == area and finding.level is level]
    assert [words in finding.what for finding in found] == [True]
    assert found[0].mend
    others = [one for one in findings if one.level in (Level.WARN, Level.FAIL) and one.area != area]
    assert others == []
    assert exit_code(findings) == int(level is Level.FAIL)
    told = json.dumps([finding.as_dict() for finding in findings])
    for hidden in ("hunter2", "quetzal", TOKEN, SMS[1:], WHATSAPP[-10:]):
        assert hidden not in told


def test_senders_outside_a_service_have_their_own_addresses(settings: Settings) -> None:
    """Without a Messaging Service each sender says where its messages go."""
    alone = replace(settings, messaging_service_sid="")
    answers = good_account()
    number = answers[NUMBERS]["incoming_phone_numbers"][0]
    number.update(sms_url=INBOUND, sms_method="POST", sms_fallback_url=FALLBACK, sms_fallback_method="POST")
    webhook = {"callback_url": INBOUND, "callback_method": "POST", "fallback_url": FALLBACK, "fallback_method": "POST"}
    answers[SENDERS]["senders"][0]["webhook"] = {**webhook, "status_callback_url": STATUS}
    findings = of_account(alone, answers)
    assert exit_code(findings) == 0
    assert levels(findings, "SMS number") == levels(findings, "WhatsApp sender") == {Level.OK}
    answers[SENDERS]["senders"][0]["webhook"]["callback_url"] = "https://other.example.org/"
    assert Level.FAIL in levels(of_account(alone, answers), "WhatsApp sender")


def test_the_sandbox_is_not_for_people(settings: Settings) -> None:
    """Nobody in danger can be asked to join something first."""
    sandbox = replace(settings, whatsapp_from="whatsapp:+14155238886")
    assert Level.FAIL in levels(of_account(sandbox, good_account()), "WhatsApp sender")
    trying = replace(sandbox, environment=Environment.DEVELOPMENT)
    assert levels(of_account(trying, good_account()), "WhatsApp sender") == {Level.WARN}


@pytest.mark.parametrize(("ahead_s", "level"), [(5, Level.OK), (-60, Level.WARN), (60, Level.WARN), (-600, Level.FAIL)])
def test_a_wrong_clock_is_found(settings: Settings, ahead_s: float, level: Level) -> None:
    """Windows, opening hours and second factors all look at it."""
    assert levels(of_account(settings, good_account(), ahead_s), "clock") == {level}


def test_without_an_account_there_is_nothing_to_ask(settings: Settings) -> None:
    """On a developer's machine that is no fault."""
    account = Account(good_account())
    bare = replace(settings, account_sid="", environment=Environment.DEVELOPMENT)
    assert [one.level for one in look_at_account(bare, TwilioApi(bare, account))] == [Level.WARN]
    assert account.methods == set()


# --- here --------------------------------------------------------------------------------------------------------


def here(settings: Settings, url: str) -> list[Finding]:
    return list(look_here(settings, url))


def test_a_store_is_looked_into(settings: Settings, connection: Connection, valkey_server: EmbeddedServer) -> None:
    """No sender, messages given up, money spent, nobody to answer: each is a line."""
    url = valkey_server.url
    findings = here(settings, url)
    assert levels(findings, "store") == {Level.OK}
    assert levels(findings, "sender") == {Level.FAIL}
    assert levels(findings, "outbox") == {Level.OK}
    assert levels(findings, "spending") == {Level.OK}
    assert levels(findings, "accounts") == {Level.FAIL}

    now_s = datetime.now(UTC).timestamp()
    Heartbeat(connection).beat("one", now_s)
    GivenUp(connection).put(Letter("Aentry", "A" * 22, "refused", 63016, int(now_s), b""))
    connection.command("INCRBY", f"v1:{{out}}:spent:{int(now_s) // 86400}", 24_000_000)
    assert Limits(connection, settings.sending).spent_usd(now_s) == 24.0
    findings = here(settings, url)
    assert levels(findings, "sender") == {Level.OK}
    assert levels(findings, "outbox") == {Level.WARN}
    assert levels(findings, "spending") == {Level.WARN}
    assert levels(here(replace(settings, sending=Sending(daily_usd=20)), url), "spending") == {Level.FAIL}

    overdue = connection.command("ZADD", "v1:{p00}:due", now_s - 1000, "A" * 22)
    assert overdue == 1
    assert Level.FAIL in levels(here(settings, url), "outbox")


def test_a_careless_store_is_found(settings: Settings, own_server: EmbeddedServer) -> None:
    """One that forgets, or that keeps words in its slow log."""
    Connection(own_server.url).command("CONFIG", "SET", "slowlog-log-slower-than", "100")
    assert Level.FAIL in levels(here(settings, own_server.url), "store")


def test_a_store_that_is_gone_is_said(settings: Settings) -> None:
    """Not a traceback, and the rest is still looked at."""
    findings = here(settings, "unix:///nowhere/valkey.sock")
    assert levels(findings, "store") == {Level.FAIL}
    assert levels(findings, "content") == {Level.OK}
    assert levels(here(settings, ""), "store") == {Level.WARN}


def test_what_the_hub_owes_is_said(settings: Settings) -> None:
    """Unconfirmed hours mean that nobody can ask for an advisor; no focal point, that nobody can complain."""
    findings = here(replace(settings, complaints=Complaints()), "")
    assert levels(findings, "complaints") == {Level.FAIL}
    assert levels(findings, "hub") == {Level.FAIL}
    assert levels(here(settings, ""), "complaints") == {Level.OK}
    open_doors = replace(settings, public_base_url="http://hub.example.org", console_url="http://hub.example.org")
    assert levels(here(open_doors, ""), "public address") == levels(here(open_doors, ""), "console") == {Level.FAIL}


# --- the round trip ----------------------------------------------------------------------------------------------


@contextmanager
def answering(
    post: Callable[[str, dict[str, str], str], int], headers: tuple[tuple[str, str], ...] = ()
) -> Iterator[str]:
    """A server that answers a form with the status that `post` says, and `/login` with headers."""

    class Pages(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self._say(post(self.path, form, self.headers.get("X-Twilio-Signature", "")))

        def do_GET(self) -> None:
            self._say(200 if self.path == "/login" else 404)

        def _say(self, status: int) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def trying(settings: Settings, url: str) -> Settings:
    return replace(settings, environment=Environment.DEVELOPMENT, public_base_url=url, console_url=url)


GUARDED = (
    ("Content-Security-Policy", "default-src 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Set-Cookie", "v=1; HttpOnly; SameSite=Strict; Path=/"),
)


def test_the_form_that_is_sent_names_no_message(settings: Settings) -> None:
    """It must be refused as a form by whoever trusts the signature: then it can change nothing."""
    seen = []

    def post(path: str, form: dict[str, str], signature: str) -> int:
        seen.append((path, form, signature))
        return 400 if signature else 403

    with answering(post, GUARDED) as url:
        findings = list(knock(trying(settings, url)))
    assert {finding.level for finding in findings} == {Level.OK}
    assert [path for path, _, _ in seen] == ["/twilio/status"] * 2
    assert RequestValidator(TOKEN).validate(f"{url}/twilio/status", seen[0][1], seen[0][2])
    assert all("MessageSid" not in form and "From" not in form for _, form, _ in seen)


@pytest.mark.parametrize(
    ("signed", "unsigned", "words"),
    [
        (403, 403, "refused"),
        (404, 404, "answers 404"),
        (301, 301, "redirects"),
        (502, 502, "answers 502"),
        (400, 200, "not turned away"),
        (400, 400, "not turned away"),
    ],
)
def test_what_stands_between_is_found(settings: Settings, signed: int, unsigned: int, words: str) -> None:
    """A wrong token, a proxy in the way, or a server that answers anybody."""
    with answering(lambda path, form, signature: signed if signature else unsigned, GUARDED) as url:
        findings = list(knock(trying(settings, url)))
    failed = [finding.what for finding in findings if finding.level is Level.FAIL]
    assert any(words in what for what in failed), failed


@pytest.mark.parametrize(
    "headers",
    [GUARDED[:1], (*GUARDED[:2], ("Set-Cookie", "v=1; Path=/")), (*GUARDED[:2], ("Set-Cookie", "v=1; HttpOnly"))],
)
def test_a_careless_console_is_found(settings: Settings, headers: tuple[tuple[str, str], ...]) -> None:
    """Headers that a proxy took away, and cookies that a script could read."""
    with answering(lambda path, form, signature: 400 if signature else 403, headers) as url:
        assert levels(list(knock(trying(settings, url))), "console") == {Level.WARN}


def test_nobody_there_is_said(settings: Settings) -> None:
    """Before people say it."""
    nobody = trying(settings, "http://127.0.0.1:9")
    assert levels(list(knock(nobody)), "round trip") == {Level.FAIL}


def test_the_running_server_is_told_from_another(tmp_path: Path) -> None:
    """Over the real webhook: the right token passes, another one does not, and nothing is kept of either."""
    with Server(tmp_path / "var", "--workers", "1", environ={"VENTANILLA_STATELESS": "1"}) as server:
        settings = settings_for(tmp_path, public_base_url=server.base_url, console_url=server.base_url)
        assert levels(list(knock(settings)), "round trip") == {Level.OK}
        stranger = replace(settings, auth_tokens=("f" * 32,))
        assert levels(list(knock(stranger)), "round trip") == {Level.FAIL}
        other = replace(settings, account_sid=f"AC{9:032x}")
        assert levels(list(knock(other)), "round trip") == {Level.FAIL}


# --- the command -------------------------------------------------------------------------------------------------


def test_all_of_it_together(settings: Settings, connection: Connection, valkey_server: EmbeddedServer) -> None:
    """The parts are put together, and what is offline stays so."""
    account = Account(good_account())
    with answering(lambda path, form, signature: 400 if signature else 403, GUARDED) as url:
        findings = list(findings_of(trying(settings, url), valkey_server.url, account))
    assert {"account", "content", "store", "sender", "round trip", "console"} <= {one.area for one in findings}
    assert account.methods == {"GET"}
    offline = {one.area for one in findings_of(settings, valkey_server.url, None)}
    assert {"account", "round trip"} & offline == set()


def ran(tmp_path: Path, *arguments: str, **environ: str) -> tuple[int, str]:
    ours = {"VENTANILLA_ENV": "development", "VENTANILLA_VAR": str(tmp_path), "TWILIO_ACCOUNT_SID": "", **environ}
    result = CliRunner().invoke(main, ["doctor", "--offline", *arguments], env=ours)
    return result.exit_code, result.output


def test_the_table_can_be_read_and_the_list_too(tmp_path: Path) -> None:
    """By people, and by machines that look every night."""
    code, table = ran(tmp_path)
    assert code == 0
    assert "WARN  environment" in table
    assert "→ Set VENTANILLA_ENV=production" in table
    code, listed = ran(tmp_path, "--json")
    findings = json.loads(listed)
    assert {finding["area"] for finding in findings} >= {"environment", "content", "store"}
    assert all(set(finding) == {"area", "level", "what", "mend"} for finding in findings)
    assert all(finding["mend"] for finding in findings if finding["level"] != "OK")


def test_settings_that_are_missing_are_lines_too(tmp_path: Path) -> None:
    """The first thing that goes wrong on a new server is a name that is not set."""
    code, listed = ran(tmp_path, "--json", VENTANILLA_ENV="production", VENTANILLA_SECRET="short", PUBLIC_BASE_URL="")
    told = {finding["what"] for finding in json.loads(listed)}
    assert code == 1
    assert "PUBLIC_BASE_URL is not set." in told
    assert any("VENTANILLA_SECRET is too short" in what for what in told)
    assert "short" not in listed.replace("too short", "")


def test_addresses_are_shown_without_what_is_hidden_in_them() -> None:
    """The lines are pasted into messages."""
    assert shown_url("https://user:word@host.example.org:8443/a?key=1#rt=1") == "https://host.example.org:8443/a#rt=1"
    assert "word" not in shown_url("https://user:word@[bad")
