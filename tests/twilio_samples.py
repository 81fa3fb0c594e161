"""The sample forms of `tests/twilio/`, signed as Twilio signs them: with its own library, not with ours."""

import json
from pathlib import Path
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

FOLDER = Path(__file__).parent / "twilio"
INBOUND = json.loads((FOLDER / "inbound.json").read_text(encoding="utf-8"))
STATUS = json.loads((FOLDER / "status.json").read_text(encoding="utf-8"))
SIGNATURES = json.loads((FOLDER / "signatures.json").read_text(encoding="utf-8"))

TOKEN = INBOUND["token"]
INBOUND_URL = INBOUND["url"]
STATUS_URL = STATUS["url"]
BASE_URL = "https://bot.example.org"
ACCOUNT = INBOUND["every"]["AccountSid"]
FORM = "application/x-www-form-urlencoded"

Fields = list[tuple[str, str]]


def inbound_form(name: str, **changed: str) -> dict[str, str]:
    """A sample message by name, with some parameters changed."""
    own = dict(INBOUND["forms"][name])
    base = INBOUND[own.pop("on")]
    without = own.pop("without", [])
    ids = dict.fromkeys(("SmsSid", "SmsMessageSid"), own["MessageSid"])
    form = {**INBOUND["every"], **base, **ids, **own, **changed}
    return {key: value for key, value in form.items() if key not in without}


def status_form(name: str, **changed: str) -> dict[str, str]:
    """A sample receipt by name."""
    return {**STATUS["every"], **STATUS["forms"][name], **changed}


def message(
    text: str, *, number: str = "+525500000001", id_: int = 1, channel: str = "sms", **more: str
) -> dict[str, str]:
    """A plain message of a person."""
    sample = "sms text" if channel == "sms" else "whatsapp text"
    sender = number if channel == "sms" else f"whatsapp:{number}"
    ids = dict.fromkeys(("MessageSid", "SmsSid", "SmsMessageSid"), f"SM{id_:032x}")
    form = inbound_form(sample, Body=text, From=sender, **ids, **more)
    if channel != "sms":
        form |= {"WaId": number[1:]}
        form.pop("ExternalUserId", None)
    return form


class Multi(dict[str, list[str]]):
    """Parameters with repeated names, as the library reads them from Django and Flask."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def multi(fields: Fields) -> Multi:
    """The fields by name, all values kept."""
    found = Multi()
    for name, value in fields:
        found.setdefault(name, []).append(value)
    return found


def twilio_signature(url: str, fields: Fields, token: str = TOKEN) -> str:
    """What Twilio's own library makes of a form."""
    signature: str = RequestValidator(token).compute_signature(url, multi(fields))
    return signature


def encoded(form: dict[str, str] | Fields) -> bytes:
    """The body of a request."""
    return urlencode(form).encode()


def signed(url: str, form: dict[str, str] | Fields, token: str = TOKEN) -> dict[str, object]:
    """The arguments of a signed request for Flask's test client."""
    fields = list(form.items()) if isinstance(form, dict) else form
    return {
        "data": encoded(form),
        "content_type": FORM,
        "headers": {"X-Twilio-Signature": twilio_signature(url, fields, token)},
    }
