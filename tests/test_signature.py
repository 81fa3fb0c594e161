"""Our check of Twilio's signature gives the answers of Twilio's own library, only faster."""

import hashlib
import json
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from tests.twilio_samples import BASE_URL, SIGNATURES, TOKEN, Fields, multi, twilio_signature
from webhook.twilio_edge.inbound import parse_form
from webhook.twilio_edge.signature import SignatureCheck, sign_form

PLAIN = {
    "AccountSid": "AC00000000000000000000000000000001",
    "MessageSid": "SM00000000000000000000000000000001",
    "From": "+5010000001",
    "To": "+12025550142",
    "Body": "hola",
    "NumMedia": "0",
}
PATH = "/twilio/inbound"

names = st.one_of(st.sampled_from(["Body", "From", "Tag", "a", "A", ""]), st.text(max_size=8))
values = st.one_of(st.sampled_from(["", " ", "hola", "¿Qué?", "👋", "a+b&c=d%20", "á\u0301"]), st.text(max_size=20))
forms = st.lists(st.tuples(names, values), max_size=12)
queries = st.text("abcXYZ019-._~%=&+!*'(),", max_size=30)
hosts = st.sampled_from(["hub.example.org", "HUB.example.org", "127.0.0.1", "localhost"])
ports = st.sampled_from(["", ":443", ":80", ":8443", ":8000"])
bases = st.builds(
    "{}://{}{}{}".format, st.sampled_from(["https", "http"]), hosts, ports, st.sampled_from(["", "/bot", "/a/b"])
)


def fields_of(sample: dict[str, str | list[str]]) -> Fields:
    form = {**PLAIN, **sample}
    return [(name, one) for name, value in form.items() for one in (value if isinstance(value, list) else [value])]


@pytest.mark.parametrize("sample", SIGNATURES, ids=lambda sample: sample["name"])
def test_known_signatures_are_accepted(sample: dict) -> None:
    """Signatures that were computed elsewhere must be right here too."""
    url = urlsplit(sample["url"])
    check = SignatureCheck([TOKEN], f"{url.scheme}://{url.netloc}")
    assert check.accepts_form(url.path, url.query, fields_of(sample["fields"]), sample["signature"])
    assert sign_form(TOKEN, sample["url"], fields_of(sample["fields"])) == sample["signature"]


def test_the_example_in_twilios_documentation_is_accepted() -> None:
    """The published example holds: we read the rule as Twilio does."""
    fields = [("CallSid", "CA1234567890ABCDE"), ("Caller", "+14158675309"), ("Digits", "1234")]
    fields += [("From", "+14158675309"), ("To", "+18005551212")]
    check = SignatureCheck(["12345"], "https://mycompany.com")
    assert check.accepts_form("/myapp.php", "foo=1&bar=2", fields, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")


@settings(max_examples=400, deadline=None)
@given(base=bases, query=queries, fields=forms, other=forms, with_port=st.booleans())
def test_every_answer_equals_that_of_twilios_library(
    base: str, query: str, fields: Fields, other: Fields, with_port: bool
) -> None:
    """A check of our own is only allowed while nobody could tell it from the library's."""
    url = f"{base}{PATH}?{query}" if query else f"{base}{PATH}"
    library = RequestValidator(TOKEN)
    signed_url = url
    if with_port:  # Twilio signs with the port at times, without it at others
        parts = urlsplit(base)
        port = parts.port or {"https": 443, "http": 80}[parts.scheme]
        host = parts.netloc.split(":")[0]
        signed_url = url.replace(parts.netloc, f"{host}:{port}", 1)
    signature = library.compute_signature(signed_url, multi(fields))
    check = SignatureCheck([TOKEN], base)
    path = urlsplit(base).path + PATH
    origin = SignatureCheck([TOKEN], base.removesuffix(urlsplit(base).path))
    for sent in (fields, other, list(reversed(fields)), fields + fields[:1], [*fields, ("Extra", "")]):
        expected = library.validate(url, multi(sent), signature)
        assert check.accepts_form(PATH, query, sent, signature) is expected
        assert origin.accepts_form(path, query, sent, signature) is expected


@settings(max_examples=200, deadline=None)
@given(fields=forms, signature=st.text(max_size=40))
def test_no_other_signature_is_accepted(fields: Fields, signature: str) -> None:
    """Whatever is sent as a signature, also bytes that are not ASCII, is turned away and never raises."""
    assert not SignatureCheck([TOKEN], BASE_URL).accepts_form(PATH, "", fields, signature)


@settings(max_examples=200, deadline=None)
@given(fields=forms)
def test_a_form_is_read_as_it_was_written(fields: Fields) -> None:
    """Blank, repeated and accented fields come through the body unchanged, or signatures would fail."""
    from urllib.parse import urlencode

    assert parse_form(urlencode(fields).encode()) == fields


def test_both_tokens_count_while_rotating_and_no_third() -> None:
    """While a token is being changed no message may be lost, and afterwards the old one is worth nothing."""
    fields = list(PLAIN.items())
    old, new = "a" * 32, "b" * 32
    check = SignatureCheck([new, old], BASE_URL)
    for token, accepted in ((old, True), (new, True), ("c" * 32, False)):
        assert check.accepts_form(PATH, "", fields, twilio_signature(BASE_URL + PATH, fields, token)) is accepted
    after = SignatureCheck([new], BASE_URL)
    assert not after.accepts_form(PATH, "", fields, twilio_signature(BASE_URL + PATH, fields, old))


@pytest.mark.parametrize("tokens", [[], [""], ["", ""]], ids=["none", "an empty one", "two empty ones"])
def test_without_a_token_nothing_is_accepted(tokens: list[str]) -> None:
    """An installation that forgot its token must not take the empty key for one."""
    fields = list(PLAIN.items())
    assert not SignatureCheck(tokens, BASE_URL).accepts_form(
        PATH, "", fields, twilio_signature(BASE_URL + PATH, fields, "")
    )


def test_a_json_body_is_checked_by_its_hash_and_the_url() -> None:
    """Twilio's newer webhooks send JSON: the hash in the query ties the body to the signed address."""
    body = json.dumps({"MessageSid": "SM00000000000000000000000000000001", "MessageStatus": "delivered"}).encode()
    query = f"bodySHA256={hashlib.sha256(body).hexdigest()}"
    url = f"{BASE_URL}{PATH}?{query}"
    signature = RequestValidator(TOKEN).compute_signature(url, {})
    assert RequestValidator(TOKEN).validate(url, body.decode(), signature)
    check = SignatureCheck([TOKEN], BASE_URL)
    assert check.accepts_json(PATH, query, body, signature)
    assert not check.accepts_json(PATH, query, body + b" ", signature)
    assert not check.accepts_json(PATH, "", body, RequestValidator(TOKEN).compute_signature(BASE_URL + PATH, {}))
    assert not check.accepts_json(PATH, query + "&x=1", body, signature)


def test_a_form_whose_address_merely_names_a_body_hash_is_checked_as_a_form() -> None:
    """Otherwise anybody could switch the check of the fields off with a parameter."""
    fields = list(PLAIN.items())
    query = "bodySHA256=" + "0" * 64
    check = SignatureCheck([TOKEN], BASE_URL)
    assert check.accepts_form(PATH, query, fields, twilio_signature(f"{BASE_URL}{PATH}?{query}", fields))
    assert not check.accepts_form(
        PATH, query, fields, RequestValidator(TOKEN).compute_signature(f"{BASE_URL}{PATH}?{query}", {})
    )
