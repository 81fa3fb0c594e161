"""Every answer can be reached, in few steps, through menus that fit on a phone."""

from collections.abc import Iterator

from bot.catalogue import ADVISOR, MAIN, WELCOME, Catalogue, Node
from bot.check.project import Project
from bot.faults import Fault

MAX_MENU = 8
MAX_NEXT = 6
MAX_DEPTH = 3
"""Choices from the main menu to any answer."""


def menus(project: Project) -> Iterator[Fault]:
    """No message offers more than eight choices."""
    for node in project.catalogue.nodes.values():
        if len(node.menu) > MAX_MENU:
            yield project.flow_fault(node.id, "menu-too-long", "menu", MAX_MENU, count=len(node.menu), most=MAX_MENU)
        if len(node.next) > MAX_NEXT:
            yield project.flow_fault(node.id, "menu-too-long", "next", MAX_NEXT, count=len(node.next), most=MAX_NEXT)
    for question in project.catalogue.questions.values():
        if len(question.options) > MAX_MENU - 1:
            document = project.documents["question", question.slot]
            line = document.line("options", MAX_MENU - 1)
            values = {"count": len(question.options), "most": MAX_MENU - 1}
            yield Fault(document.source.path, line, "menu-too-long", values)


def reach(project: Project) -> Iterator[Fault]:
    """Nothing stands where nobody gets to, or deeper than three choices."""
    depths = choices_to(project.catalogue)
    known = by_word(project.catalogue)
    for id_ in project.catalogue.answers:
        if id_ not in depths and id_ not in known:
            yield project.answer_fault(id_, "unreachable", id=id_)
        elif depths.get(id_, 0) > MAX_DEPTH and id_ not in known:
            yield project.answer_fault(id_, "too-deep", id=id_, depth=depths[id_], most=MAX_DEPTH)


def by_word(catalogue: Catalogue) -> set[str]:
    """What is reached without choosing: by a global word, a danger phrase, or at the start."""
    words = {word.target for word in catalogue.words.by_text.values() if word.target in catalogue.answers}
    return {*words, *catalogue.lexicon.nodes, MAIN, WELCOME, ADVISOR}


def choices_to(catalogue: Catalogue) -> dict[str, int]:
    """The least number of choices from the main menu to each node; answering a question is a choice."""
    depths = {MAIN: 0}
    frontier = [MAIN]
    while frontier:
        reached: dict[str, int] = {}
        for id_ in frontier:
            for target, cost in _steps(catalogue.nodes.get(id_)):
                depth = depths[id_] + cost
                if target in catalogue.answers and depth < min(depths.get(target, 99), reached.get(target, 99)):
                    reached[target] = depth
        depths |= reached
        frontier = list(reached)
    return depths


def _steps(node: Node | None) -> Iterator[tuple[str, int]]:
    if node is None:
        return
    for target in (*node.menu, *node.next):
        yield target, 1
    for route in node.then:
        yield route.go, len(node.ask)
    if node.instead:
        yield node.instead, 0
