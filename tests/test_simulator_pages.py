"""What the simulator's page asks for: forms as Twilio posts them, and what is remembered; in development only."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from flask import Flask
from flask.testing import FlaskClient
from twilio.rest import Client
from twilio_samples import BASE_URL, TOKEN, inbound_form, twilio_signature
from webhook_world import SECRET, app_for

from bot import segments
from webhook.app import Callers, services_of
from webhook.embedded import EmbeddedServer
from webhook.keys import Keys
from webhook.outbox.local_log import LocalLog
from webhook.outbox.local_twilio import LocalTwilio
from webhook.pages.simulated import NO_ACCOUNT, Hub
from webhook.settings import Environment
from webhook.store.connection import Connection

MEXICAN = "+529830123456"
BELIZEAN = "+5010123456"
PATHS = (
    "/",
    "/simulator/static/simulator.html",
    "/simulator/static/simulator.js",
    "/simulator/content",
    "/simulator/examples",
    "/advisor",
    "/advisor/tickets/1",
    "/staff",
)
POSTED = ("/simulator/sign", "/simulator/state", "/simulator/inbox", "/simulator/cost", "/simulator/stateless")

Everything = Callable[[], dict[bytes, bytes]]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, valkey_server: EmbeddedServer) -> Flask:
    return app_for(tmp_path_factory.mktemp("var"), valkey_server.url)


@pytest.fixture
def client(app: Flask, connection: Connection) -> Iterator[FlaskClient]:
    """The pages over an empty store."""
    with app.test_client() as client:
        yield client


def asked(client: FlaskClient, path: str, **question: Any) -> Any:
    """The answer to a question of the page."""
    response = client.post(path, json=question)
    assert response.status_code == 200
    return response.json


def signed(client: FlaskClient, **sent: Any) -> Any:
    return asked(client, "/simulator/sign", **{"number": MEXICAN, "channel": "whatsapp", **sent})


def delivered(client: FlaskClient, **sent: Any) -> str:
    """What the webhook answers to a message of the page, as the page would post it."""
    form = signed(client, **sent)
    response = client.post(
        form["path"],
        data=form["body"],
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": form["signature"]},
    )
    assert response.status_code == 200
    return response.text


def remembered(client: FlaskClient, number: str = MEXICAN, channel: str = "whatsapp", **more: Any) -> Any:
    return asked(client, "/simulator/state", number=number, channel=channel, **more)


# --- in development only -----------------------------------------------------------------------------------------


def test_nothing_of_it_exists_in_production(tmp_path: Path) -> None:
    """A page that signs messages and shows sessions must not be there where real people write."""
    app = app_for(tmp_path, environment=Environment.PRODUCTION, stateless=True)
    with app.test_client() as client:
        assert {client.get(path).status_code for path in PATHS} == {404}
        assert {client.post(path, json={}).status_code for path in POSTED} == {404}
    assert "simulator" not in app.blueprints


def test_it_is_for_developers(app: Flask) -> None:
    """Who may call a page is said where it is registered."""
    assert services_of(app).callers["simulator"] is Callers.DEVELOPER


@pytest.mark.parametrize(
    "number", ["+525512345678", "+5016221234", "+529831234567", "whatsapp:+5010123456", "", "+50101234567"]
)
def test_only_made_up_people_can_be_played(client: FlaskClient, number: str) -> None:
    """With the page open to a tunnel nobody can write as a real person, or read what is remembered of one."""
    assert client.post("/simulator/sign", json={"number": number, "channel": "sms", "text": "x"}).status_code == 400
    assert client.post("/simulator/state", json={"number": number, "channel": "sms"}).status_code == 400


@pytest.mark.parametrize("path", ["/simulator/sign", "/simulator/state", "/simulator/inbox", "/simulator/cost"])
def test_only_json_is_read(client: FlaskClient, path: str) -> None:
    """A page of another site can post a form here unasked, but not JSON."""
    body = json.dumps({"number": MEXICAN, "channel": "sms", "text": "x"})
    assert client.post(path, data=body, content_type="text/plain").status_code == 415
    assert client.post(path, data=b"{", content_type="application/json").status_code == 400


def test_the_page_may_run_its_own_files_only(client: FlaskClient) -> None:
    """What a person writes is shown on the page: it must never become a script or fetch a picture from outside."""
    for path in PATHS:
        with client.get(path) as response:
            assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
            policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_unsigned_messages_are_refused_without_store_too(client: FlaskClient) -> None:
    """The second webhook is as strict as the first."""
    assert client.post("/simulator/stateless", data={"Body": "hola"}).status_code == 403


# --- forms -------------------------------------------------------------------------------------------------------

KINDS: dict[str, dict[str, Any]] = {
    "sms text": {"channel": "sms", "text": "hola"},
    "sms stop that Twilio has answered": {"channel": "sms", "text": "STOP", "opt_out": "STOP"},
    "mms image": {"channel": "sms", "media": "image"},
    "whatsapp text": {"text": "hola"},
    "whatsapp number withheld": {"text": "hola", "withheld": True},
    "whatsapp button": {"text": "Horarios", "tapped": "hours"},
    "whatsapp list row": {"text": "Horarios", "tapped": "hours", "from_list": True},
    "whatsapp location": {"spot": {"latitude": 18.5, "longitude": -88.3, "label": "Parada"}},
    "whatsapp photo with words": {"text": "?", "media": "image"},
    "whatsapp voice note": {"media": "voice"},
    "whatsapp sticker": {"media": "sticker"},
    "whatsapp contact": {"media": "contact"},
    "whatsapp video": {"media": "video"},
    "whatsapp document": {"media": "file"},
}
SELDOM = {"Address", "Forwarded", "FrequentlyForwarded"}  # parameters that come and go
SAME = ("MediaContentType0", "MessageType", "NumMedia", "OptOutType", "ButtonType", "SmsStatus", "ApiVersion")


@pytest.mark.parametrize("kind", KINDS)
def test_forms_have_the_parameters_of_twilios(client: FlaskClient, kind: str) -> None:
    """What is tried here must be what happens in earnest."""
    ours = dict(parse_qsl(signed(client, **KINDS[kind])["body"], keep_blank_values=True))
    sample = inbound_form(kind)
    assert set(ours) == set(sample) - SELDOM
    assert [ours.get(name) for name in SAME] == [sample.get(name) for name in SAME]
    assert ours["MessageSid"][:2] == sample["MessageSid"][:2]
    assert ours["From"].startswith("whatsapp:") == sample["From"].startswith("whatsapp:")


def test_forms_are_signed_as_twilio_signs_them(client: FlaskClient) -> None:
    """Its own library comes to the same signature, for the public address."""
    form = signed(client, text="¿Cuánto cuesta? 🐒  ")
    fields = parse_qsl(form["body"], keep_blank_values=True)
    assert [list(field) for field in fields] == form["fields"]
    assert form["signature"] == twilio_signature(f"{BASE_URL}/twilio/inbound", fields)


def test_mexican_numbers_look_as_whatsapp_shows_them(client: FlaskClient) -> None:
    """WhatsApp writes a 1 that nobody dials; both spellings are one person."""
    assert dict(signed(client, text="hola")["fields"])["From"] == "whatsapp:+5219830123456"
    delivered(client, text="hola")
    delivered(client, text="hola", channel="sms")
    assert remembered(client)["person"] == remembered(client, channel="sms")["person"]


def test_what_a_text_costs_is_counted_as_everywhere(client: FlaskClient) -> None:
    """The page never counts by itself: two counts would differ one day."""
    text = "ñandú " * 40
    cost = asked(client, "/simulator/cost", text=text)
    counted = segments.count(text)
    assert (cost["encoding"], cost["units"]) == (counted.encoding, counted.units)
    assert tuple(cost["segments"]) == segments.split(text)


# --- what is remembered ------------------------------------------------------------------------------------------


def test_ids_are_shown_with_their_labels(client: FlaskClient) -> None:
    """A session holds codes of four characters, which tell nobody anything."""
    assert remembered(client) == {"store": "ok", "person": "", "session": None, "prefs": None}
    delivered(client, text="hello")
    delivered(client, text="1")
    state = remembered(client)
    assert [stop["id"] for stop in state["session"]["path"]] == ["main", "enter-mexico"]
    assert all(option["label"] for option in state["session"]["offered"])
    assert state["session"]["version"] == 2
    assert state["prefs"] == {"language": "en", "consent": None, "opted_out": []}


def test_slots_are_shown_with_what_they_mean(client: FlaskClient) -> None:
    """Also a country that was typed, which is no option of the question."""
    delivered(client, text="hello")
    asking = delivered(client, text="enter-mexico-guide", tapped="enter-mexico-guide")
    assert "1" in asking
    delivered(client, text="yes", tapped="consent=yes")
    delivered(client, text="France")
    slots = {slot["name"]: slot for slot in remembered(client)["session"]["slots"]}
    assert (slots["nationality"]["value"], slots["nationality"]["label"]) == ("fr", "France")


def test_the_decision_is_the_one_that_is_then_taken(client: FlaskClient) -> None:
    """It is worked out beforehand; a page that showed another than the bot took would mislead."""
    delivered(client, text="hello")
    for text, outcome in [("1", "answered"), ("SOS", "helped"), ("X", "left"), ("they won't let me leave", "danger")]:
        decision = signed(client, text=text)["decision"]
        assert decision["outcome"] == outcome
        delivered(client, text=text)
        session = remembered(client)["session"]
        assert (session["path"][-1]["id"] if session["path"] else "") == decision["node"]


def test_looking_changes_nothing(client: FlaskClient, everything: Everything) -> None:
    """Most of all after a delete, when nothing may be left of the person."""
    delivered(client, text="hello")
    before = everything()
    remembered(client)
    remembered(client, channel="sms")
    assert everything() == before
    delivered(client, text="DELETE")
    left = {key for key in everything() if b":m:" not in key}
    remembered(client)
    assert {key for key in everything() if b":m:" not in key} == left
    assert remembered(client)["prefs"] is None


def test_a_lost_store_is_said(tmp_path: Path) -> None:
    """The page goes on as the bot does."""
    lost = app_for(tmp_path, "unix:///nowhere/valkey.sock")
    with lost.test_client() as client:
        assert remembered(client) == {"store": "down"}
        assert signed(client, text="hello")["decision"]["outcome"] == "welcomed"
    with app_for(tmp_path, stateless=True).test_client() as client:
        assert remembered(client) == {"store": "none"}


def test_a_message_can_be_tried_without_memory(client: FlaskClient, everything: Everything) -> None:
    """As the bot answers while the store is down: words instead of numbers, and nothing kept."""
    reply = delivered(client, text="hello", stateless=True)
    assert "\n- " in reply
    assert "*1*" not in reply
    assert everything() == {}


def test_examples_are_questions_of_the_content(client: FlaskClient) -> None:
    """What the page offers to try follows the files, and shows nothing that could hurt somebody who looks on."""
    examples = client.get("/simulator/examples").json
    assert examples is not None
    assert {len(questions) > 20 for questions in examples.values()} == {True}
    catalogue = services_of(client.application).holder.current
    hidden = [answer for answer in catalogue.answers.values() if answer.sensitive]
    shown = {question for questions in examples.values() for question in questions}
    assert not any(set(answer.people_ask.get("en", ())[:1]) & shown for answer in hidden)


# --- what comes later --------------------------------------------------------------------------------------------


@pytest.fixture
def local(tmp_path: Path, connection: Connection, valkey_server: EmbeddedServer) -> Iterator[FlaskClient]:
    """The pages where no account is configured: what is sent goes to the phones."""
    with app_for(tmp_path, valkey_server.url, account_sid="").test_client() as client:
        yield client


def send(connection: Connection, to: str, body: str) -> str:
    """Send as the sender does, with the stand-in in the place of the network."""
    hub = Hub(NO_ACCOUNT, "+12025550142", "+14155238886", "")
    http = LocalTwilio(
        LocalLog(connection, Keys(SECRET)), TOKEN, BASE_URL, hub, post=lambda *told: None, later=lambda thing: thing()
    )
    sender = f"whatsapp:{hub.whatsapp_sender}" if to.startswith("whatsapp:") else hub.sms_sender
    callback = f"{BASE_URL}/twilio/status?o=Aentry"
    made = Client(NO_ACCOUNT, TOKEN, http_client=http).messages.create(
        to=to, from_=sender, body=body, status_callback=callback
    )
    return made.sid or ""


def inbox(client: FlaskClient, channel: str = "whatsapp", number: str = MEXICAN, **more: Any) -> Any:
    return asked(client, "/simulator/inbox", number=number, channel=channel, **more)


def test_what_was_sent_comes_to_the_phone_once(local: FlaskClient, connection: Connection) -> None:
    """The page asks again every second; a message must not appear twice, nor on somebody else's phone."""
    delivered(local, text="hola")
    first = send(connection, "whatsapp:+5219830123456", "Soy una asesora")
    send(connection, "whatsapp:+5219830123456", "¿Sigues ahí?")
    found = inbox(local)
    assert [message["text"] for message in found["messages"]] == ["Soy una asesora", "¿Sigues ahí?"]
    assert found["state"] == remembered(local)
    assert [message["text"] for message in inbox(local, after=first)["messages"]] == ["¿Sigues ahí?"]
    assert inbox(local, "sms")["messages"] == inbox(local, number=BELIZEAN)["messages"] == []


