"""What nobody sees: facts, places, help lines, sources, phrases, questions and groups that nothing names."""

from __future__ import annotations

from collections.abc import Iterator

from bot.catalogue import SAFE_TIME
from bot.check.project import Project
from bot.faults import Fault
from bot.nearest import GUARDED, OFFICES
from bot.phrases import REQUIRED_PHRASES
from bot.rendering import PLACEHOLDER

NAMED_BY_THE_PROGRAM = ("lines:emergency", "lines:migration")
"""Help lines that stand in for others, and where an answer is withheld (`bot/rendering.py`)."""


def unused(project: Project) -> Iterator[Fault]:
    """A warning for each. While something cannot be read nobody can tell, and nothing is said."""
    catalogue = project.catalogue
    if not project.library.is_whole() or any(fault.code.startswith("dangling") for fault in project.library.faults):
        return
    named = _named_in_texts(project)
    yield from _left(project, "facts", "unused-fact", set(catalogue.facts) - named)
    yield from _left(project, "places", "unused-place", set(catalogue.places) - _places(project, named))
    yield from _left(project, "helplines", "unused-line", set(catalogue.lines) - _lines(project, named))
    yield from _left(project, "sources", "unused-source", set(catalogue.sources) - _sources(project))
    yield from _left(project, "phrases", "unused-phrase", set(catalogue.phrases) - set(REQUIRED_PHRASES))
    tested = _tested(project)
    yield from _left(project, "groups", "unused-group", set(catalogue.groups) - {value for _, value in tested})
    asked = {SAFE_TIME, *(slot for node in catalogue.nodes.values() for slot in node.ask)}  # by the hand-over
    for slot in sorted(set(catalogue.questions) - asked):
        yield Fault(project.documents["question", slot].source.path, 1, "unused-question", {"id": slot})


def _left(project: Project, kind: str, code: str, ids: set[str]) -> Iterator[Fault]:
    for id_ in sorted(ids):
        yield project.entry_fault(kind, id_, code, id=id_)


def _named_in_texts(project: Project) -> set[str]:
    return {
        name
        for passage in project.passages
        for written in passage.by_language.values()
        for name in PLACEHOLDER.findall(written.text)
    }


def _places(project: Project, named: set[str]) -> set[str]:
    """Places that a text, a notice or the list of near offices shows."""
    places = project.catalogue.places.values()
    in_texts = {name.partition(":")[2] for name in named}
    noticed = {id_ for notice in project.catalogue.notices for id_ in notice.places}
    listed = {
        place.id for place in places if OFFICES.intersection(place.kinds) and not GUARDED.intersection(place.kinds)
    }
    return in_texts | noticed | listed


def _lines(project: Project, named: set[str]) -> set[str]:
    """Help lines that a text names or shows with their kind; held ones are not meant to be seen."""
    shown = {*named, *NAMED_BY_THE_PROGRAM}
    return {
        line.id
        for line in project.catalogue.lines.values()
        if line.held or f"line:{line.id}" in shown or any(f"lines:{kind}" in shown for kind in line.kinds)
    }


def _sources(project: Project) -> set[str]:
    """Sources that an answer, a fact, a place or a help line rests on."""
    catalogue = project.catalogue
    reviews = [
        *(answer.review for answer in project.answers),
        *(fact.review for fact in catalogue.facts.values()),
        *(place.review for place in catalogue.places.values()),
        *(line.review for line in catalogue.lines.values()),
    ]
    return {id_ for review in reviews for id_ in review.sources}


def _tested(project: Project) -> set[tuple[str, str]]:
    """Every slot and value that a condition names."""
    nodes = project.catalogue.nodes.values()
    conditions = [
        *(paragraph.only for answer in project.answers for paragraph in answer.paragraphs),
        *(route.when for node in nodes for route in node.then),
        *(node.hide_when for node in nodes),
    ]
    return {(slot, value) for condition in conditions for slot, value in condition.items()}
