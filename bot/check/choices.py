"""Labels fit on a button, differ from each other, and never look like a cry for help."""

from collections.abc import Iterable, Iterator

from bot.catalogue import option_id
from bot.check.project import Project
from bot.faults import Fault
from bot.folding import fold

MAX_LABEL = 20
"""Characters on a WhatsApp button."""


def labels(project: Project) -> Iterator[Fault]:
    """No label is longer than a button."""
    for passage in project.passages:
        if passage.name != "label":
            continue
        for written in passage.by_language.values():
            text = written.text.strip()
            if len(text) > MAX_LABEL:
                yield passage.fault(written.line, "label-too-long", label=text, length=len(text), most=MAX_LABEL)


def clashes(project: Project) -> Iterator[Fault]:
    """No two options of one message answer to the same word."""
    catalogue = project.catalogue
    for node in catalogue.nodes.values():
        for name in ("menu", "next"):
            offered = [id_ for id_ in getattr(node, name) if id_ in catalogue.answers]
            for index, (id_, word, other) in _clashes(project, offered):
                yield project.flow_fault(node.id, "options-clash", name, index, first=other, second=id_, word=word)
    for question in catalogue.questions.values():
        ids = [option_id(question.slot, option.value) for option in question.options]
        document = project.documents["question", question.slot]
        for index, (id_, word, other) in _clashes(project, ids):
            values = {"first": other.partition("=")[2], "second": id_.partition("=")[2], "word": word}
            yield Fault(document.source.path, document.line("options", index), "options-clash", values)


def _clashes(project: Project, ids: list[str]) -> Iterator[tuple[int, tuple[str, str, str]]]:
    seen: dict[str, str] = {}
    for index, id_ in enumerate(ids):
        for word in sorted(set(names_of(project, id_))):
            other = seen.setdefault(word, id_)
            if other != id_:
                yield index, (id_, word, other)


def names_of(project: Project, id_: str) -> list[str]:
    """Everything an option answers to, folded."""
    catalogue = project.catalogue
    own = [fold(label) for label in catalogue.option_labels.get(id_, {}).values()]
    return [name for name in (*own, *(n for ns in catalogue.option_synonyms.get(id_, {}).values() for n in ns)) if name]


def danger_in_labels(project: Project) -> Iterator[Fault]:
    """What somebody types to choose must not set off the danger answer, unless it leads there."""
    catalogue = project.catalogue
    for answer in catalogue.answers.values():
        for part, texts in (
            ("label", answer.label),
            ("synonyms", {key: "\n".join(v) for key, v in answer.synonyms.items()}),
        ):
            for language, text in texts.items():
                yield from _fires(project, answer.id, text.splitlines(), part, language)
    for question in catalogue.questions.values():
        document = project.documents["question", question.slot]
        for index, option in enumerate(question.options):
            for text in (*option.label.values(), *(name for names in option.synonyms.values() for name in names)):
                alarm = catalogue.lexicon.search(text)
                if alarm is not None:
                    line = document.line("options", index)
                    yield Fault(document.source.path, line, "danger-in-label", {"label": text, "phrase": alarm.phrase})
    for kind, entries in (("towns", catalogue.towns), ("places", catalogue.places)):
        for id_, entry in entries.items():
            for text in (*entry.name.values(), *getattr(entry, "synonyms", ())):
                alarm = catalogue.lexicon.search(text)
                if alarm is not None:
                    yield project.entry_fault(kind, id_, "danger-in-label", label=text, phrase=alarm.phrase)


def _fires(project: Project, id_: str, texts: Iterable[str], part: str, language: str) -> Iterator[Fault]:
    for text in texts:
        alarm = project.catalogue.lexicon.search(text)
        if alarm is not None and not project.catalogue.is_danger(id_):
            yield project.answer_fault(id_, "danger-in-label", part, language, label=text, phrase=alarm.phrase)
