"""What one message leads to: the values a step returns, which the webhook commits and sends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.desk import NO_DESK, Desk
from bot.inbound import Location
from bot.native import Native
from bot.session import Prefs, Session


class Clears(StrEnum):
    """What else a turn removes from the store."""

    NOTHING = "nothing"
    COPIES = "copies"  # exit: the copies of recent replies
    ALL = "all"  # delete: everything about the person, on every channel


@dataclass(frozen=True, slots=True)
class State:
    """What was remembered when the message came."""

    session: Session
    prefs: Prefs


@dataclass(frozen=True, slots=True)
class Effect:
    """A change of outbox or ticket that a turn asks for, committed with it. `kind` is a past-tense name."""

    kind: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Turn:
    """One message and all that follows from it. Committed whole or not at all.

    `reply` is the text for the person; None is silence. `node`, `language` and `outcome` say in ids what happened, for
    logs and tools; `danger` is "certain", "possible" or "". `native` is the same reply with rows to tap, where the channel
    can show it so; None where it goes out as text whatever happens.
    """

    state: State
    reply: str | None
    node: str = ""
    language: str = ""
    outcome: str = ""
    danger: str = ""
    clears: Clears = Clears.NOTHING
    effects: tuple[Effect, ...] = ()
    ranked: tuple[tuple[str, float], ...] = ()
    native: Native | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A step that needs an action first: run `action`, then `resume` with what it returned.

    `location` and `town` are what the person gave as a place, for this turn only. `choice` is what they have just
    answered to what the action asked before ("" when they come anew), `desk` the queue for an advisor as it is now: who
    runs the action fills it in.
    """

    action: str
    node: str
    state: State
    language: str
    location: Location | None = None
    town: str = ""
    lead: tuple[str, ...] = ()
    first: bool = False
    danger: str = ""
    effects: tuple[Effect, ...] = ()
    choice: str = ""
    desk: Desk = NO_DESK


@dataclass(frozen=True, slots=True)
class ActionResult:
    """What an action returned: Rasa events and utterances (`response` or `text`, with values), as plain mappings.

    `failed` says that it could not be reached or did not finish in time.
    """

    events: Sequence[Mapping[str, Any]] = ()
    responses: Sequence[Mapping[str, Any]] = ()
    failed: bool = False
