"""Codes for people and sealed texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.keys import Keys, Person, Unopened, WeakSecret, is_user_id, normal_address

OLD = "the first secret, thirty-two letters or more"
NEW = "the second one, also thirty-two letters or more"


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("+5015550001", "+5015550001"),
        ("whatsapp:+5015550001", "+5015550001"),
        ("whatsapp:+5215500000001", "+525500000001"),
        ("+5215500000001", "+525500000001"),
        ("+525500000001", "+525500000001"),
        ("+521550000001", "+521550000001"),
        ("+52155000000012", "+52155000000012"),
        ("whatsapp:BZ.1000000000000001", "BZ.1000000000000001"),
        ("whatsapp:MX.5215500000001", "MX.5215500000001"),
        ("72345", "72345"),
        ("", ""),
    ],
)
def test_an_address_has_one_spelling(written: str, normal: str) -> None:
    """WhatsApp writes Mexico's numbers with an extra 1; the same person must not be two."""
    assert normal_address(written) == normal


@pytest.mark.parametrize("address", ["BZ.1000000000000001", "MX.aB3", "US.ENT.11815799212886844830"])
def test_a_user_id_is_known_by_its_shape(address: str) -> None:
    """It has letters, and reading it as a number would fail or, worse, hit somebody else."""
    assert is_user_id(address)


@pytest.mark.parametrize("address", ["+5015550001", "", "72345", "BZ", "BZ.", "bz.100", "BZ.1 2", "PIZZA.NOW"])
def test_what_is_no_user_id_is_not_taken_for_one(address: str) -> None:
    """A number must go on being found by SMS."""
    assert not is_user_id(address)


def test_both_spellings_of_a_mexican_number_are_one_person() -> None:
    """WhatsApp and SMS write it differently."""
    keys = Keys(NEW)
    assert keys.person_of("", "whatsapp:+5215500000001") == keys.person_of("", "+525500000001")


def test_a_person_is_known_by_the_user_id_and_else_by_the_number() -> None:
    """The number can be withheld, the user id cannot."""
    keys = Keys(NEW)
    both = keys.person_of("whatsapp:BZ.1001", "whatsapp:+5015550001")
    assert both.key == both.user == keys.person_of("whatsapp:BZ.1001", "").key
    assert both.number == keys.person_of("", "+5015550001").key


def test_a_user_id_in_the_place_of_the_number_is_the_user_id() -> None:
    """That is how a webhook looks when the number is withheld."""
    keys = Keys(NEW)
    assert keys.person_of("", "whatsapp:BZ.1001") == keys.person_of("whatsapp:BZ.1001", "")
    assert keys.person_of("whatsapp:BZ.1001", "whatsapp:BZ.1001").number == ""


def test_a_code_has_128_bits_and_shows_nothing_of_the_number() -> None:
    """Codes stand in keys and logs."""
    code = Keys(NEW).person_of("", "+5015550001").key
    assert len(code) == 22
    assert "501555" not in code


def test_another_secret_makes_other_codes() -> None:
    """Who steals a copy of the store cannot try all numbers without the secret."""
    assert Keys(NEW).person_of("", "+5015550001").key != Keys(OLD).person_of("", "+5015550001").key


def test_while_the_secret_is_changed_the_earlier_codes_are_known_too() -> None:
    """Otherwise everybody would be a stranger after the change, and opt-outs lost."""
    before = Keys(OLD).person_of("BZ.1001", "+5015550001")
    now = Keys(NEW, OLD).person_of("BZ.1001", "+5015550001")
    assert (now.user_before, now.number_before) == (before.user, before.number)
    assert Keys(NEW).person_of("BZ.1001", "+5015550001").user == now.user


@given(st.text(), st.text(max_size=20))
def test_a_sealed_text_opens_again(text: str, about: str) -> None:
    """Whatever a person or a template holds, the copy is the reply."""
    keys = Keys(NEW)
    assert keys.open(keys.seal(text, about), about) == text


def test_a_sealed_text_opens_with_the_previous_secret() -> None:
    """A reply sealed just before the change is still repeated after it."""
    assert Keys(NEW, OLD).open(Keys(OLD).seal("hola", "copy:SM1"), "copy:SM1") == "hola"


@pytest.mark.parametrize("spoilt", ["other about", "other secret", "changed", "cut short"])
def test_a_sealed_text_opens_for_nothing_else(spoilt: str) -> None:
    """One record put in another's place, or tampered with, is noticed."""
    sealed = Keys(OLD if spoilt == "other secret" else NEW).seal("hola", "copy:SM1")
    if spoilt == "changed":
        sealed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    if spoilt == "cut short":
        sealed = sealed[:5]
    with pytest.raises(Unopened):
        Keys(NEW).open(sealed, "copy:SM2" if spoilt == "other about" else "copy:SM1")


def test_the_same_text_is_sealed_differently_each_time() -> None:
    """Equal replies must not be seen to be equal."""
    keys = Keys(NEW)
    assert keys.seal("hola", "x") != keys.seal("hola", "x")


def test_an_echo_tells_equal_words_of_one_person_only() -> None:
    """Sixteen bits, keyed and for each person: nobody can look words up in them."""
    keys = Keys(NEW)
    ana, luis = keys.person_of("", "+5015550001"), keys.person_of("", "+5015550002")
    assert keys.echo(ana, "Hola  amigo") == keys.echo(ana, "hola amigo")
    assert 0 <= keys.echo(ana, "hola") < 2**16
    words = ["hola", "ayuda", "trabajo", "permiso"]
    assert [keys.echo(ana, word) for word in words] != [keys.echo(luis, word) for word in words]


def test_a_short_secret_is_refused() -> None:
    """There are few enough numbers to try them all with a secret that can be guessed."""
    with pytest.raises(WeakSecret, match="at least 32"):
        Keys("secret")


def test_nothing_secret_is_printed() -> None:
    """An object ends up in a log or an error page sooner or later."""
    keys = Keys(NEW)
    assert NEW not in repr(vars(keys))
    assert repr(vars(keys)).count("_Derived()") == 1
    assert repr(Person()) == "Person(user='', number='', user_before='', number_before='')"
