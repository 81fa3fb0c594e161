"""Reads `flows/` and `content/` into one Catalogue, and reports every fault of the files in one go.

Reading never stops at the first fault: what can be read is compiled, so that an editor sees everything that is wrong
at once. Only then is the catalogue refused.
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot import yaml_source
from bot.catalogue import Catalogue
from bot.compiling import compile_catalogue
from bot.faults import ContentFaults, Fault, hints, in_order
from bot.file_models import FILES
from bot.library import Document, Library
from bot.yaml_source import Source

SINGLE_FILES = (
    "facts",
    "sources",
    "places",
    "towns",
    "helplines",
    "groups",
    "notices",
    "languages",
    "words",
    "phrases",
)
"""Files of `content/` of which there is exactly one."""

NOT_TOPICS = frozenset({"questions", "danger"})


def load_catalogue(root: Path, *, show_unconfirmed: bool) -> Catalogue:
    """Read the project's folders. Raises ContentFaults with every error in them.

    `show_unconfirmed` shows help lines that nobody has called yet, marked as such: for development only (safety R47).
    """
    catalogue, faults = try_catalogue(root, show_unconfirmed=show_unconfirmed)
    if catalogue is None or any(fault.is_error for fault in faults):
        raise ContentFaults(fault for fault in faults if fault.is_error)
    return catalogue


def try_catalogue(root: Path, *, show_unconfirmed: bool) -> tuple[Catalogue | None, tuple[Fault, ...]]:
    """Read the project's folders; the catalogue is None where the faults leave nothing to build on."""
    library = read_library(root)
    catalogue = compile_catalogue(library, show_unconfirmed=show_unconfirmed)
    return catalogue, in_order(library.faults)


def content_files(root: Path) -> list[tuple[str, Path]]:
    """Every file of the content with its kind, in order of their paths."""
    found: list[tuple[str, Path]] = []
    content = root / "content"
    for file in sorted(content.rglob("*.yaml")):
        parts = file.relative_to(content).parts
        if len(parts) == 1:
            found.append((file.stem, file))
        elif parts[0] == "questions":
            found.append(("question", file))
        else:
            found.append(("danger" if parts[0] == "danger" else "answer", file))
    found.extend(("flow", file) for file in sorted((root / "flows").rglob("*.yaml")))
    return found


def content_version(root: Path) -> str:
    """A hash of every file: equal folders give an equal version."""
    digest = hashlib.blake2s(digest_size=8)
    for _, file in content_files(root):
        digest.update(file.relative_to(root).as_posix().encode() + b"\0")
        digest.update(file.read_bytes() + b"\0")
    return digest.hexdigest()


def read_library(root: Path) -> Library:
    """Read and check the shape of every file."""
    library = Library(version=content_version(root))
    for kind, file in content_files(root):
        source = yaml_source.read(root, file)
        library.faults.extend(source.faults)
        if kind not in FILES:
            library.faults.append(Fault(source.path, 1, "unknown-key", {"key": file.name, **hints(kind, SINGLE_FILES)}))
            continue
        if source.tree is None:
            continue
        value = _shaped(kind, source, library.faults)
        if value is not None:
            topic = file.parent.name
            library.documents.setdefault(kind, []).append(Document(kind, file.stem, topic, source, value))
    missing = [name for name in SINGLE_FILES if not (root / "content" / f"{name}.yaml").exists()]
    library.faults.extend(
        Fault(f"content/{name}.yaml", 1, "missing-file", {"file": f"{name}.yaml"}) for name in missing
    )
    return library


@cache
def adapter(kind: str) -> TypeAdapter[Any]:
    """The validator of one kind of file."""
    return TypeAdapter(FILES[kind])


def _shaped(kind: str, source: Source, faults: list[Fault]) -> Any:
    """The value of a file, or None after noting what does not fit. Faulty entries of a map of entries are left out."""
    plain = source.plain()
    try:
        return adapter(kind).validate_python(plain)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
    faults.extend(_shape_fault(source, problem) for problem in problems)
    if isinstance(plain, dict) and kind in MAPS:
        bad = {str(problem["loc"][0]) for problem in problems if problem["loc"]}
        return _again(kind, {key: value for key, value in plain.items() if key not in bad})
    if isinstance(plain, list):
        bad_items = {problem["loc"][0] for problem in problems if problem["loc"]}
        return _again(kind, [value for index, value in enumerate(plain) if index not in bad_items])
    if isinstance(plain, dict):
        for problem in problems:
            if problem["type"] == "extra_forbidden":
                _remove(plain, problem["loc"])
        return _again(kind, plain)
    return None


MAPS = frozenset(
    {"flow", "facts", "sources", "places", "towns", "helplines", "groups", "languages", "words", "phrases", "danger"}
)


def _again(kind: str, plain: Any) -> Any:
    try:
        return adapter(kind).validate_python(plain)
    except ValidationError:
        return None


def _remove(plain: Any, where: Sequence[str | int]) -> None:
    for step in where[:-1]:
        try:
            plain = plain[step]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(plain, dict):
        plain.pop(where[-1], None)


def _shape_fault(source: Source, problem: Mapping[str, Any]) -> Fault:
    where = tuple(step for step in problem["loc"] if step != "[key]")
    line = source.line_of(where)
    key = str(where[-1]) if where else source.path
    match problem["type"]:
        case "extra_forbidden":
            return Fault(source.path, line, "unknown-key", {"key": key, **hints(key, _known_keys(source, where))})
        case "missing":
            return Fault(source.path, source.line_of(where[:-1]), "missing-key", {"key": _as_written(key)})
        case "string_pattern_mismatch" if "[key]" in problem["loc"]:
            return Fault(source.path, line, "bad-id", {"id": key})
        case _:
            return Fault(source.path, line, "wrong-value", {"key": key, "problem": _problem(problem)})


def _problem(problem: Mapping[str, Any]) -> str:
    """Pydantic's own words, without the parts that speak of Python."""
    return str(problem["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")


def _as_written(key: str) -> str:
    return "from" if key == "from_" else key


def _known_keys(source: Source, where: tuple[Any, ...]) -> tuple[str, ...]:
    """The keys that may stand beside an unknown one: all of the file's kind, which is enough for a suggestion."""
    names: set[str] = set()
    for shape in FILES.values():
        _collect_names(shape, names)
    return tuple(sorted(names))


def _collect_names(shape: Any, names: set[str]) -> None:
    for candidate in (shape, *getattr(shape, "__args__", ())):
        for name, info in getattr(candidate, "model_fields", {}).items():
            if name not in names:
                names.add(str(info.alias or name))
                for inner in (info.annotation, *getattr(info.annotation, "__args__", ())):
                    if hasattr(inner, "model_fields"):
                        _collect_names(inner, names)
