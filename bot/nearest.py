"""Which places are near, and which town somebody means.

Distances are in a straight line, good enough to say "about 12 km". Nothing of the position is kept: it comes in as a
value and goes no further than the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import TYPE_CHECKING

from rapidfuzz.distance import OSA

from bot.folding import fold

if TYPE_CHECKING:
    from bot.catalogue import Place, Town

EARTH_RADIUS_KM = 6371.0
OFFICES = frozenset({"hub", "migration", "asylum", "labour", "rights", "family"})
"""The kinds of places where somebody can ask for advice or papers."""

GUARDED = frozenset({"consulate", "embassy"})
"""Kinds that are never in a list: somebody may be hiding from the government behind that door (R36)."""

OTHER_SIDE_MARGIN_KM = 5.0
"""So much nearer must a place beyond the border be. Positions are often those of a town's centre."""

UNSURE_KM = 3.0
"""So close to the border the nearest town does not tell the side: the river is narrower than a village is wide."""

SAME_TOWN_KM = 5.0
WITHIN_REACH_KM = 100.0
"""Farther places are listed only when there is nothing nearer."""

HOURS_GRACE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where somebody is: degrees, and the town if they named one."""

    latitude: float
    longitude: float
    town: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A place and what matters about it now.

    `km` is None when place and person are in one town and nothing more exact is known. `is_open` is None while nobody
    knows the hours; `changes_at` is when it closes or opens next.
    """

    place: Place
    km: float | None
    is_open: bool | None
    changes_at: datetime | None
    is_abroad: bool = False


def nearest(
    places: Iterable[Place],
    towns: Mapping[str, Town],
    spot: Spot,
    at: datetime,
    *,
    country: str = "",
    kinds: frozenset[str] = OFFICES,
    limit: int = 3,
) -> tuple[Found, ...]:
    """The nearest places of some kinds, nearest first; of equally near ones the first in the file comes first.

    `country` is the side the person said, for a position that does not tell it. Of the other side at most one place is
    listed, and only if it is clearly nearer than every place on this side: behind a border ten kilometres are not ten.
    """
    near = sorted(_measured(places, towns, spot, kinds), key=lambda measured: measured[0])
    home = country_at(towns, spot, country)
    here = [measured for measured in near if measured[1].country == home]
    beyond = [measured for measured in near if measured[1].country != home]
    if here:
        beyond = [measured for measured in beyond if measured[0] < here[0][0] - OTHER_SIDE_MARGIN_KM][:1]
    listed = [*beyond, *here] if here else beyond
    listed = [*listed[:1], *(measured for measured in listed[1:] if measured[0] <= WITHIN_REACH_KM)]
    return tuple(_found(place, km, towns, spot, at, is_abroad=place.country != home) for km, place in listed[:limit])


def _measured(
    places: Iterable[Place], towns: Mapping[str, Town], spot: Spot, kinds: frozenset[str]
) -> Iterable[tuple[float, Place]]:
    """The places that may be listed and whose position is known, with their distance in km."""
    for place in places:
        position = position_of(place, towns)
        if position is not None and kinds.intersection(place.kinds) and may_be_listed(place) and is_a_door(place):
            yield distance_km(spot.latitude, spot.longitude, *position), place


def may_be_listed(place: Place) -> bool:
    """Whether it may stand in a list: not behind a guarded page, and the hub only once somebody has confirmed it."""
    return not GUARDED.intersection(place.kinds) and ("hub" not in place.kinds or place.is_confirmed)


def is_a_door(place: Place) -> bool:
    """Whether one can go there. Without address, position or hours it is a telephone line."""
    return bool(place.address) or place.lat is not None or place.hours is not None


def position_of(place: Place, towns: Mapping[str, Town]) -> tuple[float, float] | None:
    """Its own coordinates, else those of its town, else None."""
    if place.lat is not None and place.lon is not None:
        return place.lat, place.lon
    town = towns.get(place.town)
    return None if town is None else (town.lat, town.lon)


