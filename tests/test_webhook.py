"""Twilio's pages: every message is answered, nothing unsigned gets in, and nothing ever gives a 5xx."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from tests.twilio_samples import (
    BASE_URL,
    INBOUND,
    INBOUND_URL,
    STATUS,
    STATUS_URL,
    TOKEN,
    encoded,
    inbound_form,
    message,
    status_form,
    twilio_signature,
)
from tests.webhook_world import Caller, app_for
from webhook.app import Callers, services_of
from webhook.embedded import EmbeddedServer
from webhook.settings import Environment
from webhook.store.connection import Connection
from webhook.twilio_edge.signature import sign_form

FALLBACK_URL = f"{BASE_URL}/twilio/fallback"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, valkey_server: EmbeddedServer) -> Flask:
    return app_for(tmp_path_factory.mktemp("var"), valkey_server.url)


@pytest.fixture
def caller(app: Flask, connection: Connection) -> Caller:
    """An app over a store that is empty."""
    return Caller(app)


@pytest.fixture(scope="module")
def stateless(tmp_path_factory: pytest.TempPathFactory) -> Caller:
    """An app without a store, which can take any number of messages."""
    return Caller(app_for(tmp_path_factory.mktemp("var"), stateless=True))


# --- answered ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", INBOUND["forms"])
def test_every_sample_gets_twiml(name: str, caller: Caller) -> None:
    """Whatever kind of message it is, the person who sent it waits for an answer; only a stop word gets silence."""
    answer = caller.send(inbound_form(name))
    assert (answer.code, answer.content_type) == (200, "text/xml; charset=utf-8")
    assert (answer.said is None) is ("stop" in name)


@pytest.mark.parametrize("name", INBOUND["forms"])
def test_every_sample_gets_twiml_without_a_store(name: str, stateless: Caller) -> None:
    """The second host has no memory, and the same duty."""
    answer = stateless.send(inbound_form(name))
    assert answer.code == 200
    assert (answer.said is None) is ("stop" in name)


@pytest.mark.parametrize("name", STATUS["forms"])
def test_every_receipt_is_taken_without_a_word(name: str, caller: Caller) -> None:
    """A text in the response to a receipt could reach somebody's phone."""
    answer = caller.send(status_form(name), STATUS_URL)
    assert (answer.code, answer.body) == (200, b"")


def test_receipts_are_counted_by_status_and_class(app: Flask, caller: Caller) -> None:
    """The operator sees that messages fail, and why."""
    counted = services_of(app).metrics.receipts.labels("undelivered", "content")
    before = counted._value.get()
    caller.send(status_form("whatsapp outside the window"), STATUS_URL)
    assert counted._value.get() == before + 1
    shown = services_of(app).metrics.exposition().decode()
    assert 'ventanilla_receipts_total{error_class="content",status="undelivered"}' in shown


def test_a_repeat_gets_the_same_bytes_and_changes_nothing(app: Flask, caller: Caller) -> None:
    """Twilio asks again when it did not hear us: the person must get one answer, the first."""
    first = caller.send(message("hola", id_=1))
    moved_on = caller.send(message("2", id_=2))
    assert moved_on.body != first.body
    assert caller.send(message("hola", id_=1)).body == first.body
    assert caller.send({**message("2", id_=2), "ErrorCode": "11205"}, FALLBACK_URL).body == moved_on.body


def test_the_fallback_address_answers_like_the_first(caller: Caller) -> None:
    """It is called when the first did not answer, with the error beside the message, and signed for itself."""
    form = {**message("hola", id_=3), "ErrorCode": "11200", "ErrorUrl": INBOUND_URL}
    assert caller.send(form, FALLBACK_URL).said
    assert caller.post("/twilio/fallback", encoded(form), twilio_signature(INBOUND_URL, list(form.items()))).code == 403


