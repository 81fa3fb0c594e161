"""What a person wrote, and who they are, is found nowhere once it is gone: not in the store, files, logs or pages.

Through the running server, by every road a message can take.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from tests.server_world import Server
from tests.twilio_samples import message
from webhook.embedded import socket_path
from webhook.store.connection import Connection

MARKER = "zanahoria morada veintisiete"
NUMBER = "+525559876543"
DIGITS = "5559876543"


def dump(url: str) -> dict[bytes, bytes]:
    """Every key with its value, as the store serialises it."""
    connection = Connection(url)
    keys: list[bytes] = connection.command("KEYS", "*")
    return {key: connection.command("DUMP", key) for key in sorted(keys)}


def is_seen_mark(key: bytes) -> bool:
    return key.split(b":")[2] == b"m"


def is_question(key: bytes) -> bool:
    """An entry of the editors' list: sealed, of nobody in particular (see `test_questions.py`)."""
    return key.startswith(b"v1:{q}:")


def roads() -> list[dict[str, str]]:
    """Messages of one person on both channels: text, caption, place, contact, words, cries, nonsense, a repeat."""
    image = {"NumMedia": "1", "MediaUrl0": f"https://api.twilio.com/{MARKER}", "MediaContentType0": "image/jpeg"}
    profile = {"ProfileName": MARKER, "ExternalUserId": "whatsapp:MX.5559876543"}
    texts = [
        ("sms", MARKER, {}),
        ("sms", f"me quieren matar {MARKER} {NUMBER}", {}),
        ("sms", f"hola soy {MARKER}, mi numero es {DIGITS}", {}),
        ("whatsapp", MARKER, profile),
        ("whatsapp", MARKER, {**profile, **image}),
        ("whatsapp", "", {**profile, "Latitude": "18.5", "Longitude": "-88.3", "Address": MARKER, "Label": MARKER}),
        ("whatsapp", "1", {**profile, "ButtonPayload": MARKER, "ButtonText": MARKER}),
        ("whatsapp", "consulado de belice", profile),
        ("whatsapp", "1", profile),
        ("whatsapp", MARKER, profile),
        ("whatsapp", "SOS", {**profile, "ReferralBody": MARKER}),
    ]
    forms = []
    for at, (channel, text, more) in enumerate(texts, start=1):
        forms.append(message(text, number=NUMBER, id_=at, channel=channel, **more))
    return [*forms, forms[0]]


def traces(folder: Path) -> list[str]:
    """The files below a folder that hold the marker or the number."""
    wanted = (MARKER.encode(), DIGITS.encode(), MARKER.replace(" ", "+").encode(), MARKER.split()[0].encode())
    return [
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and any(text in file.read_bytes() for text in wanted)
    ]


@pytest.mark.parametrize("first", ["sms", "whatsapp"])
def test_after_delete_only_seen_marks_are_left(short_directory: Path, first: str) -> None:
    """BORRAR erases all of it on every channel (R16); what stays are ids of messages, which say nothing of anybody.

    So do sealed questions for the editors from the other channel; those of this chat are taken back.
    """
    url = f"unix://{socket_path(short_directory / 'valkey')}"
    with Server(short_directory, "--workers", "1") as server:
        before = dump(url)
        for form in roads():
            server.deliver(form)
        assert len(dump(url)) > len(before)
        deleting = {"ExternalUserId": "whatsapp:MX.5559876543"} if first == "whatsapp" else {}
        server.deliver(message("BORRAR", number=NUMBER, id_=99, channel=first, **deleting))
        after = dump(url)
        left = {key: value for key, value in after.items() if not is_seen_mark(key) and not is_question(key)}
        assert left == before
        assert not any(b"zanahoria" in value or DIGITS.encode() in value for value in after.values())


def settled(url: str) -> dict[bytes, bytes]:
    """All keys, once nothing is written beside the answering any more: questions for the editors are."""
    before: dict[bytes, bytes] = {}
    for _ in range(200):
        now = dump(url)
        if now == before:
            return now
        before = now
        time.sleep(0.3)
    raise AssertionError("it never comes to rest")


def test_after_the_lifetimes_nothing_is_left(short_directory: Path) -> None:
    """Every key ends by itself: none is written without a lifetime, and none outlives what the privacy page says."""
    url = f"unix://{socket_path(short_directory / 'valkey')}"
    day_ms = 24 * 3600 * 1000
    with Server(short_directory, "--workers", "1") as server:
        before = dump(url)
        for form in roads():
            server.deliver(form)
        connection = Connection(url)
        for key in settled(url):
            left_ms = int(connection.command("PTTL", key))
            assert 0 < left_ms <= 365 * day_ms, key
            connection.command("PEXPIRE", key, 1)
        time.sleep(0.05)
        assert dump(url) == before


def test_words_and_numbers_leave_no_trace(short_directory: Path) -> None:
    """Neither words nor number stand in a log, a counter, an error page, a key, or a file after it is rewritten."""
    url = f"unix://{socket_path(short_directory / 'valkey')}"
    with Server(short_directory, "--workers", "1") as server:
        for form in roads():
            server.deliver(form)
            status, refused = server.post({**form, "MessageSid": MARKER})
            assert (status, MARKER.encode() in refused) == (400, False)
            status, lost = server.get(f"/twilio/inbound?{DIGITS}")
            assert MARKER not in lost
            assert DIGITS not in lost
        for page in ("/metrics", "/readyz", "/healthz"):
            _, text = server.get(page)
            assert DIGITS not in text
            assert MARKER.split()[0] not in text
        kept = dump(url)
        assert not any(DIGITS.encode() in key + value or b"zanahoria" in key + value for key, value in kept.items())
        Connection(url).command("BGREWRITEAOF")
    assert traces(short_directory) == []


def test_random_people_leave_no_number_in_a_key(short_directory: Path) -> None:
    """A copy of the store alone reveals no number: not one of a hundred (R52)."""
    chance = random.Random(3)
    numbers = [f"+52155{chance.randrange(10**8):08d}" for _ in range(100)]
    url = f"unix://{socket_path(short_directory / 'valkey')}"
    with Server(short_directory, "--workers", "1") as server:
        for at, number in enumerate(numbers, start=1):
            server.say("hola", at, number, "whatsapp")
        kept = dump(url)
    everything = b"\n".join(key + value for key, value in kept.items())
    assert not [number for number in numbers if number[-8:].encode() in everything]
