"""The desk: what advisors see of the tickets, and everything they can do with one.

Every change is made from what was read, or not at all: a script compares the ticket and the session with what they were,
so that two advisors never answer one person unknowingly, and no change of the person's own is overtaken. Who comes second
looks again. What an advisor asks for bears a nonce, and is done once however often it is asked.
"""

import secrets
import time
from collections.abc import Callable

from bot import desk_turns
from bot.desk import NO_DESK, Desk
from bot.session import Owner
from webhook.desk import counting
from webhook.desk.changing import Change, Changing, Done, Look
from webhook.desk.counting import Counting
from webhook.desk.duty import Duty
from webhook.desk.records import Contact, Index, Message, Outcome, Stage, Ticket, TicketWrite, Voice, Why
from webhook.desk.returning import returned
from webhook.desk.speaking import DeskTurn, DeskTurns, fits, may_write, window_is_open, window_until_s
from webhook.desk.tickets import Tickets
from webhook.keys import Keys
from webhook.outbox.entries import Entry, Kind
from webhook.reload import CatalogueHolder
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown
from webhook.store.tickets import MOST_BYTES, MOST_MESSAGES

MOST_TEXT = 4000
ADVISORS_MESSAGES = 400
ADVISORS_BYTES = 400_000
"""Beyond what a person can fill, so that a flood of theirs does not silence the advisor."""

FACTS_KEPT_S = 2.0
REVISION_KEPT_S = 0.25


