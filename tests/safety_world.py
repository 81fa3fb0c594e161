"""Everything the shipped content can say to somebody, for the tests of the safety requirements.

The tests walk the whole catalogue as people do, through `step`: every answer, menu and question, in every language, on
every channel, for people of whom nothing is known and for people who have said something.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from itertools import groupby, product

from bot.actions.runner import Runner
from bot.catalogue import MAIN, Catalogue
from bot.channels import PENS
from bot.conversation import resume, step
from bot.folding import fold
from bot.inbound import Channel, Inbound, Media, OptOut
from bot.session import Prefs, Session, Slot
from bot.turn import ActionResult, Call, State, Turn
from tests.conversation_world import NOW, NOW_S, inbound, shipped, standing_at

Slots = Mapping[str, str]
NOTHING: Slots = {}
FAR_S = 10_000

PEOPLE: tuple[Slots, ...] = (
    NOTHING,
    {"country": "mexico"},
    {"country": "belize"},
    {"country": "elsewhere"},
    {"fears-government": "yes"},
    {"fears-government": "no"},
    {"fears-government": "-", "nationality": "-", "work-kind": "-"},
    {"nationality": "bz", "work-kind": "farm"},
    {"nationality": "mx", "work-kind": "offer", "country": "belize"},
    {"nationality": "gt", "work-kind": "looking", "country": "mexico"},
    {"nationality": "cu", "work-kind": "domestic"},
    {"nationality": "in", "work-kind": "own-business"},
    {"nationality": "us"},
    {"nationality": "bb"},
)
"""People who have said different things: each question answered in each way that makes a difference."""

WORDS_NOBODY_KNOWS = {"en": "zzyzx qwrtpl gargamel wubwub", "es": "zzyzx qwrtpl gargamelo wubwuba"}


@dataclass(frozen=True)
class Heard:
    """One message of ours: what was said, to whom, after which node was asked for."""

    asked_for: str
    language: str
    channel: Channel
    slots: Slots
    turn: Turn
    page: int

    @property
    def text(self) -> str:
        assert self.turn.reply is not None
        return self.turn.reply

    @property
    def where(self) -> tuple[object, ...]:
        """What a failing test should name."""
        return self.asked_for, self.turn.node, self.language, self.channel.value, dict(self.slots), self.page


def person(
    language: str, slots: Slots = NOTHING, *, consent: bool | None = True, node: str = MAIN, sensitive: bool = False
) -> State:
    """Somebody in the middle of a chat, who has said some things."""
    kept = {name: Slot(value, NOW_S + FAR_S) for name, value in slots.items()}
    session = Session(node=node, slots=kept, sensitive=sensitive, active_s=NOW_S, version=1)
    return State(session, Prefs(language=language, consent=consent))


def newcomer() -> State:
    """Somebody of whom nothing is known at all."""
    return State(Session(), Prefs())


@cache
def _runner() -> Runner:
    return Runner()


def turn_of(catalogue: Catalogue, state: State, message: Inbound, *, stateless: bool = False) -> Turn:
    """The turn that a message leads to, with the action it may need."""
    decided = step(catalogue, state, message, stateless=stateless)
    if isinstance(decided, Call):
        result: ActionResult = _runner().run(catalogue, decided, message)
        assert not result.failed, decided.action
        return resume(catalogue, decided, message, result, stateless=stateless)
    return decided


def write(
    catalogue: Catalogue,
    state: State,
    text: str,
    channel: Channel = Channel.WHATSAPP,
    *,
    at: datetime = NOW,
    opt_out: OptOut | None = None,
    media: tuple[Media, ...] = (),
    stateless: bool = False,
) -> Turn:
    """What somebody's words lead to."""
    message = replace(inbound(text, channel), received_at=at, opt_out=opt_out, media=media)
    return turn_of(catalogue, state, message, stateless=stateless)


def go(
    catalogue: Catalogue, state: State, node: str, channel: Channel = Channel.WHATSAPP, *, at: datetime = NOW
) -> Turn:
    """What somebody gets who taps on a node."""
    return turn_of(catalogue, state, replace(inbound("", channel, tapped=node), received_at=at))


def pages(catalogue: Catalogue, first: Turn, channel: Channel, *, at: datetime = NOW) -> Iterator[Turn]:
    """A reply and all that follows it when the person asks for more."""
    yield first
    turn = first
    for _ in range(4):
        if not turn.state.session.more:
            return
        turn = write(catalogue, turn.state, "MORE", channel, at=at)
        yield turn
    raise AssertionError(f"{first.node} never ends")


