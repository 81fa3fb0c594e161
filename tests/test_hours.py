"""Opening hours: as staff write them, as they hold on both sides of the border, and as they are told."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.hours import HoursError, OpeningHours, Rule, describe, parse_hours, parse_rule, public_holidays
from bot.segments import count

CHETUMAL = "America/Cancun"
BELIZE = "America/Belize"


def hours(*lines: str, zone: str = CHETUMAL, holidays: str = "", closed: frozenset[date] = frozenset()) -> OpeningHours:
    found = parse_hours(lines, zone=zone, holidays=holidays, closed=closed)
    assert found is not None
    return found


def local(text: str, zone: str = CHETUMAL) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


# --- reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "days", "spans"),
    [
        ("Mon-Fri 09:00-13:30", (0, 1, 2, 3, 4), ((540, 810),)),
        ("Mon,Wed 08:00-12:00", (0, 2), ((480, 720),)),
        ("Mon, Wed-Fri 8:00 - 12:00", (0, 2, 3, 4), ((480, 720),)),
        ("Mon-Sun 00:00-24:00", tuple(range(7)), ((0, 1440),)),
        ("24h", tuple(range(7)), ((0, 1440),)),
        ("Fri-Mon 10:00-11:00", (0, 4, 5, 6), ((600, 660),)),
        ("Sat 22:00-02:00", (5,), ((1320, 1560),)),
        ("Mon-Fri 08:00-12:00, 13:00-17:00", (0, 1, 2, 3, 4), ((480, 720), (780, 1020))),
        ("lunes-viernes: 09:00–13:30", (0, 1, 2, 3, 4), ((540, 810),)),
        ("Sáb 09:00-12:00", (5,), ((540, 720),)),
    ],
)
def test_lines_are_read_as_staff_write_them(
    line: str, days: tuple[int, ...], spans: tuple[tuple[int, int], ...]
) -> None:
    """Hours are the fact people ask for most: every usual way to write them must mean the same."""
    assert parse_rule(line) == Rule(days, spans)


def test_unknown_hours_are_none() -> None:
    """Nobody may read an unknown hour as an hour."""
    assert parse_hours(["unknown"], zone=CHETUMAL) is None


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "or the word unknown"),
        (["9 to 5"], "Write it like 'Mon-Fri 09:00-13:30'"),
        (["Mon-Fri"], "Write it like"),
        (["Mon-Fry 09:00-13:30"], "'fry' is no day. Use Mon,"),
        (["Mon-Wed-Fri 09:00-13:30"], "one day or one range"),
        (["Mon 09:00"], "'09:00' are no times"),
        (["Mon 9am-1pm"], "are no times"),
        (["Mon 09:00-25:00"], "from 00:00 to 24:00"),
        (["Mon 24:00-25:00"], "from 00:00 to 24:00"),
        (["Mon 09:60-10:00"], "minutes to 59"),
        (["Mon 09:00-09:00"], "write 00:00-24:00"),
        (["unknown", "Mon 09:00-10:00"], "not both"),
        (["Mon-Fri 09:00-13:30", "Fri 13:00-15:00"], "overlaps"),
        (["Sun 22:00-02:00", "Mon 01:00-05:00"], "overlaps"),
    ],
)
def test_what_cannot_be_read_says_how_to_mend_it(lines: list[str], says: str) -> None:
    """Staff are no programmers: the message must be enough to put the line right."""
    with pytest.raises(HoursError, match=says.replace("(", r"\(")):
        parse_hours(lines, zone=CHETUMAL)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """A slip in a file must never stop the whole check with a traceback."""
    with suppress(HoursError):
        parse_hours([text], zone=CHETUMAL)


# --- open or not -----------------------------------------------------------------------------------------------------


def test_the_same_hours_differ_by_an_hour_across_the_border() -> None:
    """Half past eight in Belize is half past nine in Chetumal: who crosses with the wrong clock finds a shut door."""
    at = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
    assert hours("Mon-Fri 09:00-13:30").is_open(at)
    assert not hours("Mon-Fri 09:00-13:30", zone=BELIZE).is_open(at)
    assert hours("Mon-Fri 09:00-13:30", zone=BELIZE).next_opening(at) == datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize("month", [1, 7])
@pytest.mark.parametrize(("zone", "utc_hour"), [(CHETUMAL, 14), (BELIZE, 15)])
def test_no_side_changes_its_clock_in_summer(month: int, zone: str, utc_hour: int) -> None:
    """Neither side has summer time; the zone data must say so too."""
    opening = hours("Mon-Sun 09:00-10:00", zone=zone).next_opening(datetime(2026, month, 15, 6, 0, tzinfo=UTC))
    assert opening == datetime(2026, month, 15, utc_hour, 0, tzinfo=UTC)


def test_it_opens_on_the_minute_and_shuts_on_the_minute() -> None:
    """The first minute counts as open, the closing minute as shut."""
    office = hours("Mon-Fri 09:00-13:30")
    assert not office.is_open(local("2026-11-23T08:59:59"))
    assert office.is_open(local("2026-11-23T09:00"))
    assert office.is_open(local("2026-11-23T13:29:59"))
    assert not office.is_open(local("2026-11-23T13:30"))


def test_a_night_goes_on_after_midnight() -> None:
    """A clinic that closes at two must not be told as shut at one."""
    night = hours("Sat 22:00-02:00")
    assert night.is_open(local("2026-11-29T01:00"))
    assert night.next_change(local("2026-11-28T23:00")) == local("2026-11-29T02:00")
    assert not night.is_open(local("2026-11-28T01:00"))


def test_midnight_closes_nothing_that_goes_on() -> None:
    """Two days that touch are one opening: nobody is told "until midnight" of a place that stays open."""
    office = hours("Mon 08:00-24:00", "Tue 00:00-12:00")
    assert office.next_change(local("2026-11-23T20:00")) == local("2026-11-24T12:00")


def test_day_and_night_never_changes_and_keeps_no_holidays() -> None:
    """A police station does not close at Christmas, whatever `holidays` says in the file."""
    station = hours("Mon-Sun 00:00-24:00", holidays="BZ", zone=BELIZE)
    christmas = local("2026-12-25T03:00", BELIZE)
    assert station.is_open(christmas)
    assert station.next_change(christmas) is None
    assert station.next_opening(christmas) == christmas


def test_a_closed_day_closes_day_and_night_too() -> None:
    """Staff who write a closed day mean it."""
    station = hours("24h", closed=frozenset({date(2026, 11, 24)}))
    assert station.next_change(local("2026-11-23T12:00")) == local("2026-11-24T00:00")
    assert station.next_opening(local("2026-11-24T12:00")) == local("2026-11-25T00:00")
    assert station.next_change(local("2026-11-25T12:00")) is None


@pytest.mark.parametrize(
    ("country", "zone", "day"),
    [("MX", CHETUMAL, "2026-11-16"), ("MX", CHETUMAL, "2026-09-16"), ("BZ", BELIZE, "2026-11-19"), ("BZ", BELIZE, "2026-09-21")],
)  # fmt: skip
def test_public_holidays_are_those_of_the_country(country: str, zone: str, day: str) -> None:
    """People travel half a day to an office: on Garifuna Settlement Day the one in Belize is shut, the Mexican is not."""
    other = "BZ" if country == "MX" else "MX"
    at = local(f"{day}T10:00", zone)
    assert not hours("Mon-Fri 09:00-13:30", zone=zone, holidays=country).is_open(at)
    assert hours("Mon-Fri 09:00-13:30", zone=zone, holidays=other).is_open(at)
    assert hours("Mon-Fri 09:00-13:30", zone=zone).is_open(at)


def test_after_a_holiday_it_opens_on_the_next_working_day() -> None:
    """Christmas and Boxing Day 2026 are Friday and Saturday in Belize: "opens Monday" is the truth."""
    office = hours("Mon-Sat 08:00-17:00", zone=BELIZE, holidays="BZ")
    assert office.next_opening(local("2026-12-24T18:00", BELIZE)) == local("2026-12-28T08:00", BELIZE)


def test_holidays_of_a_year_are_computed_once() -> None:
    """The data of a country takes a tenth of a second to load, which no second person should pay."""
    assert public_holidays("MX", 2026) is public_holidays("MX", 2026)


def test_a_place_shut_for_more_than_a_year_has_no_next_opening() -> None:
    """A search without end would hang a reply."""
    shut = frozenset(date(2026, 11, 23) + timedelta(days=day) for day in range(500))
    office = hours("Mon-Fri 09:00-13:30", closed=shut)
    assert office.next_opening(local("2026-11-23T08:00")) is None
    assert office.next_change(local("2026-11-23T08:00")) is None


def test_a_moment_without_zone_is_refused() -> None:
    """An hour without a side is the mistake this module exists to prevent."""
    for ask in (hours("24h").is_open, hours("Mon 09:00-10:00").next_change, hours("Mon 09:00-10:00").next_opening):
        with pytest.raises(ValueError, match="no zone"):
            ask(datetime(2026, 11, 23, 9, 0))


# --- properties ------------------------------------------------------------------------------------------------------

MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))
MINUTES = st.integers(0, 1439)


@st.composite
def any_hours(draw: st.DrawFn) -> OpeningHours:
    rules = []
    for _ in range(draw(st.integers(1, 3))):
        days = draw(st.sets(st.integers(0, 6), min_size=1))
        start, length = draw(MINUTES), draw(st.integers(1, 1440))
        rules.append(Rule(tuple(sorted(days)), ((start, min(start + length, start + 1440)),)))
    zone, holidays = draw(
        st.sampled_from([(CHETUMAL, "MX"), (BELIZE, "BZ"), (BELIZE, ""), ("America/Mexico_City", "MX")])
    )
    closed = draw(st.sets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=3))
    return OpeningHours(tuple(rules), zone, holidays, frozenset(closed))


@settings(max_examples=150, deadline=None)
@given(any_hours(), MOMENTS, st.floats(0, 0.999_999))
def test_the_next_opening_is_open_and_nothing_is_open_before_it(
    office: OpeningHours, at: datetime, part: float
) -> None:
    """Whoever is told "opens Monday 09:00" must find it open then, and must not have missed an hour before."""
    opening = office.next_opening(at)
    assert opening is not None
    assert opening >= at
    assert office.is_open(opening)
    assert (opening == at) == office.is_open(at)
    if opening > at:
        assert not office.is_open(at + (opening - at) * part)
        assert not office.is_open(opening - timedelta(seconds=1))


@settings(max_examples=150, deadline=None)
@given(any_hours(), MOMENTS, st.floats(0, 0.999_999))
def test_nothing_changes_before_the_next_change(office: OpeningHours, at: datetime, part: float) -> None:
    """ "Open until 13:30" is a promise for every minute until then."""
    change = office.next_change(at)
    if change is None:
        assert office.is_open(at)
        assert office.is_open(at + timedelta(days=300 * part))
    else:
        assert change > at
        assert office.is_open(at + (change - at) * part) == office.is_open(at)
        assert office.is_open(change) != office.is_open(at)


# --- telling ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "english", "spanish"),
    [
        (["Mon-Fri 09:00-13:30"], "Mon-Fri 09:00-13:30", "lun-vie 09:00-13:30"),
        (["Mon,Wed 08:00-12:00"], "Mon,Wed 08:00-12:00", "lun,mié 08:00-12:00"),
        (["Mon-Thu 08:00-17:00", "Fri 08:00-16:30"], "Mon-Thu 08:00-17:00; Fri 08:00-16:30", "lun-jue 08:00-17:00; vie 08:00-16:30"),
        (["Mon-Fri 08:00-12:00, 13:00-17:00"], "Mon-Fri 08:00-12:00, 13:00-17:00", "lun-vie 08:00-12:00, 13:00-17:00"),
        (["Mon-Fri 08:00-12:00", "Mon-Fri 13:00-17:00"], "Mon-Fri 08:00-12:00, 13:00-17:00", "lun-vie 08:00-12:00, 13:00-17:00"),
        (["Sat 22:00-02:00"], "Sat 22:00-02:00", "sáb 22:00-02:00"),
        (["Sun 18:00-24:00"], "Sun 18:00-24:00", "dom 18:00-24:00"),
        (["24h"], "24 h", "24 h"),
    ],
)  # fmt: skip
def test_hours_are_told_in_the_language_of_the_person(lines: list[str], english: str, spanish: str) -> None:
    """The same fact in both languages, from one line in one file."""
    assert describe(hours(*lines), "en") == english
    assert describe(hours(*lines), "es") == spanish


@pytest.mark.parametrize("locale", ["en", "es"])
def test_told_hours_stay_cheap_in_an_sms(locale: str) -> None:
    """A dash or a dot of the wrong kind would halve what an SMS holds. (á is folded by the channel.)"""
    told = describe(hours("Mon-Wed,Fri 09:00-13:30"), locale)
    assert count(told).encoding == "GSM-7"
    assert "." not in told


@given(st.sets(st.integers(0, 6), min_size=1), MINUTES, st.integers(1, 1439))
def test_told_hours_can_be_read_back(days: set[int], start: int, length: int) -> None:
    """What people are shown means what staff wrote: reading it again gives the same week."""
    rule = Rule(tuple(sorted(days)), ((start, start + length),))
    told = describe(OpeningHours((rule,), CHETUMAL), "en")
    assert _minutes(parse_rule(told)) == _minutes(rule)


def _minutes(rule: Rule) -> set[int]:
    return {
        (day * 1440 + minute) % 10080 for day in rule.days for start, end in rule.spans for minute in range(start, end)
    }
