"""The stand-in for Twilio keeps the rules of the real one, writes to made-up phones only, and tells news as Twilio does."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from bot.inbound import Channel
from webhook.keys import Keys
from webhook.outbox.local_log import LocalLog, made_up_number
from webhook.outbox.local_media import contact, document, jpeg, sample_of, sticker, voice_note
from webhook.outbox.local_twilio import LocalTwilio
from webhook.pages.simulated import NO_ACCOUNT, SAMPLE_SMS_SENDER, SAMPLE_WHATSAPP_SENDER, Hub, Sent, Who, form_of
from webhook.store.connection import Connection
from webhook.twilio_edge.status import Status, read_receipt

BASE = "https://bot.example.org"
TOKEN = "0123456789abcdef0123456789abcdef"
NUMBER = "+529830123456"
ON_WHATSAPP = "whatsapp:+5219830123456"
HUB = Hub(NO_ACCOUNT, SAMPLE_SMS_SENDER, SAMPLE_WHATSAPP_SENDER, "")
START_S = datetime(2030, 1, 7, 9, 0, tzinfo=UTC).timestamp()


class World:
    """The SDK over the stand-in, with a clock to move and a list of what was told."""

    def __init__(self, connection: Connection, keys: Keys) -> None:
        self.at_s = START_S
        self.told: list[tuple[str, dict[str, str]]] = []
        self.log = LocalLog(connection, keys, lambda: self.at_s)
        local = LocalTwilio(self.log, TOKEN, BASE, HUB, post=self._post, later=lambda thing: thing())
        self.client = Client(NO_ACCOUNT, TOKEN, http_client=local)
        self._tokens = iter(f"{n:032x}" for n in range(1, 1000))

    def _post(self, url: str, body: bytes, headers: dict[str, str]) -> None:
        fields = dict(parse_qsl(body.decode()))
        assert RequestValidator(TOKEN).validate(url, fields, headers["X-Twilio-Signature"])
        self.told.append((url, fields))

    def writes(self, text: str = "hola", channel: Channel = Channel.WHATSAPP, **more: object) -> str:
        """The person writes. Gives the id."""
        sent = Sent.model_validate({"number": NUMBER, "channel": channel, "text": text, **more})
        fields = form_of(sent, HUB, next(self._tokens))
        self.log.note_inbound(fields)
        return dict(fields)["MessageSid"]

    def send(self, to: str = ON_WHATSAPP, body: str = "hola", entry: str = "e1", **more: str) -> str:
        sender = f"whatsapp:{SAMPLE_WHATSAPP_SENDER}" if to.startswith("whatsapp:") else SAMPLE_SMS_SENDER
        kinds = {"body": body, "from_": sender, "status_callback": f"{BASE}/twilio/status?o={entry}", **more}
        return self.client.messages.create(to=to, **{name: value for name, value in kinds.items() if value}).sid or ""

    @property
    def statuses(self) -> list[str]:
        return [form["MessageStatus"] for _, form in self.told]


@pytest.fixture
def world(connection: Connection, keys: Keys) -> World:
    return World(connection, keys)


def test_a_message_reaches_the_phone_and_its_news_come_back_signed(world: World) -> None:
    """What is tried with it is what happens in earnest: an id at once, the rest at the address that was named."""
    world.writes()
    sid = world.send()
    (message,) = world.log.to_phone(NUMBER, Channel.WHATSAPP)
    assert (message.sid, message.text, message.status) == (sid, "hola", Status.DELIVERED)
    assert {url for url, _ in world.told} == {f"{BASE}/twilio/status?o=e1"}
    assert world.statuses == ["sent", "delivered"]
    receipts = [read_receipt(list(form.items())) for _, form in world.told]
    assert [receipt.message_id for receipt in receipts] == [sid, sid]
    assert world.log.to_phone(NUMBER, Channel.WHATSAPP, after=sid) == []
    assert world.log.to_phone(NUMBER, Channel.SMS) == []


@pytest.mark.parametrize("to", ["+525512345678", "whatsapp:+5016221234", "whatsapp:MX.9999", "+1", "nobody"])
def test_nobody_real_can_be_written_to(world: World, to: str) -> None:
    """Whatever is tried on a developer's machine, no address outside the made-up ones is taken."""
    with pytest.raises(TwilioRestException) as refused:
        world.send(to)
    assert (refused.value.code, refused.value.status) == (21211, 400)
    assert list(world.log.messages()) == []


