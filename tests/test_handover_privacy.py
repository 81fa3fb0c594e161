"""A stolen copy of the store tells nothing of a talk, DELETE takes its words away for good, and the log knows who looked.

Through all parts: the chat, the advisors' pages, the sender; over a store with its files on the disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bot.inbound import Channel
from tests.console_world import PASSWORD
from tests.handover_hub import Hub, Person, Staff, chat
from tests.simulator_world import until
from webhook.console.access_log import Did
from webhook.desk.records import Outcome, Stage
from webhook.embedded import EmbeddedServer
from webhook.outbox.store import Outbox
from webhook.store.connection import Connection
from webhook.store.upkeep import Upkeep

NUMBER, DIGITS = "+5016107319", "6107319"
NOTE, WORD, TEXT = "zanahoria qwrtpl", "tamarindo", "berenjena morada zzyzx"
REPLY, INNER, QUEUED = "remolacha azul", "calabaza anotada", "pepino pendiente"
PLACE = ("18.4976", "-88.3057")
MEDIA = "https://api.twilio.com/2010-04-01/Accounts/AC{0}/Messages/MM{0}/Media/ME{0}".format("7" * 32)
ANA = "ximena.marcadora@hub.example.org"
SECRETS = (DIGITS, *NOTE.split(), WORD, *TEXT.split(), *REPLY.split(), *INNER.split(), *QUEUED.split(), *PLACE)
SECRETS += (MEDIA, "ME" + "7" * 32, ANA, ANA.partition("@")[0], "Ximena", PASSWORD)
SEALED_FIELD = re.compile(rb"m\d+|contact|word|c:.+|written")


@pytest.fixture
def store(own_server: EmbeddedServer) -> Iterator[Connection]:
    connection = Connection(own_server.url)
    yield connection
    connection.close()


@pytest.fixture
def hub(tmp_path: Path, own_server: EmbeddedServer, store: Connection) -> Hub:
    return Hub(tmp_path, store, own_server.url)


@pytest.fixture
def ana(hub: Hub) -> Staff:
    return Staff(hub, hub.console.account("advisor", email=ANA, name="Ximena"))


def talk(hub: Hub, ana: Staff, channel: Channel = Channel.WHATSAPP) -> tuple[Person, str]:
    """A talk with everything in it; its last reply still waits to be sent. Gives the person and the ticket."""
    person = Person(hub, NUMBER, channel)
    person.asks(note=NOTE)
    assert person.says("3")  # check word
    assert person.says(WORD)
    ticket = hub.only_ticket().id
    assert ana.sees(chat(ticket))
    assert ana.takes(ticket) == 200
    assert ana.writes(ticket, REPLY) == 200
    hub.passes(1)
    assert person.texts() == [hub.as_sent(REPLY)]
    assert ana.does(ticket, "note", text=INNER, nonce="inner").status_code == 200
    assert person.says(TEXT) is None
    photo = {"NumMedia": "1", "MediaUrl0": MEDIA, "MediaContentType0": "image/jpeg"}
    assert person.says("", **photo) is None
    if channel is Channel.WHATSAPP:
        assert person.says("", Latitude=PLACE[0], Longitude=PLACE[1]) is None
    assert ana.does(ticket, "reveal", reason="referral").text.count(DIGITS) == 1
    assert ana.writes(ticket, QUEUED) == 200
    return person, ticket


def values(store: Connection) -> Iterator[tuple[bytes, bytes]]:
    """Everything in the store, as a thief would read it: key, and every piece of its value."""
    read: dict[bytes, tuple[Any, ...]] = {
        b"string": ("GET",),
        b"hash": ("HGETALL",),
        b"list": ("LRANGE", 0, -1),
        b"set": ("SMEMBERS",),
        b"zset": ("ZRANGE", 0, -1),
        b"stream": ("XRANGE", "-", "+"),
    }
    for key in store.command("KEYS", "*"):
        command, *rest = read[store.command("TYPE", key)]
        yield key, key
        yield key, store.command("DUMP", key)
        for piece in pieces(store.command(command, key, *rest)):
            yield key, piece


def pieces(answer: Any) -> Iterator[bytes]:
    """All texts in an answer of the store, however deep."""
    if isinstance(answer, bytes):
        yield answer
    elif isinstance(answer, dict):
        yield from pieces([*answer.keys(), *answer.values()])
    elif isinstance(answer, Iterable) and not isinstance(answer, str):
        for each in answer:
            yield from pieces(each)


def on_disk(server: EmbeddedServer) -> bytes:
    """All files of the store, one after the other."""
    found = []
    for file in sorted(server.directory.rglob("*")):
        with suppress(FileNotFoundError):  # while they are rewritten, files change their names
            found.append(file.read_bytes() if file.is_file() else b"")
    return b"\0".join(found)


def is_on_disk(server: EmbeddedServer, found: set[bytes]) -> bool:
    """Whether any of these pieces stands in a file of the store."""
    files = on_disk(server)
    return any(piece in files for piece in found)


def sealed_of(store: Connection, ticket: str) -> set[bytes]:
    """Every sealed piece about a talk: its messages, addresses and words, the outbox, copies of what was sent."""
    found: set[bytes] = set()
    for key in store.command("KEYS", "*"):
        kind = key.split(b":")[2]
        if (kind == b"t" and key.endswith(ticket.encode())) or kind == b"oa":
            fields = store.command("HGETALL", key)
            pairs = fields.items() if isinstance(fields, dict) else zip(fields[::2], fields[1::2], strict=True)
            found |= {value for name, value in pairs if SEALED_FIELD.fullmatch(name)}
        elif kind == b"o":
            found |= {entry.partition(b" ")[2] for entry in store.command("LRANGE", key, 0, -1)}
        elif kind == b"r":
            found.add(store.command("GET", key))
    return found


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.WHATSAPP])
def test_a_copy_of_the_store_without_the_secret_shows_nothing(
    hub: Hub, ana: Staff, store: Connection, own_server: EmbeddedServer, channel: Channel
) -> None:
    """Whoever carries the machine away reads codes and times: no number, no word, no e-mail address."""
    _, ticket = talk(hub, ana, channel)
    seen = dict.fromkeys(key for key, _ in values(store))
    assert any(ticket.encode() in key for key in seen), "the talk is there to be found"
    for key, value in values(store):
        for secret in SECRETS:
            assert secret.encode() not in value, (key, secret)
    files = on_disk(own_server)
    assert ticket.encode() in files, "and in the files"
    for secret in SECRETS:
        assert secret.encode() not in files, secret


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.WHATSAPP])
def test_delete_takes_every_sealed_piece_away_and_after_the_rewrite_from_the_disk_too(
    hub: Hub, ana: Staff, store: Connection, own_server: EmbeddedServer, channel: Channel
) -> None:
    """Even with the secret nothing can be read any more; what waited is not sent, and nobody can open it in the console."""
    person, ticket = talk(hub, ana, channel)
    sealed = sealed_of(store, ticket)
    assert len(sealed) >= 9
    files = on_disk(own_server)
    assert all(piece in files for piece in sealed), "the files are a history of all of it"

    assert person.says("BORRAR")
    left = b"\0".join(value for _, value in values(store))
    assert not any(piece in left for piece in sealed)
    erased = hub.desk.ticket(ticket)
    assert erased is not None
    assert (erased.stage, erased.outcome, erased.person) == (Stage.CLOSED, Outcome.ERASED, "")
    assert (hub.desk.messages(ticket), hub.desk.contact(ticket)) == ([], None)
    page = ana.sees(chat(ticket))
    assert not any(secret in page for secret in (DIGITS, NOTE, WORD, TEXT, REPLY, INNER, QUEUED))
    assert ana.does(ticket, "reply", text="hola", nonce="late").status_code == 409
    hub.passes(60)
    assert person.texts() == [hub.as_sent(REPLY)], "what waited was taken back"
    assert Outbox(store).waiting(hub.clock())[0] == 0

    assert Upkeep(store).tick(0), "the rewrite that comes every 15 minutes"
    until(lambda: not is_on_disk(own_server, sealed))
    assert not is_on_disk(own_server, sealed), "and not under another name"


def test_the_access_log_shows_who_opened_what(hub: Hub, ana: Staff) -> None:
    """A supervisor can see who looked at a case and at the number; the person's words are not in it, and DELETE leaves it."""
    person, ticket = talk(hub, ana)
    eva, sol = hub.staff("Eva"), hub.staff("Sol", "supervisor")
    eva.sees(chat(ticket))
    person.says("BORRAR")
    log = hub.console.console.access_log.page(ticket=ticket).entries
    done = [(each.user, each.did) for each in reversed(log)]
    ours = [Did.OPENED, Did.TOOK, Did.REPLIED, Did.NOTED, Did.REVEALED, Did.REPLIED]
    assert done == [*((ana.account.id, did.value) for did in ours), (eva.account.id, Did.OPENED.value)]
    assert [each.reason for each in log if each.did == Did.REVEALED] == ["referral"]
    page = sol.sees(f"/staff/access?ticket={ticket}")
    assert "Ximena" in page
    assert "Eva" in page
    assert not any(secret in page for secret in (DIGITS, NOTE, WORD, TEXT, REPLY, INNER, QUEUED))
    assert [each.user for each in hub.console.console.access_log.page().entries if each.did == Did.LOG_OPENED] == [
        sol.account.id
    ]
    for refused in (ana, eva):
        answer = refused.hub.console.logged_in(account=refused.account).get("/staff/access")
        assert answer.status_code == 403
