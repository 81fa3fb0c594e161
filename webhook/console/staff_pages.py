"""`/staff`: what a supervisor looks at, and the list of questions that editors work from. Read only, both.

Figures come counted: no number below ten is shown, and none can be asked for person by person.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template

from webhook.console.accounts import Account
from webhook.console.advising import Advising
from webhook.console.guard import Caller, callers, signed_in
from webhook.console.listing import Tab
from webhook.console.showing import Clock, danger_of, label_of, readable
from webhook.console.words import Words
from webhook.console.world import Console
from webhook.desk.counting import Row, columns
from webhook.desk.records import Stage
from webhook.outbox.entries import BadEntry, read
from webhook.outbox.given_up import GivenUp, Letter
from webhook.outbox.reasons import reason_of
from webhook.store.lifetimes import DAY_S
from webhook.store.questions import Kept, QuestionList

DAYS_SHOWN = 30
LETTERS_SHOWN = 50
REFUSED_ALL = "-"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of now. `mood`: "warm" or "amber" if somebody should look."""

    value: str
    says: str
    mood: str = ""


@dataclass(frozen=True, slots=True)
class DayRow:
    """The counts of a day and a language as they are written; `danger` is R44: told, reached, and after how long."""

    day: str
    language: str
    cells: tuple[str, ...]
    danger: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LostRow:
    """A message that was given up: its case, when, and why. Its words stay sealed."""

    ticket: str
    at: str
    channel: str
    why: str


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question as an editor reads it."""

    day: str
    text: str
    language: str
    offered: str
    chosen: str


def staff_pages(console: Console) -> Blueprint:
    """The pages of supervisors and editors."""
    pages = Blueprint("staff", __name__)
    advising = Advising.of(console)
    given_up = GivenUp(console.connection)
    questions = QuestionList(console.connection, console.keys)

    @pages.get("/staff")
    @callers(Caller.SUPERVISOR)
    def overview() -> str:
        """Now, and the last thirty days."""
        account = signed_in()
        clock, words = advising.clock(account), advising.words(account)
        rows = advising.desk.counting.rows(DAYS_SHOWN)
        outcomes = columns(rows)
        return render_template(
            "staff/overview.html.jinja",
            figures=_figures(advising, clock),
            waiting=advising.lists(account, Tab.WAITING).groups,
            alarmed=_alarmed(advising, account),
            on_duty=[advising.colleagues.name(user) for user in advising.desk.on_duty()],
            outcomes=outcomes,
            days=[_day(row, outcomes, clock, words) for row in rows],
            lost=[_lost(advising, letter, clock) for letter in given_up.latest(LETTERS_SHOWN)],
        )

    @pages.get("/staff/questions")
    @callers(Caller.EDITOR, Caller.SUPERVISOR)
    def unanswered() -> str:
        """What was not understood, without identity."""
        account = signed_in()
        kept = questions.kept(int(console.now()) // DAY_S)
        return render_template(
            "staff/questions.html.jinja", rows=_question_rows(advising, kept, account), beyond=kept.beyond
        )

    return pages


def _figures(advising: Advising, clock: Clock) -> list[Figure]:
    words, desk = clock.words, advising.desk
    tickets = desk.open_tickets()
    waiting = [ticket for ticket in tickets if ticket.stage is Stage.WAITING]
    in_danger = sum(danger_of(ticket) == "certain" for ticket in waiting)
    alarms = sum(ticket.alarm is not None for ticket in tickets)
    on_duty = len(desk.on_duty())
    longest = clock.since(min(ticket.opened_s for ticket in waiting)) if waiting else "–"
    return [
        Figure(str(len(waiting)), words("now_waiting")),
        Figure(str(in_danger), words("now_danger"), "warm" if in_danger else ""),
        Figure(str(alarms), words("now_alarms"), "amber" if alarms else ""),
        Figure(longest, words("now_longest")),
        Figure(str(len(tickets) - len(waiting)), words("now_talking")),
        Figure(str(on_duty), words("now_duty"), "amber" if waiting and not on_duty else ""),
    ]


def _alarmed(advising: Advising, account: Account) -> list[object]:
    """Chats that an advisor has and somebody must look at."""
    groups = advising.lists(account, Tab.ALL).groups
    return [row for group in groups for row in group.rows if row.alarm and row.stage == Stage.TALKING.value]


def _day(row: Row, outcomes: list[str], clock: Clock, words: Words) -> DayRow:
    def number(value: int | None) -> str:
        return words("hidden") if value is None else str(value)

    def lasted(seconds: int | None) -> str:
        return "–" if seconds is None else clock.lasted(seconds)

    share = "–"
    if row.danger_opened and row.danger_reached is not None:
        share = f"{100 * row.danger_reached // row.danger_opened} %"
    return DayRow(
        day=clock.day(row.day * DAY_S + DAY_S // 2),
        language=words.of("speaks", row.language),
        cells=(
            number(row.opened),
            number(row.taken),
            lasted(row.wait_s),
            lasted(row.answer_s),
            number(row.not_taken),
            *(number(row.outcomes.get(outcome, 0)) for outcome in outcomes),
        ),
        danger=(number(row.danger_opened), number(row.danger_reached), share, lasted(row.danger_answer_s)),
    )


def _lost(advising: Advising, letter: Letter, clock: Clock) -> LostRow:
    ticket, channel = "", ""
    if letter.written:
        try:
            entry = read(letter.written, advising.console.keys)
            ticket, channel = entry.ticket, entry.channel.value
        except BadEntry:
            pass
    why = reason_of(letter.code, clock.words.language, letter.reason)
    return LostRow(ticket, clock.time(letter.at_s), channel, why)


def _question_rows(advising: Advising, kept: Kept, account: Account) -> list[QuestionRow]:
    clock, words = advising.clock(account), advising.words(account)
    rows = []
    for one in kept.questions:
        offered = [label_of(advising.catalogue, node, words) for node in (*one.offered, one.given) if node]
        chosen = label_of(advising.catalogue, one.chosen, words) if one.chosen else ""
        refused = words("refused_all") if one.refused == REFUSED_ALL else ""
        day = clock.day(one.day * DAY_S + DAY_S // 2)
        rows.append(
            QuestionRow(
                day, readable(one.text), words.of("speaks", one.language), ", ".join(offered), chosen or refused
            )
        )
    return rows