def distance_km(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Kilometres between two points given in degrees, along a great circle (the haversine formula)."""
    half_lat, half_lon = radians(lat_b - lat_a) / 2, radians(lon_b - lon_a) / 2
    chord = sin(half_lat) ** 2 + cos(radians(lat_a)) * cos(radians(lat_b)) * sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(min(1.0, chord)))


def country_at(towns: Mapping[str, Town], spot: Spot, said: str = "") -> str:
    """The country of the named town, else of the nearest one. So close to the border that both are near, what they said.

    "" without towns.
    """
    if spot.town in towns:
        return towns[spot.town].country
    away: dict[str, float] = {}
    for town in towns.values():
        km = distance_km(spot.latitude, spot.longitude, town.lat, town.lon)
        away[town.country] = min(km, away.get(town.country, km))
    closest = min(away, key=lambda country: away[country], default="")
    if said in away and away[said] - away[closest] < UNSURE_KM:
        return said
    return closest


def _found(place: Place, km: float, towns: Mapping[str, Town], spot: Spot, at: datetime, *, is_abroad: bool) -> Found:
    same_town = place.town in towns and (place.town == spot.town or (place.lat is None and km < SAME_TOWN_KM))
    is_open, changes_at = door(place, at)
    return Found(place, None if same_town else km, is_open, changes_at, is_abroad)


def door(place: Place, at: datetime) -> tuple[bool | None, datetime | None]:
    """Whether it is open (None: not known), and when that changes. Hours long past their review count as not known."""
    hours = place.hours
    if hours is None or is_outdated(place.review.review_by, at):
        return None, None
    return hours.is_open(at), hours.next_change(at)


def is_outdated(review_by: date | None, at: datetime) -> bool:
    """Whether hours are so long past their review that showing them would do harm."""
    return review_by is not None and at.date() > review_by + HOURS_GRACE


# --- Towns by name ---------------------------------------------------------------------------------------------------

MAX_WORDS = 12
"""Words of a sentence that are searched for a town."""


def find_town(towns: Iterable[Town], text: str) -> str | None:
    """The id of the one town that somebody means, else None. Between two that fit equally well it never chooses."""
    fitting = fitting_towns(towns, text)
    return fitting[0] if len(fitting) == 1 else None


def fitting_towns(towns: Iterable[Town], text: str) -> tuple[str, ...]:
    """The ids of the towns that fit a text best: those named in it, else those that a small typo keeps apart."""
    words = fold(text).split()[:MAX_WORDS]
    names = _by_name(towns)
    return tuple(sorted(_exact(words, names) or _misspelt(words, names)))


def _by_name(towns: Iterable[Town]) -> dict[str, set[str]]:
    """Every folded name and synonym, with the towns that bear it."""
    names: dict[str, set[str]] = {}
    for town in towns:
        for name in filter(None, map(fold, (*town.name.values(), *town.synonyms))):
            names.setdefault(name, set()).add(town.id)
    return names


def _exact(words: list[str], names: Mapping[str, set[str]]) -> set[str]:
    """The towns whose names stand in the words. A longer name hides the shorter ones inside it ("santa elena cayo")."""
    found: set[str] = set()
    hidden: set[int] = set()
    for length in range(len(words), 0, -1):
        for start in range(len(words) - length + 1):
            at = set(range(start, start + length))
            ids = names.get(" ".join(words[start : start + length]))
            if ids and not at & hidden:
                found |= ids
                hidden |= at
    return found


def _misspelt(words: list[str], names: Mapping[str, set[str]]) -> set[str]:
    """The towns whose names are nearest to some of the words, within the typos that their length forgives."""
    best: dict[str, int] = {}
    for name, ids in names.items():
        allowed = typos_forgiven(name)
        for piece in _pieces(words, name.count(" ") + 1) if allowed else ():
            typos = OSA.distance(piece, name, score_cutoff=allowed)
            if typos <= allowed:
                best.update({id_: min(typos, best.get(id_, typos)) for id_ in ids})
    fewest = min(best.values(), default=0)
    return {id_ for id_, typos in best.items() if typos == fewest}


def typos_forgiven(name: str) -> int:
    """None in a short name, where one letter makes another word; one in a middling, two in a long one."""
    letters = len(name.replace(" ", ""))
    return 0 if letters < 6 else 1 if letters < 9 else 2


def _pieces(words: list[str], length: int) -> Iterable[str]:
    """Runs of so many words, or one more or less: a space is an easy slip."""
    for size in {max(1, length - 1), length, length + 1}:
        for start in range(len(words) - size + 1):
            yield " ".join(words[start : start + size])