def test_fifty_deliveries_of_one_message_are_one_turn(app: Flask, caller: Caller, connection: Connection) -> None:
    """Eight at once: one changes the state, and all say the same."""
    caller.send(message("hola", id_=1))
    form = message("3", id_=2)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: caller.send(form), range(50)))
    assert {answer.code for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    sessions = [key for key in connection.command("KEYS", "*") if b":s:" in key]
    assert len(sessions) == 1
    assert connection.command("GET", sessions[0]).startswith(b"[1,2,")


def test_messages_of_one_person_from_many_threads_are_all_answered(caller: Caller, connection: Connection) -> None:
    """Two messages within a second are normal: each is a turn of its own, one after the other."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: caller.send(message("menu", id_=n)), range(1, 17)))
    assert {answer.code for answer in answers} == {200}
    (session,) = (connection.command("GET", key) for key in connection.command("KEYS", "*") if b":s:" in key)
    assert session.startswith(b"[1,16,")


# --- turned away -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "form"),
    [(INBOUND_URL, inbound_form(name)) for name in INBOUND["forms"]]
    + [(STATUS_URL, status_form(name)) for name in STATUS["forms"]],
    ids=[*INBOUND["forms"], *STATUS["forms"]],
)
def test_one_changed_byte_is_turned_away(url: str, form: dict[str, str], stateless: Caller) -> None:
    """A signature that lets one letter pass lets everything pass."""
    body, signature = encoded(form), twilio_signature(url, list(form.items()))
    path = url.removeprefix(BASE_URL)
    assert stateless.post(path, body, signature).code == 200
    places = random.Random(body).sample(range(len(body)), 25)
    for place in places:
        if body[place : place + 1] == b"+" or body[max(0, place - 2) : place + 1].find(b"%") >= 0:
            continue  # another spelling of the same letter is no change
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        assert stateless.post(path, changed, signature).code == 403, changed
    for place in range(0, len(signature) - 2, 5):
        other = "A" if signature[place] != "A" else "B"
        assert stateless.post(path, body, signature[:place] + other + signature[place + 1 :]).code == 403
    assert stateless.post(path, body).code == 403


def test_a_refusal_says_and_stores_nothing(caller: Caller, connection: Connection) -> None:
    """Not a word for whoever is trying."""
    answer = caller.post("/twilio/inbound", encoded(message("hola")), "wrong")
    assert (answer.code, answer.body) == (403, b"")
    assert connection.command("DBSIZE") == 0


def test_proxies_in_between_change_nothing(stateless: Caller) -> None:
    """The address is the configured one: neither the inner host nor what a stranger forwards counts."""
    form = message("hola")
    fields = list(form.items())
    forwarded = {"HTTP_X_FORWARDED_HOST": "evil.example", "HTTP_X_FORWARDED_PROTO": "http", "HTTP_HOST": "evil.example"}
    good = twilio_signature(INBOUND_URL, fields)
    assert stateless.post("/twilio/inbound", encoded(form), good, **forwarded).code == 200
    inner = twilio_signature("http://internal:8000/twilio/inbound", fields)
    evil = twilio_signature("http://evil.example/twilio/inbound", fields)
    for signature in (inner, evil):
        assert stateless.post("/twilio/inbound", encoded(form), signature, **forwarded).code == 403


def test_a_prefix_and_a_port_of_the_public_address_count(tmp_path: Path) -> None:
    """Some hubs share a host with other services."""
    caller = Caller(app_for(tmp_path, stateless=True, public_base_url="https://hub.example.org:8443/bot"))
    form = message("hola")
    for url in ("https://hub.example.org:8443/bot/twilio/inbound", "https://hub.example.org/bot/twilio/inbound"):
        assert caller.post("/twilio/inbound", encoded(form), twilio_signature(url, list(form.items()))).code == 200
    bare = twilio_signature("https://hub.example.org/twilio/inbound", list(form.items()))
    assert caller.post("/twilio/inbound", encoded(form), bare).code == 403


def test_a_query_string_is_part_of_the_address(stateless: Caller) -> None:
    """It is signed as it is written, percent signs and all."""
    form = message("hola")
    query = "ch=sms&note=hello%20world%2B1"
    signature = twilio_signature(f"{INBOUND_URL}?{query}", list(form.items()))
    assert stateless.post("/twilio/inbound", encoded(form), signature, query=query).code == 200
    assert stateless.post("/twilio/inbound", encoded(form), signature, query=query.replace("%20", "+")).code == 403
    assert stateless.post("/twilio/inbound", encoded(form), signature).code == 403


def test_both_tokens_count_while_rotating(tmp_path: Path) -> None:
    """No message may be lost in the minutes in which the token changes."""
    caller = Caller(app_for(tmp_path, stateless=True, auth_tokens=("new token", "old token")))
    form = message("hola")
    for token, code in (("new token", 200), ("old token", 200), (TOKEN, 403)):
        signature = twilio_signature(INBOUND_URL, list(form.items()), token)
        assert caller.post("/twilio/inbound", encoded(form), signature).code == code


def test_without_tokens_everything_is_turned_away(tmp_path: Path) -> None:
    """A check that is not set up refuses."""
    caller = Caller(app_for(tmp_path, stateless=True, auth_tokens=(), environment=Environment.PRODUCTION))
    form = message("hola")
    for token in ("", TOKEN):
        signature = twilio_signature(INBOUND_URL, list(form.items()), token)
        assert caller.post("/twilio/inbound", encoded(form), signature).code == 403


def test_the_header_for_other_algorithms_opens_nothing(stateless: Caller) -> None:
    """A request must not choose how it is checked."""
    form = message("hola")
    settings = {"HTTP_X_TWILIO_WEBHOOKS_SIGNATURE_SETTINGS": "key=x,algorithm=HMAC_SHA256"}
    strong = RequestValidator(TOKEN).compute_signature(INBOUND_URL, form, "HMAC_SHA256")
    assert stateless.post("/twilio/inbound", encoded(form), strong, **settings).code == 403
    usual = twilio_signature(INBOUND_URL, list(form.items()))
    for odd in ("key=x,algorithm=NONE", "algorithm=", "x" * 1000):
        headers = {"HTTP_X_TWILIO_WEBHOOKS_SIGNATURE_SETTINGS": odd}
        assert stateless.post("/twilio/inbound", encoded(form), usual, **headers).code == 200
        assert stateless.post("/twilio/inbound", encoded(form), "", **headers).code == 403


def test_another_account_is_turned_away(stateless: Caller) -> None:
    """A form of somebody else's account is not for us, whoever signed it."""
    assert stateless.send(message("hola", AccountSid="AC" + "9" * 32)).code == 403


def test_through_a_messaging_service_it_works_as_well(caller: Caller) -> None:
    """A number in a service sends one parameter more."""
    assert caller.send(message("hola", MessagingServiceSid="MG" + "0" * 31 + "1")).said


@pytest.mark.parametrize("changed", [{"MessageSid": "x"}, {"From": ""}, {"From": "whatsapp:?"}])
def test_a_signed_form_without_id_or_sender_is_a_bad_request(changed: dict[str, str], stateless: Caller) -> None:
    """There is nobody to answer."""
    answer = stateless.send({**message("hola"), **changed})
    assert (answer.code, answer.body) == (400, b"")


def test_a_body_that_is_too_large_is_not_read(stateless: Caller) -> None:
    """Nobody writes a quarter of a megabyte on a phone."""
    assert stateless.post("/twilio/inbound", b"a=" + b"x" * 300_000, "sig").code == 413


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_posts_are_taken(method: str, stateless: Caller) -> None:
    """A redirect turns a POST into a GET and drops the message: better an error in Twilio's log."""
    assert stateless.post("/twilio/inbound", b"", "", REQUEST_METHOD=method).code == 405


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "multipart/form-data; boundary=x", "application/json", "x" * 500]
)
def test_any_content_type_is_answered_without_an_error(content_type: str, stateless: Caller) -> None:
    """What is not what it says is turned away, and what is signed is what counts."""
    form = message("hola")
    signature = twilio_signature(INBOUND_URL, list(form.items()))
    assert stateless.post("/twilio/inbound", encoded(form), signature, content_type=content_type).code in (200, 403)
    assert stateless.post("/twilio/inbound", b"\xff\x00", signature, content_type=content_type).code == 403


