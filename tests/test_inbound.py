"""A form becomes one message, whatever it carries; nothing in it can raise but a missing id or sender."""

import random
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.inbound import Channel, Location, Media, OptOut
from tests.twilio_samples import INBOUND, inbound_form
from webhook.keys import Keys
from webhook.twilio_edge.inbound import MAX_TEXT, BadWebhook, Received, parse_form, parse_json, read_inbound

KEYS = Keys("invented secret of at least 32 characters")
NOW = datetime(2030, 1, 7, 9, 0, tzinfo=UTC)


def read(form: dict[str, str]) -> Received:
    return read_inbound(list(form.items()), received_at=NOW, keys=KEYS)


def sample(name: str, **changed: str) -> Received:
    return read(inbound_form(name, **changed))


@pytest.mark.parametrize("name", INBOUND["forms"])
def test_every_kind_of_message_is_read(name: str) -> None:
    """No kind of payload may be refused: somebody wrote it and waits."""
    received = sample(name)
    assert received.inbound.id == INBOUND["forms"][name]["MessageSid"]
    assert received.inbound.channel is (Channel.SMS if INBOUND["forms"][name]["on"] == "sms" else Channel.WHATSAPP)
    assert received.inbound.received_at == NOW
    assert received.person.key


@pytest.mark.parametrize(
    ("name", "media"),
    [
        ("mms image", Media.IMAGE),
        ("whatsapp photo with words", Media.IMAGE),
        ("whatsapp voice note", Media.VOICE),
        ("whatsapp sticker", Media.STICKER),
        ("whatsapp contact", Media.CONTACT),
        ("whatsapp video", Media.VIDEO),
        ("whatsapp document", Media.FILE),
    ],
)
def test_what_came_instead_of_text_is_known(name: str, media: Media) -> None:
    """The reply to a voice note is another than that to a photo."""
    assert sample(name).inbound.media == (media,)


def test_words_are_kept_as_they_came() -> None:
    """Two spaces at the end are the person's own: only the engine decides what they mean."""
    assert sample("whatsapp text").inbound.text == "Hola 👋 ¿cuánto cuesta la tarjeta?  "


def test_a_tap_gives_the_id_behind_the_button_or_row() -> None:
    """A tap must never be read as words: its id says exactly what was meant."""
    button, row = sample("whatsapp button").inbound, sample("whatsapp list row").inbound
    assert (button.tapped, button.text) == ("hours", "Horarios")
    assert (row.tapped, row.text) == ("employment-mexico", "Trabajo en Chetumal")
    assert sample("whatsapp list row", Body="").inbound.text == "Trabajo en Chetumal"


def test_a_location_is_read() -> None:
    """The nearest office is found from it."""
    assert sample("whatsapp location").inbound.location == Location(18.5036, -88.3053)


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [("abc", "-88"), ("18.5", ""), ("nan", "0"), ("inf", "0"), ("91", "0"), ("0", "181"), ("1e3", "0"), ("١٨", "0"), ("1_0", "0"), ("9" * 400, "0")],
)  # fmt: skip
def test_a_location_that_is_none_is_left_out(latitude: str, longitude: str) -> None:
    """A broken position must not keep anybody from an answer."""
    assert sample("whatsapp location", Latitude=latitude, Longitude=longitude).inbound.location is None


@pytest.mark.parametrize("count", ["x", "-1", "", "1.5", "١", "9" * 5000, "1000000000"])
def test_an_odd_number_of_media_never_raises(count: str) -> None:
    """The count can be anything; only what is named with a type is looked at."""
    assert len(sample("sms text", NumMedia=count).inbound.media) <= 1
    assert sample("whatsapp voice note", NumMedia=count).inbound.media == (Media.VOICE,)


def test_several_things_at_once_are_all_named() -> None:
    """Ten photos are ten photos, and an eleventh that cannot be is not looked for."""
    many = {f"MediaContentType{index}": "image/png" for index in range(30)}
    assert sample("mms image", NumMedia="30", **many).inbound.media == (Media.IMAGE,) * 10


@pytest.mark.parametrize(
    ("written", "read_as"), [("STOP", OptOut.STOP), ("help", OptOut.HELP), ("NEW", None), ("", None)]
)
def test_what_twilio_has_answered_itself_is_known(written: str, read_as: OptOut | None) -> None:
    """Two answers to STOP would be one too many; an unknown kind counts as none."""
    assert sample("sms text", OptOutType=written).inbound.opt_out is read_as


