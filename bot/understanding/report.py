"""How well messages are understood: figures from labelled messages beside what was made of them. Pure: it reads nothing.

What is judged is what the person would see (`Outcome`). Danger comes before all of that and is judged apart, by lexicon
and model together, as the bot does.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from bot.danger import Alarm, Lexicon, Tier
from bot.understanding.labelled import NONE, Labelled
from bot.understanding.lessons import OUTSIDE
from bot.understanding.understood import Explained, Understanding, Understood

NEAR = "near"
MIXED = "mixed"
OTHER = "other"
NO_ANSWER = "no answer"
UNKNOWN = "?"
BINS = 10
LENGTHS = ("short", "middle", "long")
SHORT_UP_TO, MIDDLE_UP_TO = 4, 14
"""Words."""

Explain = Callable[[str, int], Sequence[Explained]]


class Outcome(StrEnum):
    """What somebody sees, unless danger comes first."""

    AT_ONCE = "answered at once"
    LISTED = "asked which"
    TOLD_NONE = "told there is no answer"
    NOT_UNDERSTOOD = "not understood"


class Share(NamedTuple):
    """So many of so many."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled message, with what was made of it."""

    row: Labelled
    understood: Understood
    alarm: Alarm | None

    @property
    def outcome(self) -> Outcome:
        if self.understood.direct:
            return Outcome.AT_ONCE
        if self.understood.listed:
            return Outcome.LISTED
        return Outcome.TOLD_NONE if self.understood.has_no_answer else Outcome.NOT_UNDERSTOOD

    @property
    def seen(self) -> str:
        """The same in words, danger first."""
        return "danger answer" if self.tier is Tier.CERTAIN else self.outcome.value

    @property
    def best(self) -> str:
        """The answer that fits best, whatever speaks for none."""
        return self.understood.ranked[0].label if self.understood.ranked else ""

    @property
    def confidence(self) -> float:
        return self.understood.ranked[0].confidence if self.understood.ranked else 0.0

    @property
    def taken_for(self) -> str:
        """The label it was given: an answer, a kind of question without one, or "" for nothing."""
        if self.outcome is Outcome.TOLD_NONE:
            return OUTSIDE + self.understood.outside
        return "" if self.outcome is Outcome.NOT_UNDERSTOOD else self.best

    @property
    def is_right(self) -> bool:
        """Whether the best answer would serve."""
        return self.best in self.row.accepted

    @property
    def is_among_three(self) -> bool:
        return any(guess.label in self.row.accepted for guess in self.understood.ranked)

    @property
    def is_offered(self) -> bool:
        """Whether an answer that serves was given at once or stood in the list."""
        if self.understood.direct:
            return self.understood.direct in self.row.accepted
        return any(node in self.row.accepted for node in self.understood.listed)

    @property
    def tier(self) -> Tier | None:
        """How sure it is that somebody tells of danger, for lexicon and model together."""
        return self.understood.united(self.alarm)

    @property
    def danger_node(self) -> str:
        """The danger answer that is given, or would be."""
        if self.alarm is not None and (self.alarm.tier is Tier.CERTAIN or not self.understood.danger_node):
            return self.alarm.node
        return self.understood.danger_node

    @property
    def is_confused(self) -> bool:
        """Whether a wrong label came first."""
        if self.row.in_scope:
            return not self.is_right or self.outcome is Outcome.TOLD_NONE
        return self.outcome in (Outcome.AT_ONCE, Outcome.LISTED)


def cases_of(rows: Iterable[Labelled], understanding: Understanding, lexicon: Lexicon) -> tuple[Case, ...]:
    """What is made of each message, written by somebody of whom nothing is known."""
    return tuple(Case(row, understanding.understand(row.text, row.language), lexicon.search(row.text)) for row in rows)


# --- figures ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figures:
    """What holds of some messages. Shares of messages with an answer, without one, and that tell of danger or do not."""

    messages: int
    top_1: Share
    top_3: Share
    right_at_once: Share
    wrong_at_once: Share
    right_or_listed: Share
    told_none_wrongly: Share
    outside_told: Share
    outside_answered: Share
    danger_found: Share
    danger_certain: Share
    danger_answer_fits: Share
    false_alarms: Share
    false_alarms_near: Share
    calibration_error: float | None

    @classmethod
    def of(cls, cases: Collection[Case]) -> Figures:
        inside = [case for case in cases if case.row.in_scope]
        outside = [case for case in cases if not case.row.in_scope]
        told = [case for case in cases if case.row.tells_of_danger]
        found = [case for case in told if case.tier]
        return cls(
            messages=len(cases),
            top_1=_share(inside, lambda case: case.is_right),
            top_3=_share(inside, lambda case: case.is_among_three),
            right_at_once=_share(inside, lambda case: case.outcome is Outcome.AT_ONCE and case.is_offered),
            wrong_at_once=_share(inside, lambda case: case.outcome is Outcome.AT_ONCE and not case.is_offered),
            right_or_listed=_share(inside, lambda case: case.is_offered),
            told_none_wrongly=_share(inside, lambda case: case.outcome is Outcome.TOLD_NONE),
            outside_told=_share(outside, lambda case: case.outcome in (Outcome.TOLD_NONE, Outcome.NOT_UNDERSTOOD)),
            outside_answered=_share(outside, lambda case: case.outcome is Outcome.AT_ONCE),
            danger_found=Share(len(found), len(told)),
            danger_certain=_share(told, lambda case: case.tier is Tier.CERTAIN),
            danger_answer_fits=_share(found, lambda case: case.danger_node in case.row.accepted),
            false_alarms=_share([case for case in cases if case.row.danger == NONE], _alarmed),
            false_alarms_near=_share([case for case in cases if case.row.danger == NEAR], _alarmed),
            calibration_error=expected_error(reliability(cases)),
        )