def test_a_message_that_was_shown_can_be_told_as_read(local: FlaskClient, connection: Connection) -> None:
    """The page posts the news itself, signed, as it posts messages; the webhook takes it."""
    delivered(local, text="hola")
    sid = send(connection, "whatsapp:+5219830123456", "Soy una asesora")
    receipt = inbox(local)["messages"][0]["receipt"]
    assert receipt["path"] == "/twilio/status?o=Aentry"
    told = dict(parse_qsl(receipt["body"]))
    assert (told["MessageSid"], told["MessageStatus"]) == (sid, "read")
    response = local.post(
        receipt["path"],
        data=receipt["body"],
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": receipt["signature"]},
    )
    assert response.status_code == 200


def test_an_sms_tells_its_price_and_not_that_it_was_read(local: FlaskClient, connection: Connection) -> None:
    """No carrier knows whether somebody looked."""
    delivered(local, text="hola", channel="sms")
    send(connection, MEXICAN, "Una asesora te escribe")
    (message,) = inbox(local, "sms")["messages"]
    assert message["receipt"] is None
    assert message["cost"]["encoding"] == "GSM-7"


def test_a_message_without_memory_leaves_no_trace_in_the_list(
    local: FlaskClient, everything: Callable[[], dict[bytes, bytes]]
) -> None:
    """It is tried as if there were no store."""
    delivered(local, text="hello", stateless=True)
    assert everything() == {}


def test_with_a_real_account_the_phones_get_nothing(client: FlaskClient, connection: Connection) -> None:
    """What Twilio is asked to send, Twilio sends."""
    delivered(client, text="hola")
    assert inbox(client)["messages"] == []
    assert not any(b"{local}" in key for key in connection.command("KEYS", "*"))


def test_a_lost_store_brings_no_mail(tmp_path: Path) -> None:
    """The page goes on asking."""
    with app_for(tmp_path, "unix:///nowhere/valkey.sock", account_sid="").test_client() as client:
        assert signed(client, text="hola")["fields"]
        assert inbox(client) == {"messages": [], "state": {"store": "down"}}


def test_the_advisors_pages_are_at_the_consoles_address(client: FlaskClient) -> None:
    """One address to remember while trying; the console is another process on another port."""
    response = client.get("/advisor/tickets/a%20b?x=1")
    assert response.status_code == 302
    assert response.headers["Location"] == "http://127.0.0.1:8001/advisor/tickets/a%20b?x=1"
    assert client.get("/staff").headers["Location"] == "http://127.0.0.1:8001/staff"
