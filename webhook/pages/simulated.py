"""What Twilio would post when somebody does something on a phone: the forms of the simulator.

The people are made up. Their numbers begin as no number of Chetumal or Belize does, so nobody real can be written for,
and no real person's session can be looked at, even where a developer has opened the page to the world for a while.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bot import segments
from bot.inbound import Channel, Media, OptOut
from webhook.settings import Settings
from webhook.twilio_edge.inbound import MAX_TAPPED, MAX_TEXT

MADE_UP_NUMBER = r"^(\+5010\d{6}|\+529830\d{6})$"
NO_ACCOUNT = f"AC{0:032x}"
SAMPLE_SERVICE = f"MG{0:032x}"
SAMPLE_SMS_SENDER = "+12025550142"
SAMPLE_WHATSAPP_SENDER = "+14155238886"

Fields = list[tuple[str, str]]


class _FromPage(BaseModel):
    """Values that come from the page. What is not known is a mistake, and not quietly left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_FromPage):
    """Some text, ours or the person's."""

    text: Annotated[str, Field(max_length=MAX_TEXT)]


class Who(_FromPage):
    """A made-up person on a channel. `withheld`: WhatsApp tells the user id and not the number."""

    number: Annotated[str, Field(pattern=MADE_UP_NUMBER)]
    channel: Channel
    withheld: bool = False

    @property
    def is_mexican(self) -> bool:
        return self.number.startswith("+52")

    @property
    def country(self) -> str:
        return "MX" if self.is_mexican else "BZ"

    @property
    def user_id(self) -> str:
        """WhatsApp's business-scoped user id; "" on SMS."""
        return f"{self.country}.1{self.number[1:]}" if self.channel is Channel.WHATSAPP else ""

    @property
    def whatsapp_number(self) -> str:
        """The number as WhatsApp reports it: in Mexico with a 1 that nobody dials."""
        return f"+521{self.number[3:]}" if self.is_mexican else self.number


