"""A small border of our own for the tests of actions: two towns on each side, a few doors, fixed wording."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

from bot.catalogue import Catalogue, Phrase, Place, Review, Town, Where
from bot.hours import OpeningHours, parse_hours
from bot.inbound import Channel, Inbound, Location
from bot.session import Prefs, Session, Slot
from bot.turn import Call, State

HERE = Where("content/x.yaml", 1)
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
"""A Monday: ten o'clock in Chetumal, nine in Belize."""

ZONES = {"mexico": "America/Cancun", "belize": "America/Belize"}
HOLIDAYS = {"mexico": "MX", "belize": "BZ"}


def texts(en: str, es: str = "") -> dict[str, str]:
    return {"en": en, "es": es or en}


def town(
    id_: str, lat: float, lon: float, country: str = "mexico", synonyms: Iterable[str] = (), name: str = ""
) -> Town:
    return Town(id_, HERE, texts(name or id_.replace("-", " ").title()), tuple(synonyms), country, lat, lon)


def place(
    id_: str,
    *,
    country: str = "mexico",
    kinds: Iterable[str] = ("migration",),
    town: str = "",
    at: tuple[float, float] | None = None,
    hours: str = "",
    phones: Iterable[str] = (),
    address: str = "Main Street 1",
    review_by: date | None = None,
    confirmed_on: date | None = None,
    name: str = "",
) -> Place:
    opening: OpeningHours | None = None
    if hours:
        opening = parse_hours(hours.split("\n"), zone=ZONES[country], holidays=HOLIDAYS[country])
    return Place(
        id=id_,
        where=HERE,
        name=texts(name or id_),
        country=country,
        kinds=tuple(kinds),
        address=texts(address) if address else {},
        phones=tuple(phones),
        whatsapp="",
        email="",
        hours=opening,
        zone=ZONES[country],
        town=town,
        lat=at[0] if at else None,
        lon=at[1] if at else None,
        languages=(),
        review=Review(review_by=review_by),
        confirmed_on=confirmed_on,
    )


TOWNS = (
    town("chetumal", 18.504, -88.305, synonyms=["chetu"]),
    town("bacalar", 18.677, -88.395),
    town("cancun", 21.161, -86.851),
    town("corozal", 18.394, -88.388, "belize", ["korozal"]),
    town("orange-walk", 18.081, -88.563, "belize", ["orangewalk"]),
    town("santa-elena", 18.484, -88.401, "belize", ["santa elena"], "Santa Elena (border)"),
    town("san-ignacio", 17.159, -89.070, "belize", ["cayo", "santa elena cayo"]),
    town("subteniente-lopez", 18.494, -88.393, synonyms=["sub lopez"]),
    town("la-union", 17.896, -88.880, synonyms=["union"]),
    town("flores", 16.930, -89.892, "elsewhere", ["peten"]),
)

PLACES = (
    place("rights-chetumal", kinds=["rights"], town="chetumal", phones=["+52 983 000 0001"], name="Rights, Chetumal"),
    place("inm-bridge", town="subteniente-lopez", at=(18.493, -88.396), hours="Mon-Fri 09:00-13:00", name="INM desk"),
    place("inm-cancun", town="cancun", hours="Mon-Fri 11:00-14:30", address=""),
    place("consulate", kinds=["consulate", "migration"], town="chetumal", hours="24h", name="The consulate"),
    place("embassy", kinds=["embassy", "migration"], town="chetumal", hours="24h", name="The embassy"),
    place("hub", kinds=["hub", "migration"], town="chetumal", address="", name="The hub"),
    place("labour-corozal", country="belize", kinds=["labour"], town="corozal", hours="Mon-Fri 08:00-17:00"),
    place("labour-orange-walk", country="belize", kinds=["labour"], town="orange-walk", hours="Sat 08:00-12:00"),
    place("permits-line", country="belize", town="orange-walk", address="", phones=["+501 000-0000"]),
    place("police", country="belize", kinds=["police"], town="corozal", hours="24h"),
)

PHRASES = {
    "place_near": texts("- {name}, {near}: {door}."),
    "place_hours": texts("- {name}: {door}."),
    "near_about": texts("about {km} km", "a unos {km} km"),
    "near_close": texts("less than 1 km", "a menos de 1 km"),
    "near_town": texts("in {town}", "en {town}"),
    "in_country": texts("{name} (in {country})", "{name} (en {country})"),
    "open_until": texts("open, until {time} {side}", "abierto, hasta las {time} {side}"),
    "open_until_day": texts("open, until {day} at {time} {side}", "abierto, hasta el {day} a las {time} {side}"),
    "open_always": texts("open day and night", "abierto día y noche"),
    "shut_until": texts("shut, opens at {time} {side}", "cerrado, abre a las {time} {side}"),
    "shut_until_day": texts("shut, opens {day} at {time} {side}", "cerrado, abre el {day} a las {time} {side}"),
    "shut": texts("shut", "cerrado"),
    "door_unknown": texts("hours not known", "horario no conocido"),
    "country_mexico": texts("Mexico", "México"),
    "country_belize": texts("Belize", "Belice"),
    "time_chetumal": texts("Chetumal time", "hora de Chetumal"),
    "time_belize": texts("Belize time", "hora de Belice"),
    "phone": texts("Tel. {numbers}"),
}


def world(places: Iterable[Place] = PLACES, towns: Iterable[Town] = TOWNS) -> Catalogue:
    """A catalogue with these places and towns, the phrases of the actions, and nothing else."""
    parts: dict[str, Any] = {part.name: {} for part in fields(Catalogue)}
    parts |= {
        "version": "test",
        "languages": ("en", "es"),
        "locales": {"en": "en", "es": "es"},
        "places": {each.id: each for each in places},
        "towns": {each.id: each for each in towns},
        "phrases": {key: Phrase(key, HERE, each) for key, each in PHRASES.items()},
    }
    return Catalogue(**parts)


WORDS = "my code words 983 555 1234"


def inbound(channel: Channel = Channel.SMS, at: datetime = NOW, id_: str = "SM1") -> Inbound:
    return Inbound(id_, channel, WORDS, at)


def asks(
    action: str,
    *,
    language: str = "en",
    node: str = "nearest-office",
    town: str = "",
    location: Location | None = None,
    slots: Mapping[str, str] | None = None,
) -> Call:
    """A call of an action by somebody who has said these slots."""
    until_s = int(NOW.timestamp()) + 3600
    session = Session(slots={name: Slot(value, until_s) for name, value in (slots or {}).items()})
    return Call(action, node, State(session, Prefs()), language, location, town)
