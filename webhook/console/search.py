"""Finds a vetted answer for an advisor: asked in either language, shown by name in the advisor's, sent in the person's.

An advisor at Chetumal may speak Spanish to her screen and still give somebody from Belize the English text, word for word
as the bot would have said it. Nothing is translated here and nothing is made up: only answers of the content are found.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rapidfuzz import fuzz

from bot import rendering, segments
from bot.catalogue import HELP_NUMBERS, MAIN, WELCOME, Answer, Catalogue
from bot.desk_turns import advisor_says, vetted
from bot.folding import fold
from bot.inbound import Channel
from bot.names import Language, NodeId
from bot.rendering import View
from webhook.desk.speaking import fits

MOST_FOUND = 6
SHORTEST = 2
"""Letters from which on something is looked for."""

_WHOLE, _BEGINS, _WORD_BEGINS, _WITHIN = 1.0, 0.9, 0.8, 0.6
_BY_ID = 0.95
_MEANT = 0.85
"""What a text means counts less than a name that begins so: a word half typed means nothing yet."""

_LEAST_LIKE = 70.0
_LEAST_SURE = 0.08

SERVICE = "service"
"""The folder of what is about the bot itself: the menu, the language, the notice. No advisor sends those."""


class Age(StrEnum):
    """Whether an answer may still be relied on (safety R45)."""

    FRESH = "fresh"
    OLD = "old"  # past its date: shown with a warning, and where to confirm
    WITHHELD = "withheld"  # past a grace too: no fact of it may be sent


@dataclass(frozen=True, slots=True)
class Found:
    """An answer as an advisor may send it. `label` is in the advisor's language, `text` in the person's.

    `title` is the label in the person's language, `is_danger` that it is for somebody in danger, `segments` what it costs
    as SMS (0 on WhatsApp), `is_too_long` that it does not fit one message and can only be taken in part.
    """

    node: NodeId
    label: str
    title: str
    text: str
    age: Age
    is_danger: bool
    segments: int
    is_too_long: bool


def find(
    catalogue: Catalogue, asked: str, *, mine: Language, theirs: Language, channel: Channel, at: datetime
) -> tuple[Found, ...]:
    """The answers that fit what an advisor typed in any language, best first."""
    folded = fold(asked)
    if len(folded) < SHORTEST:
        return ()
    scores = _by_name(catalogue, folded)
    for node, sure in _by_meaning(catalogue, asked, mine).items():
        scores[node] = max(scores.get(node, 0.0), sure)
    best = sorted(scores, key=lambda node: (-scores[node], node))[:MOST_FOUND]
    return tuple(found(catalogue, node, mine=mine, theirs=theirs, channel=channel, at=at) for node in best)


def found(
    catalogue: Catalogue, node: NodeId, *, mine: Language, theirs: Language, channel: Channel, at: datetime
) -> Found:
    """One answer as an advisor may send it. Raises KeyError for what is no answer to be sent."""
    if not can_be_sent(catalogue, node):
        raise KeyError(node)
    answer = catalogue.answers[node]
    age = age_of(catalogue, answer, View(theirs, channel, at.date()))
    text = "" if age is Age.WITHHELD else vetted(catalogue, node, theirs, channel, at)
    return Found(
        node=node,
        label=answer.label[mine],
        title=answer.label[theirs],
        text=text,
        age=age,
        is_danger=catalogue.is_danger(node),
        segments=segments.count(text).segments if channel is Channel.SMS else 0,
        is_too_long=bool(text) and not fits(channel, advisor_says(catalogue, theirs, channel, text)),
    )


def can_be_sent(catalogue: Catalogue, node: NodeId) -> bool:
    """Whether it is an answer with words of its own, and not about the bot itself."""
    answer = catalogue.answers.get(node)
    if answer is None or not answer.paragraphs or node in (MAIN, WELCOME) or catalogue.node(node).action:
        return False
    return answer.topic != SERVICE or node == HELP_NUMBERS


def age_of(catalogue: Catalogue, answer: Answer, view: View) -> Age:
    """How old the text is that would be sent, told by the lines that it has for that."""
    lines = rendering.body(catalogue, answer, view)
    if catalogue.phrase("withheld", view.language) in lines:
        return Age.WITHHELD
    warning = catalogue.phrase("past_review", view.language).partition("{")[0]
    return Age.OLD if warning and any(line.startswith(warning) for line in lines) else Age.FRESH


def _by_name(catalogue: Catalogue, folded: str) -> dict[NodeId, float]:
    """Answers whose label, synonym or id has what was typed, also while it is being typed."""
    scores: dict[NodeId, float] = {}
    for node, answer in catalogue.answers.items():
        if not can_be_sent(catalogue, node):
            continue
        score = max(_likeness(folded, name) for name in _names(answer))
        score = max(score, _BY_ID * _likeness(folded, node.replace("-", " ")))
        if score:
            scores[node] = score
    return scores


def _names(answer: Answer) -> set[str]:
    labels = {fold(label) for label in answer.label.values()}
    return labels.union(*answer.synonyms.values())


def _likeness(folded: str, name: str) -> float:
    if folded == name:
        return _WHOLE
    if name.startswith(folded):
        return _BEGINS
    if f" {folded}" in f" {name}":
        return _WORD_BEGINS
    if folded in name and len(folded) > SHORTEST:
        return _WITHIN
    like = fuzz.token_set_ratio(folded, name) if len(folded) > 3 else 0.0
    return like / 200 if like >= _LEAST_LIKE else 0.0


def _by_meaning(catalogue: Catalogue, asked: str, mine: Language) -> dict[NodeId, float]:
    """What the bot would understand, whichever language it is taken for."""
    scores: dict[NodeId, float] = {}
    for language in sorted(catalogue.languages, key=lambda language: language != mine):
        for guess in catalogue.understanding.understand(asked, language).ranked:
            if guess.confidence >= _LEAST_SURE and can_be_sent(catalogue, guess.label):
                scores[guess.label] = max(scores.get(guess.label, 0.0), _MEANT * guess.confidence)
    return scores
