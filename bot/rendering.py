"""Turns an answer into the lines that a person reads: conditions, values, age, sources.

Pure: the day it is, and everything known of the person, are in the `View`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from bot import formatting
from bot.catalogue import COUNTRY_SLOT, Answer, Catalogue, HelpLine, Language, Place, Review
from bot.inbound import Channel

if TYPE_CHECKING:
    from bot.hours import OpeningHours

PLACEHOLDER = re.compile(r"\{([^{}\n]*)\}")
CONFIRMED_FOR = timedelta(days=90)
GRACE = timedelta(days=90)
GRACE_VOLATILE = timedelta(days=30)
"""How long after its review date a fact is still shown, with a warning: fees and hours less long (design §4)."""

SIDES = ("mexico", "belize")
MAX_RENDERED = 4096
"""Bodies that are kept: a few days' worth. Then all are dropped, which costs a moment."""

PARAGRAPH_END = ""
"""An empty line between paragraphs. WhatsApp shows it, SMS does without."""


@dataclass(frozen=True)
class View:
    """For whom, where and when something is rendered. `values` are slots that still count."""

    language: Language
    channel: Channel
    today: date
    values: Mapping[str, str] = field(default_factory=dict)
    filled: Mapping[str, str] = field(default_factory=dict)

    @property
    def country(self) -> str:
        """The side the person is on, if they have said so; "" otherwise."""
        value = self.values.get(COUNTRY_SLOT, "")
        return value if value in SIDES else ""


def body(catalogue: Catalogue, answer: Answer, view: View) -> tuple[str, ...]:
    """The lines of an answer, with its age and sources below.

    They are the same all day for everybody who gave the same values where the answer looks at them, so they are kept
    with the catalogue: rendering them for every message would cost as much as all the rest of the decision.
    """
    if view.filled:
        return _rendered(catalogue, answer, view)
    seen = tuple([view.values.get(slot, "") for slot in catalogue.slots_shown[answer.id]])
    key = (answer.id, view.language, view.channel, view.today, seen)
    lines = catalogue.rendered.get(key)
    if lines is None:
        if len(catalogue.rendered) >= MAX_RENDERED:
            catalogue.rendered.clear()
        lines = catalogue.rendered[key] = _rendered(catalogue, answer, view)
    return lines


def _rendered(catalogue: Catalogue, answer: Answer, view: View) -> tuple[str, ...]:
    age = _age(catalogue, answer, view)
    if age == "withheld":
        return _withheld(catalogue, answer, view)
    lines: list[str] = []
    for text in texts(catalogue, answer, view):
        shown = _filled_lines(catalogue, text, view)
        if shown:
            lines += [*shown, PARAGRAPH_END]
    lines += _footer(catalogue, answer, view, age)
    return tuple(lines[:-1] if lines and lines[-1] == PARAGRAPH_END else lines)


def texts(catalogue: Catalogue, answer: Answer, view: View) -> list[str]:
    """The paragraphs that are for this person, as written."""
    if answer.sms is not None and view.channel is Channel.SMS:
        return [answer.sms[view.language]]
    known = conditions(catalogue, view)
    return [
        paragraph.texts[view.language] for paragraph in answer.paragraphs if catalogue.matches(paragraph.only, known)
    ]


def conditions(catalogue: Catalogue, view: View) -> dict[str, str]:
    """Everything a paragraph may depend on: the slots, the channel, whether the hub is confirmed."""
    hub = "confirmed" if catalogue.hub_is_confirmed else "unconfirmed"
    return {**view.values, "channel": view.channel.value, "hub": hub}


def fill(catalogue: Catalogue, text: str, view: View) -> str:
    """A text with its values; lines whose value is empty are dropped whole."""
    return "\n".join(_filled_lines(catalogue, text, view))


def _filled_lines(catalogue: Catalogue, text: str, view: View) -> list[str]:
    lines: list[str] = []
    for line in text.splitlines():
        names = PLACEHOLDER.findall(line)
        if not names:
            lines.append(line.rstrip())
            continue
        values = {name: placeholder(catalogue, name, view, text) for name in names}
        if all(values.values()):
            lines += PLACEHOLDER.sub(lambda match: values[match.group(1)], line).rstrip().split("\n")  # noqa: B023
    return lines


