"""A catalogue in which nothing leads nowhere, made of one that has faults: so that all other rules can be tried on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.catalogue import REQUIRED_NODES, Answer, Catalogue, Node, NodeId, Review, Where
from bot.words import Command

_NOWHERE = Where("", 0)


def sound(catalogue: Catalogue) -> Catalogue:
    """The same catalogue without dangling ids, and with empty answers for the ids that the program cannot do without."""
    answers = {**{id_: _made_up(catalogue, id_) for id_ in REQUIRED_NODES}, **catalogue.answers}
    nodes = {id_: _sound_node(catalogue, node, answers) for id_, node in catalogue.nodes.items() if id_ in answers}
    words = {
        text: word
        for text, word in catalogue.words.by_text.items()
        if word.command is not Command.GO or word.target in answers
    }
    patterns = tuple(entry for entry in catalogue.lexicon.patterns if entry.node in answers)
    return replace(
        catalogue,
        answers=answers,
        nodes=nodes,
        words=replace(catalogue.words, by_text=words),
        lexicon=replace(catalogue.lexicon, patterns=patterns),
    )


def is_made_up(answer: Answer) -> bool:
    """Whether an answer stands in no file."""
    return answer.where == _NOWHERE


def _sound_node(catalogue: Catalogue, node: Node, answers: Mapping[NodeId, Answer]) -> Node:
    return replace(
        node,
        menu=tuple(id_ for id_ in node.menu if id_ in answers),
        next=tuple(id_ for id_ in node.next if id_ in answers),
        ask=tuple(slot for slot in node.ask if slot in catalogue.questions),
        then=tuple(route for route in node.then if route.go in answers),
        instead=node.instead if node.instead in answers else "",
    )


def _made_up(catalogue: Catalogue, id_: NodeId) -> Answer:
    nothing = dict.fromkeys(catalogue.languages, "")
    return Answer(id_, "", _NOWHERE, nothing, {}, (), None, {}, False, False, Review())
