"""Keeps one person, or one machine that answers us, from filling the line. Danger is never held back (safety R21)."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from bot.scene import Scene
from bot.session import Session

BURST_S = 60
MAX_BURST = 20
"""Messages a minute from one person that are answered. The next one is told; those after it are not answered."""

MAX_ECHOES = 3
"""How often the same words that are not understood are answered in a row: two bots would go on for ever."""

MEDIA_QUIET_S = 60
"""Photos that follow an answered one within this time get no answer of their own."""


class Pace(StrEnum):
    FINE = "fine"
    TELL = "tell"
    QUIET = "quiet"


def counted(session: Session, now_s: int) -> Session:
    """The session with a message of this moment counted."""
    if now_s - session.burst_s >= BURST_S:
        return replace(session, burst=1, burst_s=now_s)
    return replace(session, burst=min(session.burst + 1, MAX_BURST + 2))


def pace(scene: Scene) -> Pace:
    """Whether to answer, to ask for patience, or to stay quiet."""
    if scene.session.burst <= MAX_BURST:
        return Pace.FINE
    return Pace.TELL if scene.session.burst == MAX_BURST + 1 else Pace.QUIET


def echoed(scene: Scene) -> Scene:
    """The same turn with this message, which was not understood, compared with the last such one."""
    session = scene.session
    same = session.echoes > 0 and session.echo == scene.inbound.echo
    return scene.with_session(echo=scene.inbound.echo, echoes=session.echoes + 1 if same else 1)


def is_echo(scene: Scene) -> bool:
    """Whether the same words came too often. Who may be in danger is answered however often (safety R21)."""
    return scene.session.echoes > MAX_ECHOES and not scene.danger


def is_media_burst(scene: Scene) -> bool:
    """Whether the same kind of thing was answered a moment ago: ten photos at once get one answer."""
    session = scene.session
    same_kind = bool(scene.inbound.media) and session.media == scene.inbound.media[0].value
    return same_kind and scene.now_s - session.media_s < MEDIA_QUIET_S