def test_every_form_of_a_made_up_address_is_one_phone() -> None:
    """WhatsApp shows Mexican numbers with a 1, and sometimes no number at all."""
    for number in (NUMBER, "+5010123456"):
        who = Who(number=number, channel=Channel.WHATSAPP)
        addresses = [number, f"whatsapp:{who.whatsapp_number}", f"whatsapp:{who.user_id}"]
        assert [made_up_number(address) for address in addresses] == [number] * 3


def test_after_stop_no_sms_is_taken_until_start(world: World) -> None:
    """The carrier's own rule, which our code must bear; WhatsApp does not know it."""
    world.writes("hola", Channel.SMS)
    world.send(NUMBER)
    world.writes(" Stop ", Channel.SMS)
    world.writes("hola?", Channel.SMS)
    with pytest.raises(TwilioRestException) as refused:
        world.send(NUMBER)
    assert refused.value.code == 21610
    world.writes()
    world.send(ON_WHATSAPP)
    world.writes("START", Channel.SMS)
    assert world.send(NUMBER)


def test_outside_the_window_only_a_template_arrives(world: World) -> None:
    """A day after the person's last message WhatsApp takes free text and then fails it."""
    world.writes()
    world.at_s += 24 * 3600 - 1
    world.send()
    assert world.statuses == ["sent", "delivered"]
    world.at_s += 1
    sid = world.send()
    assert world.statuses[2:] == ["undelivered"]
    assert world.told[-1][1]["ErrorCode"] == "63016"
    assert [message.sid for message in world.log.to_phone(NUMBER, Channel.WHATSAPP)][1:] == []
    fetched = world.client.messages(sid).fetch()
    assert (fetched.status, fetched.error_code) == ("undelivered", 63016)
    world.send(body="", content_sid=f"HX{1:032x}")
    assert world.statuses[3:] == ["sent", "delivered"]
    assert "Reply" in world.log.to_phone(NUMBER, Channel.WHATSAPP)[-1].text


def test_a_text_longer_than_twilio_takes_is_refused(world: World) -> None:
    """1,600 characters and not one more."""
    world.writes()
    assert world.send(body="a" * 1600)
    with pytest.raises(TwilioRestException) as refused:
        world.send(body="a" * 1601)
    assert refused.value.code == 21617


def test_a_service_chooses_the_sender_and_accepts_first(world: World) -> None:
    """Through a Messaging Service the first status is another one."""
    world.writes()
    message = world.client.messages.create(
        to=ON_WHATSAPP, body="x", messaging_service_sid=f"MG{1:032x}", status_callback=f"{BASE}/twilio/status"
    )
    assert message.status == "accepted"
    assert world.statuses == ["queued", "sent", "delivered"]
    assert world.log.to_phone(NUMBER, Channel.WHATSAPP)[0].sender == f"whatsapp:{SAMPLE_WHATSAPP_SENDER}"


def test_no_address_but_ours_is_called(world: World) -> None:
    """Not even an unlucky setting makes a developer's machine call somebody else."""
    world.writes()
    world.send(status_callback="https://bot.example.org.evil.example/twilio/status")
    assert world.told == []


def test_what_was_sent_and_received_can_be_listed(world: World) -> None:
    """The sender looks there for messages of an unknown outcome, and for inbound ones that never reached us."""
    inbound = world.writes("¿a qué hora?")
    world.at_s += 60
    sid = world.send(body="a las 9")
    ours = f"whatsapp:{SAMPLE_WHATSAPP_SENDER}"
    since = datetime.fromtimestamp(START_S, UTC)
    (received,) = world.client.messages.list(to=ours, date_sent_after=since)
    assert (received.sid, received.body, received.direction) == (inbound, "¿a qué hora?", "inbound")
    assert received.from_ == ON_WHATSAPP
    assert received.date_sent == since
    (sent,) = world.client.messages.list(to=ON_WHATSAPP, date_sent_after=since)
    assert (sent.sid, sent.status, sent.direction) == (sid, "delivered", "outbound-api")
    later = datetime.fromtimestamp(START_S + 3600, UTC)
    assert world.client.messages.list(to=ours, date_sent_after=later) == []
    with pytest.raises(TwilioRestException) as refused:
        world.client.messages(f"SM{99:032x}").fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)