class DeskService:
    """The tickets, for the console, the sweeper and the webhook. Safe from any thread.

    What only reads raises StoreDown, but for `facts`; what changes something answers with `Done` and never raises it.
    `invites` says whether there is an approved template "an advisor has answered, reply to read". `now` gives seconds since
    1970, `clock` those of a clock that only goes forward; `count` is told by name what metrics should show.
    """

    def __init__(
        self,
        connection: Connection,
        keys: Keys,
        holder: CatalogueHolder,
        *,
        invites: bool = False,
        turns: DeskTurns = desk_turns,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
        count: Callable[[str], None] = lambda _event: None,
    ) -> None:
        self._tickets = Tickets(connection, keys)
        self.changing = Changing(connection, keys, holder, self._tickets, turns=turns, now=now, count=count)
        self.counting = Counting(connection, now, lost=lambda: count("count_lost"))
        self._duty = Duty(connection, now)
        self._invites = invites
        self._now = now
        self._clock = clock
        self._facts: tuple[float, Desk] | None = None
        self._revision: tuple[float, str] | None = None

    # --- what advisors see ---------------------------------------------------------------------------------------

    def open_tickets(self) -> list[Ticket]:
        """All open tickets: danger first, then who has waited longest."""
        return sorted(self._tickets.open(), key=_by_need)

    def closed_tickets(self, limit: int = 50) -> list[Ticket]:
        """The tickets closed last, newest first."""
        return self._tickets.closed(limit)

    def ticket(self, id_: str) -> Ticket | None:
        """One ticket; None when there is none of that id (any more)."""
        return self._tickets.find(id_)

    def messages(self, id_: str) -> list[Message]:
        """What was said in a ticket, oldest first."""
        ticket = self._tickets.find(id_)
        return self._tickets.messages(ticket) if ticket else []

    def contact(self, id_: str) -> Contact | None:
        """Where the person of a ticket is reached, and the check word; None when it is gone or cannot be read."""
        ticket = self._tickets.find(id_)
        return self._tickets.contact(ticket) if ticket else None

    def window_until_s(self, id_: str) -> int:
        """Until when free text reaches the person, in seconds since 1970; 0 for a channel without a limit, -1 if unknown."""
        look = self.changing.look(id_)
        return window_until_s(look.ticket, look.session) if look and look.session else -1

    def may_reply(self, id_: str, user: str) -> Done:
        """Whether the advisor could send something now, and if not, why. DONE means yes, INVITED by way of the template."""
        look = self.changing.look(id_)
        return self._may_reply(look, user) if look else Done.GONE

    def revision(self) -> str:
        """Another text after every change of any ticket, or of who is on duty. Cheap: for every poll of every page."""
        now = self._clock()
        kept = self._revision
        if kept is not None and now - kept[0] < REVISION_KEPT_S:
            return kept[1]
        counts = ".".join(count.decode() for count in self._tickets.counts())
        revision = f"{counts}-{'.'.join(self._duty.users())}"
        self._revision = (now, revision)
        return revision

    def facts(self) -> Desk:
        """What can be said of the queue, at most two seconds old. Without the store there is no desk. Never raises."""
        now = self._clock()
        kept = self._facts
        if kept is not None and now - kept[0] < FACTS_KEPT_S:
            return kept[1]
        try:
            stages = [ticket.stage for ticket in self._tickets.open()]
            desk = Desk(
                waiting=stages.count(Stage.WAITING),
                talking=stages.count(Stage.TALKING),
                on_duty=len(self._duty.users()),
                talk_s=self.counting.talk_s(),
            )
        except StoreDown:
            return NO_DESK
        self._facts = (now, desk)
        return desk

    def forget_lost(self) -> None:
        """Take out of the list of open tickets what has ended by its lifetime. Raises StoreDown."""
        self._tickets.drop_lost()

    def on_duty(self) -> list[str]:
        """The advisors who are on duty."""
        return self._duty.users()

    def be_on_duty(self, user: str) -> None:
        """An advisor's page is open. Raises StoreDown."""
        self._duty.begin(user)

    def leave_duty(self, user: str) -> None:
        """An advisor has logged out. Raises StoreDown."""
        self._duty.end(user)

    # --- what advisors do ----------------------------------------------------------------------------------------

    def take(self, id_: str, user: str, *, instead_of: str = "") -> Done:
        """Answer a person from now on. `instead_of` names the advisor from whom a talk is knowingly taken over."""

        def judge(look: Look) -> Change | Done:
            ticket = look.ticket
            if ticket.stage is Stage.TALKING and ticket.advisor == user:
                return Done.ALREADY
            if ticket.stage is Stage.TALKING and ticket.advisor != instead_of:
                return Done.TAKEN
            session = look.session_of_ticket
            if session is None:
                return Done.PERSON_GONE
            if ticket.stage is Stage.WAITING:
                session, _ = look.turned(self.changing.turns.taken)
            write = TicketWrite(
                id_,
                sets={"stage": Stage.TALKING.value, "advisor": user, "taken": look.now_s, "unanswered": look.now_s},
                adds=(look.event("taken", user, answer=instead_of),),
                drops=("alarm",),
                spills=False,
            )
            return Change(write, session=session, counts=counting.took(ticket, look.now_s))

        return self._change(id_, judge)

    def transfer(self, id_: str, user: str, to: str, *, may_any: bool = False) -> Done:
        """Give a talk to another advisor. `may_any` lets a supervisor do so with a talk of others."""

        def judge(look: Look) -> Change | Done:
            if not may_any and (refused := _not_theirs(look.ticket, user)):
                return refused
            if look.ticket.stage is not Stage.TALKING:
                return Done.NOT_YOURS
            event = look.event("transferred", user, answer=to)
            sets: dict[str, str | bytes | int] = {"advisor": to}
            if look.ticket.unanswered_s:
                sets["unanswered"] = look.now_s
            return Change(TicketWrite(id_, sets=sets, adds=(event,), spills=False))

        return self._change(id_, judge)

    def put_back(self, id_: str, user: str) -> Done:
        """Put a talk back into the queue, for whoever takes it next. The person is told that they wait again."""

        def judge(look: Look) -> Change | Done:
            if refused := _not_theirs(look.ticket, user):
                return refused
            if look.session_of_ticket is None:
                return Done.PERSON_GONE
            return returned(look, self.changing.turns.put_back, user)

        return self._change(id_, judge)

    def note(self, id_: str, user: str, text: str, nonce: str) -> Done:
        """Write something for the other advisors. It is never sent."""
        text = text.strip()
        if not text or len(text) > MOST_TEXT:
            return Done.TOO_LONG if text else Done.EMPTY

        def judge(look: Look) -> Change | Done:
            if _is_full(look.ticket):
                return Done.FULL
            message = Message(look.now_s, Voice.NOTE, text, author=user)
            return Change(TicketWrite(id_, adds=(look.sealed(message),), spills=False))

        return self._change(id_, judge, nonce)

    def reply(self, id_: str, user: str, text: str, nonce: str, answer: str = "") -> Done:
        """Answer the person. With an `answer` and no text its vetted wording is sent, in the person's language.

        INVITED: the window has closed, so the sender asks the person to write, by the template; the text follows then.
        """
        if not (text := text.strip()) and not answer:
            return Done.EMPTY

        def judge(look: Look) -> Change | Done:
            allowed = self._may_reply(look, user)
            if not allowed.is_done:
                return allowed
            if _is_full(look.ticket):
                return Done.FULL
            written = text or look.vetted(answer)
            if not written:
                return Done.EMPTY
            said = look.advisor_says(written)
            if len(written) > MOST_TEXT or not fits(look.ticket.channel, said):
                return Done.TOO_LONG
            entry = look.entry(Kind.ADVISOR, said)
            if entry is None:
                return Done.PERSON_GONE
            message = Message(look.now_s, Voice.ADVISOR, written, author=user, entry=entry.id, answer=answer)
            write = TicketWrite(
                id_,
                sets={"answered": look.now_s, **({"reached": 1} if look.ticket.danger_s else {})},
                firsts={"first": look.now_s},
                adds=(look.sealed(message),),
                drops=("unanswered",),
                spills=False,
            )
            counts = counting.answered(look.ticket, look.now_s)
            session = look.spoken_over()
            return Change(write, session, checks_session=True, entries=(entry,), done=allowed, counts=counts)

        return self._change(id_, judge, nonce)

    def close(self, id_: str, user: str, why: str = Why.HANDED_BACK) -> Done:
        """End a talk: the bot goes on where it was, and says so if it can. Raises ValueError for a `why` that is none."""

        def judge(look: Look) -> Change | Done:
            ticket = look.ticket
            if ticket.stage is Stage.TALKING and ticket.advisor != user:
                return Done.NOT_YOURS
            return closing(look, Outcome.HANDED_BACK, self.changing.turns.handed_back, user, Why(why))

        return self._change(id_, judge)

    def _change(self, id_: str, judge: Callable[[Look], Change | Done], nonce: str = "") -> Done:
        try:
            done, counted = self.changing.carry_out(id_, judge, nonce or secrets.token_urlsafe(9))
        except StoreDown:
            return Done.STORE_DOWN
        self.counting.add(counted)
        self._facts = self._revision = None
        return done

    def _may_reply(self, look: Look, user: str) -> Done:
        if refused := _not_theirs(look.ticket, user):
            return refused
        session = look.session_of_ticket
        if session is None or session.owner is not Owner.ADVISOR:
            return Done.PERSON_GONE
        if not may_write(look.ticket, look.prefs):
            return Done.OPTED_OUT
        if window_is_open(look.ticket, session, look.now_s):
            return Done.DONE
        return Done.INVITED if self._invites else Done.WINDOW_CLOSED


