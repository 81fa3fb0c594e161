"""Opening hours as staff write them, and what they mean at a moment: open or not, until when, from when on.

Hours are local to a zone: Chetumal and Corozal are ten kilometres and one hour apart. Every moment that goes in or
comes out is aware; what comes out is in the zone of the place.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

DAY_MINUTES = 24 * 60
HORIZON_DAYS = 400
"""How far ahead a change is looked for. A place that stays shut for longer has no next opening worth telling."""
_FAR = timedelta(days=HORIZON_DAYS - 5)

UNKNOWN = "unknown"
_ALL_DAY = ((0, DAY_MINUTES),)

Span = tuple[int, int]
"""Minutes after midnight, from and to. Beyond 1440 it goes on after midnight."""

Period = tuple[datetime, datetime]


class HoursError(ValueError):
    """A line that gives no hours. `line` is that line; the message says how to mend it."""

    def __init__(self, line: str, mend: str) -> None:
        self.line = line
        super().__init__(f"'{line}' are no opening hours. {mend}")


@dataclass(frozen=True, slots=True)
class Rule:
    """On these days (Monday is 0), open in these spans."""

    days: tuple[int, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """When a place is open. `holidays` is the country whose public holidays it keeps ("MX", "BZ" or "" for none).

    `closed` are further days on which it stays shut. A span belongs to the day on which it begins. A place that is
    open day and night keeps no holidays: a police station does not close at Christmas.
    """

    rules: tuple[Rule, ...]
    zone: str
    holidays: str = ""
    closed: frozenset[date] = frozenset()

    @property
    def is_round_the_clock(self) -> bool:
        """Whether it is open day and night, all week."""
        return all(spans == _ALL_DAY for spans in week(self.rules))

    def is_open(self, at: datetime) -> bool:
        """Whether it is open at an aware moment."""
        return any(start <= at < end for start, end in self._spans_from(at, days=2))

    def next_change(self, at: datetime) -> datetime | None:
        """The first moment after `at` when it closes or opens; None if it does neither within a year."""
        if self.is_round_the_clock and not self.closed:
            return None
        period = self._period(at)
        if period is None:
            return None
        start, end = period
        change = start if start > at else end
        return None if change - at > _FAR else self._here(change)  # the end of the search is no closing time

    def next_opening(self, at: datetime) -> datetime | None:
        """The first moment, from `at` on, when it is open: `at` itself if it is open now. None if not within a year."""
        ahead = (max(start, at) for start, end in self._spans_from(at, days=HORIZON_DAYS) if end > at)
        opening = next(ahead, None)
        return None if opening is None else self._here(opening)

    def _here(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.zone))

    def _period(self, at: datetime) -> Period | None:
        """From when to when it is open, now or next. Spans that touch are one: midnight closes nothing."""
        period: Period | None = None
        for start, end in self._spans_from(at, days=HORIZON_DAYS):
            if period is None or start > period[1]:
                if period is not None and period[1] > at:
                    return period
                period = start, end
            else:
                period = period[0], max(period[1], end)
        return period if period is not None and period[1] > at else None

    def _spans_from(self, at: datetime, *, days: int) -> Iterator[Period]:
        """The spans of so many days in order, in UTC, from the day before `at`, which may go on after midnight."""
        if at.tzinfo is None:
            raise ValueError(f"{at} says no zone")
        zone = ZoneInfo(self.zone)
        yesterday = self._here(at).date() - timedelta(days=1)
        for after in range(days):
            day = yesterday + timedelta(days=after)
            for start, end in self._spans_of(day):
                yield _moment(day, start, zone), _moment(day, end, zone)

    def _spans_of(self, day: date) -> tuple[Span, ...]:
        if day in self.closed:
            return ()
        spans = week(self.rules)[day.weekday()]
        if not spans or not self.holidays or self.is_round_the_clock:
            return spans
        return () if day in public_holidays(self.holidays, day.year) else spans


def _moment(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, so many minutes into a day on the wall clock of a zone.

    In UTC, because Python compares two moments of one zone by their wall clocks.
    """
    days, left = divmod(minutes, DAY_MINUTES)
    return datetime.combine(day + timedelta(days=days), time(*divmod(left, 60)), tzinfo=zone).astimezone(UTC)


