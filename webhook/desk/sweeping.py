"""Looks after tickets that nobody looks after: promises that are over, advisors who are silent, tickets left alone.

Whoever waits is told, once, with other ways to get help, and an alarm shows who must act (safety R40). Who has named a
safe time is told then; the alarm does not wait for it (safety R17, R41). Any number of sweepers may run: each change is made
from what was read, so only one of them makes it. The moment is an argument.
"""

import secrets
from collections.abc import Callable

import structlog

from webhook.desk.changing import Change, Done, Look
from webhook.desk.counting import NOT_TAKEN, SILENT, Counted
from webhook.desk.desk import DeskService, closing
from webhook.desk.records import Alarm, Message, Outcome, Stage, Ticket, TicketWrite, Voice
from webhook.desk.returning import TAKEN_AGAIN_IN_S
from webhook.desk.speaking import DeskTurn
from webhook.outbox.entries import Entry

SILENT_AFTER_S = 15 * 60
"""How long a person waits for an advisor who has taken them, from their first message without an answer."""

UNTOUCHED_AFTER_S = 72 * 3600

log = structlog.get_logger()


def sweep(desk: DeskService, now_s: int) -> int:
    """One round; how many tickets were changed. Raises StoreDown."""
    changed = sum(_change(desk, ticket.id, now_s) for ticket in desk.open_tickets() if _due(ticket, now_s))
    desk.forget_lost()
    return changed


def _change(desk: DeskService, id_: str, now_s: int) -> bool:
    def judge(look: Look) -> Change | Done:
        change = _due(look.ticket, now_s)
        return change(desk, look) if change else Done.ALREADY

    done, counted = desk.changing.carry_out(id_, judge, secrets.token_urlsafe(9), now_s)
    if done is Done.DONE:
        desk.counting.add(counted)
    return done is Done.DONE


def _due(ticket: Ticket, now_s: int) -> Callable[[DeskService, Look], Change | Done] | None:
    """What is to be done with a ticket now."""
    if now_s - max(ticket.said_s, ticket.answered_s, ticket.taken_s, ticket.opened_s) >= UNTOUCHED_AFTER_S:
        return _untouched
    if ticket.stage is Stage.WAITING and ticket.told_s != ticket.promised_s <= now_s:
        return _not_taken
    if ticket.stage is Stage.TALKING and 0 < ticket.unanswered_s <= now_s - SILENT_AFTER_S:
        return _silent
    return None


def _untouched(desk: DeskService, look: Look) -> Change:
    log.warning("ticket_untouched", ticket=look.ticket.id)
    return closing(look, Outcome.UNTOUCHED, desk.changing.turns.untouched, "")


def _not_taken(desk: DeskService, look: Look) -> Change | Done:
    is_raised = look.ticket.alarm is Alarm.NOT_TAKEN
    if not is_raised:
        log.warning("ticket_not_taken", ticket=look.ticket.id)
    sets: dict[str, str | bytes | int] = {"alarm": Alarm.NOT_TAKEN.value}
    counted = "" if is_raised else NOT_TAKEN
    if look.is_safe:
        sets["told"] = look.ticket.promised_s
        return _told(look, "not_taken", desk.changing.turns.not_taken, sets, counted=counted)
    return Done.ALREADY if is_raised else _told(look, "not_taken", None, sets, counted=counted)


def _silent(desk: DeskService, look: Look) -> Change:
    log.warning("ticket_silent", ticket=look.ticket.id)
    sets: dict[str, str | bytes | int] = {
        "alarm": Alarm.SILENT.value,
        "stage": Stage.WAITING.value,
        "promised": look.now_s + TAKEN_AGAIN_IN_S,
    }
    return _told(look, "silent", desk.changing.turns.advisor_silent, sets, ("advisor",), counted=SILENT)


def _told(
    look: Look,
    event: str,
    turn: DeskTurn | None,
    sets: dict[str, str | bytes | int],
    drops: tuple[str, ...] = (),
    *,
    counted: str,
) -> Change:
    """A change with the turn it leads to (None: the session stays as it is), and what the person is told of it, if they can be."""
    session, notice = look.turned(turn) if turn and look.session_of_ticket else (None, None)
    adds = [look.event(event, look.ticket.advisor)]
    entries: tuple[Entry, ...] = ()
    if notice and (entry := look.notice(notice)):
        entries = (entry,)
        adds.append(look.sealed(Message(look.now_s, Voice.BOT, notice, entry=entry.id)))
    write = TicketWrite(look.ticket.id, sets=sets, adds=tuple(adds), drops=drops, spills=False)
    counts = (Counted(counted, look.ticket.language),) if counted else ()
    return Change(write, session=session, checks_session=True, entries=entries, counts=counts)
