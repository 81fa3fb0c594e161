"""What people write: walks through the menus of the real content, made with the real engine.

The texts cannot be invented beforehand, because "3" must be something that was offered. So some walks are made by
talking with the engine, and 10,000 people then walk them.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.catalogue import Catalogue
from bot.inbound import Channel
from bot.session import Session
from webhook.local import LocalTalk

LENGTHS = (4, 5, 6, 7, 8, 9, 10, 12)
"""Messages of one walk. Fewer than the flood guard allows in a minute."""

GREETINGS = {"en": ("hi", "Hello", "good evening", "EN"), "es": ("hola", "Buenas tardes", "Buenos días", "ES")}
THANKS = {"en": "thanks!", "es": "gracias"}
MISTAKES = {"en": "banana boat", "es": "perro azul"}

MIX = {"number": 62, "back": 9, "menu": 6, "label": 9, "question": 8, "sos": 3, "mistake": 2, "thanks": 1}
"""What comes after the first message, in percent. Who has nothing to choose from goes back, or to the menu, or asks."""

STARTED_AT = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Walk:
    """What one person writes on a channel, in order, with the kind of each message and what is remembered at the end."""

    channel: Channel
    language: str
    texts: tuple[str, ...]
    kinds: tuple[str, ...]
    session: Session


def make_walks(catalogue: Catalogue, count: int, *, seed: int = 2) -> list[Walk]:
    """Different walks: three of five on WhatsApp, two of three in Spanish. Equal arguments give equal walks."""
    chance = random.Random(seed)
    return [_walk(catalogue, chance) for _ in range(count)]


def mix_of(walks: Iterable[Walk]) -> dict[str, float]:
    """The share of each kind of message, the most frequent first."""
    kinds = Counter(kind for walk in walks for kind in walk.kinds)
    return {kind: number / kinds.total() for kind, number in kinds.most_common()}


def _walk(catalogue: Catalogue, chance: random.Random) -> Walk:
    channel = Channel.WHATSAPP if chance.random() < 0.6 else Channel.SMS
    language = "es" if chance.random() < 2 / 3 else "en"
    talk = LocalTalk(catalogue, channel)
    written: list[tuple[str, str]] = []
    at = STARTED_AT
    for _ in range(chance.choice(LENGTHS)):
        kind, text = _next(catalogue, talk, language, chance) if written else _first(catalogue, language, chance)
        talk.say(text, at)
        written.append((kind, text))
        at += timedelta(seconds=20)
    kinds, texts = zip(*written, strict=True)
    return Walk(channel, language, texts, kinds, talk.state.session)


def _first(catalogue: Catalogue, language: str, chance: random.Random) -> tuple[str, str]:
    if chance.random() < 0.8:
        return "greeting", chance.choice(GREETINGS[language])
    return "question", _question(catalogue, language, chance)


def _next(catalogue: Catalogue, talk: LocalTalk, language: str, chance: random.Random) -> tuple[str, str]:
    session = talk.state.session
    asked = catalogue.questions.get(session.asking)
    if asked is not None and asked.kind == "place":
        return "town", chance.choice(list(catalogue.towns.values())).name[language]
    kind = chance.choices(list(MIX), list(MIX.values()))[0]
    if kind in ("number", "label") and not session.offered:
        kind = chance.choice(("back", "menu", "question"))
    match kind:
        case "number":
            return kind, str(chance.randint(1, len(session.offered)))
        case "label":
            return kind, catalogue.label(chance.choice(session.offered), language)
        case "back" if "9" in session.printed:
            return kind, "9"
        case "menu" if "0" in session.printed:
            return kind, "0"
        case "sos":
            return kind, "SOS"
        case "mistake":
            return kind, MISTAKES[language]
        case "thanks":
            return kind, THANKS[language]
        case _:
            return "question", _question(catalogue, language, chance)


def _question(catalogue: Catalogue, language: str, chance: random.Random) -> str:
    return chance.choice(_questions(catalogue, language))


def _questions(catalogue: Catalogue, language: str) -> Sequence[str]:
    """What people ask, as staff have written it down."""
    return [text for answer in catalogue.answers.values() for text in answer.people_ask.get(language, ())]