def placeholder(catalogue: Catalogue, name: str, view: View, context: str = "") -> str:
    """The value of one placeholder; "" when there is nothing to show."""
    if name in view.filled:
        return view.filled[name]
    kind, _, id_ = name.partition(":")
    place, line = catalogue.places.get(id_), catalogue.lines.get(id_)
    match kind:
        case "place" if place:
            return "\n".join(place_lines(catalogue, place, view))
        case "phone" if place:
            return " / ".join(place.phones)
        case "hours" if place:
            return hours_text(catalogue, place.hours, place.zone, view)
        case "line" if line:
            return _one_line(catalogue, line, view)
        case "lines":
            return "\n".join(help_lines(catalogue, id_, view, context))
        case "complaint_days":
            return formatting.quantity(Decimal(catalogue.complaint_days), "day", catalogue.locales[view.language])
        case _:
            found = catalogue.facts.get(name)
            return formatting.fact(catalogue, found, view.language) if found else ""


# --- help lines --------------------------------------------------------------------------------------------------


def help_lines(
    catalogue: Catalogue, kind: str, view: View, context: str = "", *, may_stand_in: bool = True
) -> list[str]:
    """The help lines of a kind for the side the person is on, or for both sides, labelled (safety R23, R49).

    When none may be shown, the emergency numbers stand in, if they may and the same text does not give them anyway.
    """
    lines = [line for line in catalogue.lines.values() if kind in line.kinds and may_show(catalogue, line, view)]
    sides = (view.country,) if view.country else SIDES
    shown = [text for side in sides for text in _on_side(catalogue, lines, side, view)]
    if not shown and may_stand_in and kind != "emergency" and "{lines:emergency}" not in context:
        return help_lines(catalogue, "emergency", view)
    return shown


def _on_side(catalogue: Catalogue, lines: list[HelpLine], side: str, view: View) -> list[str]:
    """The lines that can be dialled on one side. For an unknown side, each side's own lines only."""
    here = [line for line in lines if line.number.get(side)]
    if not view.country:
        here = [line for line in here if line.country in (side, "other")]
    here.sort(key=lambda line: line.country != side)
    label = "" if view.country else catalogue.phrase(f"country_{side}", view.language) + ": "
    return [label + _number_text(catalogue, line, side, view) for line in here]


def may_show(catalogue: Catalogue, line: HelpLine, view: View) -> bool:
    """Held never; 911 always; others only while a recorded test call is fresh, or in development (safety R47)."""
    if line.held:
        return False
    return line.always or is_confirmed(line, view.today) or catalogue.show_unconfirmed


def is_confirmed(line: HelpLine, today: date) -> bool:
    return line.confirmed_on is not None and today - line.confirmed_on <= CONFIRMED_FOR


def _one_line(catalogue: Catalogue, line: HelpLine, view: View) -> str:
    if not may_show(catalogue, line, view):
        return ""
    sides = [side for side in ((view.country,) if view.country else SIDES) if line.number.get(side)]
    if not sides:
        return ""
    if len({line.number[side] for side in sides}) == 1:
        label = "" if view.country or len(sides) == len(SIDES) else _side_label(catalogue, sides[0], view)
        return label + _number_text(catalogue, line, sides[0], view)
    numbers = (
        catalogue.phrase(
            "dialled_from",
            view.language,
            country=catalogue.phrase(f"country_{side}", view.language),
            number=_number_text(catalogue, line, side, view, named=False),
        )
        for side in sides
    )
    return f"{line.name[view.language]}: " + " / ".join(numbers)


def _side_label(catalogue: Catalogue, side: str, view: View) -> str:
    return catalogue.phrase(f"country_{side}", view.language) + ": "


def _number_text(catalogue: Catalogue, line: HelpLine, side: str, view: View, *, named: bool = True) -> str:
    """Name and number; for the numbers everybody knows (911) the number alone."""
    parts = [line.name[view.language]] if named and not line.always else []
    parts.append(line.number[side])
    if not line.always and not is_confirmed(line, view.today):
        parts.append(catalogue.phrase("to_be_confirmed", view.language))
    if view.channel is not Channel.SMS and not line.always:
        hours = "24 h" if line.all_hours else _line_hours(catalogue, line, side, view)
        if hours:
            parts.append(f"({hours})")
    return " ".join(parts)


