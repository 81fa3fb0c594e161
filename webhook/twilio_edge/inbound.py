"""Turns a form of Twilio's into one inbound message, whatever it carries.

The form is read once, here; everything behind this module trusts the types. Twilio adds parameters without notice and
sends odd values, so only the two that nothing works without can refuse a message: its id and who it is from.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote

from bot.inbound import Channel, Inbound, Location, Media, OptOut
from webhook.desk.records import Attachment
from webhook.keys import Keys, Person, is_user_id, normal_address

MAX_FIELDS = 500
MAX_TEXT = 4096  # what WhatsApp lets a person write
MAX_TAPPED = 256
MAX_MEDIA = 10
MAX_URL = 2048
MAX_CONTENT_TYPE = 127

_MESSAGE_ID = re.compile(r"(?:SM|MM)[0-9a-f]{32}")
_WHATSAPP = "whatsapp:"
_WHATSAPP_NUMBER = re.compile(r"\+[0-9]{5,20}")
_SMS_SENDER = re.compile(r"[^\x00-\x1f\x7f:]{1,64}")  # E.164, but also short codes and names
_WA_ID = re.compile(r"[0-9]{5,20}")
_DEGREES = re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]{1,20})?")
_SOME = re.compile(r"0*[1-9][0-9]*")
_CONTACT_TYPES = frozenset({"text/vcard", "text/x-vcard", "text/directory"})
_MEDIA_OF_FAMILY = {"image": Media.IMAGE, "audio": Media.VOICE, "video": Media.VIDEO}


class BadWebhook(Exception):
    """A form that cannot be a message: no usable id or sender. `field` is the name of the parameter."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(field)


@dataclass(frozen=True, slots=True)
class Received:
    """An inbound message with what identifies the person, which never goes past the webhook nor into a log.

    `address` is where a reply goes, exactly as received; `number` the person's number as it is dialled ("" when WhatsApp
    withholds it), `user_id` the business-scoped user id ("" on SMS), `person` the keyed codes of the two, `sender` our
    own address, `attachments` what came along and where the provider keeps it.
    """

    inbound: Inbound = field(repr=False)
    person: Person = field(repr=False)
    address: str = field(repr=False)
    number: str = field(repr=False)
    user_id: str = field(repr=False)
    sender: str = field(repr=False)
    attachments: tuple[Attachment, ...] = field(default=(), repr=False)


def parse_form(body: bytes) -> list[tuple[str, str]]:
    """Every field of a form in order, blank ones included. Raises ValueError if there are far too many.

    Equal to `urllib.parse.parse_qsl`, which a test proves, in a third of the time: in most fields nothing is quoted.
    """
    pairs = body.decode("utf-8", "replace").split("&")
    if len(pairs) > MAX_FIELDS:
        raise ValueError(f"a form of {len(pairs)} fields")
    return [(_unquoted(name), _unquoted(value)) for name, _, value in [pair.partition("=") for pair in pairs if pair]]


def _unquoted(text: str) -> str:
    plain = text.replace("+", " ") if "+" in text else text
    return unquote(plain) if "%" in plain else plain


def parse_json(body: bytes) -> list[tuple[str, str]]:
    """The same from a JSON object: its texts. What is not such an object has no fields."""
    try:
        read = json.loads(body)
    except ValueError:
        return []
    items = read.items() if isinstance(read, dict) else ()
    return [(name, _sound(value)) for name, value in items if isinstance(value, str)]


