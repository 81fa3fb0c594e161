"""A conversation in this process, without server or store: for the terminal, for `ask`, for transcripts.

It goes through the same engine and the same written form of a session as the webhook does.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime
from functools import cache

from bot import desk_turns
from bot import session as sessions
from bot.actions.runner import Runner, RunsActions
from bot.catalogue import Catalogue
from bot.conversation import resume, step
from bot.desk import NO_DESK, Desk
from bot.handoff import ticket_of
from bot.inbound import Channel, Inbound, Location, Media, OptOut
from bot.session import Owner, Prefs
from bot.turn import Call, Clears, State, Turn


class LocalTalk:
    """One person on one channel. Sessions and preferences are written down and read back between turns.

    Without a `desk` nobody can be handed over to: there is no advisor in a terminal.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        channel: Channel,
        language: str = "",
        *,
        actions: RunsActions | None = None,
        stateless: bool = False,
        desk: Desk = NO_DESK,
    ) -> None:
        self.catalogue = catalogue
        self.desk = desk
        self.channel = channel
        self.stateless = stateless
        self._actions = actions or shared_runner()
        self._ids = itertools.count(1)
        self._session: str | None = None
        self._prefs: str | None = sessions.dump_prefs(Prefs(language=language)) if language else None

    @property
    def state(self) -> State:
        """What is remembered now."""
        return State(sessions.load(self._session, self.catalogue.codes), sessions.load_prefs(self._prefs))

    def say(
        self,
        text: str,
        at: datetime,
        *,
        tapped: str = "",
        location: Location | None = None,
        media: tuple[Media, ...] = (),
        opt_out: OptOut | None = None,
    ) -> Turn:
        """Send one message and take its turn."""
        inbound = Inbound(
            id=f"SM{next(self._ids):032x}",
            channel=self.channel,
            text=text,
            received_at=at,
            tapped=tapped,
            location=location,
            media=media,
            opt_out=opt_out,
            echo=hash(text) & 0xFFFF,
        )
        turn = step(self.catalogue, self.state, inbound, stateless=self.stateless)
        if isinstance(turn, Call):
            turn = replace(turn, desk=NO_DESK if self.stateless else self.desk)
            result = self._actions.run(self.catalogue, turn, inbound)
            turn = resume(self.catalogue, turn, inbound, result, stateless=self.stateless)
        self._remember(turn)
        return turn

    def wait_for_advisor(self) -> None:
        """Stand in the queue for a person, as after asking for one."""
        asked = Inbound(f"SM{next(self._ids):032x}", self.channel, "", datetime.min)
        session = replace(self.state.session, owner=Owner.QUEUE, ticket=ticket_of(asked))
        self._session = sessions.dump(session, self.catalogue.codes)

    def at_the_desk(self, turn: desk_turns.DeskTurn, at: datetime) -> Turn:
        """Something happens at the desk; nothing does where no ticket is open."""
        happened = turn(self.catalogue, self.state, self.channel, at)
        self._remember(happened)
        return happened

    def advisor_says(self, text: str) -> str:
        """What the person reads of an advisor's words."""
        state = self.state
        language = state.prefs.language or self.catalogue.languages[0]
        self._session = sessions.dump(desk_turns.spoken_over(state).session, self.catalogue.codes)
        return desk_turns.advisor_says(self.catalogue, language, self.channel, text)

    def _remember(self, turn: Turn) -> None:
        if turn.clears is Clears.ALL:
            self._session = self._prefs = None
        elif not self.stateless:
            self._session = sessions.dump(turn.state.session, self.catalogue.codes)
            self._prefs = sessions.dump_prefs(turn.state.prefs)


@cache
def shared_runner() -> RunsActions:
    """One runner for all talks of this process: it keeps threads."""
    return Runner()
