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

from bot.faults import Fault

_OPENS_WITH_CURLY_QUOTE = re.compile(r"^\s*(?:- )?(?:[^\s:#]+:\s+)?[“”‘’«]")


class AliasUsed(ValueError):
    """An alias (`*name`) at a line of the file."""

    def __init__(self, line: int) -> None:
        super().__init__("an alias (*) is not allowed")
        self.line = line


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text. `line` is the line of its first character of content: below the `|` of a block."""

    text: str
    line: int


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


def lines_of(tree: Tree | None) -> Iterator[tuple[str, int]]:
    """The lines of a block scalar that say something, each with its line in the file."""
    if isinstance(tree, Scalar):
        for offset, text in enumerate(tree.text.splitlines()):
            if text.strip():
                yield text.strip(), tree.line + offset


def read(root: Path, file: Path) -> Source:
    """Read one file. Never raises for what stands in it."""
    path = file.relative_to(root).as_posix()
    try:
        raw = file.read_bytes()
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Source(path, None, (Fault(path, raw[: error.start].count(b"\n") + 1, "not-utf8"),))
    except OSError as error:
        return Source(path, None, (Fault(path, 1, "cannot-read", {"why": error.strerror}),))
    return parse(path, text, had_bom=raw.startswith(b"\xef\xbb\xbf"))


def parse(path: str, text: str, *, had_bom: bool = False) -> Source:
    """Parse the text of one file."""
    faults = [Fault(path, 1, "byte-order-mark")] if had_bom else []
    if "\r" in text:
        faults.append(Fault(path, text.count("\n", 0, text.index("\r")) + 1, "windows-line-ends"))
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    typed = _typing_faults(path, text)
    try:
        node = _compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        problem = error.problem or "unreadable"
        return Source(path, None, (*faults, *(typed or [Fault(path, line, "not-yaml", {"problem": problem})])))
    except (YAMLError, ValueError) as error:
        problem = str(error).splitlines()[0] if str(error) else "unreadable"
        line = error.line if isinstance(error, AliasUsed) else 1
        return Source(path, None, (*faults, *(typed or [Fault(path, line, "not-yaml", {"problem": problem})])))
    if node is None:
        return Source(path, None, (*faults, Fault(path, 1, "empty-file")))
    faults.extend(typed)
    return Source(path, _tree(path, node, faults), tuple(faults))


def _compose(text: str) -> Any:
    """The document as nodes. Aliases are refused: they save no typing here, and a loop of them never ends."""
    loader = yaml.CSafeLoader(text)
    try:
        while loader.check_event():
            event = loader.get_event()
            if isinstance(event, yaml.AliasEvent):
                mark: Any = event.start_mark
                raise AliasUsed(mark.line + 1)
    finally:
        loader.dispose()
    return yaml.compose(text, Loader=yaml.CSafeLoader)


def _typing_faults(path: str, text: str) -> list[Fault]:
    """What word processors and tab keys do to YAML, told in the editor's words instead of the parser's."""
    faults = []
    for number, line in enumerate(text.split("\n"), start=1):
        if "\t" in line[: len(line) - len(line.lstrip())]:
            faults.append(Fault(path, number, "tab"))
        elif _OPENS_WITH_CURLY_QUOTE.match(line):
            faults.append(Fault(path, number, "curly-quote"))
    return faults


def _tree(path: str, node: Any, faults: list[Fault]) -> Tree:
    line = node.start_mark.line + 1
    if isinstance(node, ScalarNode):
        return Scalar(str(node.value), line + 1 if node.style in ("|", ">") else line)
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
