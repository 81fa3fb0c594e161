"""Reading a form by hand must not be told apart from reading it with the standard library."""

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.twilio_edge.inbound import MAX_FIELDS, parse_form

ODD_PIECES = ("&", "=", "+", "%", "%2", "%20", "%C3", "%C3%B1", "%zz", "%00", ";", "ñ", "\ud800", " ", "a", "Body", "")


def by_the_library(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS)


@given(st.binary(max_size=200))
def test_any_bytes_read_the_same(body: bytes) -> None:
    """A signature is computed over what was read: one difference would turn a person away."""
    assert parse_form(body) == by_the_library(body)


@given(st.lists(st.sampled_from(ODD_PIECES), max_size=30))
def test_odd_forms_read_the_same(pieces: list[str]) -> None:
    """Half an escape, a blank name, a lone ampersand: what random bytes seldom hit."""
    body = "".join(pieces).encode("utf-8", "surrogatepass")
    assert parse_form(body) == by_the_library(body)


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=30)), max_size=20))
def test_what_was_encoded_comes_back(fields: list[tuple[str, str]]) -> None:
    """Emoji, accents and signs in a message arrive as they were written."""
    written = [(name, value) for name, value in fields if all(text.isprintable() for text in (name, value))]
    assert parse_form(urlencode(written).encode()) == written


def test_far_too_many_fields_are_refused_by_both() -> None:
    """A form of a million fields must not cost a second."""
    body = b"&".join([b"a=b"] * (MAX_FIELDS + 1))
    for read in (parse_form, by_the_library):
        with pytest.raises(ValueError, match=r"."):
            read(body)
