"""Which of the things that were offered a message means: by tap, by number, by label, by synonym, by a small typo."""

from __future__ import annotations

from rapidfuzz.distance import OSA

from bot.catalogue import HAND_OVER, LANGUAGE_SLOT, LEAVING, SAFE_TIME, WAITING, Catalogue
from bot.scene import Scene

_AT_ANY_TIME = frozenset({LANGUAGE_SLOT, HAND_OVER, WAITING, SAFE_TIME, LEAVING})
"""Answers that are followed however old, or see for themselves whether they still count."""


def exactly(scene: Scene, folded: str) -> str | None:
    """The option that a whole message names without doubt: its tapped id, its number, its label in any language."""
    session, catalogue = scene.session, scene.catalogue
    if scene.inbound.tapped in session.offered or scene.inbound.tapped in catalogue.option_labels:
        return scene.inbound.tapped
    number = catalogue.words.number(folded)
    if number is not None and 1 <= number <= len(session.offered):
        return session.offered[number - 1]
    return next((id_ for id_ in session.offered if folded and folded in _labels(catalogue, id_)), None)


def is_past(scene: Scene, option: str) -> bool:
    """Whether an answer was tapped under an old message: it belongs to a question that is not the one asked now."""
    is_anytime = option in scene.catalogue.answers or option.partition("=")[0] in _AT_ANY_TIME
    return option not in scene.session.offered and not is_anytime


def nearly(scene: Scene, folded: str) -> str | None:
    """The one offered option that a message names by a synonym, or by its label or synonym with a small typo."""
    session, catalogue = scene.session, scene.catalogue
    if not folded:
        return None
    by_synonym = [id_ for id_ in session.offered if folded in _synonyms(catalogue, id_)]
    if by_synonym:
        return by_synonym[0] if len(by_synonym) == 1 else None
    near: dict[str, int] = {}
    for id_ in session.offered:
        for name in (*_labels(catalogue, id_), *_synonyms(catalogue, id_)):
            allowed = allowed_typos(name)
            if abs(len(folded) - len(name)) > allowed:
                continue
            distance = OSA.distance(folded, name, score_cutoff=allowed)
            if distance <= allowed:
                near[id_] = min(near.get(id_, 9), distance)
    best = min(near.values(), default=None)
    found = [id_ for id_, distance in near.items() if distance == best]
    return found[0] if len(found) == 1 else None


def mentioned(scene: Scene, folded: str) -> str | None:
    """The one offered option whose label or synonym stands as words inside a longer message ("I am in Chetumal")."""
    inside = f" {folded} "
    found = {
        id_
        for id_ in scene.session.offered
        for name in (*_labels(scene.catalogue, id_), *_synonyms(scene.catalogue, id_))
        if f" {name} " in inside
    }
    return found.pop() if len(found) == 1 else None


def allowed_typos(name: str) -> int:
    """How many letters may be wrong: none in short words, where a typo is another word."""
    return 0 if len(name) < 5 else 1 if len(name) < 9 else 2


def _labels(catalogue: Catalogue, id_: str) -> tuple[str, ...]:
    return catalogue.folded_labels.get(id_, ())


def _synonyms(catalogue: Catalogue, id_: str) -> tuple[str, ...]:
    return tuple(name for names in catalogue.option_synonyms.get(id_, {}).values() for name in names)
