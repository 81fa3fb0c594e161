"""Somebody who asks for an advisor, at a hub whose hours are confirmed, for the tests of the hand-over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

from bot import handoff
from bot.actions.runner import Runner
from bot.catalogue import Catalogue
from bot.conversation import resume, step
from bot.desk import Desk
from bot.hours import parse_hours
from bot.inbound import Channel, Inbound, Media, OptOut
from bot.session import Prefs, Session
from bot.turn import Call, Effect, State, Turn
from tests.conversation_world import inbound, shipped

OPEN = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
"""A Monday, eleven in the morning in Chetumal."""

CLOSED = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
"""Friday night in Chetumal."""

STAFFED = Desk(on_duty=1)
ASK = {"en": "advisor", "es": "asesor"}
YES = {"en": "yes", "es": "sí"}
NO = {"en": "no", "es": "no"}


@cache
def with_hub(*, show_unconfirmed: bool = False) -> Catalogue:
    """The shipped content on the day on which the hub has confirmed its address and hours."""
    catalogue = shipped(show_unconfirmed=show_unconfirmed)
    hub = catalogue.places["hub"]
    address = dict.fromkeys(catalogue.languages, "Av. Héroes 1, Chetumal")
    hours = parse_hours(["Mon-Fri 09:00-17:00"], hub.zone, "MX")
    confirmed = replace(hub, confirmed_on=OPEN.date(), address=address, hours=hours)
    return catalogue.with_places({**catalogue.places, "hub": confirmed})


@cache
def _runner() -> Runner:
    return Runner()


class Phone:
    """One person's phone: what they write, and what stands in their state after each turn."""

    def __init__(
        self,
        catalogue: Catalogue,
        language: str,
        channel: Channel,
        *,
        desk: Desk = STAFFED,
        at: datetime = OPEN,
        state: State | None = None,
    ) -> None:
        self.catalogue, self.language, self.channel, self.desk, self.at = catalogue, language, channel, desk, at
        self.state = state or State(Session(), Prefs(language=language, consent=True))
        self._sent = 0

    def write(
        self, text: str, *, media: tuple[Media, ...] = (), tapped: str = "", opt_out: OptOut | None = None
    ) -> Turn:
        """One message, and all that follows from it."""
        turn = self.would(text, media=media, tapped=tapped, opt_out=opt_out)
        self._sent += 1
        self.at += timedelta(seconds=20)
        self.state = turn.state
        return turn

    def would(
        self, text: str, *, media: tuple[Media, ...] = (), tapped: str = "", opt_out: OptOut | None = None
    ) -> Turn:
        """What a message would lead to; nothing is remembered of it."""
        message: Inbound = replace(
            inbound(text, self.channel, tapped=tapped, media=media, opt_out=opt_out),
            id=f"SM{self._sent:032x}",
            received_at=self.at,
        )
        decided = step(self.catalogue, self.state, message)
        if isinstance(decided, Turn):
            return decided
        call: Call = replace(decided, desk=self.desk)
        result = _runner().run(self.catalogue, call, message)
        assert not result.failed, call.action
        return resume(self.catalogue, call, message, result)

    def wait(self) -> Turn:
        """Ask for an advisor, say yes, and leave out the first note."""
        self.write(ASK[self.language])
        self.write(YES[self.language])
        return self.write({"en": "not now", "es": "ahora no"}[self.language])


def phones(catalogue: Catalogue, **fields: object) -> Iterator[Phone]:
    """A phone for each language and channel."""
    for language in catalogue.languages:
        for channel in Channel:
            yield Phone(catalogue, language, channel, **fields)  # type: ignore[arg-type]  # fields of Phone


def effects(turn: Turn) -> list[str]:
    """The kinds of what a turn asks of a ticket."""
    return [effect.kind for effect in handoff.effects_of(turn.effects)]


def effect(turn: Turn, kind: str) -> Effect:
    """The one effect of a kind."""
    (found,) = [effect for effect in turn.effects if effect.kind == kind]
    return found
