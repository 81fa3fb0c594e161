"""Every answer can be reached, in few steps, through menus that fit on a phone; no way leads round in a circle."""

from collections.abc import Iterator, Mapping

from bot.catalogue import ADVISOR, LANGUAGE_SLOT, MAIN, WELCOME, Catalogue, Node, NodeId
from bot.check.project import Project
from bot.faults import Fault

MAX_MENU = 8
MAX_NEXT = 6
MAX_DEPTH = 3
"""Choices from the main menu to any answer."""


def menus(project: Project) -> Iterator[Fault]:
    """No message offers more than eight choices, nor one of them twice."""
    for node in project.catalogue.nodes.values():
        for name, most in (("menu", MAX_MENU), ("next", MAX_NEXT)):
            offered = getattr(node, name)
            if len(offered) > most:
                yield project.flow_fault(node.id, "menu-too-long", name, most, count=len(offered), most=most)
        if len(node.menu) <= MAX_MENU < len(node.menu) + len(node.next):
            at, count = MAX_MENU - len(node.menu), len(node.menu) + len(node.next)
            yield project.flow_fault(node.id, "menu-too-long", "next", at, count=count, most=MAX_MENU)
        places = [("menu", index) for index in range(len(node.menu))] + [("next", at) for at in range(len(node.next))]
        seen: set[NodeId] = set()
        for id_, (name, index) in zip((*node.menu, *node.next), places, strict=True):
            if id_ in seen:
                yield project.flow_fault(node.id, "option-twice", name, index, id=id_)
            seen.add(id_)
    for question in project.catalogue.questions.values():
        most = MAX_MENU - 1  # the program adds "rather not say"
        if len(question.options) > most and question.slot != LANGUAGE_SLOT:
            document = project.documents["question", question.slot]
            values = {"count": len(question.options), "most": most}
            yield Fault(document.source.path, document.line("options", most), "menu-too-long", values)


def circles(project: Project) -> Iterator[Fault]:
    """No way leads back to where it began without anything having been said."""
    catalogue = project.catalogue
    told: set[frozenset[NodeId]] = set()
    for node in catalogue.nodes.values():
        for values in ({}, *(route.when for route in node.then), node.hide_when):
            way = _circle_from(catalogue, node.id, values)
            if way and frozenset(way) not in told:
                told.add(frozenset(way))
                part = "then" if node.then else "instead"
                yield project.flow_fault(node.id, "goes-in-circles", part, id=node.id, way=", ".join([*way, way[0]]))


def _circle_from(catalogue: Catalogue, id_: NodeId, values: Mapping[str, str]) -> list[NodeId]:
    """The nodes that one goes through from a node, if they lead back to it; as `enter` goes (`bot/replying.py`)."""
    way: list[NodeId] = []
    current = id_
    while current not in way:
        way.append(current)
        node = catalogue.nodes.get(current)
        if node is None:
            return []
        if node.hide_when and catalogue.matches(node.hide_when, values):
            current = node.instead or MAIN
            continue
        target = next((route.go for route in node.then if catalogue.matches(route.when, values)), current)
        if target == current:
            return []
        current = target
    return way if current == id_ else []


def reach(project: Project) -> Iterator[Fault]:
    """Nothing stands where nobody gets to, or deeper than three choices.

    Only the first answer of a lost branch is told: what hangs on it comes back with it. While an id dangles or a file
    cannot be read nobody can tell, and nothing is said.
    """
    broken = {"dangling-node", "dangling-question", "dangling-value", "duplicate-id", "missing-node"}
    if not project.library.is_whole("flow", "answer", "question") or broken & {f.code for f in project.library.faults}:
        return
    catalogue = project.catalogue
    depths, before = _depths(catalogue, [MAIN])
    for id_, depth in depths.items():
        if depth > MAX_DEPTH >= depths[before[id_]]:
            yield project.answer_fault(id_, "too-deep", id=id_, depth=depth, most=MAX_DEPTH)
    reached = {*depths, *_depths(catalogue, sorted(by_word(catalogue)))[0]}
    lost = [answer.id for answer in project.answers if answer.id not in reached]
    below = {target for id_ in lost for target, _ in _steps(catalogue.nodes.get(id_)) if target != id_}
    for id_ in [*(id_ for id_ in lost if id_ not in below), *lost]:  # a lost ring is told by its first answer
        if id_ not in reached:
            reached |= set(_depths(catalogue, [id_])[0])
            yield project.answer_fault(id_, "unreachable", id=id_)


def by_word(catalogue: Catalogue) -> set[NodeId]:
    """What is reached without choosing: by a global word, a danger phrase, or at the start."""
    words = {word.target for word in catalogue.words.by_text.values() if word.target in catalogue.answers}
    return {*words, *catalogue.lexicon.nodes, MAIN, WELCOME, ADVISOR}


def choices_to(catalogue: Catalogue) -> dict[NodeId, int]:
    """The least number of choices from the main menu to each node; answering a question is a choice."""
    return _depths(catalogue, [MAIN])[0]


def _depths(catalogue: Catalogue, starts: list[NodeId]) -> tuple[dict[NodeId, int], dict[NodeId, NodeId]]:
    """How many choices away each node is, and the node before it on the shortest way."""
    depths = dict.fromkeys(starts, 0)
    before = {id_: id_ for id_ in starts}
    frontier = list(starts)
    while frontier:
        reached: dict[NodeId, int] = {}
        for id_ in frontier:
            for target, cost in _steps(catalogue.nodes.get(id_)):
                depth = depths[id_] + cost
                if target in catalogue.answers and depth < min(depths.get(target, 99), reached.get(target, 99)):
                    reached[target] = depth
                    before[target] = id_
        depths |= reached
        frontier = list(reached)
    return depths, before


def _steps(node: Node | None) -> Iterator[tuple[NodeId, int]]:
    if node is None:
        return
    for target in (*node.menu, *node.next):
        yield target, 1
    for route in node.then:
        yield route.go, len(node.ask)
    if node.instead:
        yield node.instead, 0