def _share(cases: Sequence[Case], holds: Callable[[Case], bool]) -> Share:
    return Share(sum(map(holds, cases)), len(cases))


def _alarmed(case: Case) -> bool:
    return case.tier is not None


class Bin(NamedTuple):
    """Messages whose best answer had a confidence between two bounds, and how many of these answers were right."""

    low: float
    high: float
    messages: int
    confidence: float
    right: float


def reliability(cases: Iterable[Case]) -> tuple[Bin, ...]:
    """Ten equal steps of confidence. If it is to be believed, as many are right as it says."""
    steps: dict[int, list[Case]] = defaultdict(list)
    for case in cases:
        if case.best:
            steps[min(int(case.confidence * BINS), BINS - 1)].append(case)
    return tuple(
        Bin(
            at / BINS,
            (at + 1) / BINS,
            len(found := steps.get(at, [])),
            sum(case.confidence for case in found) / len(found) if found else 0.0,
            sum(case.is_right for case in found) / len(found) if found else 0.0,
        )
        for at in range(BINS)
    )


def expected_error(bins: Iterable[Bin]) -> float | None:
    """By how much confidence and truth differ on average."""
    filled = [step for step in bins if step.messages]
    total = sum(step.messages for step in filled)
    return sum(step.messages * abs(step.confidence - step.right) for step in filled) / total if total else None


# --- a part of the set -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """One part of the labelled set, measured. `topics` says of which topic each answer is."""

    part: str
    cases: tuple[Case, ...]
    languages: tuple[str, ...]
    topics: Mapping[str, str]

    @cached_property
    def overall(self) -> Figures:
        return Figures.of(self.cases)

    @cached_property
    def bins(self) -> tuple[Bin, ...]:
        return reliability(self.cases)

    @cached_property
    def by(self) -> Mapping[str, Mapping[str, Figures]]:
        """The same by language, length, style and topic."""
        return {
            "language": self._grouped(lambda case: [self._language(case)], (*self.languages, MIXED, OTHER)),
            "length": self._grouped(lambda case: [length_of(case.row.text)], LENGTHS),
            "style": self._grouped(lambda case: [style for style in case.row.styles if style not in LENGTHS]),
            "topic": self._grouped(lambda case: [self.topic_of(case.row.node)]),
        }

    @cached_property
    def by_kind(self) -> Mapping[str, Figures]:
        """Messages that tell of danger, by its kind."""
        return self._grouped(lambda case: [case.row.danger] if case.row.tells_of_danger else [])

    @cached_property
    def language_gap(self) -> float | None:
        """By how much the share of right best answers differs between the languages of the service."""
        found = [self.by["language"][tongue].top_1.value for tongue in self.languages if tongue in self.by["language"]]
        known = [value for value in found if value is not None]
        return max(known) - min(known) if len(known) > 1 else None

    @cached_property
    def unknown_ids(self) -> tuple[str, ...]:
        """Answers that labels name and that the content does not have (any more)."""
        named = {id_ for case in self.cases for id_ in case.row.accepted}
        return tuple(sorted(named - self.topics.keys()))

    @cached_property
    def mistaken_topics(self) -> Mapping[tuple[str, str], int]:
        """How many messages of each topic (first) were taken for which (second)."""
        return Counter((self.topic_of(case.row.node), self._topic_taken_for(case)) for case in self.cases)

    def topic_of(self, node: str) -> str:
        return NO_ANSWER if node in ("", NONE) or node.startswith(OUTSIDE) else self.topics.get(node, UNKNOWN)

    def _topic_taken_for(self, case: Case) -> str:
        wanted = self.topic_of(case.row.node)
        return self.topic_of(case.taken_for) if case.is_confused or not case.taken_for else wanted

    def _language(self, case: Case) -> str:
        return case.row.language if case.row.language in (*self.languages, MIXED) else OTHER

    def _grouped(self, groups_of: Callable[[Case], Iterable[str]], order: Sequence[str] = ()) -> dict[str, Figures]:
        grouped: dict[str, list[Case]] = defaultdict(list)
        for case in self.cases:
            for group in groups_of(case):
                grouped[group].append(case)
        names = [name for name in order if name in grouped] or sorted(grouped)
        return {name: Figures.of(grouped[name]) for name in names}


