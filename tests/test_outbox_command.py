"""`ventanilla outbox`, `ventanilla sender`, and what is asked of Twilio in earnest."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from requests import exceptions as http_faults
from urllib3 import exceptions as link_faults

from bot.inbound import Channel
from tests import learned_world
from tests.fake_twilio import FakeTwilio, Twilio
from tests.outbox_world import SMS, WHATSAPP, World
from tests.server_world import free_port
from tests.webhook_world import SECRET, settings_for
from webhook.cli import main
from webhook.commands.sending import masked, our_senders
from webhook.embedded import EmbeddedServer
from webhook.keys import Keys
from webhook.outbox.entries import Entry, Kind
from webhook.outbox.heartbeat import Heartbeat
from webhook.outbox.outcomes import Came
from webhook.outbox.provider import Provider
from webhook.outbox.reasons import Reason
from webhook.settings import CHECKOUT
from webhook.store.connection import Connection

Ventanilla = Callable[..., Result]


@pytest.fixture
def world(connection: Connection, tmp_path: Path) -> World:
    return World(connection, Keys(SECRET), tmp_path)


@pytest.fixture
def ventanilla(valkey_server: EmbeddedServer, tmp_path: Path) -> Ventanilla:
    def run(*words: str) -> Result:
        environ = {"REDIS_URL": valkey_server.url, "VENTANILLA_SECRET": SECRET, "VENTANILLA_VAR": str(tmp_path)}
        return CliRunner().invoke(main, ["outbox", *words], env=environ)

    return run


def given_up(world: World) -> Entry:
    """A message that was given up."""
    person = world.person()
    entry = world.put(person, "a code word")
    world.twilio.script = [(400, 63024)]
    world.run(person)
    return entry


def test_what_waits_and_what_was_given_up_is_listed_without_words_and_numbers(
    world: World, ventanilla: Ventanilla
) -> None:
    """An operator looks over somebody's shoulder at a screen that others see."""
    letter = given_up(world)
    waiting = world.put(world.person(2), "another code word")
    shown = ventanilla().output + ventanilla("show").output
    assert letter.id in shown
    assert waiting.id in shown
    assert "WhatsApp cannot deliver to this person" in shown
    assert "word" not in shown
    assert "+501610" not in shown
    assert "a code word" in ventanilla("show", "--text").output
    assert "WhatsApp no puede entregarle" in ventanilla("show", "--lang", "es").output


def test_the_list_can_be_read_by_programs(world: World, ventanilla: Ventanilla) -> None:
    """One object, with ids, reasons and codes."""
    letter = given_up(world)
    told = json.loads(ventanilla("show", "--json").output)
    assert told["waiting"] == []
    (only,) = told["given_up"]
    assert (only["id"], only["reason"], only["code"]) == (letter.id, Reason.UNREACHABLE, 63024)
    assert "text" not in only


def test_a_message_is_tried_again_by_hand_for_whoever_has_the_number_now(world: World, ventanilla: Ventanilla) -> None:
    """The number may have got a user id since: the opt-outs of that person count."""
    letter = given_up(world)
    person = world.person()
    moved = replace(person, key="Q" + person.key[1:])
    world.connection.command("SET", person.records.alias, moved.key)
    world.writes(moved)
    assert json.loads(ventanilla("retry", letter.id, "--json").output) == {"id": letter.id, "done": True}
    assert world.outbox.entries(person.key) == []
    world.clock.now_s += 10**9
    (written,) = world.outbox.entries(moved.key)
    assert written.startswith(letter.id.encode())
    assert world.given_up.latest() == []
    assert not world.delivery(letter).has_failed


def test_a_message_can_be_dropped_where_it_waits_and_where_it_was_given_up(
    world: World, ventanilla: Ventanilla
) -> None:
    """What was written by mistake must not go out."""
    letter = given_up(world)
    waiting = world.put(world.person(2))
    assert ventanilla("drop", letter.id).exit_code == 0
    assert ventanilla("drop", waiting.id).exit_code == 0
    assert json.loads(ventanilla("show", "--json").output) == {"waiting": [], "given_up": []}


@pytest.mark.parametrize("word", ["retry", "drop"])
def test_an_id_that_is_unknown_is_said_to_be(ventanilla: Ventanilla, connection: Connection, word: str) -> None:
    """Not silently done."""
    assert ventanilla(word, "nothing").exit_code == 1
    assert json.loads(ventanilla(word, "nothing", "--json").output)["done"] is False


@pytest.mark.parametrize(
    "address", ["+5016100001", "whatsapp:+5215512345678", "whatsapp:BZ.1000000000000003", "12345", ""]
)
def test_an_address_is_masked_whatever_it_is(address: str) -> None:
    """A short code and a user id too; and nothing makes it fail."""
    bare = address.removeprefix("whatsapp:")
    assert len(masked(address)) == len(address) or len(bare) <= 6
    assert len(bare) <= 6 or bare[4:-2] not in masked(address)


