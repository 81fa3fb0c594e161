"""Turns that no message of the person began: an advisor takes the chat, ends it or falls silent, or nobody comes.

Each gives the next state, and the text for the outbox, or None where nothing is to be sent. They do not count as a
message of the person: until when WhatsApp lets us write goes by their own last one. Whoever calls looks first whether
the person has opted out: then nothing is sent at all (safety R15).

These messages come unasked, to a phone that somebody else may hold: they name no subject, and the place where the person
stood is shown again only if it is harmless or they wrote a moment ago (safety R17, R19).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot import handing_over, rendering, replying, segments
from bot.catalogue import MAIN, Catalogue, Language, NodeId
from bot.channels import PENS
from bot.heeding import numbers
from bot.inbound import Channel, Inbound
from bot.rendering import View
from bot.scene import Scene
from bot.session import Owner
from bot.turn import State, Turn

DeskTurn = Callable[[Catalogue, State, Channel, datetime], Turn]
"""Any of the turns below."""

A_MOMENT_S = 600
"""So long after their last message a person still holds their phone, as far as anybody can tell."""


def taken(catalogue: Catalogue, state: State, channel: Channel, at: datetime) -> Turn:
    """An advisor has taken the chat. Nothing is said: their first words say it."""
    scene = _scene(catalogue, state, channel, at).with_session(owner=Owner.ADVISOR)
    return _unsaid(spoken_over(scene.state), scene, "taken")


def handed_back(catalogue: Catalogue, state: State, channel: Channel, at: datetime) -> Turn:
    """The advisor has ended the talk: the bot answers again, from where the person stood."""
    return _back(catalogue, state, channel, at, "handed_back")


def not_taken(catalogue: Catalogue, state: State, channel: Channel, at: datetime) -> Turn:
    """Nobody took the chat in the promised time. The person stays in line, and is told where else to ask (safety R40)."""
    return _in_vain(_scene(catalogue, state, channel, at), "not_taken")


def advisor_silent(catalogue: Catalogue, state: State, channel: Channel, at: datetime) -> Turn:
    """The advisor who had the chat does not answer: back in line, and told so."""
    scene = _scene(catalogue, state, channel, at).with_session(owner=Owner.QUEUE)
    return _in_vain(scene, "advisor_silent")


def put_back(catalogue: Catalogue, state: State, channel: Channel, at: datetime) -> Turn:
    """The advisor lets others take the chat: back in line, and told so."""
    scene = _scene(catalogue, state, channel, at).with_session(owner=Owner.QUEUE)
    return _in_vain(scene, "put_back")


def untouched(catalogue: Catalogue, state: State, channel: Channel, at: datetime) -> Turn:
    """Nobody wrote for three days: the ticket is closed. One line, and nothing of what it was about."""
    scene = _scene(catalogue, state, channel, at)
    code = scene.session.ticket
    afresh = _scene(catalogue, replace(state, session=state.session.afresh()), channel, at)
    lines = scene.told("untouched", code=code)
    turn = replying.show_lines(_bot_again(afresh), MAIN, lines, (), outcome="untouched")
    return _as_ours(turn, state)


def spoken_over(state: State) -> State:
    """The state after an advisor's message: what the bot had offered before is no longer the last thing that was said."""
    return replace(state, session=replace(state.session, asking="", offered=(), printed="", more=0, misses=0))


def advisor_says(catalogue: Catalogue, language: Language, channel: Channel, text: str) -> str:
    """An advisor's words as they are sent: marked as from a person (safety R42), and cheap where letters cost."""
    said = catalogue.phrase("advisor_says", language, text=text.strip()).strip()
    return segments.to_gsm(said) if channel is Channel.SMS else said


def vetted(catalogue: Catalogue, node: NodeId, language: Language, channel: Channel, at: datetime) -> str:
    """The whole text of an answer, for an advisor to send. Raises KeyError for an id that is no answer."""
    view = View(language, channel, at.date())
    pen = PENS[channel]
    lines = rendering.body(catalogue, catalogue.answers[node], view)
    return pen.join([pen.plain(line) for line in lines])


# --- one by one ------------------------------------------------------------------------------------------------------


def _scene(catalogue: Catalogue, state: State, channel: Channel, at: datetime) -> Scene:
    """The turn as the rest of the conversation sees it, with a message that says nothing."""
    session = state.session.afresh() if state.session.is_stale(int(at.timestamp())) else state.session
    prefs = state.prefs if state.prefs.language in catalogue.languages else replace(state.prefs, language="")
    return Scene(catalogue, Inbound("desk", channel, "", at), session, prefs, prefs.language, first=False)


def _back(catalogue: Catalogue, state: State, channel: Channel, at: datetime, key: str) -> Turn:
    scene = _scene(catalogue, state, channel, at)
    node = handing_over.parked(scene.session)
    if not _may_show(scene, node):
        scene = replace(scene, session=scene.session.afresh())
        node = MAIN
    scene = _bot_again(scene).led_by(*scene.told(key))
    turn = replying.enter(scene, node)
    if not isinstance(turn, Turn):  # a place that an action fills in: it cannot run here
        turn = replying.show(scene, MAIN)
    return _as_ours(turn, state, outcome=key)


def _bot_again(scene: Scene) -> Scene:
    return scene.with_session(owner=Owner.BOT, ticket="", asking="", offered=(), printed="", more=0, misses=0)


def _may_show(scene: Scene, node: NodeId) -> bool:
    """Whether the place may appear on the phone unasked: a danger answer never, what is sensitive only in the next moment."""
    catalogue = scene.catalogue
    if catalogue.is_danger(node):
        return False
    is_harmless = not (catalogue.is_sensitive(node) or scene.session.sensitive)
    return is_harmless or scene.now_s - scene.session.active_s <= A_MOMENT_S


def _in_vain(scene: Scene, key: str) -> Turn:
    """Still waiting: sorry, the numbers that answer now, and where else to ask."""
    scene = scene.with_session(asking="", misses=0)
    lines = [*scene.told(key), numbers(scene)]
    turn = replying.say_lines(scene, lines, handing_over.ways_meanwhile(scene), outcome=key)
    return _as_ours(turn, scene.state)


def _as_ours(turn: Turn, before: State, *, outcome: str = "") -> Turn:
    """The turn without anything that only a message of the person may change or ask for."""
    session = replace(turn.state.session, active_s=before.session.active_s)
    state = replace(turn.state, session=session)
    return replace(turn, state=state, effects=(), outcome=outcome or turn.outcome)


def _unsaid(state: State, scene: Scene, outcome: str) -> Turn:
    session = replace(state.session, version=state.session.version + 1)
    return Turn(replace(state, session=session), None, session.node, scene.language, outcome)