def test_the_two_spellings_of_a_mexican_number_are_one_person() -> None:
    """WhatsApp writes +521, SMS +52: it is the same phone, and replies go to each as it came."""
    whatsapp = sample("whatsapp text from Mexico", ExternalUserId="")
    sms = sample("sms text")
    assert whatsapp.number == sms.number == "+525500000001"
    assert whatsapp.person.key == sms.person.key
    assert whatsapp.address == "whatsapp:+5215500000001"


def test_a_person_without_a_number_is_known_by_the_user_id() -> None:
    """WhatsApp may withhold the number: such a person is answered like any other."""
    received = sample("whatsapp number withheld")
    assert received.number == ""
    assert received.user_id == "BZ.1000000000000003"
    assert received.address == "whatsapp:BZ.1000000000000003"
    named = sample("whatsapp number withheld", From="whatsapp:+5010000001")
    assert named.person.key == received.person.key


def test_nobody_can_be_told_from_how_a_message_prints() -> None:
    """A message that ends up in a log or an error page must name nobody and quote nothing."""
    printed = repr(sample("whatsapp text"))
    for personal in ("5010000001", "BZ.1", "Ana", "Hola", "14155238886"):
        assert personal not in printed


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"MessageSid": ""}, "MessageSid"),
        ({"MessageSid": "SM123"}, "MessageSid"),
        ({"MessageSid": "CA" + "0" * 32}, "MessageSid"),
        ({"MessageSid": "SM" + "0" * 32 + "\n"}, "MessageSid"),
        ({"From": ""}, "From"),
        ({"From": "whatsapp:"}, "From"),
        ({"From": "whatsapp:hello there"}, "From"),
        ({"From": "whatsapp:+52\n5500000001"}, "From"),
        ({"From": "a\x00b"}, "From"),
        ({"From": "x" * 65}, "From"),
        ({"From": "messenger:123"}, "From"),
    ],
)
def test_without_an_id_or_a_sender_a_form_is_refused(changed: dict[str, str], field: str) -> None:
    """There is nobody to answer, and nothing to know a repeat by."""
    with pytest.raises(BadWebhook) as refused:
        sample("sms text", **changed)
    assert refused.value.field == field


def test_a_very_long_text_is_cut() -> None:
    """Nobody can type so much; the search for danger must stay quick."""
    assert len(sample("sms text", Body="a" * 100_000).inbound.text) == MAX_TEXT


def test_of_a_repeated_parameter_the_first_counts() -> None:
    """Signed as a whole, read as one."""
    fields = [*inbound_form("sms text").items(), ("Body", "second")]
    assert read_inbound(fields, received_at=NOW, keys=KEYS).inbound.text == "¿A qué hora abre migración?"


def test_far_too_many_fields_are_not_read() -> None:
    """A form of Twilio's has some sixty."""
    with pytest.raises(ValueError, match="fields"):
        parse_form(b"a=1&" * 5000)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b'{"a": 1, "b": null}'])
def test_json_that_is_no_form_has_no_fields(body: bytes) -> None:
    """It is refused later, for want of an id."""
    assert parse_json(body) == []


def test_json_texts_become_fields_that_can_be_written() -> None:
    """JSON can hold half a character, which nothing behind us could encode."""
    assert parse_json(b'{"Body": "hola \\ud800", "n": 1}') == [("Body", "hola ?")]


PARAMETERS = sorted({key for form in INBOUND["forms"] for key in inbound_form(form)})
odd = st.one_of(
    st.text(max_size=30), st.sampled_from(["", "0", "-1", "1e999", "9" * 300, "\x00", "whatsapp:", "{}", "true"])
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(INBOUND["forms"])), st.dictionaries(st.sampled_from(PARAMETERS), odd, max_size=6))
def test_any_values_are_read_or_refused(name: str, changed: dict[str, str]) -> None:
    """Odd values lead to a message or to the one known refusal, never to anything else."""
    with suppress(BadWebhook):
        assert read({**inbound_form(name), **changed}).inbound.id


def test_the_same_words_of_one_person_have_one_digest_and_few_others_share_it() -> None:
    """The loop breaker needs to know the same words again, and nobody else anything."""
    first = sample("sms text").inbound.echo
    assert first == sample("sms text", MessageSid="SM" + "9" * 32).inbound.echo
    texts = [f"text {number}" for number in random.Random(1).sample(range(10**6), 50)]
    assert len({sample("sms text", Body=text).inbound.echo for text in texts}) > 45
    assert sample("sms text", Body="").inbound.echo == 0
