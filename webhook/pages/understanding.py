"""The report of `ventanilla understanding` as one page that needs nothing else: to read on a phone, or to send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.understanding.labelled import NONE
from bot.understanding.report import NO_ANSWER, Figures, Measured, Promise, Pulled, Share, promises

if TYPE_CHECKING:
    from webhook.commands.understanding import Report

TEMPLATE = "understanding.html.jinja"
SHADES = (0.02, 0.05, 0.15, 0.5, 0.8)
"""Shares of a topic's messages from which on a square of the picture is a shade darker."""

SCOPE: Mapping[str, str] = {
    "top_1": "Best",
    "top_3": "Three",
    "right_at_once": "Right",
    "wrong_at_once": "Wrong",
    "right_or_listed": "Right or listed",
    "told_none_wrongly": "Told none",
    "outside_told": "None: told",
    "outside_answered": "None: answered",
}
DANGER: Mapping[str, str] = {
    "danger_found": "Found",
    "danger_certain": "Certain",
    "danger_answer_fits": "Right danger answer",
}
ALARMS: Mapping[str, str] = {
    "danger_found": "Found",
    "false_alarms": "False alarms",
    "false_alarms_near": "Near misses",
}


@dataclass(frozen=True)
class TopicPicture:
    """How many messages of each topic were taken for which."""

    topics: tuple[str, ...]
    counts: Mapping[tuple[str, str], int]

    @classmethod
    def of(cls, measured: Measured) -> TopicPicture:
        counts = measured.mistaken_topics
        named = {topic for pair in counts for topic in pair}
        return cls((*sorted(named - {NO_ANSWER}), *sorted(named & {NO_ANSWER})), counts)

    def count(self, wanted: str, given: str) -> int:
        return self.counts.get((wanted, given), 0)

    def total(self, wanted: str) -> int:
        return sum(self.count(wanted, given) for given in self.topics)

    def shade(self, wanted: str, given: str) -> int:
        """How dark a square is, from 0."""
        share = self.count(wanted, given) / max(1, self.total(wanted))
        return sum(share >= least for least in SHADES) if share else 0

    def elsewhere(self, wanted: str) -> list[tuple[str, int]]:
        """Where the others of a topic went, most of them first."""
        found = [(given, self.count(wanted, given)) for given in self.topics if given != wanted]
        return sorted((pair for pair in found if pair[1]), key=lambda pair: -pair[1])


def page_of(report: Report) -> str:
    """The page."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(percent=percent, whole=whole, promised=promised, seen=seen)
    return environment.get_template(TEMPLATE).render(
        report=report,
        model=report.catalogue.model,
        promised=list(zip(*(promises(part) for part in report.parts), strict=True)),
        pictures={part.part: TopicPicture.of(part) for part in report.parts},
        scope=SCOPE,
        danger=DANGER,
        alarms=ALARMS,
        no_node=NONE,
    )


def percent(value: float | None) -> str:
    """A share with one decimal."""
    return "–" if value is None else f"{100 * value:.1f} %"


def whole(figures: Figures, name: str) -> str:
    """One of the shares of some figures, in whole per cent."""
    share = getattr(figures, name)
    assert isinstance(share, Share)
    return "–" if share.value is None else f"{100 * share.value:.0f}"


def promised(promise: Promise) -> str:
    """The limit that a figure has to keep."""
    return f"{'≥' if promise.at_least else '≤'} {100 * promise.limit:.0f} %"


def seen(pulled: Pulled) -> str:
    """What the person would see."""
    return pulled.case.seen
