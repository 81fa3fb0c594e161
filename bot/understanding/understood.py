"""What a free text asks for: the answers that fit, best first, each with the probability that it is the one meant."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from bot.danger import Alarm, Tier
from bot.folding import fold
from bot.names import Language, NodeId
from bot.understanding.encoder import Encoder
from bot.understanding.kernel import Floats
from bot.understanding.lessons import OUTSIDE
from bot.understanding.model import Model
from bot.understanding.names import Names
from bot.understanding.thresholds import DEFAULT, Thresholds
from bot.understanding.wording import Reader

log = logging.getLogger(__name__)

MOST_RANKED = 3
FAVOUR = 1.5
"""By how much the probability of what lies near in the menus is raised."""


class Guess(NamedTuple):
    """A label, and the probability that it is meant."""

    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Understood:
    """What was made of a text.

    `ranked` are at most three answers. `named` says that the text is their name or one of their examples, word for word.
    `outside` is the kind of question without an answer here that it most looks like, and `no_answer` how probably it has
    none; `danger` how probably somebody tells of danger, and `danger_node` the answer for that. `modelled` says that the
    model was asked.
    """

    ranked: tuple[Guess, ...] = ()
    named: bool = False
    outside: str = ""
    no_answer: float = 0.0
    danger: float = 0.0
    danger_node: NodeId = ""
    thresholds: Thresholds = DEFAULT
    modelled: bool = False

    @property
    def tier(self) -> Tier | None:
        """Whether this is certainly, possibly or not about danger."""
        if self.danger >= self.thresholds.danger_certain:
            return Tier.CERTAIN
        return Tier.POSSIBLE if self.danger >= self.thresholds.danger_possible else None

    def united(self, alarm: Alarm | None) -> Tier | None:
        """The same with what the lexicon has found: its certain patterns are certain, weak ones want a second sign."""
        if alarm is not None and alarm.tier is Tier.CERTAIN:
            return Tier.CERTAIN
        if alarm is not None and self.tier is None:
            hinted = not self.modelled or self.danger >= self.thresholds.danger_hinted
            return Tier.POSSIBLE if hinted else None
        return self.tier

    @property
    def direct(self) -> NodeId:
        """The answer to give at once; "" for none."""
        if not self.ranked or (not self.named and self.has_no_answer):
            return ""
        best = self.ranked[0]
        if self.named:
            return best.label if len(self.ranked) == 1 else ""
        return best.label if best.confidence >= self.thresholds.direct else ""

    @property
    def listed(self) -> tuple[NodeId, ...]:
        """The answers to offer when none is given at once."""
        if self.named:
            return tuple(guess.label for guess in self.ranked)
        if self.has_no_answer or not self.ranked or self.ranked[0].confidence < self.thresholds.listed:
            return ()
        return tuple(guess.label for guess in self.ranked)

    @property
    def has_no_answer(self) -> bool:
        return self.no_answer >= self.thresholds.outside


NOTHING = Understood()


class Explained(NamedTuple):
    """A guess with the example that pulled it there."""

    label: str
    confidence: float
    example: str


@dataclass(frozen=True)
class Understanding:
    """Names word for word, and the model where one has been learned. Without it, what looks alike is only offered.

    `danger` are the answers for who tells of danger, `known` all labels that the content has.
    """

    names: Names
    reader: Reader
    model: Model | None = None
    encoder: Encoder | None = None
    danger: frozenset[NodeId] = field(default_factory=frozenset)
    known: frozenset[str] = field(default_factory=frozenset)

    @property
    def learned(self) -> bool:
        """Whether texts that are no example can be understood."""
        return self.model is not None and (self.encoder is not None or not self.model.needs_encoder)

    def understand(self, text: str, language: Language, favoured: Collection[NodeId] = ()) -> Understood:
        """What a text asks for. `favoured` are answers that lie near where the person is."""
        folded = fold(text)
        if not folded:
            return NOTHING
        if named := self.names.named(folded, language):
            told = next((node for node in named if node in self.danger), "")
            ranked = tuple(Guess(node, 1.0) for node in named)
            return Understood(ranked, True, danger=1.0 if told else 0.0, danger_node=told)
        if self.model is None or not self.learned:
            return self._alike(folded, language)
        try:
            scores, _ = self.model.scores(self.reader.read(text), self.encoder)
        except Exception as error:  # a broken encoder must not keep anybody from the lexicon and the menus
            log.error("understanding failed: %s", type(error).__name__)
            return self._alike(folded, language)
        return self._present(judged(self.model, scores, favoured))

    def _alike(self, folded: str, language: Language) -> Understood:
        """What can be offered without the model: answers whose names look like the text."""
        alike = self.names.alike(folded, language)
        return Understood(tuple(Guess(node, score) for node, score in alike[:MOST_RANKED]))

    def _present(self, understood: Understood) -> Understood:
        """Without what the content does not have (any more): the model may be that of the version before."""
        return replace(
            understood,
            ranked=tuple(guess for guess in understood.ranked if guess.label in self.known),
            outside=understood.outside if OUTSIDE + understood.outside in self.known else "",
            danger_node=understood.danger_node
            if understood.danger_node in self.danger
            else min(self.danger, default=""),
        )

    def explain(self, text: str, most: int = 5) -> tuple[Explained, ...]:
        """The labels that a text may have, best first, each with its example most like the text. For tools."""
        if self.model is None or not self.learned or not fold(text):
            return ()
        scores, near = self.model.scores(self.reader.read(text), self.encoder)
        chances = probabilities(scores, self.model.thresholds.sharpness)
        best = np.argsort(-chances)[:most]
        labels = self.model.labels
        return tuple(
            Explained(labels[at], float(chances[at]), self.model.nearest_example(labels[at], near)) for at in best
        )


def probabilities(scores: Floats, sharpness: float) -> Floats:
    """Scores as probabilities that add up to one."""
    spread = scores * np.float32(sharpness)
    spread -= spread.max()
    np.exp(spread, out=spread)
    spread /= spread.sum()
    return spread


def judged(model: Model, scores: Floats, favoured: Iterable[NodeId] = ()) -> Understood:
    """What the scores of all labels come to."""
    chances = probabilities(scores, model.thresholds.sharpness)
    softly = probabilities(scores, model.thresholds.danger_sharpness)
    danger = float(softly[model.is_danger].sum())
    told = np.where(model.is_danger, chances, -1)
    outside = np.where(model.is_outside, chances, -1)
    inside = np.where(model.is_outside, 0, chances)
    no_answer = float(chances[model.is_outside].sum())
    for node in favoured:
        at = model.place_of.get(node)
        if at is not None:
            inside[at] *= FAVOUR
    if (total := inside.sum() + no_answer) > 1:
        inside = inside / total
    best = np.argsort(-inside)[:MOST_RANKED]
    return Understood(
        ranked=tuple(Guess(model.labels[at], float(inside[at])) for at in best),
        outside=model.labels[int(np.argmax(outside))].removeprefix(OUTSIDE) if model.is_outside.any() else "",
        no_answer=no_answer,
        danger=danger,
        danger_node=model.labels[int(np.argmax(told))] if model.is_danger.any() else "",
        thresholds=model.thresholds,
        modelled=True,
    )