def test_news_never_fall_back(world: World) -> None:
    """The page reads a message before "delivered" was told, now and then."""
    world.writes()
    sid = world.send()
    message = world.log.find(sid)
    assert message is not None
    assert world.log.rise(message, Status.READ).status is Status.READ
    assert world.log.rise(message, Status.DELIVERED).status is Status.READ
    found = world.log.find(sid)
    assert found is not None
    assert found.status is Status.READ


def test_the_list_shows_no_words_and_no_number(world: World, everything: Callable[[], dict[bytes, bytes]]) -> None:
    """It is a store like the other, and is looked at like it."""
    world.writes("quetzal-phrase")
    world.send(body="another-quetzal")
    held = everything()
    assert held
    dumped = b"".join(held) + b"".join(held.values())
    assert b"quetzal" not in dumped
    assert b"9830123456" not in dumped


def test_the_list_is_short_and_short_lived(world: World, connection: Connection) -> None:
    """Words are kept for a day at most, even on a developer's machine."""
    world.writes()
    world.send()
    for key in connection.command("KEYS", "*"):
        assert 0 < connection.command("TTL", key) <= 24 * 3600


def test_typing_is_taken(world: World) -> None:
    """A courtesy that must not fail."""
    sid = world.writes()
    shown = world.client.messaging.v2.typing_indicator.create(channel="whatsapp", message_id=sid)
    assert shown.success


# --- what comes with a message -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "begins"), [("image", b"\xff\xd8"), ("voice", b"OggS"), ("sticker", b"RIFF")])
def test_what_a_person_sent_can_be_fetched(world: World, kind: str, begins: bytes) -> None:
    """Where Twilio would keep it."""
    sid = world.writes("", media=kind)
    url = f"https://api.twilio.com/2010-04-01/Accounts/{NO_ACCOUNT}/Messages/{sid}/Media/ME{sid[2:]}"
    response = world.client.request("GET", url)
    assert response.status_code == 200
    assert response.content.startswith(begins)
    assert world.client.request("GET", url.replace(sid, f"MM{77:032x}")).status_code == 404


def test_the_voice_note_is_sound_ogg() -> None:
    """A player checks the sum of each page; one wrong byte and nothing plays."""
    data, granules = io.BytesIO(voice_note()), []
    while head := data.read(27):
        lengths = data.read(head[26])
        body = data.read(sum(lengths))
        page = head[:22] + bytes(4) + head[26:] + lengths + body
        assert int.from_bytes(head[22:26], "little") == slow_crc(page)
        granules.append(int.from_bytes(head[6:14], "little"))
    assert granules == [0, 0, 96000]
    assert len(voice_note()) < 1000


def slow_crc(data: bytes) -> int:
    """The rest of the division by the polynomial, as it is written in the book."""
    number = int.from_bytes(data, "big") << 32
    divisor = 0x104C11DB7
    while number.bit_length() > 32:
        number ^= divisor << (number.bit_length() - 33)
    return number


def test_every_sample_is_small_and_of_its_kind() -> None:
    """They are made, not taken from anybody."""
    made = {"image/jpeg": jpeg(), "image/webp": sticker(), "text/vcard": contact(), "application/pdf": document()}
    for content_type, body in made.items():
        assert sample_of(content_type) == body
        assert len(body) < 4000
    assert sample_of("video/mp4") is None
    assert int.from_bytes(sticker()[4:8], "little") == len(sticker()) - 8
    at = int(document().split(b"startxref\n")[1].split()[0])
    assert document()[at:].startswith(b"xref")
