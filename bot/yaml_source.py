"""Reads a YAML file as a tree in which every scalar is the text as typed and every part knows its line.

Nothing is resolved: `no`, `911`, `+501 …` and `1:30` stay what the editor wrote. A file that is not YAML gives faults
with a mend, never an exception: staff paste from word processors, and their editors write tabs, byte order marks and
Windows line ends.

PyYAML's C parser does the work: it reads the whole content in a tenth of the time of ruamel.yaml, and a start must not
take a second. Which YAML version resolves `no` to what does not matter here, because nothing is resolved.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.error import MarkedYAMLError, YAMLError
from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from bot.fault_reasons import reading_problem, yaml_problem
from bot.faults import Fault

MAX_DEPTH = 20
"""Levels of a file. Ours have six; far deeper ones would exhaust the parser's stack."""

_CURLY = "“”‘’«"
_OPENS_WITH_CURLY_QUOTE = re.compile(rf"^\s*(?:- )?(?:[^\s:#]+:\s+)?[{_CURLY}]")
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u061c\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]"
)
"""Characters that an editor does not show and a parser or a telephone trips over. Word processors and chats leave them."""


class NotAllowed(ValueError):
    """Something of YAML that our files do not use, at a line of the file. `problem` is a key of `yaml_problem`."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.line = line


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text. `line` is the line of its first character of content: below the `|` of a block.

    Only the lines of a literal block (`|`) stand in the file as they are in the text.
    """

    text: str
    line: int
    is_literal: bool = False

    def lines(self) -> Iterator[tuple[str, int]]:
        """The lines of the text, each with its line in the file."""
        for offset, text in enumerate(self.text.split("\n")):
            yield text, self.line + (offset if self.is_literal else 0)


@dataclass(frozen=True, slots=True)
class Entry:
    key: str
    line: int
    value: "Tree"


@dataclass(frozen=True, slots=True)
class MapTree:
    """Keys with values, in the order of the file, each key once."""

    entries: tuple[Entry, ...]
    line: int

    def get(self, key: str) -> "Tree | None":
        return next((entry.value for entry in self.entries if entry.key == key), None)


@dataclass(frozen=True, slots=True)
class ListTree:
    items: tuple["Tree", ...]
    line: int


