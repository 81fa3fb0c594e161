"""`/staff`: what a supervisor looks at, and the list of questions that editors work from.

Figures come counted: no number below ten is shown, and none can be asked for person by person. The one thing that can be
done here is with messages that did not go out: sending them again, or letting them go. Their words stay sealed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from webhook.console.access_log import Did
from webhook.console.accounts import Account
from webhook.console.advising import Advising
from webhook.console.answering import telling, unless_same
from webhook.console.guard import Caller, callers, signed_in
from webhook.console.listing import Tab
from webhook.console.showing import Clock, danger_of, label_of, readable
from webhook.console.words import Words
from webhook.console.world import Console
from webhook.desk.counting import Row, columns, why_columns
from webhook.desk.records import Stage
from webhook.outbox.given_up import GivenUp, Letter
from webhook.outbox.reasons import reason_of
from webhook.outbox.second_chance import SecondChance
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
    """The counts of a day and a language as they are written.

    `whys` is how advisors say that chats ended, `danger` is R44: told, reached, and after how long.
    """

    day: str
    language: str
    cells: tuple[str, ...]
    whys: tuple[str, ...]
    danger: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LostRow:
    """A message that was given up: its case, when, and why. Its words stay sealed."""

    id: str
    ticket: str
    at: str
    channel: str
    why: str
    can_retry: bool


@dataclass(frozen=True, slots=True)
class OnDuty:
    """An advisor who is here, and how many chats they have."""

    id: str
    name: str
    chats: str


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
    given_up, second_chance = GivenUp(console.connection), SecondChance(console.connection, console.keys)
    questions = QuestionList(console.connection, console.keys)

    def drawn(template: str, account: Account) -> str:
        clock, words = advising.clock(account), advising.words(account)
        rows = advising.desk.counting.rows(DAYS_SHOWN)
        outcomes, whys = columns(rows), why_columns(rows)
        return render_template(
            template,
            figures=_figures(advising, clock),
            waiting=advising.lists(account, Tab.WAITING).groups,
            alarmed=_alarmed(advising, account),
            on_duty=_on_duty(advising, words),
            outcomes=outcomes,
            whys=whys,
            days=[_day(row, outcomes, whys, clock, words) for row in rows],
            lost=[_lost(second_chance, letter, clock) for letter in given_up.latest(LETTERS_SHOWN)],
        )

    @pages.get("/staff")
    @callers(Caller.SUPERVISOR)
    def overview() -> str:
        """Now, and the last thirty days."""
        return drawn("staff/overview.html.jinja", signed_in())

    @pages.get("/staff/now")
    @callers(Caller.SUPERVISOR, renews=False)
    def now() -> ResponseReturnValue:
        """The same, for the page that is open, if it has changed."""
        return unless_same(drawn("staff/_overview.jinja", signed_in()))

    @pages.post("/staff/messages/<message>/retry")
    @callers(Caller.SUPERVISOR)
    def retry(message: str) -> ResponseReturnValue:
        """Send a message again that was given up."""
        return acted(second_chance.retry(message, console.now()), Did.RETRIED, "done_retried")

    @pages.post("/staff/messages/<message>/drop")
    @callers(Caller.SUPERVISOR)
    def drop(message: str) -> ResponseReturnValue:
        """Let a message go that was given up."""
        return acted(second_chance.drop(message), Did.DROPPED, "done_dropped")

    def acted(letter: Letter | None, did: Did, says: str) -> Response:
        account = signed_in()
        words = advising.words(account)
        if letter is None:
            return telling(drawn("staff/_overview.jinja", account), "said", {"says": words("refused_no_letter")}, 409)
        entry = second_chance.entry(letter)
        console.access_log.note(account.id, did, ticket=entry.ticket if entry else "")
        return telling(drawn("staff/_overview.jinja", account), "said", {"says": words(says)})

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


def _day(row: Row, outcomes: list[str], whys: list[str], clock: Clock, words: Words) -> DayRow:
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
        whys=tuple(number(row.whys.get(why, 0)) for why in whys),
        danger=(number(row.danger_opened), number(row.danger_reached), share, lasted(row.danger_answer_s)),
    )


def _lost(second_chance: SecondChance, letter: Letter, clock: Clock) -> LostRow:
    entry = second_chance.entry(letter)
    why = reason_of(letter.code, clock.words.language, letter.reason)
    ticket, channel = (entry.ticket, entry.channel.value) if entry else ("", "")
    return LostRow(letter.id, ticket, clock.time(letter.at_s), channel, why, entry is not None)


def _on_duty(advising: Advising, words: Words) -> list[OnDuty]:
    """Who is here, with as many chats as they have."""
    talks = Counter(ticket.advisor for ticket in advising.desk.open_tickets() if ticket.stage is Stage.TALKING)
    return [
        OnDuty(user, advising.colleagues.name(user), words.counted("duty_chats", talks[user]))
        for user in advising.desk.on_duty()
    ]


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
