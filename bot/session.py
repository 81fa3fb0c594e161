"""What is remembered of one person on one channel, and what is remembered of the person on all channels.

Neither holds a word of the person: only ids, counters and values from closed lists. Both are written as small JSON
arrays that begin with the number of their format.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

from bot.inbound import Channel

FORMAT = 1
SESSION_TTL_S = 24 * 3600
SENSITIVE_TTL_S = 3600
PREFS_TTL_S = 30 * 24 * 3600
OPT_OUT_TTL_S = 365 * 24 * 3600
MAX_PATH = 5


_compact = json.JSONEncoder(separators=(",", ":"))  # made once: `json.dumps` would make it anew every time


class Unreadable(ValueError):
    """A stored record of another format or a broken one. It is counted and set aside; the person starts afresh."""


class Codes(Protocol):
    """Turns ids into the short codes they are stored as, and back (see `Catalogue.codes`)."""

    def code(self, id_: str) -> str: ...

    def id(self, code: str) -> str: ...


class Owner(StrEnum):
    """Whose turn it is to answer."""

    BOT = "b"
    QUEUE = "q"
    ADVISOR = "a"


@dataclass(frozen=True, slots=True)
class Slot:
    """A value the person has given, from a closed list, and the second (since 1970) until which it is kept."""

    value: str
    until_s: int


@dataclass(frozen=True, slots=True)
class Session:
    """One person on one channel.

    `node` is where the person stands ("" before the first reply), `asking` the slot of the open question, `more` how
    many sentences of a long answer were already shown (0: nothing is left), `offered` the ids behind 1, 2, 3 …, `printed`
    which of the keys 0 and 9 the last reply showed, `path` the nodes to go back through (oldest first), `burst` how
    many messages came since `burst_s`, `echo` and `echoes` the last text not understood and how often it came,
    `media_s` and `media` when what kind of photo or recording was last answered, `tongue` the language of the last reply where it is not the person's own, `question` the ids under which their last
    questions that were not understood were noted for the editors (see `bot/questions.py`).
    """

    node: str = ""
    asking: str = ""
    more: int = 0
    offered: tuple[str, ...] = ()
    printed: str = ""
    path: tuple[str, ...] = ()
    slots: Mapping[str, Slot] = field(default_factory=dict)
    misses: int = 0
    owner: Owner = Owner.BOT
    ticket: str = ""
    sensitive: bool = False
    version: int = 0
    active_s: int = 0
    burst: int = 0
    burst_s: int = 0
    echo: int = 0
    echoes: int = 0
    media_s: int = 0
    media: str = ""
    tongue: str = ""
    question: str = ""

    @property
    def ttl_s(self) -> int:
        """How long it is kept after this turn. While a ticket is open, the owner must not be forgotten."""
        if self.ticket:
            return 4 * SESSION_TTL_S
        return SENSITIVE_TTL_S if self.sensitive else SESSION_TTL_S

    def values(self, now_s: int) -> dict[str, str]:
        """The slots that still count."""
        return {name: slot.value for name, slot in self.slots.items() if slot.until_s > now_s}

    def afresh(self) -> "Session":
        """A neutral start: nothing said or shown is left, only what other parts rely on."""
        return Session(
            owner=self.owner,
            ticket=self.ticket,
            version=self.version,
            active_s=self.active_s,
            burst=self.burst,
            burst_s=self.burst_s,
        )

    def is_stale(self, now_s: int) -> bool:
        """Whether it would have been forgotten by now, had the store kept exact time."""
        lifetime_s = SENSITIVE_TTL_S if self.sensitive else SESSION_TTL_S
        return self.active_s > 0 and now_s - self.active_s > lifetime_s


@dataclass(frozen=True, slots=True)
class Prefs:
    """What holds for a person on every channel: language ("" unknown), consent (None: not asked), opt-outs."""

    language: str = ""
    consent: bool | None = None
    opted_out: frozenset[Channel] = frozenset()

    @property
    def ttl_s(self) -> int:
        """An opt-out must be honoured longer than a language."""
        return OPT_OUT_TTL_S if self.opted_out else PREFS_TTL_S

    def opt_out(self, channel: Channel) -> "Prefs":
        """No message on this channel, until the person writes."""
        return replace(self, opted_out=self.opted_out | {channel})

    def opt_in(self, channel: Channel) -> "Prefs":
        """Messages on this channel again."""
        return replace(self, opted_out=self.opted_out - {channel})


def dump(session: Session, codes: Codes) -> str:
    """Write a session down. Ids become codes of a few characters: two hundred thousand people must fit in memory."""
    base_s = session.active_s
    return _compact.encode(
        [
            FORMAT,
            session.version,
            session.active_s,
            codes.code(session.node) if session.node else "",
            session.asking,
            session.more,
            "".join([codes.code(id_) for id_ in session.offered]),
            session.printed,
            "".join([codes.code(id_) for id_ in session.path]),
            {name: [slot.value, slot.until_s - base_s] for name, slot in session.slots.items()},
            session.misses,
            session.owner.value + session.ticket,
            int(session.sensitive),
            [session.burst, base_s - session.burst_s] if session.burst else 0,
            [session.echo, session.echoes] if session.echoes else 0,
            [session.media, base_s - session.media_s] if session.media else 0,
            session.tongue,
            *([session.question] if session.question else []),
        ]
    )


def load(stored: str | bytes | None, codes: Codes) -> Session:
    """Read a session back; None gives a new one. Raises Unreadable."""
    if stored is None:
        return Session()
    try:
        (format_, version, active_s, node, asking, more, offered, printed, path, slots, misses, owner, sensitive,
         burst, echo, media, tongue, *question) = json.loads(_text(stored))  # fmt: skip
        if format_ != FORMAT:
            raise Unreadable(f"session format {format_}")
        return Session(
            node=codes.id(node) if node else "",
            asking=asking,
            more=more,
            offered=_ids(offered, codes),
            printed=printed,
            path=_ids(path, codes),
            slots={name: Slot(value, active_s + left_s) for name, (value, left_s) in slots.items()},
            misses=misses,
            owner=Owner(owner[:1]),
            ticket=owner[1:],
            sensitive=bool(sensitive),
            version=version,
            active_s=active_s,
            burst=burst[0] if burst else 0,
            burst_s=active_s - burst[1] if burst else 0,
            echo=echo[0] if echo else 0,
            echoes=echo[1] if echo else 0,
            media_s=active_s - media[1] if media else 0,
            media=media[0] if media else "",
            tongue=tongue,
            question=question[0] if question else "",
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise Unreadable(f"session record of {len(stored)} characters") from error


def _text(stored: str | bytes) -> str:
    """Read as what it was written as: `json` would first look which of five encodings bytes are in."""
    return stored if isinstance(stored, str) else stored.decode()


CODE_LENGTH = 4


def _ids(codes_joined: str, codes: Codes) -> tuple[str, ...]:
    step = range(0, len(codes_joined), CODE_LENGTH)
    return tuple([codes.id(codes_joined[at : at + CODE_LENGTH]) for at in step])


_OPT_OUT_LETTERS = {Channel.SMS: "s", Channel.WHATSAPP: "w"}


@lru_cache(maxsize=256)
def dump_prefs(prefs: Prefs) -> str:
    """Write the preferences down. There are so few different ones that each is written, and read, only once."""
    letters = "".join(sorted(_OPT_OUT_LETTERS[channel] for channel in prefs.opted_out))
    consent = "" if prefs.consent is None else "yn"[not prefs.consent]
    return _compact.encode([FORMAT, prefs.language, consent, letters])


@lru_cache(maxsize=256)
def load_prefs(stored: str | bytes | None) -> Prefs:
    """Read the preferences back; None gives empty ones. Raises Unreadable."""
    if stored is None:
        return Prefs()
    try:
        format_, language, consent, letters = json.loads(_text(stored))
        if format_ != FORMAT:
            raise Unreadable(f"preferences format {format_}")
        opted_out = frozenset(channel for channel, letter in _OPT_OUT_LETTERS.items() if letter in letters)
        return Prefs(language, {"": None, "y": True, "n": False}[consent], opted_out)
    except (ValueError, TypeError, KeyError) as error:
        raise Unreadable("preferences record") from error
