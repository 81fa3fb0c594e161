"""What is near, on which side of the border, and which town somebody means."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalogue import Town
from bot.nearest import Found, Spot, country_at, distance_km, find_town, fitting_towns, nearest
from tests.action_world import NOW, PLACES, TOWNS, place, town

TOWNS_BY_ID = {each.id: each for each in TOWNS}


def spot(id_: str) -> Spot:
    return Spot(TOWNS_BY_ID[id_].lat, TOWNS_BY_ID[id_].lon, id_)


def near(at: Spot, country: str = "", limit: int = 3) -> tuple[Found, ...]:
    return nearest(PLACES, TOWNS_BY_ID, at, NOW, country=country, limit=limit)


def ids(found: tuple[Found, ...]) -> list[str]:
    return [each.place.id for each in found]


# --- distance --------------------------------------------------------------------------------------------------------

POINTS = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


def test_a_known_distance() -> None:
    """Chetumal to Corozal is about fifteen kilometres: a mix-up of latitude and longitude would show."""
    assert distance_km(18.504, -88.305, 18.394, -88.388) == pytest.approx(15.1, abs=0.2)
    assert distance_km(0, 0, 0, 180) == pytest.approx(20015, abs=1)


@given(POINTS, POINTS)
def test_distance_is_the_same_both_ways(a: tuple[float, float], b: tuple[float, float]) -> None:
    """No pair of points on earth may break the formula, the opposite side of it included."""
    there = distance_km(*a, *b)
    assert 0 <= there <= 20016
    assert there == pytest.approx(distance_km(*b, *a), abs=1e-6)


# --- places ----------------------------------------------------------------------------------------------------------


def test_the_nearest_come_first_and_no_more_than_asked_for() -> None:
    """Three places fit in an SMS; the order is what the person asked for."""
    assert ids(near(spot("chetumal"))) == ["rights-chetumal", "inm-bridge"]
    assert ids(near(spot("chetumal"), limit=1)) == ["rights-chetumal"]


def test_a_far_place_is_listed_only_where_nothing_is_near() -> None:
    """An office three hundred kilometres away is no help beside one in town; where it is the only one, it is."""
    assert "inm-cancun" not in ids(near(spot("chetumal"), limit=99))
    far = place("far", kinds=["migration"], town="cancun", hours="Mon-Fri 09:00-13:00")
    assert ids(nearest([far], TOWNS_BY_ID, spot("chetumal"), NOW)) == ["far"]


def test_each_has_its_distance_and_its_door() -> None:
    """A place in the same town has no distance: a town's centre says nothing exact about a door in it."""
    rights, bridge = near(spot("chetumal"))
    (cancun,) = near(spot("cancun"), limit=1)
    assert (rights.km, rights.is_open, rights.changes_at) == (None, None, None)
    assert bridge.km == pytest.approx(9.7, abs=0.5)
    assert bridge.is_open is True
    assert bridge.changes_at == datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
    assert cancun.is_open is False
    assert cancun.changes_at == datetime(2026, 11, 23, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize("where", [each.id for each in TOWNS])
def test_consulates_and_embassies_are_never_listed(where: str) -> None:
    """Somebody may be hiding from the government behind that door; those pages are guarded (R36)."""
    assert not {"consulate", "embassy"}.intersection(ids(near(spot(where), limit=99)))


def test_the_hub_is_listed_only_once_somebody_has_confirmed_it() -> None:
    """Nobody may be sent to a door that is not known to exist."""
    assert "hub" not in ids(near(spot("chetumal"), limit=99))
    confirmed = place(
        "hub", kinds=["hub"], town="chetumal", hours="Mon-Fri 09:00-13:00", confirmed_on=date(2026, 11, 1)
    )
    assert ids(nearest([confirmed], TOWNS_BY_ID, spot("chetumal"), NOW)) == ["hub"]


def test_a_telephone_line_is_no_place() -> None:
    """Without address, position or hours there is nowhere to go."""
    assert "permits-line" not in ids(near(spot("orange-walk"), limit=99))


def test_of_equally_near_places_the_first_in_the_file_comes_first() -> None:
    """Staff put the best one first."""
    twins = [place("second", town="bacalar"), place("first", town="bacalar")]
    assert ids(nearest(twins, TOWNS_BY_ID, spot("bacalar"), NOW)) == ["second", "first"]
    assert ids(nearest(twins[::-1], TOWNS_BY_ID, spot("bacalar"), NOW)) == ["first", "second"]


def test_a_place_without_any_position_is_left_out() -> None:
    """A distance cannot be made up."""
    assert nearest([place("nowhere"), place("gone", town="atlantis")], TOWNS_BY_ID, spot("bacalar"), NOW) == ()


def test_without_places_nothing_is_found() -> None:
    """An empty list is an answer the action must be able to get."""
    assert nearest([], TOWNS_BY_ID, spot("bacalar"), NOW) == ()


# --- two sides -------------------------------------------------------------------------------------------------------


def test_the_other_side_is_not_listed_because_it_is_a_little_nearer() -> None:
    """Behind a border ten kilometres are not ten kilometres: it takes papers, a fee and hours."""
    sides = [place("there", town="subteniente-lopez"), place("here", country="belize", town="corozal")]
    found = nearest(sides, TOWNS_BY_ID, Spot(18.45, -88.39, "corozal"), NOW)
    assert ids(found) == ["here"]


def test_one_place_of_the_other_side_is_listed_when_it_is_really_nearer() -> None:
    """From La Union the next Mexican office is ninety kilometres away; the Belizean one is said to be in Belize."""
    first, *others = near(spot("la-union"))
    assert (first.place.id, first.is_abroad) == ("labour-orange-walk", True)
    assert [each.is_abroad for each in others] == [False, False]


def test_in_a_third_country_all_are_abroad() -> None:
    """In Flores both sides are another country, and each is said."""
    found = near(spot("flores"), limit=99)
    assert found
    assert all(each.is_abroad for each in found)


def test_close_to_the_border_what_the_person_said_decides_the_side() -> None:
    """The river is narrower than a village is wide: the nearest town alone would tell the wrong country."""
    bridge = Spot(18.489, -88.397)
    assert country_at(TOWNS_BY_ID, bridge, "mexico") == "mexico"
    assert country_at(TOWNS_BY_ID, bridge, "belize") == "belize"


def test_far_from_the_border_the_position_decides_the_side() -> None:
    """Who said "Belize" an hour ago and shares a position in Chetumal has crossed."""
    assert country_at(TOWNS_BY_ID, Spot(18.51, -88.30), "belize") == "mexico"
    assert country_at(TOWNS_BY_ID, spot("corozal"), "mexico") == "belize"
    assert country_at({}, Spot(0, 0), "mexico") == ""


# --- old hours -------------------------------------------------------------------------------------------------------


def test_hours_long_past_their_review_count_as_not_known() -> None:
    """Old hours send people to shut doors: after the grace they are not told any more (R45)."""
    office = place("office", town="bacalar", hours="Mon-Fri 09:00-13:00", review_by=NOW.date() - timedelta(days=30))
    assert nearest([office], TOWNS_BY_ID, spot("bacalar"), NOW)[0].is_open is True
    assert nearest([office], TOWNS_BY_ID, spot("bacalar"), NOW + timedelta(days=1))[0].is_open is None


# --- towns -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "town_id"),
    [
        ("Corozal", "corozal"),
        ("KOROZAL!!", "corozal"),
        ("corozl", "corozal"),
        ("estoy en chetumal", "chetumal"),
        ("i de da orangewalk right now", "orange-walk"),
        ("orange wlak", "orange-walk"),
        ("santa elena", "santa-elena"),
        ("santa elena cayo", "san-ignacio"),
        ("Bacalár", "bacalar"),
        ("chetu", "chetumal"),
        ("peten", "flores"),
    ],
)
def test_towns_are_known_by_their_names_and_small_typos(text: str, town_id: str) -> None:
    """People type in a hurry, without accents, with a few words around."""
    assert find_town(TOWNS, text) == town_id


