"""Puts into words what actions found: how far a place is, and whether its door is open. All wording is in phrases."""

from datetime import datetime, timedelta

from babel.dates import format_skeleton, get_day_names

from bot.catalogue import Catalogue, Language, Place
from bot.folding import fold
from bot.hours import describe
from bot.nearest import Found, door

PHRASES = (
    "place_near", "place_hours", "near_about", "near_close", "near_town", "in_country",
    "open_until", "open_until_day", "open_always", "shut_until", "shut_until_day", "shut", "door_unknown",
)  # fmt: skip
"""The phrases used here, besides country_*, time_* and phone."""

_TIMES = {
    "America/Cancun": "time_chetumal",
    "America/Belize": "time_belize",
    "America/Mexico_City": "time_mexico_city",
}


def near_line(catalogue: Catalogue, found: Found, at: datetime, language: Language, *, with_address: bool) -> str:
    """A place in a list of near ones: name (and country, if it is the other one), distance, door, telephone."""
    place = found.place
    name = _name(catalogue, place, language, with_country=found.is_abroad)
    near, words = _near(catalogue, found, language), door_words(catalogue, place, at, language)
    if near:
        line = catalogue.phrase("place_near", language, name=name, near=near, door=words)
    else:
        line = catalogue.phrase("place_hours", language, name=name, door=words)
    return "\n".join([" ".join([line, *_phone(catalogue, place, language)]), *_address(place, language, with_address)])


def hours_line(catalogue: Catalogue, place: Place, at: datetime, language: Language, *, with_country: bool) -> str:
    """A place and its door, in a list of offices."""
    name = _name(catalogue, place, language, with_country=with_country)
    line = catalogue.phrase("place_hours", language, name=name, door=door_words(catalogue, place, at, language))
    return " ".join([line, *_phone(catalogue, place, language)])


def hours_lines(catalogue: Catalogue, place: Place, at: datetime, language: Language) -> str:
    """One place in full: name, address, door, the hours of the week, telephone."""
    lines = [
        place.name[language],
        *_address(place, language, True),
        _capital(door_words(catalogue, place, at, language)),
    ]
    if place.hours is not None and door(place, at)[0] is not None and not place.hours.is_round_the_clock:
        lines.append(f"{describe(place.hours, catalogue.locales[language])} ({side(catalogue, place.zone, language)})")
    return "\n".join([*lines, *_phone(catalogue, place, language)])


def door_words(catalogue: Catalogue, place: Place, at: datetime, language: Language) -> str:
    """Whether a place is open now, and until when it is or when it opens, naming the side whose time that is."""
    is_open, changes_at = door(place, at)
    if is_open is None:
        return catalogue.phrase("door_unknown", language)
    if changes_at is None:
        return catalogue.phrase("open_always" if is_open else "shut", language)
    key = "open_until" if is_open else "shut_until"
    day, time = moment(changes_at, at, catalogue.locales[language], closing=is_open)
    whose = side(catalogue, place.zone, language)
    if not day:
        return catalogue.phrase(key, language, time=time, side=whose)
    return catalogue.phrase(f"{key}_day", language, day=day, time=time, side=whose)


def side(catalogue: Catalogue, zone: str, language: Language) -> str:
    """Whose time the clock shows in a zone: Chetumal and Belize differ by an hour all year."""
    return catalogue.phrase(_TIMES[zone], language)


def moment(then: datetime, at: datetime, locale: str, *, closing: bool) -> tuple[str, str]:
    """The day, "" for today, and the time on the clock. A door that closes at midnight closes at 24:00."""
    day, time = then.date(), f"{then:%H:%M}"
    if closing and time == "00:00":
        day, time = day - timedelta(days=1), "24:00"
    ahead = (day - at.astimezone(then.tzinfo).date()).days
    if ahead == 0 or (closing and ahead == 1 and time < "06:00"):  # "until 02:00" is tonight
        return "", time
    if ahead < 7:
        return str(get_day_names("wide", locale=locale)[day.weekday()]), time
    return format_skeleton("MMMMEEEEd", day, locale=locale), time


def _near(catalogue: Catalogue, found: Found, language: Language) -> str:
    """How far it is; "" when its name says the town already."""
    if found.km is None:
        town = catalogue.towns[found.place.town].name[language]
        is_told = fold(town) in fold(found.place.name[language])
        return "" if is_told else catalogue.phrase("near_town", language, town=town)
    if found.km < 1:
        return catalogue.phrase("near_close", language)
    return catalogue.phrase("near_about", language, km=round(found.km))


def _name(catalogue: Catalogue, place: Place, language: Language, *, with_country: bool) -> str:
    name = place.name[language]
    if not with_country:
        return name
    country = catalogue.phrase(f"country_{place.country}", language)
    return name if country in name else catalogue.phrase("in_country", language, name=name, country=country)


def _phone(catalogue: Catalogue, place: Place, language: Language) -> list[str]:
    return [catalogue.phrase("phone", language, numbers=place.phones[0])] if place.phones else []


def _address(place: Place, language: Language, wanted: bool) -> list[str]:
    return [place.address[language]] if wanted and place.address else []


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
