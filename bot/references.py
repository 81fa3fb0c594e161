"""Follows every id that a file names, and notes those that lead nowhere."""

from collections.abc import Iterable, Mapping
from typing import Any

from babel import Locale

from bot import catalogue as parts
from bot.catalogue import Catalogue, Where
from bot.danger import CANCELS
from bot.faults import Fault, hints
from bot.library import Document, Library
from bot.rendering import PLACEHOLDER
from bot.yaml_source import MapTree, line_of

BUILT_IN_ACTIONS = ("action_nearest_place", "action_office_hours")
BUILT_IN_SLOTS = {"channel": ("sms", "whatsapp"), "hub": ("confirmed", "unconfirmed")}


ENGINE_PLACEHOLDERS = ("nearest", "my_data", "town", "hours_now")
"""Values that the program itself fills in, in the answers of its own pages and actions."""


def check_references(library: Library, built: Catalogue) -> None:
    """Note every reference of the files that leads nowhere in the catalogue built from them."""
    _References(library, built).check()


class _References:
    """Follows every id that a file names, and notes those that lead nowhere."""

    def __init__(self, library: Library, built: Catalogue) -> None:
        self.library = library
        self.built = built

    def check(self) -> None:
        built = self.built
        for id_ in parts.REQUIRED_NODES:
            if id_ not in built.answers:
                self.library.faults.append(Fault("content", 1, "missing-node", {"id": id_}))
        for doc in self.library.of("flow"):
            for id_ in doc.value:
                if built.nodes[id_].where.path == doc.source.path:
                    self.check_node(doc, built.nodes[id_])
        for doc in self.library.of("answer"):
            self.check_answer(doc)
        for kind in ("facts", "places", "helplines"):
            for doc in self.library.of(kind):
                for key, shape in doc.value.items():
                    self.check_sources(doc, shape.sources, key)
        for doc in self.library.of("places"):
            for key, shape in doc.value.items():
                if shape.town and shape.town not in built.towns:
                    self.fault(doc, doc.line(key, "town"), "dangling-town", shape.town, built.towns)
        self.check_notices()
        self.check_words()
        for doc in self.library.of("danger"):
            for key in doc.value:
                if key != CANCELS:
                    self.node(doc, key, key)
        for id_, other in built.codes.clashes:
            where = built.answers[id_].where if id_ in built.answers else Where("content", 1)
            self.library.faults.append(Fault(where.path, where.line, "code-clash", {"id": id_, "other": other}))

    def check_node(self, doc: Document, node: parts.Node) -> None:
        built = self.built
        for name in ("menu", "next"):
            for index, target in enumerate(getattr(node, name)):
                self.node(doc, target, node.id, name, index)
        for index, slot in enumerate(node.ask):
            if slot not in built.questions:
                self.fault(doc, doc.line(node.id, "ask", index), "dangling-question", slot, built.questions)
        for index, route in enumerate(node.then):
            self.node(doc, route.go, node.id, "then", index, "go")
            self.conditions(doc, route.when, node.id, "then", index, "when")
        self.conditions(doc, node.hide_when, node.id, "hide_when")
        if node.instead:
            self.node(doc, node.instead, node.id, "instead")
        if node.action and not node.action.startswith("action_"):
            self.fault(doc, doc.line(node.id, "action"), "unknown-action", node.action, BUILT_IN_ACTIONS)
        if node.then and any(not route.when for route in node.then[:-1]):
            first = next(index for index, route in enumerate(node.then) if not route.when)
            self.library.faults.append(
                Fault(doc.source.path, doc.line(node.id, "then", first), "open-case", {"id": node.id})
            )
        elif (node.then and node.then[-1].when) or (node.ask and not node.then and not node.action):
            line = doc.line(node.id, "then") if node.then else doc.line(node.id, "ask")
            self.library.faults.append(Fault(doc.source.path, line, "open-case", {"id": node.id}))
        if node.id not in built.answers:
            line = doc.line(node.id)
            hint = hints(node.id, built.answers)
            self.library.faults.append(Fault(doc.source.path, line, "dangling-node", {"id": node.id, **hint}))
        elif not (node.menu or node.then or node.action or built.answers[node.id].paragraphs):
            self.library.faults.append(Fault(doc.source.path, doc.line(node.id), "no-way-on", {"id": node.id}))

    def check_answer(self, doc: Document) -> None:
        answer = self.built.answers.get(doc.id)
        if answer is None or answer.where.path != doc.source.path:
            return
        self.check_sources(doc, doc.value.sources)
        if not answer.paragraphs and answer.id not in self.built.nodes:
            self.library.faults.append(Fault(doc.source.path, 1, "no-way-on", {"id": doc.id}))
        for index, paragraph in enumerate(answer.paragraphs):
            self.conditions(doc, paragraph.only, "text", index, "only")
            for language in paragraph.texts:
                self.placeholders(doc, "text", index, language)
        for language in answer.sms or ():
            self.placeholders(doc, "sms", language)

    def placeholders(self, doc: Document, *where: str | int) -> None:
        tree: Any = doc.source.tree
        for step in where:
            if isinstance(tree, MapTree):
                tree = tree.get(str(step))
            elif tree is not None:
                tree = tree.items[step]
            if tree is None:
                return
        for offset, line in enumerate(tree.text.splitlines()):
            for match in PLACEHOLDER.finditer(line):
                name = match.group(1)
                if not self.is_placeholder(name):
                    self.fault(doc, line_of(tree, ()) + offset, "dangling-placeholder", name, self.known_placeholders())

    def is_placeholder(self, name: str) -> bool:
        kind, _, id_ = name.partition(":")
        built = self.built
        match kind:
            case "place" | "phone" | "hours":
                return id_ in built.places
            case "line":
                return id_ in built.lines
            case "lines":
                return any(id_ in line.kinds for line in built.lines.values())
            case _:
                return name in built.facts or name in ENGINE_PLACEHOLDERS

    def known_placeholders(self) -> list[str]:
        built = self.built
        kinds = {kind for line in built.lines.values() for kind in line.kinds}
        return [
            *built.facts,
            *ENGINE_PLACEHOLDERS,
            *(f"{name}:{id_}" for id_ in built.places for name in ("place", "phone", "hours")),
            *(f"line:{id_}" for id_ in built.lines),
            *(f"lines:{kind}" for kind in kinds),
        ]

    def check_sources(self, doc: Document, sources: list[str], *where: str | int) -> None:
        for index, id_ in enumerate(sources):
            if id_ not in self.built.sources:
                self.fault(doc, doc.line(*where, "sources", index), "dangling-source", id_, self.built.sources)

    def check_notices(self) -> None:
        built = self.built
        topics = {answer.topic for answer in built.answers.values()} | set(built.answers)
        for doc in self.library.of("notices"):
            for index, shape in enumerate(doc.value):
                for at, topic in enumerate(shape.topics):
                    if topic not in topics:
                        self.fault(doc, doc.line(index, "topics", at), "dangling-topic", topic, topics)
                for at, place in enumerate(shape.places):
                    if place not in built.places:
                        self.fault(doc, doc.line(index, "places", at), "dangling-place", place, built.places)

    def check_words(self) -> None:
        for doc in self.library.of("words"):
            for key, shape in doc.value.items():
                if shape.go:
                    self.node(doc, shape.go, key, "go")

    def conditions(self, doc: Document, when: Mapping[str, str], *where: str | int) -> None:
        """Slots and values that conditions name."""
        built = self.built
        for slot, value in when.items():
            line = doc.line(*where, slot)
            if slot in BUILT_IN_SLOTS:
                known: Iterable[str] = BUILT_IN_SLOTS[slot]
            elif slot in built.questions:
                known = self.values_of(built.questions[slot])
            else:
                self.fault(doc, line, "dangling-question", slot, [*built.questions, *BUILT_IN_SLOTS])
                continue
            if value not in known:
                hint = hints(value, known)
                self.library.faults.append(
                    Fault(doc.source.path, line, "dangling-value", {"id": value, "slot": slot, **hint})
                )

    def values_of(self, question: parts.Question) -> list[str]:
        values = [option.value for option in question.options]
        if question.kind == "yes-no":
            values += ["yes", "no"]
        if question.kind == "country":
            values += list(country_codes())
        return [*values, *self.built.groups]

    def node(self, doc: Document, id_: str, *where: str | int) -> None:
        if id_ not in self.built.answers:
            self.fault(doc, doc.line(*where), "dangling-node", id_, self.built.answers)

    def fault(self, doc: Document, line: int, code: str, id_: str, known: Iterable[str]) -> None:
        self.library.faults.append(Fault(doc.source.path, line, code, {"id": id_, **hints(id_, known)}))


def country_codes() -> list[str]:
    """The two-letter codes of all countries, in small letters."""
    codes = (str(code) for code in Locale("en").territories)
    return [code.lower() for code in codes if len(code) == 2 and code.isalpha()]
