"""What is kept of a question tells nobody who asked it."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from bot.folding import fold
from bot.scrubbing import GONE, MAX_KEPT, scrubbed

COUNTRIES = ("MX", "BZ", "GT", "HN", "SV", "NI", "CU", "HT", "VE", "US", "CO", "JM")

NUMBERS = [
    number
    for country in COUNTRIES
    for kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)
    if (number := phonenumbers.example_number_for_type(country, kind)) is not None
]
FORMATS = (
    PhoneNumberFormat.E164,
    PhoneNumberFormat.INTERNATIONAL,
    PhoneNumberFormat.NATIONAL,
    PhoneNumberFormat.RFC3966,
)
BETWEEN = ["", " ", "-", ".", " - ", "  ", "/", "\n", "_", ") ", ", ", "–", "\u200b", "\u00a0"]
SCRIPTS = {
    "plain": str,
    "full width": lambda digit: chr(0xFF10 + int(digit)),
    "keycap": lambda digit: f"{digit}\ufe0f\u20e3",
    "arabic": lambda digit: chr(0x660 + int(digit)),
    "circled": lambda digit: "⓪①②③④⑤⑥⑦⑧⑨"[int(digit)],
}
DIGITS_IN_WORDS = """
es: cero uno dos tres cuatro cinco seis siete ocho nueve
en: zero one two three four five six seven eight nine
"""
WORDS = {line[:2]: line[4:].split() for line in DIGITS_IN_WORDS.strip().splitlines()}
AROUND = st.sampled_from(["", "mi numero es ", "call me at ", "wasap ", "tel:", "soy de belice y mi cel ", "(", "a"])


def longest_run(text: str) -> int:
    """Digits that stand together, whatever signs are between them."""
    plain = unicodedata.normalize("NFKC", text)
    return max((sum(char.isdigit() for char in run) for run in re.findall(r"\d[\d\W_]*", plain)), default=0)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(NUMBERS), st.sampled_from(FORMATS), AROUND, st.sampled_from(["", " gracias", ".", "!", " y"]))
def test_no_telephone_number_survives_as_it_is_usually_written(
    number: object, form: int, before: str, after: str
) -> None:
    """A number is a person."""
    written = phonenumbers.format_number(number, form)
    assert longest_run(scrubbed(f"{before}{written}{after}")) < 4


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from(NUMBERS), st.sampled_from(sorted(SCRIPTS)), AROUND)
def test_no_telephone_number_survives_however_it_is_spelt(
    data: st.DataObject, number: object, script: str, before: str
) -> None:
    """People put spaces, dots and emoji into a number, so that it looks nice or so that no machine finds it."""
    digits = phonenumbers.national_significant_number(number)
    between = data.draw(st.lists(st.sampled_from(BETWEEN), min_size=len(digits), max_size=len(digits)))
    spelt = "".join(SCRIPTS[script](digit) + sign for digit, sign in zip(digits, between, strict=True))
    kept = scrubbed(before + spelt)
    assert longest_run(kept) < 4
    assert digits[-4:] not in kept


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(NUMBERS), st.sampled_from(sorted(WORDS)), st.sampled_from([" ", "-", ", ", " y "]))
def test_no_number_survives_in_words(number: object, language: str, between: str) -> None:
    """Read aloud to the telephone, a number comes in words."""
    digits = phonenumbers.national_significant_number(number)
    kept = fold(scrubbed(between.join(WORDS[language][int(digit)] for digit in digits))).split()
    assert sum(word in WORDS[language] for word in kept) < 4


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=1200))
def test_whatever_comes_in_is_cut_and_stays_the_same_a_second_time(text: str) -> None:
    """Any text at all: it never fails, never grows beyond its measure, and nothing is left for a second look."""
    kept = scrubbed(text)
    assert len(kept) <= MAX_KEPT
    assert longest_run(kept) < 4 or re.search(r"\d\s?[:.]\s?\d\d", kept)
    assert "\n" not in kept


@settings(max_examples=300, deadline=None)
@given(st.from_regex(r"[a-z][a-z0-9.]{0,12}@[a-z]{2,8}\.(com|mx|org\.bz)", fullmatch=True), AROUND)
def test_no_mail_address_survives(address: str, before: str) -> None:
    """It stands for one person."""
    kept = scrubbed(f"{before} {address} gracias")
    assert "@" not in kept
    assert address.partition("@")[2] not in kept


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("me llamo juan perez lopez y quiero la tarjeta", "juan perez lopez"),
        ("Hola, me llamo Ana Lucía Pérez y soy de Honduras", "Ana Lucía Pérez"),
        ("m llamo xochitl quiero trabajar", "xochitl"),
        ("me yamo bryan kiero cruzar", "bryan"),
        ("mi nombre es María de los Ángeles Pech", "María Ángeles Pech"),
        ("mi nombre: wilmer zuniga", "wilmer zuniga"),
        ("mi nonbre es rosa", "rosa"),
        ("mi hijo se llama kevin y no tiene papeles", "kevin"),
        ("mi patron don chepe no me paga", "chepe"),
        ("soy juan perez de guatemala", "juan perez"),
        ("Soy Xiadani y necesito ayuda", "Xiadani"),
        ("SOY JUAN PEREZ DE HONDURAS", "JUAN PEREZ"),
        ("le escribe maria, quiero saber", "maria"),
        ("my name is john smith and i need a permit", "john smith"),
        ("my names delroy i need work", "delroy"),
        ("i am called peter", "peter"),
        ("mi naym da shanice and mi waan work", "shanice"),
        ("mi name da Elroy Flowers", "Elroy Flowers"),
        ("dehn kaal mi bigga", "bigga"),
        ("this is Grace from corozal", "Grace"),
        ("im marcus from orange walk", "marcus"),
        ("my son Tyrell lost his passport", "Tyrell"),
        ("i work for Mr Castillo", "Castillo"),
        ("conoci a Juan Perez en la frontera", "Juan Perez"),
    ],
)
def test_names_that_people_give_go(text: str, gone: str) -> None:
    """With capitals or without, misspelt or not, in Spanish, English and Kriol."""
    kept = scrubbed(text)
    assert GONE in kept
    assert not [part for part in gone.split() if part in kept.split()]


@pytest.mark.parametrize(
    "text",
    [
        "soy hondureño y quiero cruzar",
        "Soy Hondureña",
        "soy de belice puedo trabajar",
        "soy de san pedro",
        "soy catracho",
        "soy trabajador de la caña",
        "yo soy la mama de los niños",
        "this is urgent",
        "this is my question",
        "i am Belizean",
        "im from orange walk",
        "como se llama el permiso para trabajar",
        "my name is not on the list",
        "me llaman del consulado",
        "call me please",
        "mi hijo menor no tiene visa",
        "necesito visa para mi esposa cubana",
        "trabajo en San Juan",
        "es el 911 el numero?",
        "abren a las 12:30",
        "cuesta 560 pesos o 40 dolares",
        "dos de mis hijos tienen 5, 8 y 11 años",
        "tengo la h2a y la fm3",
        "kan i wok da mexico wid mi belize passport",
        "q necesito para chetumal",
    ],
)
def test_what_a_question_is_about_stays(text: str) -> None:
    """Scrubbed of its meaning a question teaches nothing: country, trade, hours and prices are nobody's name."""
    assert scrubbed(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "mi curp GOMC900514HDFRRL09",
        "pasaporte P0123456",
        "cedula 001-210590-0001X",
        "dpi 2345 67890 0101",
        "placas UVT-12-34",
        "naci el 14/05/1990",
        "permit no. WP/2026/113",
    ],
)
def test_codes_of_documents_go(text: str) -> None:
    """A passport number leads to a person faster than a name."""
    kept = scrubbed(text)
    assert GONE in kept
    assert sum(char.isdigit() for char in kept) < 3


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("mira https://fb.com/juan.perez.9 por favor", f"mira {GONE} por favor"),
        ("www.ejemplo.mx/yo", GONE),
        ("bit.ly/3xYz", GONE),
        ("sigueme @juanito", f"sigueme {GONE}"),
        ("juan arroba gmail punto com", GONE),
        ("juan at gmail dot com", GONE),
        ("es en gob.mx?", f"es en {GONE}"),
    ],
)
def test_links_and_handles_go(text: str, kept: str) -> None:
    """They lead to an account."""
    assert scrubbed(text) == kept


@pytest.mark.parametrize("text", ["a1" * 5000, "9 " * 5000, "me llamo " * 1000, "a." * 5000, "y " * 5000, "@" * 9000])
def test_long_and_hostile_texts_are_cut_before_anything_else(text: str) -> None:
    """Patterns must not be led up the garden path."""
    assert len(scrubbed(text)) <= MAX_KEPT


def test_a_long_text_is_cut_between_words() -> None:
    """Half a word teaches nothing."""
    kept = scrubbed("palabra " * 100)
    assert len(kept) <= MAX_KEPT
    assert set(kept.split()) == {"palabra"}
