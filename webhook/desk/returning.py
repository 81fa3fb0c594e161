"""An advisor puts a talk back into the queue: somebody else is to answer, and nobody knows yet who.

The bot works again for the person meanwhile, so they are told that they wait; when, is up to the time they called safe.
"""

from webhook.desk.changing import Change, Look
from webhook.desk.records import Message, Stage, TicketWrite, Voice
from webhook.desk.speaking import DeskTurn
from webhook.outbox.entries import Entry

TAKEN_AGAIN_IN_S = 30 * 60
"""The new promise to somebody whose advisor has left the talk."""


def returned(look: Look, turn: DeskTurn, user: str) -> Change:
    """The change that puts a talk back into the queue. The ticket keeps its place there: by danger, then since when."""
    session, notice = look.turned(turn)
    adds = [look.event("returned", user)]
    entries: tuple[Entry, ...] = ()
    if notice and (entry := look.notice(notice)):
        entries = (entry,)
        adds.append(look.sealed(Message(look.now_s, Voice.BOT, notice, entry=entry.id)))
    write = TicketWrite(
        look.ticket.id,
        sets={"stage": Stage.WAITING.value, "promised": look.now_s + TAKEN_AGAIN_IN_S},
        adds=tuple(adds),
        drops=("advisor", "alarm"),
        spills=False,
    )
    return Change(write, session=session, checks_session=True, entries=entries)
