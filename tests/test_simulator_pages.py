"""What the simulator's page asks for: forms as Twilio posts them, and what is remembered; in development only."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from flask import Flask
from flask.testing import FlaskClient
from twilio_samples import BASE_URL, inbound_form, twilio_signature
from webhook_world import app_for

from bot import segments
from webhook.app import Callers, services_of
from webhook.embedded import EmbeddedServer
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
)
POSTED = ("/simulator/sign", "/simulator/state", "/simulator/cost", "/simulator/stateless")

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


@pytest.mark.parametrize("path", ["/simulator/sign", "/simulator/state", "/simulator/cost"])
def test_only_json_is_read(client: FlaskClient, path: str) -> None:
    """A page of another site can post a form here unasked, but not JSON."""
    body = json.dumps({"number": MEXICAN, "channel": "sms", "text": "x"})
    assert client.post(path, data=body, content_type="text/plain").status_code == 415
    assert client.post(path, data=b"{", content_type="application/json").status_code == 400


def test_the_page_may_run_its_own_files_only(client: FlaskClient) -> None:
    """What a person writes is shown on the page: it must never become a script or fetch a picture from outside."""
    for path in PATHS:
        with client.get(path) as response:
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