def closing(
    look: Look, outcome: Outcome, turn: DeskTurn, author: str, why: str = ""
) -> Change:  # fmt: skip
    """The change that closes a ticket and gives the session back, with what the bot says about it if it can."""
    session, notice = look.turned(turn) if look.session_of_ticket else (None, None)
    adds = [look.event("closed", author, answer=why or outcome.value)]
    entries: tuple[Entry, ...] = ()
    if notice and (entry := look.notice(notice)):
        entries = (entry,)
        adds.insert(0, look.sealed(Message(look.now_s, Voice.BOT, notice, entry=entry.id)))
    write = TicketWrite(
        look.ticket.id,
        sets={"stage": Stage.CLOSED.value, "outcome": outcome.value, "closed": look.now_s},
        adds=tuple(adds),
        drops=("alarm", "contact", "word"),
        index=Index.CLOSED,
        score_s=look.now_s,
        spills=False,
    )
    ended = counting.ended(outcome, look.ticket.language, look.ticket.taken_s, look.now_s, why)
    return Change(write, session=session, checks_session=True, entries=entries, counts=ended)


def _by_need(ticket: Ticket) -> tuple[bool, bool, int]:
    return (not (ticket.raised or ticket.danger == "certain"), not ticket.is_dangerous, ticket.opened_s)


def _not_theirs(ticket: Ticket, user: str) -> Done | None:
    return None if ticket.stage is Stage.TALKING and ticket.advisor == user else Done.NOT_YOURS


def _is_full(ticket: Ticket) -> bool:
    return (
        ticket.messages >= MOST_MESSAGES + ADVISORS_MESSAGES or ticket.size_bytes >= MOST_BYTES + ADVISORS_BYTES
    )  # fmt: skip