# --- never a 5xx -------------------------------------------------------------------------------------------------

PARAMETERS = sorted({key for name in INBOUND["forms"] for key in inbound_form(name)})
ODD_VALUES = (
    "", " ", "0", "-1", "1e999", "nan", "9" * 400, "\x00", "\x0b", "\u202e", "\ufffe", "👋" * 300, "STOP", "X", "SOS", "0",
    "me quieren matar", "i am locked in", "whatsapp:", "whatsapp:+1", "whatsapp:BZ.1", "{}", "[1]", "true", "<b>&amp;", "%",
    "a" * 3000, "á" * 800, "\n\n\n", "\ud7ff", "1️⃣", "SM" + "0" * 32, "HELP", "START", "delete", "ñ", "?" * 200,
)  # fmt: skip


def mutated(chance: random.Random, id_: int) -> dict[str, str]:
    """A sample with a few parameters changed, dropped or added; mostly with an id and sender that can be answered."""
    form = inbound_form(chance.choice(sorted(INBOUND["forms"])))
    form["MessageSid"] = f"SM{id_:032x}"
    for _ in range(chance.randrange(4)):
        name = chance.choice(PARAMETERS)
        if name in ("AccountSid", "MessageSid", "From") and chance.random() < 0.8:
            continue
        match chance.randrange(4):
            case 0:
                form.pop(name, None)
            case 1:
                form[name] = chance.choice(ODD_VALUES)
            case 2:
                form[name] = "".join(
                    chr(chance.choice((*range(0x20, 0x17F), *range(0x1F600, 0x1F640)))) for _ in range(12)
                )
            case _:
                form["Body"] = chance.choice(ODD_VALUES)
    return form


