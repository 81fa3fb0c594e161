"""Under which code the records of a person stand, and how they move when a better code is learnt.

WhatsApp may give a user id, a number, or both; SMS gives a number. Who has a user id is known by it, and an alias leads
from the number to it. The first time both are seen together, what was kept under the number moves. In the same way
everything moves from the codes of the previous secret while the secret is being changed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.session import Codes
from webhook.keys import Person
from webhook.outbox.given_up import GivenUp
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown
from webhook.store.keyspace import Records
from webhook.store.lifetimes import ALIAS_TTL_S, ASIDE_TTL_S, DAY_S, ERASED_TICKET_TTL_S
from webhook.store.moving import Move
from webhook.store.scripts import FORGET_CODE, REPLACE_IF_SAME

_AGAIN = 2
MOST_LOOKS = 20


@dataclass(frozen=True, slots=True)
class Settled:
    """The code that a person's records stand under, and whether some have just moved there."""

    key: str
    moved: bool = False


class People:
    """Finds and moves the records of people. `count` is told, by name, what happened."""

    def __init__(self, connection: Connection, count: Callable[[str], None]) -> None:
        self._connection = connection
        self._count = count

    def settle(self, person: Person, link: bytes | None, codes: Codes, *, is_known: bool, at_s: int) -> Settled:
        """Where the records of a person stand, after moving what must be moved.

        `link` is the pointer (user id known) or alias (number only) read with the session; `is_known` says whether
        anything was found under the person's own code. The usual case asks nothing more of the store.
        """
        move = Move(self._connection, codes, at_s, self.set_aside, self._count)
        if person.user:
            return self._settle_user(person, link, move, is_known=is_known)
        return self._settle_number(person, link, move, is_known=is_known)

    def forget(self, person: Person, key: str, at_s: int, *, copied_to: str = "") -> None:
        """Remove what leads to a person who was erased, and what other codes still held. Can be repeated.

        `copied_to` is the code that the records were being moved to at that moment, by another message.
        """
        records = Records(key)
        pointer = self._connection.command("GET", records.pointer)
        codes = {key, person.user, person.number, person.user_before, person.number_before, copied_to} - {""}
        GivenUp(self._connection).forget(sorted(codes))
        for code in sorted(codes - {key}):
            looks = (self._forget_code(code, sorted(codes), at_s) for _ in range(MOST_LOOKS))
            if not any(looks):  # each time a ticket was opened meanwhile; a repeat of the message goes on
                raise StoreDown("the records of a person changed too often to be forgotten")
        if pointer is not None:
            number = pointer.decode().split(" ")[0]
            if number not in codes:
                self._connection.run(REPLACE_IF_SAME, [Records(number).alias], [key, "", 0])
            self._connection.command("DEL", records.pointer)

    def _forget_code(self, code: str, codes: list[str], at_s: int) -> bool:
        """Remove all that one code holds; False when it must be looked at again."""
        other = Records(code)
        tickets = ticket_ids(self._connection, other)
        keys = [other.alias, other.due, other.tickets, *other.desk, *map(other.ticket, tickets)]
        keys += [*other.sessions, other.prefs, other.recent, other.outbox, other.attempts, other.pointer, *other.asides]
        keys += [other.fence, other.going]
        args: list[str | bytes | int] = [code, at_s, ERASED_TICKET_TTL_S, len(tickets), *tickets, *codes]
        return bool(self._connection.run(FORGET_CODE, keys, args) != _AGAIN)

    def set_aside(self, records: Records, what: str, raw: bytes) -> None:
        """Keep a record that could not be read, for who wants to know why; it holds no words of the person."""
        self._count("prefs_unreadable" if what == "prefs" else "session_unreadable")
        self._connection.command("SET", records.aside(what), raw, "EX", ASIDE_TTL_S)

    def _settle_user(self, person: Person, pointer: bytes | None, move: Move, *, is_known: bool) -> Settled:
        moved = False
        if not is_known and pointer is None and person.user_before:
            moved = move(person.user_before, person.user)
            if person.number_before:
                moved = move(person.number_before, person.user) or moved
        if person.number:
            today = f"{person.number} {move.at_s // DAY_S}".encode()
            if pointer != today:
                moved = self._link(person.number, person.user, pointer, today, move) or moved
        return Settled(person.user, moved)

    def _settle_number(self, person: Person, alias: bytes | None, move: Move, *, is_known: bool) -> Settled:
        if alias is not None:
            return Settled(alias.decode())
        if is_known or not person.number_before:
            return Settled(person.number)
        earlier = self._connection.command("GET", Records(person.number_before).alias)
        if earlier is not None:  # the user id stands only in the code it led to: it moves when the user id is seen
            return Settled(earlier.decode())
        return Settled(person.number, move(person.number_before, person.number))

    def _link(self, number: str, user: str, before: bytes | None, today: bytes, move: Move) -> bool:
        """Let a number lead to a person, and move what was kept under the number. Once a day for each person."""
        number_before = before.decode().split(" ")[0] if before else number
        if number_before != number:
            self._connection.run(REPLACE_IF_SAME, [Records(number_before).alias], [user, "", 0])
        moved = move(number, user, alias_to=user)
        self._connection.command("SET", Records(user).pointer, today, "EX", ALIAS_TTL_S)
        return moved


def ticket_ids(connection: Connection, records: Records) -> list[str]:
    """The tickets of a person, in a fixed order."""
    return sorted(id_.decode() for id_ in connection.command("SMEMBERS", records.tickets))
