"""A catalogue of the shipped content, and people to talk with it, for the tests of the conversation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bot.catalogue import MAIN, WELCOME, Catalogue
from bot.conversation import step
from bot.inbound import Channel, Inbound, OptOut
from bot.session import Prefs, Session
from bot.turn import Call, State, Turn
from tests.learned_world import shipped as shipped

ROOT = Path(__file__).parent.parent
NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
NOW_S = int(NOW.timestamp())


def inbound(text: str, channel: Channel = Channel.WHATSAPP, **fields: object) -> Inbound:
    """A message that comes at a fixed moment."""
    message = Inbound(id="SM" + "0" * 32, channel=channel, text=text, received_at=NOW)
    return replace(message, **fields)  # type: ignore[arg-type]


def standing_at(catalogue: Catalogue, node: str, language: str, channel: Channel) -> State:
    """Somebody who went straight to a node in a language: what a real turn left behind, not one made up."""
    start = State(Session(), Prefs(language=language, consent=True))
    if node == WELCOME:
        return say(catalogue, start, "hola", channel).state
    at_main = step(catalogue, start, inbound("MENU", channel))
    assert isinstance(at_main, Turn)
    turn = step(catalogue, at_main.state, inbound("", channel, tapped=node))
    return (
        turn.state
        if not isinstance(turn, Call)
        else replace(at_main.state, session=replace(at_main.state.session, node=node))
    )


def say(catalogue: Catalogue, state: State, text: str, channel: Channel, opt_out: OptOut | None = None) -> Turn:
    """One more message, which needs no action."""
    turn = step(catalogue, state, inbound(text, channel, opt_out=opt_out))
    assert isinstance(turn, Turn)
    return turn


def main_menu(catalogue: Catalogue, language: str, channel: Channel) -> str:
    """The main menu as it reads."""
    turn = say(catalogue, State(Session(node="offices"), Prefs(language=language)), "MENU", channel)
    assert turn.node == MAIN
    assert turn.reply is not None
    return turn.reply
