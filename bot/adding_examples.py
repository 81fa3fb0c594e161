"""Adds a line to `people_ask` in a file of the content, and leaves every other byte of it as it was.

The file is not written anew from what was read of it: comments, blank lines and line ends belong to whoever wrote them.
The place is found with the parser, and the result read again to see that just one line came in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

from bot import yaml_source

PEOPLE_ASK = "people_ask"
AFTER_EXAMPLES = ("sources", "checked", "review_by", "confirm_locally", "sensitive")
"""Keys that stand below the examples of an answer."""

STEP = 2


class CannotAdd(ValueError):
    """The line has no place in this file; says why, for staff."""


@dataclass(frozen=True, slots=True)
class _Spot:
    """Lines to put in before a line of the file (counted from 0)."""

    at: int
    lines: tuple[str, ...]


def with_example(text: str, language: str, example: str, within: Sequence[str] = ()) -> str:
    """The text of a file with one more line in `people_ask`, below the last one of a language.

    `within` are the keys under which the examples stand; () for the file of an answer. Missing blocks are made.
    Raises CannotAdd.
    """
    line = " ".join(example.split())
    if not line:
        raise CannotAdd("there is nothing to add")
    before = yaml_source.parse("", text).plain()
    if not isinstance(before, dict):
        raise CannotAdd("the file cannot be read; run the check on it first")
    lines = text.splitlines(keepends=True)
    spot = _spot(_tree(text), lines, language, line, within)
    after = _put_in(lines, spot)
    if not _same(yaml_source.parse("", after).plain(), _expected(before, language, line, within)):
        raise CannotAdd("the file is written in a way that this cannot change safely; add the line by hand")
    return after


def _tree(text: str) -> MappingNode:
    root = yaml.compose(text.removeprefix("\ufeff"), Loader=yaml.CSafeLoader)
    if not isinstance(root, MappingNode):
        raise CannotAdd("the file cannot be read; run the check on it first")
    return root


def _spot(root: MappingNode, lines: Sequence[str], language: str, line: str, within: Sequence[str]) -> _Spot:
    here = root
    for key in within:
        here = _mapping(_value(here, key), key)
    asked = _value(here, PEOPLE_ASK)
    if asked is None:
        return _new_examples(here, lines, language, line)
    block = _value(_mapping(asked, PEOPLE_ASK), language)
    if block is None:
        indent = asked.start_mark.column
        at = _end(lines, asked.start_mark.line, indent)
        return _Spot(at, (" " * indent + f"{language}: |", " " * (indent + STEP) + line))
    if not isinstance(block, ScalarNode) or block.style != "|":
        raise CannotAdd(f"the examples in '{language}' do not stand below a |; write them so, one a line")
    first = block.start_mark.line + 1
    key_indent = asked.start_mark.column
    at = _end(lines, first, key_indent + 1)
    filled = [written for written in lines[first:at] if written.strip()]
    indent = len(filled[0]) - len(filled[0].lstrip(" ")) if filled else key_indent + STEP
    return _Spot(at, (" " * indent + line,))


def _new_examples(here: MappingNode, lines: Sequence[str], language: str, line: str) -> _Spot:
    """Before the keys that stand below examples, else at the end."""
    indent = here.start_mark.column
    below = [key.start_mark.line for key, _ in here.value if key.value in AFTER_EXAMPLES]
    at = min(below) if below else _end(lines, here.start_mark.line, indent)
    new = (f"{PEOPLE_ASK}:", " " * STEP + f"{language}: |", " " * (2 * STEP) + line)
    return _Spot(at, tuple(" " * indent + each for each in new))


def _end(lines: Sequence[str], first: int, indent: int) -> int:
    """The line after the last one with something on it that is indented so far, from a line on."""
    end = first
    for at in range(first, len(lines)):
        written = lines[at].rstrip("\r\n")
        if not written.strip():
            continue
        if len(written) - len(written.lstrip(" ")) < indent:
            break
        end = at + 1
    return end


def _put_in(lines: Sequence[str], spot: _Spot) -> str:
    """With the line ends of the file; a last line without one stays without."""
    newline = "\r\n" if lines[0].endswith("\r\n") else "\n"
    above, below = "".join(lines[: spot.at]), "".join(lines[spot.at :])
    if above and not above.endswith("\n"):
        return above + "".join(newline + line for line in spot.lines)
    return above + "".join(line + newline for line in spot.lines) + below


def _value(mapping: MappingNode, key: str) -> Node | None:
    return next((value for key_node, value in mapping.value if key_node.value == key), None)


def _mapping(node: Node | None, key: str) -> MappingNode:
    if not isinstance(node, MappingNode) or node.flow_style:
        raise CannotAdd(f"there is no list of languages below '{key}'; add the line by hand")
    return node


def _expected(before: dict[str, object], language: str, line: str, within: Sequence[str]) -> dict[str, object]:
    """What the file says afterwards."""
    if within:
        inner = before[within[0]]
        assert isinstance(inner, dict)
        return {**before, within[0]: _expected(inner, language, line, within[1:])}
    asked = before.get(PEOPLE_ASK)
    asked = asked if isinstance(asked, dict) else {}
    said = str(asked.get(language, "")).rstrip("\n")
    return {**before, PEOPLE_ASK: {**asked, language: f"{said}\n{line}"}}


def _same(one: object, other: object) -> bool:
    """Whether two files say the same. Line ends around a text are no part of it."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    return str(one).strip() == str(other).strip()