@lru_cache(maxsize=256)
def week(rules: tuple[Rule, ...]) -> tuple[tuple[Span, ...], ...]:
    """The spans of each day, Monday first, in order; those that touch are one."""
    return tuple(_joined(span for rule in rules if day in rule.days for span in rule.spans) for day in range(7))


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return tuple(joined)


@lru_cache(maxsize=64)
def public_holidays(country: str, year: int) -> frozenset[date]:
    """The public holidays of a country ("MX" or "BZ") in a year.

    Imported here because most conversations never ask, and the data of a country takes a tenth of a second to load.
    """
    from holidays import country_holidays

    return frozenset(country_holidays(country, years=year))


# --- Reading ---------------------------------------------------------------------------------------------------------

_NAMES = (
    ("mon", "monday", "mo", "lun", "lunes"),
    ("tue", "tues", "tuesday", "tu", "mar", "martes"),
    ("wed", "wednesday", "we", "mie", "mié", "miercoles", "miércoles"),
    ("thu", "thur", "thurs", "thursday", "th", "jue", "jueves"),
    ("fri", "friday", "fr", "vie", "viernes"),
    ("sat", "saturday", "sa", "sab", "sáb", "sabado", "sábado"),
    ("sun", "sunday", "su", "dom", "domingo"),
)
_DAYS = {name: day for day, names in enumerate(_NAMES) for name in names}
_DASHES = str.maketrans({"–": "-", "—": "-", "−": "-", "‑": "-"})
_LINE = re.compile(r"(?P<days>[^\d:]+?):?\s+(?P<times>\d.*)")
_TIMES = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_ROUND_THE_CLOCK = {"24h", "24 h", "24/7", "24 hours", "24 horas"}
_EXAMPLE = "Write it like 'Mon-Fri 09:00-13:30'"


def parse_hours(
    lines: Iterable[str], zone: str, holidays: str = "", closed: Iterable[date] = ()
) -> OpeningHours | None:
    """Read the lines that staff write; None for the word "unknown". Raises HoursError.

    A line is days and times: "Mon-Fri 09:00-13:30", "Mon,Wed 08:00-12:00, 13:00-17:00", "Sat 22:00-02:00" (till two on
    Sunday), "Mon-Sun 00:00-24:00" or short "24h". Spanish names of days are read too.
    """
    written = [line.strip() for line in lines if line.strip()]
    if not written:
        raise HoursError("", f"{_EXAMPLE}, or the word {UNKNOWN}.")
    if written[0].casefold() == UNKNOWN:
        if len(written) > 1:
            raise HoursError(written[1], f"Write either the hours or the word {UNKNOWN}, not both.")
        return None
    rules = tuple(parse_rule(line) for line in written)
    _refuse_overlaps(rules, written)
    return OpeningHours(rules, zone, holidays, frozenset(closed))


def parse_rule(line: str) -> Rule:
    """Read one line of hours. Raises HoursError."""
    plain = " ".join(line.translate(_DASHES).casefold().split())
    if plain in _ROUND_THE_CLOCK:
        return Rule(tuple(range(7)), _ALL_DAY)
    match = _LINE.fullmatch(plain)
    if match is None:
        raise HoursError(line, f"{_EXAMPLE}, '24h' for day and night, or the word {UNKNOWN}.")
    return Rule(_days(match["days"], line), _spans(match["times"], line))


def _days(text: str, line: str) -> tuple[int, ...]:
    """The days of "mon-fri", "mon,wed" or "fri-mon", each once."""
    days: dict[int, None] = {}
    for part in text.split(","):
        ends = [_day(name, line) for name in part.split("-")]
        if len(ends) > 2:
            raise HoursError(line, f"Between two commas there is one day or one range of days. {_EXAMPLE}.")
        length = (ends[-1] - ends[0]) % 7
        days.update(dict.fromkeys((ends[0] + after) % 7 for after in range(length + 1)))
    return tuple(sorted(days))