def whole(catalogue: Catalogue, first: Turn, channel: Channel) -> tuple[str, Turn]:
    """All that a reply says, with its last page, which offers the choices."""
    turns = list(pages(catalogue, first, channel))
    return "\n".join(turn.reply or "" for turn in turns), turns[-1]


def everything(
    catalogue: Catalogue,
    people: Sequence[Slots] = PEOPLE,
    *,
    consent: bool | None = True,
    channels: Sequence[Channel] = tuple(Channel),
    at: datetime = NOW,
    sensitive: bool = False,
) -> Iterator[Heard]:
    """Every page of every node, for everybody."""
    for language, channel, slots in product(catalogue.languages, channels, people):
        state = person(language, slots, consent=consent, sensitive=sensitive)
        for node in catalogue.answers:
            first = go(catalogue, _at(state, at), node, channel, at=at)
            for number, turn in enumerate(pages(catalogue, first, channel, at=at)):
                if turn.reply is not None:
                    yield Heard(node, language, channel, slots, turn, number)


def together(replies: Iterable[Heard]) -> Iterator[Heard]:
    """The pages of each answer put together again."""
    for _, found in groupby(
        replies, key=lambda one: (one.asked_for, one.language, one.channel, tuple(one.slots.items()))
    ):
        parts = list(found)
        text = "\n".join(one.text for one in parts)
        yield replace(parts[-1], turn=replace(parts[-1].turn, reply=text, outcome=parts[0].turn.outcome))


def _at(state: State, at: datetime) -> State:
    """The same person on another day: what was said is still fresh."""
    now_s = int(at.timestamp())
    slots = {name: Slot(slot.value, now_s + FAR_S) for name, slot in state.session.slots.items()}
    return replace(state, session=replace(state.session, slots=slots, active_s=now_s))


@cache
def heard(*, show_unconfirmed: bool = True) -> tuple[Heard, ...]:
    """Everything, once for all tests of this process."""
    return tuple(everything(shipped(show_unconfirmed=show_unconfirmed)))


@dataclass(frozen=True)
class Written:
    """One text as it stands in the files."""

    owner: str
    language: str
    text: str

    @property
    def sentences(self) -> list[str]:
        return sentences(self.text)


@cache
def written() -> tuple[Written, ...]:
    """Every text of the service: answers, labels, questions, options, phrases, notices."""
    return tuple(_written(shipped()))


def _written(catalogue: Catalogue) -> Iterator[Written]:
    for language in catalogue.languages:
        for answer in catalogue.answers.values():
            yield Written(answer.id, language, answer.label[language])
            for paragraph in answer.paragraphs:
                yield Written(answer.id, language, paragraph.texts[language])
            if answer.sms is not None:
                yield Written(answer.id, language, answer.sms[language])
        for question in catalogue.questions.values():
            yield Written(f"question {question.slot}", language, question.text[language])
            for option in question.options:
                yield Written(f"question {question.slot}", language, option.label[language])
        for phrase in catalogue.phrases.values():
            yield Written(f"phrase {phrase.id}", language, phrase.texts[language])
        for notice in catalogue.notices:
            yield Written(f"notice {notice.id}", language, notice.text[language])


_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+|:\s*\n")


def plain(text: str) -> str:
    """A text of any length folded: lower case, no accents, no punctuation."""
    return " ".join(fold(line) for line in text.splitlines() if fold(line))


def sentences(text: str) -> list[str]:
    """The sentences of a text; a line is at least one."""
    parts = (part.strip(" -*\t") for part in _SENTENCE_END.split(text))
    return [part for part in parts if part]


def said(catalogue: Catalogue, key: str, language: str, channel: Channel) -> str:
    """A fixed phrase as it reads on a channel."""
    return "\n".join(PENS[channel].plain(line) for line in catalogue.phrase(key, language).splitlines())


def found_in(texts: Sequence[Written], pattern: str, *, language: str = "") -> list[tuple[str, str]]:
    """The sentences that a pattern is found in, with whose they are."""
    wanted = re.compile(pattern, re.IGNORECASE)
    return [
        (text.owner, sentence)
        for text in texts
        if not language or text.language == language
        for sentence in text.sentences
        if wanted.search(sentence)
    ]


def day(year: int, month: int, day_: int) -> datetime:
    """Noon of a day."""
    return datetime(year, month, day_, 12, 0, tzinfo=NOW.tzinfo)


def on(when: date) -> datetime:
    return day(when.year, when.month, when.day)


def sensitive_places(catalogue: Catalogue, language: str, channel: Channel) -> Iterator[tuple[str, State]]:
    """Somebody at every sensitive page whose reply has made the chat sensitive."""
    for node in catalogue.answers:
        if catalogue.is_sensitive(node):
            state = standing_at(catalogue, node, language, channel)
            if state.session.sensitive:
                yield node, state