class Spot(_FromPage):
    """A shared position."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    label: Annotated[str, Field(max_length=100)] = ""


class Sent(Who):
    """Something a person sends. `tapped` is the id behind a button, or behind a row of a list (`from_list`)."""

    text: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    tapped: Annotated[str, Field(max_length=MAX_TAPPED)] = ""
    from_list: bool = False
    spot: Spot | None = None
    media: Media | None = None
    opt_out: OptOut | None = None
    stateless: bool = False


class Inbox(Who):
    """A phone that looks for what has come since a message (its id; "" for all)."""

    after: Annotated[str, Field(pattern=r"^((SM|MM)[0-9a-f]{32})?$")] = ""


@dataclass(frozen=True, slots=True)
class Hub:
    """Our side of a chat: the account and the senders that are configured, or samples of them."""

    account_sid: str
    sms_sender: str
    whatsapp_sender: str
    messaging_service_sid: str

    @classmethod
    def of(cls, settings: Settings) -> "Hub":
        return cls(
            settings.account_sid or NO_ACCOUNT,
            settings.sms_from or SAMPLE_SMS_SENDER,
            (settings.whatsapp_from or SAMPLE_WHATSAPP_SENDER).removeprefix("whatsapp:"),
            settings.messaging_service_sid,
        )


def form_of(sent: Sent, hub: Hub, token: str) -> Fields:
    """The form that Twilio would post. `token` is 32 hex digits that no other message has."""
    message_sid = ("MM" if sent.media else "SM") + token
    fields = {
        "ApiVersion": "2010-04-01",
        "AccountSid": hub.account_sid,
        **dict.fromkeys(("MessageSid", "SmsSid", "SmsMessageSid"), message_sid),
        "SmsStatus": "received",
        "NumSegments": "1",
        "NumMedia": "0",
        "Body": sent.text,
        **dict(_addresses(sent, hub)),
        **dict(_tap(sent, hub, token)),
        **dict(_location(sent)),
        **dict(_media(sent, hub, message_sid)),
        **dict(_opt_out(sent, hub)),
    }
    return list(fields.items())


def _addresses(sent: Sent, hub: Hub) -> Iterator[tuple[str, str]]:
    if sent.channel is Channel.SMS:
        yield "From", sent.number
        yield "To", hub.sms_sender
        yield "FromCountry", sent.country
        yield "ToCountry", "US"
        for name in ("FromState", "FromCity", "FromZip", "ToState", "ToCity", "ToZip"):
            yield name, ""
        if not sent.media:
            yield "NumSegments", str(max(1, segments.count(sent.text).segments))
        return
    number, profile = sent.whatsapp_number, "Alex"
    yield "From", f"whatsapp:{sent.user_id if sent.withheld else number}"
    yield "To", f"whatsapp:{hub.whatsapp_sender}"
    yield "ExternalUserId", f"whatsapp:{sent.user_id}"
    yield "ProfileName", profile
    yield "MessageType", _message_type(sent)
    yield "ReferralNumMedia", "0"
    context = {"ProfileName": profile}
    if not sent.withheld:
        yield "WaId", number[1:]
        context["WaId"] = number[1:]
    yield "ChannelMetadata", json.dumps({"type": "whatsapp", "data": {"context": context}}, separators=(",", ":"))


_MESSAGE_TYPES = {
    Media.IMAGE: "image",
    Media.VOICE: "audio",
    Media.VIDEO: "video",
    Media.STICKER: "sticker",
    Media.CONTACT: "contacts",
    Media.FILE: "document",
}


def _message_type(sent: Sent) -> str:
    if sent.media:
        return _MESSAGE_TYPES[sent.media]
    return "location" if sent.spot else "interactive" if sent.tapped else "text"


def _tap(sent: Sent, hub: Hub, token: str) -> Iterator[tuple[str, str]]:
    """A choice that was tapped, and the message of ours that it stood under."""
    if not sent.tapped:
        return
    if sent.from_list:
        yield "ListId", sent.tapped
        yield "ListTitle", sent.text
    else:
        yield "ButtonPayload", sent.tapped
        yield "ButtonText", sent.text
        yield "ButtonType", "REPLY"
    yield "OriginalRepliedMessageSid", f"SM{token[::-1]}"
    yield "OriginalRepliedMessageSender", f"whatsapp:{hub.whatsapp_sender}"


def _location(sent: Sent) -> Iterator[tuple[str, str]]:
    if sent.spot:
        yield "Latitude", f"{sent.spot.latitude:.6f}"
        yield "Longitude", f"{sent.spot.longitude:.6f}"
        if sent.spot.label:
            yield "Label", sent.spot.label


_CONTENT_TYPES = {
    Media.IMAGE: "image/jpeg",
    Media.VOICE: "audio/ogg",
    Media.VIDEO: "video/mp4",
    Media.STICKER: "image/webp",
    Media.CONTACT: "text/vcard",
    Media.FILE: "application/pdf",
}


def _media(sent: Sent, hub: Hub, message_sid: str) -> Iterator[tuple[str, str]]:
    """One thing that came along, at an address like Twilio's. The bot never fetches it; the console asks the stand-in."""
    if sent.media:
        account = f"https://api.twilio.com/2010-04-01/Accounts/{hub.account_sid}"
        yield "NumMedia", "1"
        yield "MediaUrl0", f"{account}/Messages/{message_sid}/Media/ME{message_sid[2:]}"
        yield "MediaContentType0", _CONTENT_TYPES[sent.media]


def _opt_out(sent: Sent, hub: Hub) -> Iterator[tuple[str, str]]:
    """Advanced Opt-Out speaks only through a Messaging Service."""
    if sent.opt_out:
        yield "OptOutType", sent.opt_out.value
    if sent.opt_out or hub.messaging_service_sid:
        yield "MessagingServiceSid", hub.messaging_service_sid or SAMPLE_SERVICE