Tree = Scalar | MapTree | ListTree


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read: its path (relative to the root), its tree (None if it cannot be read), its faults."""

    path: str
    tree: Tree | None
    faults: tuple[Fault, ...] = ()

    def plain(self) -> Any:
        """The tree as texts, lists and dicts."""
        return plain(self.tree) if self.tree is not None else None

    def line_of(self, where: tuple[str | int, ...]) -> int:
        """The line of the part at this path of keys and indexes, or of the nearest part above it."""
        return line_of(self.tree, where) if self.tree is not None else 1


def plain(tree: Tree) -> Any:
    """A tree as texts, lists and dicts."""
    match tree:
        case Scalar():
            return tree.text
        case ListTree():
            return [plain(item) for item in tree.items]
        case MapTree():
            return {entry.key: plain(entry.value) for entry in tree.entries}


def line_of(tree: Tree, where: tuple[str | int, ...]) -> int:
    """The line (from 1) of a part. A missing part has the line of what it is missing from."""
    line = tree.line
    for step in where:
        if isinstance(tree, MapTree):
            entry = next((entry for entry in tree.entries if entry.key == str(step)), None)
            if entry is None:
                return line
            line, tree = entry.line, entry.value
        elif isinstance(tree, ListTree) and isinstance(step, int) and step < len(tree.items):
            tree = tree.items[step]
            line = tree.line
        else:
            return line
    return line


def read(root: Path, file: Path) -> Source:
    """Read one file. Never raises for what stands in it."""
    path = file.relative_to(root).as_posix()
    try:
        raw = file.read_bytes()
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Source(path, None, (Fault(path, raw[: error.start].count(b"\n") + 1, "not-utf8"),))
    except OSError as error:
        return Source(path, None, (Fault(path, 1, "cannot-read", reading_problem(error)),))
    return parse(path, text, had_bom=raw.startswith(b"\xef\xbb\xbf"))


def parse(path: str, text: str, *, had_bom: bool = False) -> Source:
    """Parse the text of one file."""
    faults = [Fault(path, 1, "byte-order-mark")] if had_bom else []
    if "\r" in text:
        faults.append(Fault(path, text.count("\n", 0, text.index("\r")) + 1, "windows-line-ends"))
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    hidden, text = _without_hidden(path, text)
    faults.extend(hidden)
    tabs = [
        Fault(path, number, "tab")
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip() and "\t" in line[: len(line) - len(line.lstrip())]
    ]
    try:
        node = _compose(text)
    except (YAMLError, ValueError) as error:
        return Source(path, None, (*faults, *tabs, *([] if hidden or tabs else [_not_yaml(path, text, error)])))
    faults.extend(tabs)
    if node is None:
        return Source(path, None, (*faults, Fault(path, 1, "empty-file")))
    return Source(path, _tree(path, node, faults), tuple(faults))


def _compose(text: str) -> Any:
    """The document as nodes. Aliases, anchors and tags are refused: they save no typing here, the words that bear them
    would be lost, and a loop of aliases never ends."""
    loader = yaml.CSafeLoader(text)
    depth = 0
    try:
        while loader.check_event():
            event: Any = loader.get_event()
            if isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            elif isinstance(event, yaml.NodeEvent):
                mark: Any = event.start_mark
                line = mark.line + 1
                depth += isinstance(event, yaml.CollectionStartEvent)
                if isinstance(event, yaml.AliasEvent):
                    raise NotAllowed("alias", line)
                if event.anchor or getattr(event, "tag", None):
                    raise NotAllowed("anchor" if event.anchor else "tag", line)
                if depth > MAX_DEPTH:
                    raise NotAllowed("too deep", line)
    finally:
        loader.dispose()
    return yaml.compose(text, Loader=yaml.CSafeLoader)


def _not_yaml(path: str, text: str, error: Exception) -> Fault:
    """What stopped the parser, in the words of somebody who writes texts and not programs."""
    line, problem = getattr(error, "line", 1), str(error)
    if isinstance(error, MarkedYAMLError):
        begins_earlier = (
            "scalar" in (error.context or "")
            or "flow" in (error.context or "")
            or "simple key" in (error.context or "")
        )
        mark = (error.context_mark if begins_earlier else None) or error.problem_mark or error.context_mark
        line, problem = mark.line + 1 if mark is not None else 1, error.problem or ""
    if _OPENS_WITH_CURLY_QUOTE.match(text.split("\n")[line - 1] if line <= text.count("\n") + 1 else ""):
        return Fault(path, line, "curly-quote")
    return Fault(path, line, "not-yaml", yaml_problem(problem))


def _without_hidden(path: str, text: str) -> tuple[list[Fault], str]:
    """The invisible characters of a text, one fault a line, and the text with spaces in their place."""
    if not _HIDDEN.search(text):
        return [], text
    lines = enumerate(text.split("\n"), start=1)
    found = [(number, match.group()) for number, line in lines if (match := _HIDDEN.search(line))]
    faults = [Fault(path, line, "hidden-character", {"code": f"U+{ord(char):04X}"}) for line, char in found]
    return faults, _HIDDEN.sub(" ", text)


def _tree(path: str, node: Any, faults: list[Fault]) -> Tree:
    line = node.start_mark.line + 1
    if isinstance(node, ScalarNode):
        if not node.style and str(node.value).startswith(tuple(_CURLY)):
            faults.append(Fault(path, line, "curly-quote"))
        return Scalar(str(node.value), line + 1 if node.style in ("|", ">") else line, node.style == "|")
    if isinstance(node, SequenceNode):
        return ListTree(tuple(_tree(path, item, faults) for item in node.value), line)
    assert isinstance(node, MappingNode)
    entries: dict[str, Entry] = {}
    for key_node, value_node in node.value:
        key_line = key_node.start_mark.line + 1
        if not isinstance(key_node, ScalarNode):
            faults.append(Fault(path, key_line, "key-not-text"))
            continue
        key = str(key_node.value)
        if key in entries:
            faults.append(Fault(path, key_line, "key-twice", {"key": key, "first": entries[key].line}))
            continue
        entries[key] = Entry(key, key_line, _tree(path, value_node, faults))
    return MapTree(tuple(entries.values()), line)