@pytest.mark.parametrize(
    "text", ["", "   ", "hello", "Belmopan", "😀", "onion", "caya", "from corozal to bacalar", "x" * 5000]
)
def test_what_names_no_town_or_two_is_not_guessed(text: str) -> None:
    """A wrong town sends somebody across a border; better to ask again."""
    assert find_town(TOWNS, text) is None


def test_between_two_equally_near_names_it_never_chooses() -> None:
    """ "San Pablo" and "San Pable" are one letter from "San Pablx": only the person knows."""
    twins = [town("san-pablo", 18, -88), town("san-pabla", 19, -88)]
    assert find_town(twins, "san pablx") is None
    assert fitting_towns(twins, "san pablx") == ("san-pabla", "san-pablo")
    assert find_town(twins, "san pablo") == "san-pablo"


def test_one_name_of_two_towns_is_not_guessed() -> None:
    """The same synonym in two towns is possible in any file."""
    twins = [town("a-town", 18, -88, synonyms=["the border"]), town("b-town", 19, -88, synonyms=["the border"])]
    assert find_town(twins, "the border") is None


@given(st.sampled_from(TOWNS), st.sampled_from(["{}", "estoy en {}", "{} please", "  {}?"]))
def test_every_name_of_a_town_finds_it(wanted: Town, sentence: str) -> None:
    """What staff write into the file must work, in a sentence too."""
    for name in (*wanted.name.values(), *wanted.synonyms):
        assert find_town(TOWNS, sentence.format(name)) == wanted.id


@given(st.text(max_size=200))
def test_any_text_gives_a_known_town_or_none(text: str) -> None:
    """Whatever is typed, the answer is an id of the file or nothing."""
    assert find_town(TOWNS, text) in {*TOWNS_BY_ID, None}


def test_a_place_knows_its_own_coordinates_better_than_its_town() -> None:
    """A door at the far end of a long town is measured from the door."""
    office = replace(PLACES[1], town="cancun")
    assert nearest([office], TOWNS_BY_ID, spot("subteniente-lopez"), NOW)[0].km == pytest.approx(0.3, abs=0.2)
