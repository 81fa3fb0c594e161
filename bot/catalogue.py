"""Everything the conversation knows, compiled from `flows/` and `content/`: immutable, cross-checked, with a version.

A turn reads it and nothing else. `bot/loading.py` builds it; a changed folder gives a new one, and the old one is
dropped whole.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from babel import Locale

from bot.danger import Lexicon
from bot.folding import fold
from bot.hours import OpeningHours, parse_hours
from bot.language import LanguageGuess
from bot.names import Language as Language
from bot.names import NodeId as NodeId
from bot.session import CODE_LENGTH
from bot.understanding.encoder import Encoder
from bot.understanding.lessons import OUTSIDE, Lessons
from bot.understanding.model import Model
from bot.understanding.names import Names
from bot.understanding.understood import Understanding
from bot.understanding.wording import Reader
from bot.vocabulary import COUNTRY, SIDE, Vocabulary
from bot.words import Words

Texts = Mapping[Language, str]

MAIN = "main"
WELCOME = "welcome"
ADVISOR = "advisor"
HELP_NUMBERS = "emergency-numbers"
NEAREST = "nearest-office"
MY_DATA = "my-data"
THANKS = "thanks"
LANGUAGE_SLOT = "language"
CONSENT = "consent"
HAND_OVER = "hand-over"
WAITING = "waiting"
FIRST_NOTE = "first-note"
CHECK_WORD = "check-word"
SAFE_TIME = "safe-time"
LEAVING = "leave-talk"
COUNTRY_SLOT = "country"
RATHER_NOT = "-"
SIDES = frozenset({"mx", "bz"})
"""Countries of this border: what names them tells the side, not a nationality."""

OPTION_PHRASES = {
    "consent=yes": "consent_yes",
    "consent=no": "consent_no",
    "hand-over=yes": "hand_over_yes",
    "hand-over=steps": "hand_over_steps",
    "hand-over=no": "hand_over_no",
    "waiting=note": "waiting_note",
    "waiting=safe-time": "waiting_safe_time",
    "waiting=check-word": "waiting_check_word",
    "waiting=stop": "waiting_stop",
    "waiting=skip": "waiting_skip",
    "leave-talk=yes": "leave_talk_yes",
    "leave-talk=complaint": "leave_talk_yes",
    "leave-talk=no": "leave_talk_no",
    "@not-this": "not_this",
    "@something-else": "something_else",
}
"""Options that the program itself offers, and the phrases they are called by."""

NOT_THIS = "@not-this"
SOMETHING_ELSE = "@something-else"
REQUIRED_NODES = (MAIN, WELCOME, ADVISOR, HELP_NUMBERS, "danger-now", "privacy", "language", THANKS, NEAREST)

COMPLAINTS = "complaints"
"""What pages and routes may depend on: whether complaints are taken here (see `Complaining`)."""

_SLOT_VALUE = re.compile(r"\{([a-z_]+)\}")


class Complaining(StrEnum):
    """Whether a complaint can be left in this chat: it needs a focal point, and a place to put it down."""

    OPEN = "taken"
    NONE = "not-taken"
    NOT_NOW = "not-now"


@dataclass(frozen=True, slots=True)
class Where:
    """The line of a file that something comes from, for messages to staff."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Review:
    """How old something is: when it was held against its sources, and until when that counts."""

    sources: tuple[str, ...] = ()
    checked: date | None = None
    review_by: date | None = None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines in every language, shown when all conditions of `only` hold."""

    texts: Texts
    only: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """A content leaf: what is said at a node, in every language. `topic` is its folder."""

    id: NodeId
    topic: str
    where: Where
    label: Texts
    synonyms: Mapping[Language, tuple[str, ...]]
    paragraphs: tuple[Paragraph, ...]
    sms: Texts | None
    people_ask: Mapping[Language, tuple[str, ...]]
    sensitive: bool
    confirm_locally: bool
    review: Review


@dataclass(frozen=True, slots=True)
class Route:
    """A way on after a question: taken when every slot has the value, or one of the group, that `when` names."""

    when: Mapping[str, str]
    go: NodeId


@dataclass(frozen=True, slots=True)
class Node:
    """What may happen next at one id."""

    id: NodeId
    where: Where
    menu: tuple[NodeId, ...] = ()
    ask: tuple[str, ...] = ()
    then: tuple[Route, ...] = ()
    next: tuple[NodeId, ...] = ()
    action: str = ""
    hide_when: Mapping[str, str] = field(default_factory=dict)
    instead: NodeId = ""


@dataclass(frozen=True, slots=True)
class QuestionOption:
    value: str
    label: Texts
    synonyms: Mapping[Language, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Question:
    """A question that fills a slot. Its last option, "rather not say", is added by the program."""

    slot: str
    where: Where
    kind: str
    text: Texts
    options: tuple[QuestionOption, ...]
    keeps_s: int
    personal: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """A value that is written once and shown in many answers. Exactly one of the values is set."""

    id: str
    where: Where
    review: Review
    amount: Decimal | None = None
    currency: str = ""
    number: Decimal | None = None
    unit: str = ""
    day: date | None = None
    text: Texts | None = None
    items: tuple[Texts, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    id: str
    where: Where
    name: Texts
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Place:
    """An office, a crossing, a shelter. `hours` is None while nobody knows them."""

    id: str
    where: Where
    name: Texts
    country: str
    kinds: tuple[str, ...]
    address: Texts
    phones: tuple[str, ...]
    whatsapp: str
    email: str
    hours: OpeningHours | None
    zone: str
    town: str
    lat: float | None
    lon: float | None
    languages: tuple[str, ...]
    review: Review
    confirmed_on: date | None

    @property
    def is_confirmed(self) -> bool:
        """Whether the hub itself has confirmed it, with an address and hours."""
        return self.confirmed_on is not None and self.hours is not None and bool(self.address)


@dataclass(frozen=True, slots=True)
class Town:
    id: str
    where: Where
    name: Texts
    synonyms: tuple[str, ...]
    country: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class HelpLine:
    """A telephone that helps. `number` says how it is dialled in each country from which it can be dialled."""

    id: str
    where: Where
    name: Texts
    country: str
    kinds: tuple[str, ...]
    number: Mapping[str, str]
    whatsapp: str
    hours: OpeningHours | None
    all_hours: bool
    languages: tuple[str, ...]
    always: bool
    held: bool
    review: Review
    confirmed_on: date | None


@dataclass(frozen=True, slots=True)
class Notice:
    id: str
    where: Where
    text: Texts
    from_day: date
    until_day: date
    topics: tuple[str, ...]
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    id: str
    where: Where
    texts: Texts


@dataclass(frozen=True, slots=True)
class NotCovered:
    """A kind of question that has no answer here: what is said of it, and what people write."""

    id: str
    where: Where
    text: Texts
    people_ask: Mapping[Language, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class SavedReply:
    """Words that advisors send often. The bot never says them."""

    id: str
    where: Where
    label: Texts
    text: Texts


@dataclass(frozen=True)
class Catalogue:
    """The whole of it. Built once; equal files give an equal `version`."""

    version: str
    languages: tuple[Language, ...]
    language_names: Mapping[Language, str]
    locales: Mapping[Language, str]
    answers: Mapping[NodeId, Answer]
    nodes: Mapping[NodeId, Node]
    questions: Mapping[str, Question]
    groups: Mapping[str, frozenset[str]]
    facts: Mapping[str, Fact]
    sources: Mapping[str, Source]
    places: Mapping[str, Place]
    towns: Mapping[str, Town]
    lines: Mapping[str, HelpLine]
    notices: tuple[Notice, ...]
    phrases: Mapping[str, Phrase]
    words: Words
    lexicon: Lexicon
    vocabulary: Vocabulary
    not_covered: Mapping[str, NotCovered]
    show_unconfirmed: bool
    model: Model | None = None
    encoder: Encoder | None = None
    saved_replies: Mapping[str, SavedReply] = field(default_factory=dict)
    complaining: Complaining = Complaining.NONE
    complaint_days: int = 30

    def phrase(self, key: str, language: Language, **values: object) -> str:
        """One of the bot's small fixed phrases, with its values filled in."""
        text = self.phrases[key].texts[language]
        if not values:
            return text
        return _SLOT_VALUE.sub(lambda match: str(values.get(match.group(1), match.group())), text)

    def label(self, id_: str, language: Language) -> str:
        """What an option is called in a menu, whatever it leads to."""
        return self.option_labels[id_][language]

    def node(self, id_: NodeId) -> Node:
        """The moves at an id. An answer without a flow entry is a leaf."""
        return self.nodes.get(id_) or Node(id_, self.answers[id_].where)

    def is_sensitive(self, id_: NodeId) -> bool:
        return id_ in self.answers and self.answers[id_].sensitive

    def is_danger(self, id_: NodeId) -> bool:
        """Whether a danger phrase leads here: one page, never withheld."""
        return id_ in self.lexicon.nodes or id_ == HELP_NUMBERS

    def matches(self, when: Mapping[str, str], values: Mapping[str, str]) -> bool:
        """Whether every condition holds: a slot has the value, or one of the group, that is named."""
        return all(
            self._has(self.complaining if slot == COMPLAINTS else values.get(slot, ""), wanted)
            for slot, wanted in when.items()
        )

    def _has(self, value: str, wanted: str) -> bool:
        return value == wanted or (wanted in self.groups and value in self.groups[wanted])

    @cached_property
    def option_labels(self) -> Mapping[str, Texts]:
        """The label of everything that can be offered, by option id (a node, `slot=value`, `@not-this` …)."""
        labels: dict[str, Texts] = {id_: answer.label for id_, answer in self.answers.items()}
        for question in self.questions.values():
            for option in question.options:
                labels[option_id(question.slot, option.value)] = option.label
            labels[option_id(question.slot, RATHER_NOT)] = self.phrases["rather_not_say"].texts
        for option_id_, phrase in OPTION_PHRASES.items():
            labels[option_id_] = self.phrases[phrase].texts
        for language in self.languages:
            own = self.language_names[language]
            labels[option_id(LANGUAGE_SLOT, language)] = dict.fromkeys(self.languages, own)
        return labels

    @cached_property
    def folded_labels(self) -> Mapping[str, tuple[str, ...]]:
        """The same in all languages, folded as messages are."""
        return {id_: tuple(fold(label) for label in labels.values()) for id_, labels in self.option_labels.items()}

    @cached_property
    def option_synonyms(self) -> Mapping[str, Mapping[Language, tuple[str, ...]]]:
        """Other names of what can be offered, by option id and language."""
        synonyms = {id_: answer.synonyms for id_, answer in self.answers.items() if answer.synonyms}
        for question in self.questions.values():
            for option in question.options:
                if option.synonyms:
                    synonyms[option_id(question.slot, option.value)] = option.synonyms
        return synonyms

    def country_name(self, code: str, language: Language) -> str:
        """What a country is called: the name of a two-letter code, or the code itself."""
        return str(Locale.parse(self.locales[language]).territories.get(code.upper(), code))

    @cached_property
    def country_codes(self) -> Mapping[str, str]:
        """Folded names of all countries, in every language, and what options of questions call them → code."""
        names: dict[str, str] = {}
        for language in self.languages:
            for code, name in Locale.parse(self.locales[language]).territories.items():
                if len(code) == 2 and code.isalpha() and code not in ("ZZ", "EU", "EZ", "UN", "QO"):
                    names.setdefault(fold(str(name)), code.lower())
        for question in self.questions.values():
            if question.kind == "country":
                for option in question.options:
                    for language in self.languages:
                        for text in (fold(option.label[language]), *option.synonyms.get(language, ())):
                            names[text] = option.value
        return names

    @cached_property
    def codes(self) -> CodeTable:
        """The short codes under which sessions store ids."""
        return CodeTable([*self.option_labels, *self.nodes])

    @cached_property
    def slots_shown(self) -> Mapping[NodeId, tuple[str, ...]]:
        """The slots on which the text of each answer depends: those of its conditions, and the side for help lines."""
        return {
            id_: tuple(sorted({COUNTRY_SLOT, *(slot for paragraph in answer.paragraphs for slot in paragraph.only)}))
            for id_, answer in self.answers.items()
        }

    @cached_property
    def rendered(self) -> dict[Hashable, tuple[str, ...]]:
        """Bodies that were rendered already, kept and read by `rendering.body` alone: nothing else here ever changes."""
        return {}

    @cached_property
    def town_names(self) -> frozenset[str]:
        """What any town is called, folded."""
        return frozenset(
            name for town in self.towns.values() for name in (*map(fold, town.name.values()), *town.synonyms)
        )

    @cached_property
    def hub_is_confirmed(self) -> bool:
        return "hub" in self.places and self.places["hub"].is_confirmed

    @cached_property
    def desk_hours(self) -> OpeningHours | None:
        """When advisors can be asked for here; None where nobody has said so, and then they are not offered.

        They are the hub's once it is confirmed. In development they may be unconfirmed; unknown ones count as day and night.
        """
        hub = self.places.get("hub")
        if hub is None or not (hub.is_confirmed or self.show_unconfirmed):
            return None
        return hub.hours or parse_hours(["24h"], hub.zone)

    @cached_property
    def language_guess(self) -> LanguageGuess:
        """Tells the languages apart, from the words of the content itself."""
        return LanguageGuess.of({language: self._said_in(language) for language in self.languages})

    def _said_in(self, language: Language) -> Iterator[str]:
        """Everything that is said in a language, and examples of what people write in it."""
        for answer in self.answers.values():
            yield from answer.people_ask.get(language, ())
            yield answer.label[language]
            yield from (paragraph.texts[language] for paragraph in answer.paragraphs)
        yield from (phrase.texts[language] for phrase in self.phrases.values())
        yield from self.lexicon.samples(language)

    @cached_property
    def understanding(self) -> Understanding:
        """Finds the answer that a free text asks for; with what was learned from the examples, once that is there."""
        names = Names.of(tuple(self.answers.values()), self.languages)
        reader = self.reader
        if self.model is not None:
            reader = replace(reader, speller=self.model.speller)
        known = frozenset((*self.answers, *(OUTSIDE + kind for kind in self.not_covered)))
        return Understanding(names, reader, self.model, self.encoder, self.danger_nodes, known)

    @cached_property
    def danger_nodes(self) -> frozenset[NodeId]:
        """The answers for somebody who tells of danger. Who only asks for the numbers tells of none."""
        return self.lexicon.nodes - {HELP_NUMBERS}

    @cached_property
    def reader(self) -> Reader:
        """Reads texts as the model does, towns and countries known."""
        slots = dict(self.vocabulary.slots)
        for town in self.towns.values():
            for name in (*map(fold, town.name.values()), *town.synonyms):
                slots.setdefault(tuple(name.split()), SIDE + town.country)
        for name, code in self.country_codes.items():
            if code not in SIDES:
                slots.setdefault(tuple(name.split()), COUNTRY + code)
        return Reader(replace(self.vocabulary, slots=slots), self.language_guess)

    @cached_property
    def lessons(self) -> Lessons:
        """What there is to learn from."""
        return Lessons.of(self.answers.values(), self.not_covered.values(), self.danger_nodes, self.languages)

    def with_model(self, model: Model | None, encoder: Encoder | None) -> Catalogue:
        """The same catalogue with what was learned from its examples."""
        same = replace(self, model=model, encoder=encoder)
        made = {name: value for name, value in self.__dict__.items() if name not in same.__dict__}
        for name in ("understanding", "without_complaints"):  # all else that was made does not depend on the model
            made.pop(name, None)
        same.__dict__.update(made)
        return same

    def with_places(self, places: Mapping[str, Place]) -> Catalogue:
        """The same catalogue with other places."""
        other = replace(self, places=places)
        made = {name: value for name, value in self.__dict__.items() if name not in other.__dict__}
        for name in ("rendered", "without_complaints", "hub_is_confirmed", "desk_hours"):
            made.pop(name, None)
        other.__dict__.update(made)
        return other

    def taking_complaints(self, days: int) -> Catalogue:
        """The same catalogue where a focal point takes complaints and has so many days to answer."""
        return self._complaining(Complaining.OPEN, days)

    @cached_property
    def without_complaints(self) -> Catalogue:
        """The same catalogue while none can be put down, or, where none are taken anyway, itself."""
        if self.complaining is Complaining.NONE:
            return self
        return self._complaining(Complaining.NOT_NOW, self.complaint_days)

    def _complaining(self, complaining: Complaining, days: int) -> Catalogue:
        other = replace(self, complaining=complaining, complaint_days=days)
        made = {name: value for name, value in self.__dict__.items() if name not in other.__dict__}
        for name in ("rendered", "without_complaints"):  # all else that was made already does not depend on it
            made.pop(name, None)
        other.__dict__.update(made)
        return other

    def warm(self) -> None:
        """Make now what first turns would wait for, so that processes begun as copies of this one share it."""
        self.lexicon.search("hola")
        _ = (self.codes, self.folded_labels, self.option_synonyms, self.country_codes, self.town_names)
        _ = (self.slots_shown, self.language_guess, self.understanding)


def option_id(slot: str, value: str) -> str:
    """The id of an option that fills a slot."""
    return f"{slot}={value}"


class CodeTable:
    """Ids as codes of four characters: a hash, so that a code means the same id in every version of the content."""

    def __init__(self, ids: list[str]) -> None:
        self._codes: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        self.clashes: list[tuple[str, str]] = []
        for id_ in dict.fromkeys(ids):
            code = short_code(id_)
            if code in self._ids:
                self.clashes.append((id_, self._ids[code]))
                continue
            self._codes[id_] = code
            self._ids[code] = id_

    def code(self, id_: str) -> str:
        """The code of an id, also of one that is gone (see `id`)."""
        return self._codes.get(id_) or (id_[1:] if id_.startswith("?") else short_code(id_))

    def id(self, code: str) -> str:
        """The id behind a code; one that no longer exists comes back as "?" and the code, and is never found."""
        return self._ids.get(code, f"?{code}")


def short_code(id_: str) -> str:
    """Four characters of base64: three bytes of a hash."""
    digest = hashlib.blake2s(id_.encode(), digest_size=3).digest()
    return base64.urlsafe_b64encode(digest).decode()[:CODE_LENGTH]
