"""The webhooks of a crowd, as the bytes that go over the wire, signed as Twilio signs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from bench.walks import Walk
from bot.inbound import Channel
from webhook.twilio_edge.signature import SIGNATURE_HEADER, sign_form

ACCOUNT = "AC000000000000000000000000000000be"
TOKEN = "an invented token for measurements"
PUBLIC_URL = "https://bench.example.org"
PATH = "/twilio/inbound"

_OURS = {Channel.SMS: "+12025550142", Channel.WHATSAPP: "whatsapp:+14155238886"}
_SMS_PLACE = dict.fromkeys(("FromState", "FromCity", "FromZip", "ToState", "ToCity", "ToZip"), "")


@dataclass(frozen=True, slots=True)
class Crowd:
    """People by number, `first` to before `end`, each on one of the walks."""

    walks: Sequence[Walk]
    first: int
    end: int

    def lanes(self, count: int) -> list[list[bytes]]:
        """The requests in `count` lanes: all of one person in one lane, in order, so that nobody overtakes himself."""
        lanes: list[list[bytes]] = [[] for _ in range(count)]
        for person in range(self.first, self.end):
            walk = self.walks[person % len(self.walks)]
            lanes[person % count] += [
                as_request(form_of(walk.channel, person, number, text)) for number, text in enumerate(walk.texts)
            ]
        return lanes


def form_of(channel: Channel, person: int, number: int, text: str) -> dict[str, str]:
    """The parameters of a person's message with that number, all that Twilio sends."""
    sid = f"SM{person:024x}{number:08x}"
    telephone = f"+5255{person:08d}"
    form = {
        "ApiVersion": "2010-04-01",
        "AccountSid": ACCOUNT,
        **dict.fromkeys(("MessageSid", "SmsSid", "SmsMessageSid"), sid),
        "SmsStatus": "received",
        "NumSegments": "1",
        "NumMedia": "0",
        "Body": text,
        "To": _OURS[channel],
    }
    if channel is Channel.SMS:
        return {**form, "From": telephone, "FromCountry": "MX", "ToCountry": "US", **_SMS_PLACE}
    user_id, name = f"MX.1{person:015d}", "Ana Pérez"
    context = f'{{"ProfileName":"{name}","WaId":"{telephone[1:]}","Forwarded":"false","FrequentlyForwarded":"false"}}'
    return {
        **form,
        "From": f"whatsapp:{telephone}",
        "ProfileName": name,
        "WaId": telephone[1:],
        "ExternalUserId": f"whatsapp:{user_id}",
        "MessageType": "text",
        "ReferralNumMedia": "0",
        "ChannelMetadata": f'{{"type":"whatsapp","data":{{"context":{context}}}}}',
    }


def as_request(form: dict[str, str]) -> bytes:
    """One HTTP request."""
    body = urlencode(form).encode()
    head = [
        f"POST {PATH} HTTP/1.1",
        "Host: bench.example.org",
        "User-Agent: TwilioProxy/1.1",
        "Accept: */*",
        "Content-Type: application/x-www-form-urlencoded; charset=UTF-8",
        f"Content-Length: {len(body)}",
        "I-Twilio-Idempotency-Token: 00000000-0000-0000-0000-000000000000",
        f"{SIGNATURE_HEADER}: {sign_form(TOKEN, PUBLIC_URL + PATH, list(form.items()))}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + body
