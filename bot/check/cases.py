"""The cases in which something is shown: languages, channels, days, what is known of the person, and the longest values.

A page that fits on a quiet day must also fit for somebody who has told us everything, on the day a notice is out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import product

from bot.actions.place_words import near_line
from bot.catalogue import COUNTRY_SLOT, MAIN, NEAREST, WELCOME, Answer, Catalogue, Language
from bot.check.project import Project
from bot.inbound import Channel, Inbound
from bot.nearest import Spot, nearest
from bot.scene import Scene
from bot.session import Prefs, Session, Slot
from bot.understood_text import understood_as

FAR = 10**10
"""A second in the far future: the slots of a case never run out while it is drawn."""

MY_DATA = "my-data"
HOURS_OF_DOORS = (time(18, 0), time(3, 0), time(23, 30))
"""Moments (UTC) at which doors are open, shut, and shut for long: each is said in other words."""


def scenes(project: Project, answer: Answer) -> Iterator[tuple[str, Scene]]:
    """Every case in which an answer may be shown, with what is special about it.

    The person comes from somewhere (so that "back" is offered) and is new to sensitive topics (so that the warning is).
    """
    for special, catalogue, day in _variants(project, answer):
        for values in tested_values(catalogue, answer):
            for language, channel in product(catalogue.languages, Channel):
                held = longest_values(catalogue, language) if answer.id == MY_DATA else values
                scene = scene_at(catalogue, answer.id, channel, language, day, held)
                yield special, scene
                if answer.id not in (MAIN, WELCOME) and not special and not values:
                    yield "first", replace(scene, first=True, session=replace(scene.session, node=""))
                    if answer.people_ask and answer.id not in catalogue.danger_nodes:
                        yield "in their own words", understood_as(scene, answer.id)


def scene_at(
    catalogue: Catalogue, id_: str, channel: Channel, language: Language, day: date, values: Mapping[str, str]
) -> Scene:
    """Somebody of whom these values are known, about to be shown an id."""
    slots = {name: Slot(value, FAR) for name, value in values.items()}
    session = Session(node="" if id_ in (MAIN, WELCOME) else MAIN, slots=slots)
    inbound = Inbound("check", channel, "", datetime.combine(day, time(12), UTC))
    return Scene(catalogue, inbound, session, Prefs(language, consent=True), language, first=id_ == WELCOME)


def _variants(project: Project, answer: Answer) -> Iterator[tuple[str, Catalogue, date]]:
    """Catalogues and days: as it is; with the hub as it is not yet; with notices out; after the review date."""
    catalogue = project.catalogue
    yield "", catalogue, project.today
    if _shows_hub(catalogue, answer):
        is_confirmed = catalogue.hub_is_confirmed
        yield f"hub={'unconfirmed' if is_confirmed else 'confirmed'}", project.other_hub, project.today
    for notice in catalogue.notices:
        concerned = answer.id == WELCOME or answer.id in notice.topics or answer.topic in notice.topics
        if concerned and notice.until_day >= project.today < notice.from_day:
            yield f"notice={notice.id}", catalogue, notice.from_day
    review = answer.review
    if review.sources and review.review_by is not None and not catalogue.is_danger(answer.id):
        yield "old", catalogue, max(review.review_by, project.today) + timedelta(days=1)


def _shows_hub(catalogue: Catalogue, answer: Answer) -> bool:
    """Whether an answer is another one once the hub is confirmed."""
    texts = [text for paragraph in answer.paragraphs for text in paragraph.texts.values()]
    named = any(":hub}" in text for text in [*texts, *(answer.sms or {}).values()])
    return named or answer.id in catalogue.lexicon.nodes or any("hub" in part.only for part in answer.paragraphs)


def tested_values(catalogue: Catalogue, answer: Answer) -> Iterator[dict[str, str]]:
    """Every combination of the slots that an answer tests, each also unknown. The country changes help lines."""
    tested: dict[str, list[str]] = {COUNTRY_SLOT: ["", "mexico", "belize"]}
    for paragraph in answer.paragraphs:
        for slot, wanted in paragraph.only.items():
            if slot in catalogue.questions:
                member = min(catalogue.groups.get(wanted, ()), default=wanted)
                tested.setdefault(slot, [""])
                if member not in tested[slot]:
                    tested[slot].append(member)
    for combination in product(*tested.values()):
        yield {slot: value for slot, value in zip(tested, combination, strict=True) if value}


def longest_values(catalogue: Catalogue, language: Language) -> dict[str, str]:
    """For every question the answer with the longest label: what "my data" may have to list."""
    return {
        slot: max(question.options, key=lambda option: len(option.label[language])).value
        for slot, question in catalogue.questions.items()
        if question.options
    }


def near_lists(catalogue: Catalogue, channel: Channel, language: Language, day: date) -> Iterator[tuple[str, str]]:
    """What the nearest offices may read like: for each town and hour, with the town it was asked from."""
    if NEAREST not in catalogue.answers:
        return
    told: set[str] = set()
    for town in catalogue.towns.values():
        for hour in HOURS_OF_DOORS:
            at = datetime.combine(day, hour, UTC)
            found = nearest(catalogue.places.values(), catalogue.towns, Spot(town.lat, town.lon, town.id), at)
            with_address = channel is not Channel.SMS
            text = "\n".join(near_line(catalogue, each, at, language, with_address=with_address) for each in found)
            if text and text not in told:
                told.add(text)
                yield town.id, text
