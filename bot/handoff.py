"""The moment a person takes over: the names of what a turn asks of a ticket, committed together with the session.

A ticket has one id for all: in the session, in the queue, in logs, and as the case code the person is told. The words of
a ticket are in the effects of the turn and in the ticket alone, never in the session.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from bot.inbound import Inbound
from bot.session import Owner
from bot.turn import Effect

if TYPE_CHECKING:
    from bot.scene import Scene

OPENED = "ticket_opened"
"""Fields: ticket, language, topic (node id), danger ("", "possible", "certain"), path (node ids joined by commas, "" if the
person did not want it shared), promised_s (the second since 1970 until which somebody takes it or the person is told)."""

SAID = "ticket_said"
"""The message of this turn joins the ticket: its words, and what came along (photos, voice, a location), which the webhook
adds. Fields: ticket, text, danger ("", "possible", "certain"), note ("yes" for the first note asked for, else "")."""

RAISED = "ticket_raised"
"""Certain danger was told while waiting or talking: to the head of the queue. Fields: ticket."""

CHECK_WORD = "ticket_check_word"
"""Fields: ticket, text."""

SAFE_TIME = "ticket_safe_time"
"""Fields: ticket, value (an option of the question `safe-time`)."""

SPEAKS = "ticket_language"
"""The person changed the language. Fields: ticket, language."""

LEFT = "ticket_left"
"""The person ended it. Fields: ticket, why ("menu", "exit", "opted_out", "no_longer")."""

KINDS = frozenset({OPENED, SAID, RAISED, CHECK_WORD, SAFE_TIME, SPEAKS, LEFT})

TICKET_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No letter that looks or sounds like another: a case code is read aloud on the telephone."""

TICKET_LENGTH = 8


def ticket_of(inbound: Inbound) -> str:
    """The id of a ticket that a message opens: looks random, and is the same when the turn is stepped again."""
    digest = hashlib.blake2s(inbound.id.encode("utf-8", "surrogatepass"), digest_size=8, person=b"ticket").digest()
    number, letters = int.from_bytes(digest), ""
    for _ in range(TICKET_LENGTH):
        number, letter = divmod(number, len(TICKET_LETTERS))
        letters += TICKET_LETTERS[letter]
    return letters


def said(scene: Scene, *, note: bool = False) -> Scene:
    """The same turn, with its message joined to the ticket."""
    fields = {"text": scene.inbound.text, "danger": scene.danger, "note": "yes" if note else ""}
    return asked_of(scene, SAID, **fields)


def asked_of(scene: Scene, kind: str, **fields: str) -> Scene:
    """The same turn, asking something of the person's ticket; nothing if they have none."""
    ticket = scene.session.ticket
    return scene.noting((Effect(kind, {"ticket": ticket, **fields}),)) if ticket else scene


def left(scene: Scene, why: str) -> Scene:
    """The same turn, with the ticket ended by the person: the bot answers again."""
    return asked_of(scene, LEFT, why=why).with_session(owner=Owner.BOT, ticket="")


def effects_of(effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """Those of a turn's effects that concern a ticket."""
    return tuple(effect for effect in effects if effect.kind in KINDS)
