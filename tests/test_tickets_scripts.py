"""The scripts that change tickets agree with a small model of themselves, in any order of turns and of what advisors do."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.session import Codes
from tests.tickets_world import World
from webhook.desk.changing import Done
from webhook.desk.records import Voice
from webhook.keys import Keys
from webhook.store.connection import Connection


@dataclass
class Model:
    """One person and their tickets, as dictionaries."""

    open: str = ""
    advisor: dict[str, str] = field(default_factory=dict)
    said: dict[str, list[str]] = field(default_factory=dict)
    done: set[tuple[str, str]] = field(default_factory=set)
    sent: list[str] = field(default_factory=list)
    erased: set[str] = field(default_factory=set)

    def refused(self, ticket: str, nonce: str) -> Done | None:
        if ticket in self.erased:
            return Done.ERASED
        if (ticket, nonce) in self.done:
            return Done.ALREADY
        return Done.CLOSED if ticket != self.open else None

    def take(self, ticket: str, user: str) -> Done:
        if refused := self.refused(ticket, ""):
            return refused
        if self.advisor[ticket]:
            return Done.ALREADY if self.advisor[ticket] == user else Done.TAKEN
        self.advisor[ticket] = user
        return Done.DONE

    def write(self, ticket: str, user: str, text: str, nonce: str, *, is_sent: bool) -> Done:
        if refused := self.refused(ticket, nonce):
            return refused
        if is_sent and self.advisor[ticket] != user:
            return Done.NOT_YOURS
        self.done.add((ticket, nonce))
        self.said[ticket].append(text)
        self.sent += [f"Advisor: {text}"] if is_sent else []
        return Done.DONE

    def close(self, ticket: str, user: str) -> Done:
        if refused := self.refused(ticket, ""):
            return refused
        if self.advisor[ticket] not in ("", user):
            return Done.NOT_YOURS
        self.open = ""
        self.said[ticket].append("handed back")
        self.sent.append("handed back")
        return Done.DONE

    def erase(self) -> None:
        self.erased |= set(self.said)
        self.open, self.said, self.sent = "", {}, []


USERS = st.sampled_from(["ana", "ben"])
NONCES = st.sampled_from(["n1", "n2", "n3"])
WHICH = st.integers(0, 2)
MOVES = st.one_of(
    st.just(("ask",)),
    st.just(("say",)),
    st.sampled_from([("leave", "menu"), ("leave", "exit")]),
    st.tuples(st.just("take"), WHICH, USERS),
    st.tuples(st.just("reply"), WHICH, USERS, NONCES),
    st.tuples(st.just("note"), WHICH, USERS, NONCES),
    st.tuples(st.just("close"), WHICH, USERS),
    st.just(("delete",)),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(MOVES, min_size=3, max_size=25))
def test_turns_and_what_advisors_do_agree_with_dictionaries(
    shared_connection: Connection, keys: Keys, codes: Codes, moves: list[tuple[Any, ...]]
) -> None:
    """Whatever the order: each change whole, once, and only by who may."""
    shared_connection.command("FLUSHALL")
    world, model = World(shared_connection, keys, codes), Model()
    tickets: list[str] = []
    for at, (kind, *rest) in enumerate(moves):
        if kind == "ask" and not model.open:
            model.open = world.ask()
            model.advisor[model.open], model.said[model.open] = "", []
            tickets.append(model.open)
        elif kind == "say" and model.open:
            world.say(model.open, f"p{at}")
            model.said[model.open].append(f"p{at}")
        elif kind == "leave" and model.open:
            world.leave(model.open, rest[0])
            model.open = ""
            model.sent = [] if rest[0] == "exit" else model.sent
        elif kind == "delete":
            world.delete()
            model.erase()
        elif kind in ("take", "close", "reply", "note") and tickets:
            ticket = tickets[-1 - rest[0] % len(tickets)]
            user = rest[1]
            if kind == "take":
                assert world.desk.take(ticket, user) is model.take(ticket, user)
            elif kind == "close":
                assert world.desk.close(ticket, user) is model.close(ticket, user)
            elif kind == "reply":
                expected = model.write(ticket, user, f"a{at}", rest[2], is_sent=True)
                assert world.desk.reply(ticket, user, f"a{at}", rest[2]) is expected
            else:
                expected = model.write(ticket, user, f"c{at}", rest[2], is_sent=False)
                assert world.desk.note(ticket, user, f"c{at}", rest[2]) is expected
        assert [ticket.id for ticket in world.desk.open_tickets()] == ([model.open] if model.open else [])
    for ticket in tickets:
        shown = [message.text for message in world.desk.messages(ticket) if message.voice is not Voice.EVENT]
        assert shown == model.said.get(ticket, [])
    assert [entry.text for entry in world.outbox()] == model.sent
    assert world.session().ticket == model.open
