"""Anonymous counts of handovers, by day and language: for supervisors, and to know how many in danger reach a human.

A hash a day holds numbers only (R44). They are written after the commit that they count: a process that dies between the
two counts one less, which does no harm. Who reads them sees no number below ten (R55).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from webhook.desk.records import Outcome, Ticket, Why
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown
from webhook.store.keyspace import STAFF_PREFIX
from webhook.store.lifetimes import COUNTS_TTL_S, DAY_S
from webhook.store.moving import flat

LEAST_SHOWN = 10
TALKS_KEPT = 50
WAITS_S = (60, 300, 900, 3600)
"""Bounds of the waiting times that are told apart; what is longer comes last."""

TALKS_KEY = f"{STAFF_PREFIX}talks"
OPENED, TAKEN, ANSWERED = "opened", "taken", "answered"
DANGER_OPENED, DANGER_REACHED, RAISED = "danger_opened", "danger_reached", "raised"
NOT_TAKEN, SILENT = "not_taken", "silent"
WAITED, UNTIL_ANSWER, UNTIL_DANGER_ANSWER = "wait", "answer", "danger_answer"

_LANGUAGE = re.compile(r"[a-z]{2,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Counted:
    """One thing that happened to a ticket; `took_s` is the time it took where that is counted, `talked_s` a talk's length."""

    what: str
    language: str
    timed: str = ""
    took_s: int = 0
    talked_s: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """The counts of one day and language. A number from 1 to 9 is None: too few people to speak of.

    `outcomes` and `whys` are by name, `waits` the people taken within each of `WAITS_S` and later, `raised` tickets in
    which certain danger was told; the times are means in seconds, None where too few were measured or none.
    """

    day: int
    language: str
    opened: int | None
    taken: int | None
    answered: int | None
    not_taken: int | None
    silent: int | None
    danger_opened: int | None
    danger_reached: int | None
    wait_s: int | None
    answer_s: int | None
    danger_answer_s: int | None
    outcomes: dict[str, int | None] = field(default_factory=dict)
    whys: dict[str, int | None] = field(default_factory=dict)
    waits: tuple[int | None, ...] = ()
    raised: int | None = 0


def took(ticket: Ticket, now_s: int) -> Iterable[Counted]:
    """An advisor took a ticket. Only the first time counts as the end of waiting."""
    if not ticket.taken_s:
        yield Counted(TAKEN, ticket.language, WAITED, max(0, now_s - ticket.opened_s))


def answered(ticket: Ticket, now_s: int) -> Iterable[Counted]:
    """An advisor answered: for the first time, or for the first time since danger was told."""
    if not ticket.first_answer_s:
        yield Counted(ANSWERED, ticket.language, UNTIL_ANSWER, max(0, now_s - ticket.opened_s))
    if ticket.danger_s and not ticket.danger_answered:
        yield Counted(DANGER_REACHED, ticket.language, UNTIL_DANGER_ANSWER, max(0, now_s - ticket.danger_s))


def ended(outcome: Outcome, language: str, taken_s: int = 0, now_s: int = 0, why: str = "") -> Iterable[Counted]:
    """A ticket was closed; `why`, if an advisor did it."""
    yield Counted(f"outcome_{outcome.value}", language, talked_s=max(0, now_s - taken_s) if taken_s else 0)
    if why in set(Why):
        yield Counted(f"why_{why}", language)


class Counting:
    """Writes and reads the counts. `add` never raises; what reads raises StoreDown. `now` gives seconds since 1970."""

    def __init__(
        self, connection: Connection, now: Callable[[], float], lost: Callable[[], None] = lambda: None
    ) -> None:
        self._connection = connection
        self._now = now
        self._lost = lost

    def add(self, counted: Iterable[Counted]) -> None:
        """Count what happened."""
        for one in counted:
            try:
                self._add(one)
            except StoreDown:
                self._lost()

    def talk_s(self) -> int:
        """The median length of the last talks, in seconds; 0 when there was none."""
        lengths = [int(length) for length in self._connection.command("LRANGE", TALKS_KEY, 0, TALKS_KEPT - 1)]
        return int(median(lengths)) if lengths else 0

    def rows(self, days: int) -> list[Row]:
        """The counts of the last days, newest day first, a row for each language that has any."""
        today = int(self._now()) // DAY_S
        return [row for back in range(days) for row in self._rows_of(today - back)]

    def _rows_of(self, day: int) -> list[Row]:
        answer = flat(self._connection.command("HGETALL", _key(day)))
        by_language: dict[str, dict[str, int]] = {}
        for name, value in zip(answer[::2], answer[1::2], strict=True):
            language, _, what = name.decode().partition(":")
            by_language.setdefault(language, {})[what] = int(value)
        return [_row(day, language, numbers) for language, numbers in sorted(by_language.items())]

    def _add(self, one: Counted) -> None:
        language = one.language if _LANGUAGE.fullmatch(one.language) else "-"
        key = _key(int(self._now()) // DAY_S)
        self._connection.command("HINCRBY", key, f"{language}:{one.what}", 1)
        if one.timed:
            self._connection.command("HINCRBY", key, f"{language}:{one.timed}_s", one.took_s)
            self._connection.command("HINCRBY", key, f"{language}:{one.timed}_{_bucket(one.took_s)}", 1)
        self._connection.command("EXPIRE", key, COUNTS_TTL_S)
        if one.talked_s:
            self._connection.command("LPUSH", TALKS_KEY, one.talked_s)
            self._connection.command("LTRIM", TALKS_KEY, 0, TALKS_KEPT - 1)
            self._connection.command("EXPIRE", TALKS_KEY, COUNTS_TTL_S)


def _key(day: int) -> str:
    return f"{STAFF_PREFIX}counts:{day}"


def _bucket(took_s: int) -> int:
    return sum(took_s > bound for bound in WAITS_S)


def _row(day: int, language: str, numbers: dict[str, int]) -> Row:
    def shown(what: str) -> int | None:
        number = numbers.get(what, 0)
        return None if 0 < number < LEAST_SHOWN else number

    def mean_s(what: str, timed: str) -> int | None:
        number = numbers.get(what, 0)
        return numbers.get(f"{timed}_s", 0) // number if number >= LEAST_SHOWN else None

    return Row(
        day=day,
        language=language,
        opened=shown(OPENED),
        taken=shown(TAKEN),
        answered=shown(ANSWERED),
        not_taken=shown(NOT_TAKEN),
        silent=shown(SILENT),
        danger_opened=shown(DANGER_OPENED),
        danger_reached=shown(DANGER_REACHED),
        wait_s=mean_s(TAKEN, WAITED),
        answer_s=mean_s(ANSWERED, UNTIL_ANSWER),
        danger_answer_s=mean_s(DANGER_REACHED, UNTIL_DANGER_ANSWER),
        outcomes={outcome.value: shown(f"outcome_{outcome.value}") for outcome in Outcome},
        whys={why.value: shown(f"why_{why.value}") for why in Why},
        raised=shown(RAISED),
        waits=tuple(shown(f"{WAITED}_{bucket}") for bucket in range(len(WAITS_S) + 1)),
    )


def columns(rows: Sequence[Row]) -> list[str]:
    """The outcomes that any row speaks of, in their usual order."""
    return [outcome.value for outcome in Outcome if any(row.outcomes.get(outcome.value) != 0 for row in rows)]


def why_columns(rows: Sequence[Row]) -> list[str]:
    """The reasons for closing that any row speaks of, in their usual order."""
    return [why.value for why in Why if any(row.whys.get(why.value, 0) != 0 for row in rows)]