def _line_hours(catalogue: Catalogue, line: HelpLine, side: str, view: View) -> str:
    if line.hours is None:
        return ""
    return hours_text(catalogue, line.hours, line.hours.zone, view)


# --- places ------------------------------------------------------------------------------------------------------


def place_lines(catalogue: Catalogue, place: Place, view: View) -> list[str]:
    """A place as people need it: name, address, telephone, hours with the side whose time it is."""
    lines = [place.name[view.language]]
    if place.address:
        lines.append(place.address[view.language])
    if place.phones:
        lines.append(catalogue.phrase("phone", view.language, numbers=" / ".join(place.phones)))
    lines.append(hours_text(catalogue, place.hours, place.zone, view))
    return lines


_ZONE_PHRASES = {
    "America/Cancun": "time_chetumal",
    "America/Belize": "time_belize",
    "America/Mexico_City": "time_mexico_city",
}


def hours_text(catalogue: Catalogue, hours: OpeningHours | None, zone: str, view: View) -> str:
    """Opening hours with the side whose time it is, or that nobody knows them."""
    if hours is None:
        return catalogue.phrase("hours_unknown", view.language)
    from bot.hours import describe

    side = catalogue.phrase(_ZONE_PHRASES[zone], view.language)
    return f"{describe(hours, catalogue.locales[view.language])} ({side})"


# --- age ---------------------------------------------------------------------------------------------------------


def _age(catalogue: Catalogue, answer: Answer, view: View) -> str:
    """ "fresh", "old" or "withheld": the worst of the answer itself and of what it shows (safety R45)."""
    if catalogue.is_danger(answer.id):
        return "fresh"
    worst = "fresh"
    for review, grace in _reviews(catalogue, answer, view):
        if review.review_by is None or view.today <= review.review_by:
            continue
        if view.today > review.review_by + grace:
            return "withheld"
        worst = "old"
    return worst


def _reviews(catalogue: Catalogue, answer: Answer, view: View) -> list[tuple[Review, timedelta]]:
    """What an answer rests on, with the grace of each."""
    found = []
    volatile = False
    for text in texts(catalogue, answer, view):
        for name in PLACEHOLDER.findall(text):
            kind, _, id_ = name.partition(":")
            if kind in ("place", "hours") and id_ in catalogue.places:
                volatile = True
                found.append((catalogue.places[id_].review, GRACE_VOLATILE))
            elif name in catalogue.facts:
                fact = catalogue.facts[name]
                volatile = volatile or fact.amount is not None
                found.append((fact.review, GRACE_VOLATILE if fact.amount is not None else GRACE))
    found.append((answer.review, GRACE_VOLATILE if volatile else GRACE))
    return found


def _withheld(catalogue: Catalogue, answer: Answer, view: View) -> tuple[str, ...]:
    """Instead of an answer that is too old: its title, and where to ask."""
    title = f"*{answer.label[view.language]}*"
    lines = help_lines(catalogue, "migration", view, may_stand_in=False)
    return (title, catalogue.phrase("withheld", view.language), *lines)


def _footer(catalogue: Catalogue, answer: Answer, view: View, age: str) -> list[str]:
    """When it was checked and where from, in one short line; before it what calls for care."""
    if not answer.review.sources or catalogue.is_danger(answer.id):
        return []
    language = view.language
    checked = formatting.day(answer.review.checked, catalogue.locales[language]) if answer.review.checked else "?"
    lines = []
    if age == "old":
        lines.append(catalogue.phrase("past_review", language, date=checked))
    elif answer.confirm_locally:
        lines.append(catalogue.phrase("confirm_locally", language))
    names = dict.fromkeys(
        catalogue.sources[id_].name[language] for id_ in answer.review.sources if id_ in catalogue.sources
    )
    lines.append(catalogue.phrase("checked_on", language, date=checked, sources=", ".join(list(names)[:2])))
    return lines