def test_thousands_of_odd_forms_give_no_error(stateless: Caller, caller: Caller, capfd: pytest.CaptureFixture) -> None:
    """Whatever comes is answered, refused or turned away; an error of ours would leave somebody without an answer."""
    chance = random.Random(2030)
    seen: dict[int, int] = {}
    for id_ in range(8_000):
        form = mutated(chance, id_)
        body = encoded(form)
        path = chance.choice(("/twilio/inbound", "/twilio/inbound", "/twilio/fallback", "/twilio/status"))
        if chance.random() < 0.65:
            place = chance.randrange(len(body))
            body = body[:place] + chance.randbytes(chance.randrange(4)) + body[place + 1 :]
        signature = sign_form(TOKEN, BASE_URL + path, list(form.items()))
        answer = (caller if id_ % 25 == 0 else stateless).post(path, body, signature)
        assert answer.code in (200, 400, 403), (answer.code, form)
        if answer.code == 200 and path != "/twilio/status":
            assert answer.said is None or len(answer.said) <= 1600
        seen[answer.code] = seen.get(answer.code, 0) + 1
    assert min(seen[200], seen[400], seen[403]) > 15
    assert "webhook_failed" not in capfd.readouterr().err


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200), signature=st.text(st.characters(max_codepoint=255), max_size=40), path=st.sampled_from(["inbound", "status", "fallback", "x"]), query=st.text(st.characters(max_codepoint=255), max_size=20))  # fmt: skip
def test_any_bytes_at_all_give_no_error(stateless: Caller, body: bytes, signature: str, path: str, query: str) -> None:
    """The address is public: anybody can send anything."""
    assert stateless.post(f"/twilio/{path}", body, signature, query=query).code in (403, 404)


def test_deeply_nested_json_gives_no_error(stateless: Caller) -> None:
    """Signed or not, no body may bring a worker down."""
    assert stateless.post("/twilio/inbound", b"[" * 100_000, "sig", content_type="application/json").code == 403


# --- who may call ------------------------------------------------------------------------------------------------


def test_every_blueprint_says_who_may_call_it(app: Flask) -> None:
    """A page whose caller nobody thought about is a page for everybody."""
    callers = services_of(app).callers
    assert set(app.blueprints) == set(callers)
    assert callers["twilio"] is Callers.TWILIO


def test_every_page_of_twilios_is_signed(app: Flask, caller: Caller) -> None:
    """A new page in the blueprint cannot forget the check."""
    paths = [rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("twilio.")]
    assert sorted(paths) == ["/twilio/fallback", "/twilio/inbound", "/twilio/status"]
    assert {caller.post(path, b"Body=hola", "no").code for path in paths} == {403}


def test_threads_do_not_share_a_message(stateless: Caller) -> None:
    """Two people at once get each their own answer."""
    answers: dict[str, str | None] = {}

    def ask(text: str, id_: int) -> None:
        answers[text] = stateless.send(message(text, id_=id_)).said

    threads = [threading.Thread(target=ask, args=[text, n]) for n, text in enumerate(("SOS", "privacy", "X"), 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers.values())) == 3