def _day(name: str, line: str) -> int:
    bare = name.strip(" .")
    if bare not in _DAYS:
        raise HoursError(line, f"'{bare}' is no day. Use Mon, Tue, Wed, Thu, Fri, Sat, Sun.")
    return _DAYS[bare]


def _spans(text: str, line: str) -> tuple[Span, ...]:
    spans = []
    for part in text.split(","):
        match = _TIMES.fullmatch(part.strip())
        if match is None:
            raise HoursError(line, f"'{part.strip()}' are no times. Write them like 09:00-13:30, with 24 hours.")
        from_hour, from_minute, to_hour, to_minute = map(int, match.groups())
        start, end = from_hour * 60 + from_minute, to_hour * 60 + to_minute
        if from_minute > 59 or to_minute > 59 or start >= DAY_MINUTES or end > DAY_MINUTES:
            raise HoursError(line, "Hours go from 00:00 to 24:00 and minutes to 59.")
        if start == end:
            raise HoursError(line, "It opens and closes at the same time. For day and night write 00:00-24:00.")
        spans.append((start, end if end > start else end + DAY_MINUTES))
    return tuple(spans)


def _refuse_overlaps(rules: tuple[Rule, ...], lines: list[str]) -> None:
    """Two hours for one time are a slip of the pen: nobody can say which was meant."""
    taken = sorted(
        (day * DAY_MINUTES + start, day * DAY_MINUTES + end, line)
        for rule, line in zip(rules, lines, strict=True)
        for day in rule.days
        for start, end in rule.spans
    )
    first_start, first_end, first_line = taken[0]
    again = (first_start + 7 * DAY_MINUTES, first_end, first_line)  # Sunday night runs into Monday
    for (_, end, _), (start, _, line) in pairwise([*taken, again]):
        if start < end:
            raise HoursError(line, "It overlaps with other hours of the same day. Leave one of them out.")


# --- Telling ---------------------------------------------------------------------------------------------------------


def describe(hours: OpeningHours, locale: str, *, round_the_clock: str = "24 h") -> str:
    """The hours in one line: "Mon-Fri 09:00-13:30", "lun-vie 09:00-13:30; sáb 09:00-12:00".

    Only plain hyphens and no dots after the days, so that an SMS stays in the cheap alphabet. It does not name the
    side: whoever shows it adds whose time it is.
    """
    if hours.is_round_the_clock:
        return round_the_clock
    days_by_spans: dict[tuple[Span, ...], list[int]] = {}
    for day, spans in enumerate(week(hours.rules)):
        if spans:
            days_by_spans.setdefault(spans, []).append(day)
    return "; ".join(
        f"{_day_ranges(days, locale)} {', '.join(f'{clock(start)}-{clock(end)}' for start, end in spans)}"
        for spans, days in days_by_spans.items()
    )


def clock(minutes: int) -> str:
    """Minutes after midnight as on a clock of 24 hours; the end of a day is 24:00."""
    return "{:02}:{:02}".format(*divmod(minutes if minutes <= DAY_MINUTES else minutes - DAY_MINUTES, 60))


def _day_ranges(days: list[int], locale: str) -> str:
    names = short_day_names(locale)
    ranges: list[list[int]] = []
    for day in days:
        if ranges and ranges[-1][-1] == day - 1:
            ranges[-1].append(day)
        else:
            ranges.append([day])
    return ",".join(names[run[0]] if len(run) == 1 else f"{names[run[0]]}-{names[run[-1]]}" for run in ranges)


@lru_cache(maxsize=32)
def short_day_names(locale: str) -> tuple[str, ...]:
    """The short names of the days, Monday first, without dots."""
    from babel.dates import get_day_names

    names = get_day_names("abbreviated", locale=locale)
    return tuple(names[day].strip(".") for day in range(7))
