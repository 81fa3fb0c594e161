"""Follows every id that a file names, and notes those that lead nowhere."""

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any

from babel import Locale

from bot import catalogue as parts
from bot.catalogue import COMPLAINTS, Catalogue, Complaining, Where
from bot.faults import Fault, hints
from bot.library import Document, Library
from bot.rendering import PLACEHOLDER
from bot.yaml_source import ListTree, MapTree, Scalar

BUILT_IN_ACTIONS = ("action_hand_over", "action_nearest_place", "action_office_hours")
BUILT_IN_SLOTS = {"channel": ("sms", "whatsapp"), "hub": ("confirmed", "unconfirmed"), COMPLAINTS: tuple(Complaining)}

ENGINE_PLACEHOLDERS = ("nearest", "my_data", "town", "hours_now", "complaint_days")
"""Values that the program itself fills in, in the answers of its own pages and actions."""


def check_references(library: Library, built: Catalogue) -> None:
    """Note every reference of the files that leads nowhere in the catalogue built from them."""
    _References(library, built).check()


class _References:
    """Follows every id that a file names, and notes those that lead nowhere.

    What may stand in a file that could not be read is not noted: that file's own fault is enough.
    """

    def __init__(self, library: Library, built: Catalogue) -> None:
        self.library = library
        self.built = built

    def check(self) -> None:
        built = self.built
        for id_ in parts.REQUIRED_NODES:
            if id_ not in built.answers and not self.library.may_hold("answer", id_):
                self.library.faults.append(Fault("content", 1, "missing-node", {"id": id_}))
        for doc in self.library.of("flow"):
            for id_ in doc.value:
                if built.nodes[id_].where == Where(doc.source.path, doc.line(id_)):
                    self.check_node(doc, built.nodes[id_])
        for doc in self.library.of("answer"):
            self.check_answer(doc)
        for kind in ("facts", "places", "helplines"):
            for doc in self.library.of(kind):
                for key, shape in doc.value.items():
                    self.check_sources(doc, shape.sources, key)
        for doc in self.library.of("places"):
            for key, shape in doc.value.items():
                if shape.town:
                    self.found(doc, "towns", shape.town, "dangling-town", built.towns, key, "town")
        self.check_questions()
        self.check_groups()
        self.check_notices()
        self.check_words()
        self.check_danger()
        for id_, other in built.codes.clashes:
            where = built.answers[id_].where if id_ in built.answers else Where("content", 1)
            self.library.faults.append(Fault(where.path, where.line, "code-clash", {"id": id_, "other": other}))

    # --- moves ---------------------------------------------------------------------------------------------------

    def check_node(self, doc: Document, node: parts.Node) -> None:
        for name in ("menu", "next"):
            for index, target in enumerate(getattr(node, name)):
                self.node(doc, target, node.id, name, index)
        for index, slot in enumerate(node.ask):
            self.found(doc, "question", slot, "dangling-question", self.built.questions, node.id, "ask", index)
        for index, route in enumerate(node.then):
            self.node(doc, route.go, node.id, "then", index, "go")
            self.conditions(doc, route.when, node.id, "then", index, "when")
        self.conditions(doc, node.hide_when, node.id, "hide_when")
        if node.instead:
            self.node(doc, node.instead, node.id, "instead")
        if node.action and not node.action.startswith("action_"):
            values = {"id": node.action, **hints(node.action, BUILT_IN_ACTIONS)}
            self.fault(doc, doc.line(node.id, "action"), "unknown-action", **values)
        self.check_routes(doc, node)
        answer = self.built.answers.get(node.id)
        if answer is None:
            self.node(doc, node.id, node.id)
        elif not (node.menu or node.then or node.action or answer.paragraphs):
            self.fault(doc, doc.line(node.id), "no-way-on", id=node.id)

    def check_routes(self, doc: Document, node: parts.Node) -> None:
        """Every case has a way, and every way has a case."""
        if node.ask and not node.then and not node.action:
            self.fault(doc, doc.line(node.id, "ask"), "open-case", id=node.id)
        elif node.then and all(route.when for route in node.then):
            self.fault(doc, doc.line(node.id, "then"), "open-case", id=node.id)
        for index, route in enumerate(node.then):
            for above, other in enumerate(node.then[:index]):
                if self.covers(other.when, route.when):
                    first = doc.line(node.id, "then", above)
                    self.fault(doc, doc.line(node.id, "then", index), "route-shadowed", id=node.id, first=first)
                    break

    def covers(self, first: Mapping[str, str], later: Mapping[str, str]) -> bool:
        """Whether a way is taken in every case of a later one: same slots, same values or groups that hold them."""
        groups = self.built.groups
        return all(
            slot in later and groups.get(later[slot], {later[slot]}) <= {wanted, *groups.get(wanted, ())}
            for slot, wanted in first.items()
        )

    def check_answer(self, doc: Document) -> None:
        answer = self.built.answers.get(doc.id)
        if answer is None or answer.where.path != doc.source.path:
            return
        self.check_sources(doc, doc.value.sources)
        if not answer.paragraphs and answer.id not in self.built.nodes and not self.library.may_hold("flow", doc.id):
            self.fault(doc, 1, "no-way-on", id=doc.id)
        for index, paragraph in enumerate(answer.paragraphs):
            self.conditions(doc, paragraph.only, "text", index, "only")
            for language in paragraph.texts:
                self.placeholders(doc, "text", index, language)
        for language in answer.sms or ():
            self.placeholders(doc, "sms", language)

    # --- what is known -------------------------------------------------------------------------------------------

    def placeholders(self, doc: Document, *where: str | int) -> None:
        tree: Any = doc.source.tree
        for step in where:
            if isinstance(tree, MapTree):
                tree = tree.get(str(step))
            elif isinstance(tree, ListTree) and isinstance(step, int):
                tree = tree.items[step]
        if not isinstance(tree, Scalar):
            return
        for text, line in tree.lines():
            for name in dict.fromkeys(PLACEHOLDER.findall(text)):
                if not self.is_placeholder(name):
                    values = {"id": name, **hints(name, self.known_placeholders())}
                    self.fault(doc, line, "dangling-placeholder", **values)

    def is_placeholder(self, name: str) -> bool:
        kind, _, id_ = name.partition(":")
        built, library = self.built, self.library
        match kind:
            case "place" | "phone" | "hours":
                return id_ in built.places or library.may_hold("places", id_)
            case "line":
                return id_ in built.lines or library.may_hold("helplines", id_)
            case "lines":
                return any(id_ in line.kinds for line in built.lines.values()) or not library.is_whole("helplines")
            case _:
                return name in built.facts or name in ENGINE_PLACEHOLDERS or library.may_hold("facts", name)

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
            self.found(doc, "sources", id_, "dangling-source", self.built.sources, *where, "sources", index)

    def check_questions(self) -> None:
        """The options of a yes-no question are yes and no: other values would never be chosen by writing."""
        for doc in self.library.of("question"):
            for index, option in enumerate(doc.value.options if doc.value.kind == "yes-no" else ()):
                if option.value not in ("yes", "no"):
                    values = {"id": option.value, "slot": doc.id, **hints(option.value, ("yes", "no"))}
                    self.fault(doc, doc.line("options", index, "value"), "dangling-value", **values)

    def check_groups(self) -> None:
        known = {*country_codes(), *(option.value for q in self.built.questions.values() for option in q.options)}
        for doc in self.library.of("groups") if self.library.is_whole("question") else ():
            for key, members in doc.value.items():
                for index, member in enumerate(members):
                    if member not in known:
                        values = {"id": member, **hints(member, known)}
                        self.fault(doc, doc.line(key, index), "group-value", **values)

    def check_notices(self) -> None:
        built = self.built
        topics = {answer.topic for answer in built.answers.values()} | set(built.answers)
        for doc in self.library.of("notices"):
            for index, shape in enumerate(doc.value):
                for at, topic in enumerate(shape.topics):
                    self.found(doc, "answer", topic, "dangling-topic", topics, index, "topics", at)
                for at, place in enumerate(shape.places):
                    self.found(doc, "places", place, "dangling-place", built.places, index, "places", at)

    def check_words(self) -> None:
        for doc in self.library.of("words"):
            for key, shape in doc.value.items():
                if shape.go:
                    self.node(doc, shape.go, key, "go")

    def check_danger(self) -> None:
        """Danger patterns lead to answers, and every answer that one language leads to has certain ones in all of them."""
        answers = {
            key: doc for doc in self.library.of("danger") for key in doc.value.kinds if key in self.built.answers
        }
        for doc in self.library.of("danger"):
            strays = [key for key in doc.value.kinds if key not in self.built.answers]
            for key in strays:
                self.node(doc, key, key)
            if doc.id not in self.built.languages or strays or self.library.spoiled.get("danger"):
                continue
            for key in answers:
                if key not in doc.value.kinds or not doc.value.kinds[key].certain.strip():
                    self.fault(doc, doc.line(key), "missing-danger", id=key, language=doc.id)
        for doc in self.library.of("emergency-words") if self.library.is_whole("danger", "answer") else ():
            for language, shape in doc.value.items():
                for key in shape.words:
                    self.found(
                        doc, "danger", key, "not-a-danger-answer", self.built.lexicon.nodes, language, "words", key
                    )

    def conditions(self, doc: Document, when: Mapping[str, str], *where: str | int) -> None:
        """Slots and values that conditions name."""
        built = self.built
        for slot, value in when.items():
            line = doc.line(*where, slot)
            known: Iterable[str]
            if slot in BUILT_IN_SLOTS:
                known = BUILT_IN_SLOTS[slot]
            elif slot in built.questions:
                known = self.values_of(built.questions[slot])
            else:
                known_slots = [*built.questions, *BUILT_IN_SLOTS]
                self.found(doc, "question", slot, "dangling-question", known_slots, *where, slot)
                continue
            if value not in known and not self.library.may_hold("groups", value):
                self.fault(doc, line, "dangling-value", id=value, slot=slot, **hints(value, known))

    def values_of(self, question: parts.Question) -> list[str]:
        values = [option.value for option in question.options]
        if question.kind == "yes-no":
            values += ["yes", "no"]
        if question.kind == "country":
            values += country_codes()
        return [*values, *self.built.groups]

    def node(self, doc: Document, id_: str, *where: str | int) -> None:
        self.found(doc, "answer", id_, "dangling-node", self.built.answers, *where)

    def found(self, doc: Document, kind: str, id_: str, code: str, known: Collection[str], *where: str | int) -> None:
        """Note an id that is not among the known ones, unless it may be in what could not be read."""
        if id_ not in known and not self.library.may_hold(kind, id_):
            self.fault(doc, doc.line(*where), code, id=id_, **hints(id_, known))

    def fault(self, doc: Document, line: int, code: str, **values: object) -> None:
        self.library.faults.append(Fault(doc.source.path, line, code, values))


@cache
def country_codes() -> list[str]:
    """The two-letter codes of all countries, in small letters."""
    codes = (str(code) for code in Locale("en").territories)
    return [code.lower() for code in codes if len(code) == 2 and code.isalpha()]
