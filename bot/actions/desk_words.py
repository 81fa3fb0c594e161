"""Puts into words what is true of the desk: when advisors are there, how long it takes, until when somebody comes."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from bot import formatting, rendering
from bot.actions.place_words import moment, side
from bot.catalogue import Catalogue, Language
from bot.desk import Desk
from bot.hours import OpeningHours
from bot.inbound import Channel
from bot.rendering import View

NAMES = {Channel.SMS: "SMS", Channel.WHATSAPP: "WhatsApp"}
"""What everybody calls a channel, in any language."""

SHORT_S = 5 * 60
LONG_S = 3600
MANY = 5
"""From so many people who wait on, their number is told: it says more than minutes."""

REACH = timedelta(hours=23, minutes=30)
"""How long after somebody's message WhatsApp lets us write to them, with some minutes to spare."""

MOST_LINES = 3


def hours_line(catalogue: Catalogue, hours: OpeningHours, at: datetime, language: Language) -> str:
    """Whether advisors can be asked for now, and until or from when, with the side whose time it is."""
    is_open, changes_at = hours.is_open(at), hours.next_change(at)
    if changes_at is None:
        line = catalogue.phrase("desk_open_always", language)
    else:
        key = "desk_open_until" if is_open else "desk_shut_until"
        day, time = moment(changes_at, at, catalogue.locales[language], closing=is_open)
        key = f"{key}_day" if day else key
        line = catalogue.phrase(key, language, day=day, time=time, side=side(catalogue, hours.zone, language))
    return line if catalogue.hub_is_confirmed else catalogue.phrase("desk_unconfirmed", language, hours=line)


def wait_line(catalogue: Catalogue, desk: Desk, language: Language) -> str:
    """How long it takes until somebody answers, rounded up; that nobody knows while no advisor is there."""
    wait_s = desk.wait_s
    if wait_s is None:
        return catalogue.phrase("wait_unknown", language)
    if desk.waiting >= MANY:
        return catalogue.phrase("wait_many", language, count=desk.waiting, time=_about(catalogue, wait_s, language))
    if wait_s <= SHORT_S:
        return catalogue.phrase("wait_short", language)
    return catalogue.phrase("wait_about", language, time=_about(catalogue, wait_s, language))


def _about(catalogue: Catalogue, wait_s: int, language: Language) -> str:
    """Rounded up to five minutes, and from an hour on to hours: nobody can know it better."""
    number, unit = (-(-wait_s // 300) * 5, "minute") if wait_s <= LONG_S - 300 else (-(-wait_s // 3600), "hour")
    return formatting.quantity(Decimal(number), unit, catalogue.locales[language])


def promise_line(catalogue: Catalogue, promised: datetime, at: datetime, language: Language, channel: Channel) -> str:
    """Until when somebody comes or the person is told; where we may not write then, that they should."""
    here = promised.replace(second=0, microsecond=0)
    if promised > here:
        here += timedelta(minutes=1)
    day, time = moment(here, at, catalogue.locales[language], closing=False)
    whose = side(catalogue, str(promised.tzinfo), language)
    if channel is Channel.WHATSAPP and promised - at > REACH:
        return catalogue.phrase("promise_write", language, day=day, time=time, side=whose)
    return catalogue.phrase("promise_day" if day else "promise", language, day=day, time=time, side=whose)


def lines_now(catalogue: Catalogue, view: View) -> list[str]:
    """The telephones that answer at this hour: the emergency numbers and, where there is room, those open day and night."""
    shown = rendering.help_lines(catalogue, "emergency", view)
    if view.channel is Channel.SMS:
        return ["; ".join(shown)]
    others = [
        rendering.placeholder(catalogue, f"line:{line.id}", view)
        for line in catalogue.lines.values()
        if line.all_hours and not line.always and "violence" in line.kinds
    ]
    return [*shown, *[text for text in others if text][:MOST_LINES]]
