"""Whoever asks gets words: no case leaves an answer empty, or a heading with nothing below it.

Production hides help lines that nobody has confirmed, and a line of text goes with them. Answers are looked at as on the
day on which every confirmation has run out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from bot import rendering
from bot.catalogue import MAIN, WELCOME, Answer, Catalogue
from bot.check.cases import scene_at, tested_values
from bot.check.project import Project
from bot.faults import Fault
from bot.inbound import Channel
from bot.rendering import PLACEHOLDER, View


@dataclass(frozen=True)
class Line:
    """One line of an answer as written: where it stands, and whether anybody sees it in this case."""

    text: str
    at: int
    is_shown: bool

    @property
    def is_heading(self) -> bool:
        """Whether it announces what stands below."""
        return self.text.rstrip("* ").endswith(":") or self.is_title

    @property
    def is_title(self) -> bool:
        return self.text.startswith("*") and self.text.endswith("*") and len(self.text) > 2


def emptiness(project: Project) -> Iterator[Fault]:
    """Every answer, in every case. Each heading and each language is told once, in the first case found."""
    if not project.library.is_whole("facts", "places", "helplines", "phrases"):
        return
    for answer in project.answers:
        told: set[tuple[str, object]] = set()
        for case, view, catalogue in _cases(project, answer):
            for code, where, values in _faults(project, catalogue, answer, view):
                if (code, where) not in told:
                    told.add((code, where))
                    yield (
                        project.answer_fault(answer.id, code, **values, case=case)
                        if where is None
                        else Fault(answer.where.path, where, code, {**values, "case": case})
                    )


def _cases(project: Project, answer: Answer) -> Iterator[tuple[str, View, Catalogue]]:
    variants = (("production", project.in_production), ("", project.other_hub))
    for (name, catalogue), values in product(variants, tested_values(project.catalogue, answer)):
        hub = "confirmed" if catalogue.hub_is_confirmed else "unconfirmed"
        for language, channel in product(catalogue.languages, Channel):
            scene = scene_at(catalogue, answer.id, channel, language, project.today, values)
            known = [*filter(None, [name]), language, channel.value, f"hub={hub}"]
            case = ", ".join([*known, *(f"{key}={value}" for key, value in values.items())])
            yield case, scene.view(dict.fromkeys(("nearest", "my_data", "town", "hours_now"), "…")), catalogue


def _faults(
    project: Project, catalogue: Catalogue, answer: Answer, view: View
) -> Iterator[tuple[str, int | None, dict[str, object]]]:
    parts = _parts(project, catalogue, answer, view)
    shown = [line for part in parts for line in part if line.is_shown]
    node = catalogue.node(answer.id)
    says_nothing = not any(not line.is_title for line in shown) if answer.id not in (MAIN, WELCOME) else not shown
    if answer.paragraphs and says_nothing and not (node.menu or node.action):
        yield "empty-answer", None, {"id": answer.id, "language": view.language}
        return
    for index, part in enumerate(parts):
        goes_on = any(line.is_shown for later in parts[index + 1 :] for line in later)
        for at, line in enumerate(part):
            below = _below(part[at + 1 :])
            if below:
                stands_alone = not any(each.is_shown for each in below)
            else:
                stands_alone = not (goes_on or line.is_title or node.menu or node.next)
            is_first = line is shown[0] if shown else False
            if line.is_shown and line.is_heading and stands_alone and not (is_first and line.is_title):
                yield "bare-heading", line.at, {"heading": line.text.strip("* ")}


def _below(lines: Sequence[Line]) -> list[Line]:
    """What a heading announces: the lines down to the next heading."""
    found: list[Line] = []
    for line in lines:
        if line.is_heading:
            break
        found.append(line)
    return found


def _parts(project: Project, catalogue: Catalogue, answer: Answer, view: View) -> list[list[Line]]:
    """The paragraphs for this person, line by line."""
    if answer.sms is not None and view.channel is Channel.SMS:
        places: list[tuple[str | int, ...]] = [("sms",)]
    else:
        known = rendering.conditions(catalogue, view)
        places = [
            ("text", index)
            for index, paragraph in enumerate(answer.paragraphs)
            if catalogue.matches(paragraph.only, known)
        ]
    return [
        [
            _line(catalogue, text, at, view, written.text, is_known=(answer.where.path, at) in project.dangling)
            for text, at in written.lines()
            if text.strip()
        ]
        for place in places
        for language, written in project.texts_of("answer", answer.id, *place)
        if language == view.language
    ]


def _line(catalogue: Catalogue, text: str, at: int, view: View, context: str, *, is_known: bool) -> Line:
    """A line in one case. One that is known to be faulty counts as shown: it will be once it is mended."""
    names = PLACEHOLDER.findall(text)
    is_shown = is_known or all(rendering.placeholder(catalogue, name, view, context) for name in names)
    return Line(text.strip(), at, is_shown)