@pytest.fixture
def entry() -> Entry:
    return Entry("A" * 17, Kind.ADVISOR, Channel.WHATSAPP, "whatsapp:+5016100001", WHATSAPP, "hola", 0)


def asked(tmp_path: Path, entry: Entry, **changed: Any) -> tuple[dict[str, str], str]:
    """What is posted for an entry, and as whom."""
    twilio = Twilio()
    Provider(settings_for(tmp_path, **changed), FakeTwilio(twilio)).send(entry)
    assert twilio.faults == []
    (request,) = twilio.requests
    return dict(request.data), request.user


def test_a_request_names_sender_callback_and_how_long_it_is_worth(tmp_path: Path, entry: Entry) -> None:
    """A late answer is worse than none; and the callback bears our id."""
    data, user = asked(tmp_path, entry, whatsapp_from=WHATSAPP)
    assert data == {
        "To": "whatsapp:+5016100001",
        "From": WHATSAPP,
        "Body": "hola",
        "StatusCallback": f"https://bot.example.org/twilio/status?o={'A' * 17}",
        "ValidityPeriod": "600",
    }
    assert user.startswith("AC")


def test_a_key_is_preferred_to_the_token_and_a_service_chooses_among_its_senders(tmp_path: Path, entry: Entry) -> None:
    """A key can be taken back alone."""
    service = "MG" + "a" * 32
    data, user = asked(tmp_path, entry, messaging_service_sid=service, api_key=("SK" + "b" * 32, "secret"))
    assert (data["MessagingServiceSid"], data["From"]) == (service, WHATSAPP)
    assert user.startswith("SK")
    data, _ = asked(tmp_path, replace(entry, sender=""), messaging_service_sid=service)
    assert "From" not in data


def test_a_template_goes_out_as_one(tmp_path: Path, entry: Entry) -> None:
    """Typed into the body it would be refused outside the window."""
    template = replace(entry, text="shown in the console", content_sid="HX" + "c" * 32, variables='{"1":"Ana"}')
    data, _ = asked(tmp_path, template)
    assert (data["ContentSid"], data["ContentVariables"]) == (template.content_sid, template.variables)
    assert "Body" not in data


@pytest.mark.parametrize(
    ("fault", "came"),
    [
        (http_faults.ConnectTimeout(), Came.NOT_REACHED),
        (
            http_faults.ConnectionError(link_faults.MaxRetryError(None, "u", link_faults.NewConnectionError(None, ""))),  # type: ignore[arg-type]
            Came.NOT_REACHED,
        ),
        (http_faults.ReadTimeout(), Came.LOST),
        (http_faults.ConnectionError(link_faults.ProtocolError("reset")), Came.LOST),
        (http_faults.ChunkedEncodingError(), Came.LOST),
        (ValueError("not JSON"), Came.LOST),
        (OSError("broken pipe"), Came.LOST),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.value,
)
def test_only_what_never_went_out_counts_as_not_sent(
    tmp_path: Path, entry: Entry, fault: Exception, came: Came
) -> None:
    """When in doubt it may have arrived."""

    class Broken(FakeTwilio):
        def request(self, *_args: Any, **_named: Any) -> Any:
            raise fault

    assert Provider(settings_for(tmp_path), Broken(Twilio())).send(entry).came is came


def test_our_senders_are_listed_as_twilio_writes_them(tmp_path: Path) -> None:
    """However the operator has written them."""
    for written in (WHATSAPP, WHATSAPP.removeprefix("whatsapp:")):
        assert our_senders(settings_for(tmp_path, whatsapp_from=written, sms_from=SMS)) == (WHATSAPP, SMS)
    assert our_senders(settings_for(tmp_path)) == ()


@pytest.mark.xdist_group("sender")
def test_the_sender_runs_tells_that_it_is_alive_and_ends_in_good_order(
    own_server: EmbeddedServer, tmp_path: Path
) -> None:
    """The command itself, with the stand-in for Twilio and its pages for the operator."""
    port = free_port()
    environ = {
        **os.environ, "REDIS_URL": own_server.url, "VENTANILLA_SECRET": SECRET, "VENTANILLA_VAR": str(tmp_path),
        **learned_world.environ(), "PUBLIC_BASE_URL": "http://127.0.0.1:9",
    }  # fmt: skip
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"):
        environ.pop(name, None)
    connection = Connection(own_server.url)
    command = [sys.executable, "-m", "webhook.cli", "sender", "--port", str(port)]
    with (tmp_path / "log").open("wb") as log:
        child = subprocess.Popen(command, cwd=CHECKOUT, env=environ, stdout=log, stderr=log)
    try:
        give_up_at = time.monotonic() + 60
        while not Heartbeat(connection).is_there():
            assert child.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < give_up_at, (tmp_path / "log").read_text()
            time.sleep(0.05)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as page:
            assert page.status == 200
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as page:
            assert b"ventanilla_outbox_people" in page.read()
    finally:
        child.send_signal(signal.SIGTERM)
        ended = child.wait(30)
    assert ended == 0, (tmp_path / "log").read_text()
    connection.close()
