"""Messages and contacts of a ticket as they stand in the store: JSON, sealed for that ticket and no other."""

import json
from dataclasses import fields
from typing import Any

from webhook.desk.records import Attachment, Contact, Message, Voice
from webhook.keys import Keys, Unopened

_SIMPLE = tuple(field.name for field in fields(Message) if field.name not in ("voice", "attachments", "location"))
_DEFAULTS = Message(0, Voice.EVENT)


class BadRecord(ValueError):
    """A sealed record of a ticket that cannot be read: another format, another secret, or damaged."""


def seal_message(message: Message, ticket: str, keys: Keys) -> bytes:
    """A message; what it has not is left out."""
    written: dict[str, Any] = {"voice": message.voice.value}
    for name in _SIMPLE:
        value = getattr(message, name)
        if value != getattr(_DEFAULTS, name):
            written[name] = value
    if message.attachments:
        written["attachments"] = [[each.url, each.content_type] for each in message.attachments]
    if message.location:
        written["location"] = message.location
    return _seal(written, ticket, keys)


def open_message(sealed: bytes, ticket: str, keys: Keys) -> Message:
    """Read a message back. Raises BadRecord."""
    read = _open(sealed, ticket, keys)
    try:
        voice = Voice(read.pop("voice"))
        attachments = tuple(Attachment(url, content_type) for url, content_type in read.pop("attachments", ()))
        latitude_longitude = read.pop("location", None)
        location = (latitude_longitude[0], latitude_longitude[1]) if latitude_longitude else None
        at_s = read.pop("at_s", 0)
        return Message(at_s, voice, attachments=attachments, location=location, **read)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise BadRecord("a message of a ticket") from error


def seal_contact(contact: Contact, ticket: str, keys: Keys) -> bytes:
    """The addresses. The check word stands in a field of its own, since it comes later."""
    return _seal({"address": contact.address, "sender": contact.sender}, ticket, keys)


def open_contact(sealed: bytes, word: bytes, ticket: str, keys: Keys) -> Contact:
    """Read the addresses back, with the check word (b"" for none). Raises BadRecord."""
    read = _open(sealed, ticket, keys)
    try:
        return Contact(read["address"], read["sender"], open_word(word, ticket, keys) if word else "")
    except KeyError as error:
        raise BadRecord("the contact of a ticket") from error


def seal_word(word: str, ticket: str, keys: Keys) -> bytes:
    """A check word."""
    return keys.seal(word, _about(ticket))


def open_word(sealed: bytes, ticket: str, keys: Keys) -> str:
    """Read a check word back. Raises BadRecord."""
    try:
        return keys.open(sealed, _about(ticket))
    except Unopened as error:
        raise BadRecord("the check word of a ticket") from error


def _seal(written: dict[str, Any], ticket: str, keys: Keys) -> bytes:
    return keys.seal(json.dumps(written, ensure_ascii=False, separators=(",", ":")), _about(ticket))


def _open(sealed: bytes, ticket: str, keys: Keys) -> dict[str, Any]:
    try:
        read = json.loads(keys.open(sealed, _about(ticket)))
    except (Unopened, ValueError) as error:
        raise BadRecord(f"a record of {len(sealed)} bytes of a ticket") from error
    if not isinstance(read, dict):
        raise BadRecord("a record of a ticket that is no object")
    return read


def _about(ticket: str) -> str:
    return f"ticket:{ticket}"
