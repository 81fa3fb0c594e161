"""The one boundary to whoever answers people: an inbox is told what was opened, said and closed, and replies and closes.

What a turn asks for must be committed with the session, so an inbox gives it as one write; ours is the ticket that the
console shows. Another inbox would write what it needs to be told of in the same place, and hand it on after the commit.
"""

from typing import Protocol

from bot import handoff
from bot.desk import Desk
from bot.turn import Clears, Turn
from webhook.desk import counting
from webhook.desk.changing import Done
from webhook.desk.counting import Counted
from webhook.desk.desk import DeskService
from webhook.desk.records import Outcome, Stage, Ticket, TicketWrite
from webhook.desk.writing import OUTCOMES, ticket_write
from webhook.keys import Keys
from webhook.store.faults import StoreDown
from webhook.store.sessions import Loaded
from webhook.twilio_edge.inbound import Received


class Inbox(Protocol):
    """Where advisors answer. The first three are for turns, the last two for who answers."""

    def facts(self) -> Desk:
        """What can be told a person about waiting. Never raises."""

    def asked(self, turn: Turn, received: Received, loaded: Loaded) -> TicketWrite | None:
        """What a turn opens, says or closes, to be committed with it; None for nothing."""

    def committed(self, turn: Turn, loaded: Loaded) -> None:
        """A turn was committed. Never raises."""

    def reply(self, id_: str, user: str, text: str, nonce: str, answer: str = "") -> Done:
        """Answer a person."""

    def close(self, id_: str, user: str) -> Done:
        """End a talk: the bot goes on."""


class TicketInbox:
    """Our inbox: tickets in the store, answered in the console."""

    def __init__(self, desk: DeskService, keys: Keys) -> None:
        self._desk = desk
        self._keys = keys

    def facts(self) -> Desk:
        return self._desk.facts()

    def asked(self, turn: Turn, received: Received, loaded: Loaded) -> TicketWrite | None:
        return ticket_write(turn.effects, received, loaded.key, self._keys) if turn.effects else None

    def committed(self, turn: Turn, loaded: Loaded) -> None:
        """Count what happened. Ordinary turns cost nothing here."""
        ticket = loaded.state.session.ticket
        if turn.clears is Clears.ALL and ticket:
            self._desk.counting.add(counting.ended(Outcome.ERASED, turn.language))
        for effect in handoff.effects_of(turn.effects) if turn.effects else ():
            self._desk.counting.add(self._counted(effect.kind, turn.language, dict(effect.fields), loaded.at_s))

    def reply(self, id_: str, user: str, text: str, nonce: str, answer: str = "") -> Done:
        return self._desk.reply(id_, user, text, nonce, answer)

    def close(self, id_: str, user: str) -> Done:
        return self._desk.close(id_, user)

    def _counted(self, kind: str, language: str, fields: dict[str, str], at_s: int) -> list[Counted]:
        if kind == handoff.OPENED:
            counted = [Counted(counting.OPENED, fields["language"])]
            if fields["danger"]:
                counted.append(Counted(counting.DANGER_OPENED, fields["language"]))
            return counted
        if kind == handoff.RAISED:
            found = self._found(fields["ticket"])
            is_first = found is not None and found.danger_s == at_s
            return [Counted(counting.RAISED, language)] + is_first * [Counted(counting.DANGER_OPENED, language)]
        if kind == handoff.LEFT:
            return list(counting.ended(OUTCOMES[fields["why"]], language, self._talking_since(fields["ticket"]), at_s))
        return []

    def _talking_since(self, ticket: str) -> int:
        """When an advisor took the ticket that was left; 0 if nobody had."""
        found = self._found(ticket)
        return found.taken_s if found and found.stage is Stage.CLOSED else 0

    def _found(self, ticket: str) -> Ticket | None:
        try:
            return self._desk.ticket(ticket)
        except StoreDown:
            return None
