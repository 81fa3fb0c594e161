"""What must be true after a storm: every message arrived, in order, once; or twice, and then it says so."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from bot import desk_turns
from bot.inbound import Inbound
from bot.session import Owner
from tests.handover_world import KEYS, Chat, Storm
from webhook.desk.records import Message, Outcome, Stage, Ticket, Voice
from webhook.outbox.deliveries import Deliveries
from webhook.outbox.given_up import GivenUp
from webhook.outbox.reasons import Reason
from webhook.store.connection import Connection
from webhook.store.keyspace import DUE_KEYS, Records
from webhook.store.sessions import SessionStore


@dataclass(frozen=True)
class Found:
    """Figures of a storm."""

    inbound: int
    outbound: int
    marked: int
    doubled: int
    told_as_lost: int
    repeated_by_people: int
    seconds: float
    killed: dict[str, int]

    @property
    def per_second(self) -> float:
        return (self.inbound + self.outbound) / self.seconds


def hold(storm: Storm) -> Found:
    """Look at everything that is left; fails at the first thing that is not as it must be."""
    connection, catalogue = Connection(storm.hub.store.url), storm._holder.current
    desk, store = storm.desk(), SessionStore(connection, KEYS)
    tickets = {ticket.person: ticket for ticket in desk.closed_tickets(storm.size.chats + 1)}
    assert desk.open_tickets() == []
    assert len(tickets) == storm.size.chats
    assert storm.twilio.faults == []
    for alarming in ("webhook_failed", "dispatch_failed", "chore_failed", "last_resort_failed", "unreadable"):
        assert alarming not in storm.hub.log, alarming

    letters = {letter.id: letter.reason for letter in GivenUp(connection).latest()}
    assert set(letters.values()) <= {Reason.OUTCOME_UNKNOWN}, "only what twice had no answer may be given up"
    marked = doubled = 0
    for chat in storm.chats:
        ticket = tickets[chat.person]
        said = desk.messages(ticket.id)
        _ticket_is_whole(storm, chat, ticket, said)
        entries = [one for one in said if one.entry]
        got = Counter(one.entry for one in storm.twilio.sent if one.to == chat.address)
        assert set(got) | set(letters) >= {one.entry for one in entries}, f"chat {chat.number}: something is lost"
        assert set(got) <= {one.entry for one in entries}, f"chat {chat.number}: something nobody wrote"
        deliveries = Deliveries(connection).of(one.entry for one in entries)
        for one in entries:
            is_marked = deliveries[one.entry].double
            marked, doubled = marked + is_marked, doubled + (got[one.entry] > 1)
            assert got[one.entry] <= (2 if is_marked else 1), f"chat {chat.number}: a double that does not say so"
            assert is_marked or one.entry not in letters
        first = list(dict.fromkeys(one.entry for one in storm.twilio.sent if one.to == chat.address))
        assert first == [one.entry for one in entries if got[one.entry]], f"chat {chat.number}: out of order"
        bodies = {one.entry: one.body for one in storm.twilio.sent if one.to == chat.address}
        for one in entries:
            if one.voice is Voice.ADVISOR and one.entry in bodies:
                expected = desk_turns.advisor_says(catalogue, ticket.language, chat.channel, one.text)
                assert bodies[one.entry] == expected
        probe = Inbound("SM" + "f" * 32, chat.channel, "", datetime.now(UTC))
        who = KEYS.person_of("", chat.phone)
        session = store.load(who, probe, catalogue.codes).state.session
        assert (session.owner, session.ticket) == (Owner.BOT, "")
        assert connection.command("LLEN", Records(chat.person).outbox) == 0
    assert [connection.command("ZCARD", key) for key in DUE_KEYS] == [0] * len(DUE_KEYS)
    assert len(letters) <= storm.killed["sender"]
    return Found(
        inbound=storm.size.chats * storm.size.messages,
        outbound=storm.whole,
        marked=marked,
        doubled=doubled,
        told_as_lost=len(letters),
        repeated_by_people=sum(sum(chat.unsure.values()) for chat in storm.chats),
        seconds=storm.seconds,
        killed=storm.killed,
    )


def _ticket_is_whole(storm: Storm, chat: Chat, ticket: Ticket, said: list[Message]) -> None:
    """What the person and the advisors wrote, once each and in order. Twice only what the person was asked to write again."""
    assert (ticket.stage, ticket.outcome) == (Stage.CLOSED, Outcome.HANDED_BACK)
    every = range(1, storm.size.messages + 1)
    assert [one.text for one in said if one.voice is Voice.ADVISOR] == [chat.hears(at) for at in every]
    theirs = [(text, len(list(same))) for text, same in groupby(one.text for one in said if one.voice is Voice.PERSON)]
    assert [text for text, _ in theirs] == [chat.says(at) for at in every]
    assert all(times <= 1 + chat.unsure[text] for text, times in theirs)
    assert [one.voice for one in said if one.voice is Voice.BOT] == [Voice.BOT], "that the talk has ended is told once"


__all__ = ["Found", "hold"]
