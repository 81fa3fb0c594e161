"""Labels fit on a button, differ from each other, and never look like a command or a cry for help."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.catalogue import (
    ADVISOR,
    HELP_NUMBERS,
    LANGUAGE_SLOT,
    MAIN,
    NOT_THIS,
    OPTION_PHRASES,
    RATHER_NOT,
    option_id,
)
from bot.check.project import Project
from bot.danger import Tier
from bot.faults import Fault
from bot.folding import fold
from bot.words import LISTS, Command

MAX_LABEL = 20
"""Characters on a WhatsApp button."""

PHRASE_LABELS = frozenset({"rather_not_say", "see_options", *OPTION_PHRASES.values()})
"""Phrases that stand on buttons."""

_YIELDS = frozenset({Command.GREETING, Command.GO, Command.LANGUAGE, Command.OPT_IN_IF_OUT, Command.MORE})
"""Commands that give way to the label of something on offer (`bot/conversation.py`)."""


_SAME = {MAIN: Command.MENU, NOT_THIS: Command.NOT_THIS, HELP_NUMBERS: Command.HELP_NUMBERS}
"""Options that do what the command of the same name does."""


@dataclass(frozen=True)
class Name:
    """Something that people may type to choose: as written, folded, and where it stands."""

    text: str
    word: str
    path: str
    line: int
    is_label: bool


def labels(project: Project) -> Iterator[Fault]:
    """No label is longer than a button."""
    for passage in project.passages:
        is_label = passage.name == "label" or (passage.kind == "phrases" and passage.owner in PHRASE_LABELS)
        if not is_label and passage.kind != "languages":
            continue
        for written in passage.by_language.values():
            text = written.text.strip()
            if len(text) > MAX_LABEL:
                yield passage.fault(written.line, "label-too-long", label=text, length=len(text), most=MAX_LABEL)


def clashes(project: Project) -> Iterator[Fault]:
    """No two options of one message answer to the same word. Told once for a pair, at the name of the later one."""
    told: set[tuple[frozenset[str], str]] = set()
    for menu, ids in menus_of(project):
        seen: dict[str, str] = {}
        for id_ in ids:
            for name in names_of(project, id_):
                first = seen.setdefault(name.word, id_)
                pair = (frozenset({first, id_}), name.word)
                if first != id_ and pair not in told:
                    told.add(pair)
                    values = {"first": _plain(first), "second": _plain(id_), "word": name.word, "menu": menu}
                    yield Fault(name.path, name.line, "options-clash", values)


def _plain(id_: str) -> str:
    """What an editor calls an option: its id, or the value of a question."""
    return id_.rpartition("=")[2] if not id_.endswith(f"={RATHER_NOT}") else "rather_not_say"


def menus_of(project: Project) -> Iterator[tuple[str, list[str]]]:
    """Everything that is offered together, with the id of the node or question that offers it."""
    catalogue = project.catalogue
    for id_, node in catalogue.nodes.items():
        added = [ADVISOR, NOT_THIS] if id_ in catalogue.lexicon.nodes else []
        yield id_, list(dict.fromkeys([*node.menu, *node.next, *added]))
    for slot, question in catalogue.questions.items():
        ids = [option_id(slot, option.value) for option in question.options]
        yield slot, [*ids, option_id(slot, RATHER_NOT)] if ids else []
    for slot in dict.fromkeys(id_.partition("=")[0] for id_ in OPTION_PHRASES if "=" in id_):
        by_phrase = {phrase: id_ for id_, phrase in OPTION_PHRASES.items() if id_.startswith(f"{slot}=")}
        yield slot, list(by_phrase.values())
    yield LANGUAGE_SLOT, [option_id(LANGUAGE_SLOT, language) for language in catalogue.languages]


def names_of(project: Project, id_: str) -> list[Name]:
    """Everything an option answers to: its labels in all languages, then its synonyms."""
    slot, is_value, value = id_.partition("=")
    if id_ in OPTION_PHRASES or value == RATHER_NOT:
        return _names(project, "phrases", "phrases", OPTION_PHRASES.get(id_, "rather_not_say"), is_label=True)
    if not is_value:
        return [
            *_names(project, "answer", id_, "label", is_label=True),
            *_names(project, "answer", id_, "synonyms", is_label=False),
        ]
    if slot == LANGUAGE_SLOT:
        return _names(project, "languages", "languages", value, "name", is_label=True)
    options = project.catalogue.questions[slot].options
    at = next(index for index, option in enumerate(options) if option.value == value)
    return [
        *_names(project, "question", slot, "options", at, "label", is_label=True),
        *_names(project, "question", slot, "options", at, "synonyms", is_label=False),
    ]


def _names(project: Project, kind: str, id_: str, *where: str | int, is_label: bool) -> list[Name]:
    document = project.documents.get((kind, id_))
    if document is None:
        return []
    return [
        Name(text.strip(), fold(text), document.source.path, line, is_label)
        for _, written in project.texts_of(kind, id_, *where)
        for text, line in written.lines()
        if fold(text)
    ]


def commands_in_labels(project: Project) -> Iterator[Fault]:
    """A name that is also a global word would never be taken for the option."""
    words = project.catalogue.words
    for id_ in dict.fromkeys([*_options(project), *(answer.id for answer in project.answers)]):
        for name in names_of(project, id_):
            word = words.by_text.get(name.word)
            if word is None or word.target == id_ or (word.command in _YIELDS and name.is_label):
                continue
            if word.command is Command.OPT_IN_IF_OUT or _SAME.get(id_) is word.command:
                continue
            values = {"label": name.text, "command": word.target or word.command.value}
            yield Fault(name.path, name.line, "label-is-command", values)


def _options(project: Project) -> list[str]:
    """Everything that is offered somewhere."""
    return list(dict.fromkeys(id_ for _, ids in menus_of(project) for id_ in ids))


def danger_in_labels(project: Project) -> Iterator[Fault]:
    """What somebody types to choose, to say where they are, or as a word, must not set off the danger answer."""
    catalogue = project.catalogue
    names: list[Name] = []
    for answer in project.answers:
        if not catalogue.is_danger(answer.id):
            names += names_of(project, answer.id)
    for id_ in _options(project):
        names += names_of(project, id_) if "=" in id_ or id_ == NOT_THIS else []
    for kind in ("towns", "places"):
        for id_ in getattr(catalogue, kind):
            for part in ("name", "synonyms"):
                names += _names(project, kind, kind, id_, part, is_label=True)
    for key in _words_elsewhere(project):
        names += _names(project, "words", "words", key, "words", is_label=True)
    for name in names:
        alarm = catalogue.lexicon.search(name.text)
        if alarm is not None and alarm.tier is Tier.CERTAIN:
            yield Fault(name.path, name.line, "danger-in-label", {"label": name.text, "phrase": alarm.pattern})


def danger_in_examples(project: Project) -> Iterator[Fault]:
    """What people ask about everyday things must not set off the danger answer. In sensitive topics it may."""
    search = project.catalogue.lexicon.search
    for answer in project.answers:
        if answer.sensitive or project.catalogue.is_danger(answer.id):
            continue
        path = project.documents["answer", answer.id].source.path
        for language, written in project.texts_of("answer", answer.id, "people_ask"):
            for text, line in written.lines():
                alarm = search(text)
                if alarm is not None and alarm.tier is Tier.CERTAIN and alarm.language == language:
                    values = {"example": text.strip(), "phrase": alarm.pattern}
                    yield Fault(path, line, "danger-in-example", values)


def _words_elsewhere(project: Project) -> list[str]:
    """The commands that do not lead to help."""
    document = project.library.one("words")
    shapes = document.value.items() if document is not None else ()
    return [
        key
        for key, shape in shapes
        if key not in LISTS and key != Command.HELP_NUMBERS and not (shape.go and project.catalogue.is_danger(shape.go))
    ]
