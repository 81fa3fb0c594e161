"""How old things are, and what nobody has confirmed."""

from collections.abc import Iterator

from bot.catalogue import Review
from bot.check.project import Project
from bot.faults import Fault
from bot.rendering import PLACEHOLDER, is_confirmed


def held_lines(project: Project) -> Iterator[Fault]:
    """A help line that is held must not be named in any text (safety R47)."""
    lines = project.catalogue.lines
    for passage in project.passages:
        told: set[str] = set()
        for written in passage.by_language.values():
            for text, line in written.lines():
                for name in PLACEHOLDER.findall(text):
                    kind, _, id_ = name.partition(":")
                    if kind == "line" and id_ in lines and lines[id_].held and id_ not in told:
                        told.add(id_)
                        yield passage.fault(line, "held-line", id=id_)


def reviews(project: Project) -> Iterator[Fault]:
    """What should have been held against its source again by now."""
    for answer in project.answers:
        if _is_past(answer.review, project):
            yield project.answer_fault(answer.id, "review-past", "review_by", id=answer.id, day=answer.review.review_by)
    for kind, entries in (
        ("facts", project.catalogue.facts),
        ("places", project.catalogue.places),
        ("helplines", project.catalogue.lines),
    ):
        for id_, entry in entries.items():
            if _is_past(entry.review, project):
                day = entry.review.review_by
                yield project.entry_fault(kind, id_, "review-past", "review_by", id=id_, day=day)


def _is_past(review: Review, project: Project) -> bool:
    return review.review_by is not None and review.review_by < project.today


def confirmations(project: Project) -> Iterator[Fault]:
    """Help lines nobody has called, answers the hub has not confirmed, and the hub itself."""
    for line in project.catalogue.lines.values():
        if not (line.always or line.held or is_confirmed(line, project.today)):
            yield project.entry_fault("helplines", line.id, "line-unconfirmed", id=line.id)
    for answer in project.answers:
        if answer.confirm_locally:
            yield project.answer_fault(answer.id, "answer-unconfirmed", "confirm_locally", id=answer.id)
    if not project.catalogue.hub_is_confirmed:
        yield project.entry_fault("places", "hub", "hub-unconfirmed")


def sources(project: Project) -> Iterator[Fault]:
    """An answer with sources says when it was checked, and until when that counts; a fact names its sources."""
    for answer in project.answers:
        if answer.review.sources and (answer.review.checked is None or answer.review.review_by is None):
            yield project.answer_fault(answer.id, "review-missing", "sources", id=answer.id)
    for kind, entries in (("facts", project.catalogue.facts), ("helplines", project.catalogue.lines)):
        for id_, entry in entries.items():
            if not entry.review.sources:
                yield project.entry_fault(kind, id_, "no-source", id=id_)
            elif entry.review.checked is None or entry.review.review_by is None:
                yield project.entry_fault(kind, id_, "review-missing", id=id_)
