"""One message from a person, as the engine needs it: nothing in it tells who the person is."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Channel(StrEnum):
    """How a message reached us. A new channel is one member here and one module in `bot/channels`."""

    SMS = "sms"
    WHATSAPP = "whatsapp"


class OptOut(StrEnum):
    """What Twilio's Advanced Opt-Out has already answered by itself (its parameter `OptOutType`)."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"


class Media(StrEnum):
    """What kind of thing came instead of text."""

    IMAGE = "image"
    VOICE = "voice"
    VIDEO = "video"
    STICKER = "sticker"
    CONTACT = "contact"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Location:
    """A shared position, in degrees. Used in the turn it came with, and never stored."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Inbound:
    """An inbound message.

    `id` is the provider's message id (the de-duplication key), `text` the utterance untouched, `tapped` the id behind a
    button or list row, `received_at` aware UTC, and `echo` a keyed 16-bit digest of the text: enough to notice that the
    same words come again and again, too little to tell which words they were. What the person gave is left out of its repr.
    """

    id: str
    channel: Channel
    text: str = field(repr=False)
    received_at: datetime
    tapped: str = field(default="", repr=False)
    location: Location | None = field(default=None, repr=False)
    media: tuple[Media, ...] = ()
    opt_out: OptOut | None = None
    echo: int = field(default=0, repr=False)

    @property
    def at_s(self) -> int:
        """The moment it came, in whole seconds since 1970."""
        return int(self.received_at.timestamp())