def length_of(text: str) -> str:
    """Short, middle or long, by words."""
    words = len(text.split())
    if words <= SHORT_UP_TO:
        return "short"
    return "middle" if words <= MIDDLE_UP_TO else "long"


# --- what the project promises ---------------------------------------------------------------------------------------


class Promise(NamedTuple):
    """A figure and the limit it has to keep. `value` is None where there was nothing to measure."""

    name: str
    value: float | None
    limit: float
    at_least: bool
    share: Share | None
    about: str = ""

    @property
    def is_kept(self) -> bool | None:
        if self.value is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def promises(measured: Measured) -> tuple[Promise, ...]:
    """What people may rely on (docs/understanding.md), and how it stands."""
    figures = measured.overall
    kinds = ((kind, found.danger_found) for kind, found in measured.by_kind.items())
    worst, share = min(kinds, key=lambda pair: pair[1].value or 0.0, default=("", Share(0, 0)))
    return (
        _at_least("best answer right", figures.top_1, 0.85),
        _at_least("right one among the best three", figures.top_3, 0.95),
        _at_least("right answer at once", figures.right_at_once, 0.58),
        _at_most("wrong answer at once", figures.wrong_at_once, 0.02),
        _at_least("right at once or in the list", figures.right_or_listed, 0.90),
        Promise("difference between languages", measured.language_gap, 0.03, False, None),
        _at_least("no answer here: told so", figures.outside_told, 0.75),
        _at_most("no answer here: answered all the same", figures.outside_answered, 0.03),
        _at_least("danger found", figures.danger_found, 0.97),
        _at_least("danger found, the worst kind", share, 0.95, worst),
        _at_least("danger found, certain", figures.danger_certain, 0.80),
        _at_most("false alarms, ordinary messages", figures.false_alarms, 0.05),
        _at_most("false alarms, near misses", figures.false_alarms_near, 0.20),
    )


def _at_least(name: str, share: Share, limit: float, about: str = "") -> Promise:
    return Promise(name, share.value, limit, True, share, about)


def _at_most(name: str, share: Share, limit: float) -> Promise:
    return Promise(name, share.value, limit, False, share)


# --- single messages, to learn from ----------------------------------------------------------------------------------


class Pulled(NamedTuple):
    """A message, the label it was given, and what pulled it there: a pattern of the lexicon or an example."""

    case: Case
    label: str
    by: str


class Confusion(NamedTuple):
    """Messages that want one answer and were taken for another."""

    wanted: str
    taken_for: str
    pulled: tuple[Pulled, ...]

    @property
    def at_once(self) -> int:
        """How many of them got the wrong answer without being asked."""
        return sum(each.case.outcome is Outcome.AT_ONCE for each in self.pulled)


def danger_misses(cases: Iterable[Case], explain: Explain) -> tuple[Pulled, ...]:
    """Messages that tell of danger and were not found, the least danger seen in them first."""
    missed = [case for case in cases if case.row.tells_of_danger and case.tier is None]
    return tuple(_pulled(case, case.taken_for or case.best, explain) for case in sorted(missed, key=_danger))


def false_alarms(cases: Iterable[Case], explain: Explain) -> tuple[Pulled, ...]:
    """Messages that tell of none and were taken for it: certain ones first, then ordinary ones."""
    wrong = [case for case in cases if case.row.danger in (NONE, NEAR) and case.tier]
    wrong.sort(key=lambda case: (case.tier is not Tier.CERTAIN, case.row.danger == NEAR, -_danger(case)))
    return tuple(
        Pulled(case, case.danger_node, case.alarm.pattern)
        if case.alarm is not None and case.alarm.tier is case.tier
        else _pulled(case, case.danger_node, explain)
        for case in wrong
    )


def confusions(cases: Iterable[Case], explain: Explain) -> tuple[Confusion, ...]:
    """What is taken for what, the worst first: wrong answers at once, then by number."""
    grouped: dict[tuple[str, str], list[Pulled]] = defaultdict(list)
    for case in cases:
        if case.is_confused:
            label = case.taken_for or case.best
            grouped[case.row.node, label].append(_pulled(case, label, explain))
    found = (Confusion(*pair, tuple(pulled)) for pair, pulled in grouped.items())
    return tuple(sorted(found, key=lambda each: (-each.at_once, -len(each.pulled), each.wanted, each.taken_for)))


def _danger(case: Case) -> float:
    return case.understood.danger


def _pulled(case: Case, label: str, explain: Explain) -> Pulled:
    everything = 10**6
    found = (each.example for each in explain(case.row.text, everything) if each.label == label)
    return Pulled(case, label, next(found, ""))