def _sound(text: str) -> str:
    """The text without lone surrogates, which JSON can write and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()


def read_inbound(fields: Sequence[tuple[str, str]], *, received_at: datetime, keys: Keys) -> Received:
    """The message in a form. Raises BadWebhook."""
    form = first_values(fields)
    id_ = form.get("MessageSid", "")
    if not _MESSAGE_ID.fullmatch(id_):
        raise BadWebhook("MessageSid")
    address = form.get("From", "")
    channel, number, user_id = _sender(address, form)
    person = keys.person_of(user_id, number)
    text = (form.get("Body") or form.get("ButtonText") or form.get("ListTitle") or "")[:MAX_TEXT]
    inbound = Inbound(
        id=id_,
        channel=channel,
        text=text,
        received_at=received_at,
        tapped=(form.get("ButtonPayload") or form.get("ListId") or "")[:MAX_TAPPED],
        location=_location(form),
        media=_media(form),
        opt_out=_opt_out(form.get("OptOutType", "")),
        echo=keys.echo(person, text) if text else 0,
    )
    return Received(
        inbound,
        person,
        address=address,
        number=number,
        user_id=user_id,
        sender=form.get("To", ""),
        attachments=_attachments(form) if inbound.media else (),
    )


def first_values(fields: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The fields by name. Of a repeated one the first counts."""
    return dict(reversed(fields))


def _sender(address: str, form: Mapping[str, str]) -> tuple[Channel, str, str]:
    """The channel, the number and the user id that an address and the parameters beside it tell."""
    if not address.startswith(_WHATSAPP):
        if not _SMS_SENDER.fullmatch(address):
            raise BadWebhook("From")
        return Channel.SMS, normal_address(address.replace(" ", "")), ""

    bare = address.removeprefix(_WHATSAPP)
    beside = form.get("ExternalUserId", "").removeprefix(_WHATSAPP)
    user_id = beside if is_user_id(beside) else ""
    if _WHATSAPP_NUMBER.fullmatch(bare):
        return Channel.WHATSAPP, normal_address(bare), user_id
    if not is_user_id(bare):
        raise BadWebhook("From")
    wa_id = form.get("WaId", "")
    number = normal_address(f"+{wa_id}") if _WA_ID.fullmatch(wa_id) else ""
    return Channel.WHATSAPP, number, user_id or bare


def _location(form: Mapping[str, str]) -> Location | None:
    latitude, longitude = form.get("Latitude", ""), form.get("Longitude", "")
    if not (_DEGREES.fullmatch(latitude) and _DEGREES.fullmatch(longitude)):
        return None
    location = Location(float(latitude), float(longitude))
    on_earth = abs(location.latitude) <= 90 and abs(location.longitude) <= 180
    return location if on_earth else None


def _media(form: Mapping[str, str]) -> tuple[Media, ...]:
    """What kinds of things came along. Counted by their types, since a count can be anything."""
    types = [form[name] for name in _MEDIA_TYPE_NAMES if name in form]
    if not types and _SOME.fullmatch(form.get("NumMedia", "")):
        return (Media.FILE,)
    return tuple(_kind(type_) for type_ in types)


def _attachments(form: Mapping[str, str]) -> tuple[Attachment, ...]:
    """Where the provider keeps what came along. Whoever fetches it decides which addresses may be asked."""
    found = ((form.get(f"MediaUrl{at}", ""), form.get(name, "")) for at, name in enumerate(_MEDIA_TYPE_NAMES))
    return tuple(
        Attachment(url, content_type.partition(";")[0].strip().lower()[:MAX_CONTENT_TYPE])
        for url, content_type in found
        if url and len(url) <= MAX_URL
    )


_MEDIA_TYPE_NAMES = tuple(f"MediaContentType{index}" for index in range(MAX_MEDIA))


def _kind(content_type: str) -> Media:
    name = content_type.partition(";")[0].strip().lower()
    if name == "image/webp":  # the one format of WhatsApp's stickers; its photos are JPEG
        return Media.STICKER
    if name in _CONTACT_TYPES:
        return Media.CONTACT
    return _MEDIA_OF_FAMILY.get(name.partition("/")[0], Media.FILE)


def _opt_out(written: str) -> OptOut | None:
    try:
        return OptOut(written.upper()) if written else None
    except ValueError:
        return None
