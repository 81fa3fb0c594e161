"""What the simulator shows beside the phone: ids decoded, with the labels that people know them by.

Everything here is a reading of what the store and the catalogue hold; nothing is decided.
"""

from typing import Any

from bot import segments
from bot.catalogue import Catalogue, option_id
from bot.session import Prefs, Session

Described = dict[str, Any]


def session_in_words(catalogue: Catalogue, session: Session, prefs: Prefs, now_s: int) -> Described:
    """A session with its ids and labels. `path` ends where the person stands; seconds are those that are left."""
    language = prefs.language if prefs.language in catalogue.languages else catalogue.languages[0]

    def named(id_: str) -> Described:
        label = catalogue.option_labels.get(id_)
        return {"id": id_, "label": label[language] if label else ""}

    return {
        "path": [named(id_) for id_ in (*session.path, session.node) if id_],
        "offered": [named(id_) for id_ in session.offered],
        "asking": session.asking,
        "more": session.more,
        "printed": session.printed,
        "slots": [
            {"name": name, "value": value, "label": _value_label(catalogue, name, value, language),
             "left_s": session.slots[name].until_s - now_s}
            for name, value in session.values(now_s).items()
        ],
        "misses": session.misses,
        "owner": session.owner.name.lower(),
        "ticket": session.ticket,
        "sensitive": session.sensitive,
        "version": session.version,
        "left_s": max(0, session.active_s + session.ttl_s - now_s),
    }  # fmt: skip


def _value_label(catalogue: Catalogue, slot: str, value: str, language: str) -> str:
    """What a value is called: the label of its option, or a country that was typed."""
    label = catalogue.option_labels.get(option_id(slot, value))
    return label[language] if label else catalogue.country_name(value, language)


def prefs_in_words(prefs: Prefs) -> Described:
    """What holds for a person on every channel."""
    return {
        "language": prefs.language,
        "consent": prefs.consent,
        "opted_out": sorted(channel.value for channel in prefs.opted_out),
    }


def reading_of(catalogue: Catalogue, text: str) -> Described:
    """What was made of a free text: the example that each guess is nearest to, and the danger pattern that fired."""
    alarm = catalogue.lexicon.search(text)
    return {
        "examples": {guess.label: guess.example for guess in catalogue.understanding.explain(text)},
        "pattern": alarm.pattern if alarm else "",
    }


def cost_of(text: str) -> Described:
    """What a text costs as SMS: encoding, units, and the segments it is cut into."""
    counted = segments.count(text)
    return {"encoding": counted.encoding, "units": counted.units, "segments": segments.split(text)}


def examples_of(catalogue: Catalogue) -> dict[str, list[str]]:
    """By language one question for each answer that nobody minds seeing on a screen, as people ask it."""
    shown = [
        answer
        for id_, answer in catalogue.answers.items()
        if not (answer.sensitive or catalogue.is_danger(id_))
    ]  # fmt: skip
    return {
        language: [answer.people_ask[language][0] for answer in shown if answer.people_ask.get(language)]
        for language in catalogue.languages
    }
