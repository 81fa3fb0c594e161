"""Outbound messages that are committed with their turn and not yet accepted by the provider.

An entry stands in its person's list as its id, a space, and the rest sealed: the id is all that a script may read.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum

from bot.inbound import Channel
from webhook.keys import Keys, Unopened

ABOUT_OUTBOX = "outbox"  # what entries are sealed about; not the person, whose code may change
FORMAT = 1
_RANDOM_BYTES = 12


class Kind(StrEnum):
    """Why a message goes out."""

    ADVISOR = "advisor"  # an advisor wrote it, or chose a vetted answer
    NOTICE = "notice"  # the bot tells how the ticket stands: not taken, handed back, closed
    REPLY = "reply"  # the bot's answer, where the answer to the webhook cannot carry it: with rows to tap, or too late
    TEMPLATE = "template"  # "an advisor has answered, reply to read", when the window has closed


@dataclass(frozen=True, slots=True)
class Entry:
    """One outbound message. `address` is where it goes, exactly as it was received; `sender` our own address.

    `ticket` is the case it belongs to ("" for none), `made_s` when it was written. With a `content_sid` the provider
    fills its template with `variables` (a JSON object of texts) and `text` is what the console shows; a reply goes out as
    that text if the provider refuses the template.
    """

    id: str
    kind: Kind
    channel: Channel
    address: str = field(repr=False)
    sender: str = field(repr=False)
    text: str = field(repr=False)
    made_s: int
    ticket: str = ""
    content_sid: str = ""
    variables: str = field(default="", repr=False)

    def as_text(self) -> Entry:
        """The same message without its template."""
        return replace(self, content_sid="", variables="")


class BadEntry(ValueError):
    """An entry that cannot be read: another format, or sealed with another secret."""


def new_id(person: str) -> str:
    """An id for an entry of a person. It begins as the person's code does, so both are in one partition."""
    return person[0] + secrets.token_urlsafe(_RANDOM_BYTES)


def write(entry: Entry, keys: Keys) -> bytes:
    """The entry as it stands in the list."""
    written = json.dumps([FORMAT, asdict(entry)], ensure_ascii=False, separators=(",", ":"))
    return entry.id.encode() + b" " + keys.seal(written, ABOUT_OUTBOX)


def id_of(written: bytes) -> str:
    """The id of an entry as it stands in the list. Raises BadEntry."""
    id_, space, _ = written.partition(b" ")
    if not space or not id_.isascii():
        raise BadEntry("an entry without an id")
    return id_.decode()


def read(written: bytes, keys: Keys) -> Entry:
    """Read an entry back. Raises BadEntry."""
    id_ = id_of(written)
    try:
        format_, fields = json.loads(keys.open(written[len(id_) + 1 :], ABOUT_OUTBOX))
        if format_ != FORMAT:
            raise BadEntry(f"entry format {format_}")
        entry = Entry(**{**fields, "kind": Kind(fields["kind"]), "channel": Channel(fields["channel"])})
    except (Unopened, ValueError, TypeError, KeyError) as error:
        raise BadEntry(f"an entry of {len(written)} bytes") from error
    if entry.id != id_:
        raise BadEntry("an entry under another's id")
    return entry
