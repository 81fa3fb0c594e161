"""Replies as TwiML: what twilio's builder writes, and never a document that Twilio cannot read."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.messaging_response import MessagingResponse

from webhook.twilio_edge.twiml import SILENCE, reply_twiml

ordinary = st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\ufffe\uffff"), min_size=1)


@given(ordinary.filter(str.strip))
def test_ordinary_text_equals_what_the_builder_writes(text: str) -> None:
    """Ours must be told from theirs by nobody."""
    built = MessagingResponse()
    built.message(text)
    assert reply_twiml(text).decode() == str(built)


@given(st.text())
def test_any_text_gives_a_document_that_can_be_read(text: str) -> None:
    """A document that cannot be parsed reaches nobody."""
    root = ElementTree.fromstring(reply_twiml(text))
    assert root.tag == "Response"
    said = "".join(message.text or "" for message in root.iter("Message"))
    assert all(ord(letter) >= 0x20 or letter == "\n" for letter in said)


@pytest.mark.parametrize("text", [None, "", " ", "\n", "\x00\x07"])
def test_nothing_to_say_is_silence(text: str | None) -> None:
    """An empty message would be an error of Twilio's."""
    assert reply_twiml(text) == SILENCE == str(MessagingResponse()).encode()


def test_control_characters_go_and_line_ends_stay() -> None:
    """A vertical tab in a pasted answer would silence it."""
    text = "uno\x0b\x00 <dos> & tres\r\n\ttres\x7f \ud800\ufffe"
    said = ElementTree.fromstring(reply_twiml(text)).findtext("Message")
    assert said == "uno <dos> & tres\n tres "
