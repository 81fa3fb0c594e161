"""Reads `flows/` and `content/` into one Catalogue, and reports every fault of the files in one go.

Reading never stops at the first fault: what can be read is compiled, so that an editor sees everything that is wrong
at once. Only then is the catalogue refused.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from bot import yaml_source
from bot.catalogue import Catalogue
from bot.compiling import compile_catalogue
from bot.fault_reasons import value_problem
from bot.faults import ContentFaults, Fault, hints, in_order, nearest_of
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
    "emergency-words",
    "vocabulary",
    "not-covered",
    "saved-replies",
)
"""Files of `content/` of which there is exactly one."""

_ID = re.compile(r"[a-z0-9][a-z0-9-]*")

MAY_BE_EMPTY = frozenset({"notices", "groups", "emergency-words", "vocabulary", "not-covered", "saved-replies"})
"""Files that may hold nothing but comments, or be missing: most days have no urgent notice."""

_NEARLY_YAML = re.compile(r"\.(ya?ml)(\.txt)?$", re.IGNORECASE)


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
    """Every file of the content with its kind ("" for one that nothing reads), in order of their paths."""
    found: list[tuple[str, Path]] = []
    content = root / "content"
    for file in sorted(content.rglob("*.yaml")):
        parts = file.relative_to(content).parts
        if len(parts) == 1:
            found.append((file.stem if file.stem in SINGLE_FILES else "", file))
        elif parts[0] == "questions":
            found.append(("question", file))
        else:
            found.append(("danger" if parts[0] == "danger" else "answer", file))
    found.extend(("flow", file) for file in sorted((root / "flows").rglob("*.yaml")))
    return found


def misnamed_files(root: Path) -> list[Path]:
    """Files that somebody meant to be read: "fees.yml", "fees.yaml.txt"."""
    files = (file for folder in ("content", "flows") for file in (root / folder).rglob("*"))
    return sorted(file for file in files if _NEARLY_YAML.search(file.name) and file.suffix != ".yaml")


def content_version(root: Path) -> str:
    """A hash of every file: equal folders give an equal version."""
    digest = hashlib.blake2s(digest_size=8)
    for _, file in content_files(root):
        digest.update(file.relative_to(root).as_posix().encode() + b"\0")
        with suppress(OSError):  # what cannot be read is a fault of its own
            digest.update(file.read_bytes() + b"\0")
    return digest.hexdigest()


def read_library(root: Path) -> Library:
    """Read and check the shape of every file."""
    library = Library(version=content_version(root))
    for kind, file in content_files(root):
        path = file.relative_to(root).as_posix()
        if kind:
            _read_document(library, kind, root, file)
        else:
            values = {"file": file.name, **hints(file.name, [f"{name}.yaml" for name in SINGLE_FILES])}
            library.faults.append(Fault(path, 1, "unknown-file", values))
    for file in misnamed_files(root):
        path = file.relative_to(root).as_posix()
        library.faults.append(Fault(path, 1, "wrong-ending", {"file": file.name}))
    for name in SINGLE_FILES:
        if name not in MAY_BE_EMPTY and not (root / "content" / f"{name}.yaml").exists():
            library.unread.add(name)
            library.faults.append(Fault(f"content/{name}.yaml", 1, "missing-file", {"file": f"{name}.yaml"}))
    return library


def _read_document(library: Library, kind: str, root: Path, file: Path) -> None:
    """Read one file into the library. What cannot be used is noted there, so that nothing else takes the blame."""
    source = yaml_source.read(root, file)
    by_name = kind in ("answer", "question", "danger")
    if source.tree is None and kind in MAY_BE_EMPTY and {fault.code for fault in source.faults} == {"empty-file"}:
        return
    library.faults.extend(source.faults)
    if by_name and not _ID.fullmatch(file.stem):
        library.faults.append(Fault(source.path, 1, "bad-id", {"id": file.stem}))
        library.spoil(kind, file.stem)
        return
    value = _shaped(library, kind, source) if source.tree is not None else None
    if value is not None:
        document = Document(kind, file.stem, file.parent.name, source, value)
        library.documents.setdefault(kind, []).append(document)
    elif by_name:
        library.spoil(kind, file.stem)
    else:
        library.unread.add(kind)


@cache
def adapter(kind: str) -> TypeAdapter[Any]:
    """The validator of one kind of file."""
    return TypeAdapter(FILES[kind])


MAPS = frozenset(SINGLE_FILES) - {"notices", "vocabulary"} | {"flow", "danger"}
"""Kinds whose files map ids to entries. One faulty entry spoils no other."""

MAX_REPAIRS = 4


def _shaped(library: Library, kind: str, source: Source) -> Any:
    """The value of a file, or None, after noting what does not fit.

    An unknown key is taken for the one that it resembles, or left out; an entry with a value that does not fit is
    spoiled. So all other faults show at once, and none that only follows from the first.
    """
    plain = source.plain()
    for _ in range(MAX_REPAIRS):
        try:
            return adapter(kind).validate_python(plain)
        except ValidationError as error:
            problems: list[Any] = error.errors(include_url=False, include_input=False)
        places = [(problem, tuple(step for step in problem["loc"] if step != "[key]")) for problem in problems]
        unknown = [where for problem, where in places if _is_unknown_key(problem, where)]
        for where in unknown:
            known = known_keys(kind, where[:-1])
            values = {"key": where[-1], **hints(str(where[-1]), known)}
            library.faults.append(Fault(source.path, source.line_of(where), "unknown-key", values))
            _rename(plain, where, known)
        for problem, where in places if not unknown else ():
            library.faults.append(_shape_fault(source, problem, where))
            if kind not in MAPS or not where:
                return None
            library.spoil(kind, str(where[0]))
            plain.pop(where[0], None)
    return None


def _is_unknown_key(problem: Mapping[str, Any], where: Sequence[str | int]) -> bool:
    """Beside `only` in a paragraph stand languages, which are texts: what is no text there is a misspelt `only`."""
    if problem["type"] == "extra_forbidden":
        return True
    is_beside_only = len(where) == 3 and where[0] == "text" and isinstance(where[1], int)
    return is_beside_only and where[2] != "only" and nearest_of(str(where[2]), ["only"]) != ""


def _rename(plain: Any, where: Sequence[str | int], known: Sequence[str]) -> None:
    """Take an unknown key for the one that it resembles, if that one is missing; else leave it out."""
    for step in where[:-1]:
        plain = plain[step]
    value = plain.pop(where[-1], None)
    meant = nearest_of(str(where[-1]), known)
    if meant:
        plain.setdefault(meant, value)


def _shape_fault(source: Source, problem: Mapping[str, Any], where: tuple[str | int, ...]) -> Fault:
    line = source.line_of(where)
    key = next((str(step) for step in reversed(where) if isinstance(step, str)), source.path.rpartition("/")[2])
    match problem["type"]:
        case "missing":
            return Fault(source.path, source.line_of(where[:-1]), "missing-key", {"key": key})
        case "string_pattern_mismatch" if key != "keeps":
            return Fault(source.path, line, "bad-id", {"id": _text_at(source, where, problem)})
        case _:
            return Fault(source.path, line, "wrong-value", {"key": key, **value_problem(problem)})


def _text_at(source: Source, where: Sequence[str | int], problem: Mapping[str, Any]) -> str:
    """The name that does not fit: a key, or the text at this place."""
    plain = source.plain()
    for step in where if "[key]" not in problem["loc"] else ():
        if not isinstance(plain, dict | list):  # "ask: x" stands for a list of one
            return str(plain)
        plain = plain[int(step)] if isinstance(plain, list) else plain.get(step)
    return str(where[-1]) if "[key]" in problem["loc"] else str(plain)


def known_keys(kind: str, where: Sequence[str | int]) -> tuple[str, ...]:
    """The keys that may stand at a place of a kind of file."""
    shape: Any = FILES[kind]
    for step in where:
        fields = getattr(_bare(shape), "model_fields", None)
        if fields is None:
            shape = next(iter(get_args(_bare(shape))[-1:]), None)
        else:
            named = (info for name, info in fields.items() if (info.alias or name) == step)
            others = get_type_hints(_bare(shape)).get("__pydantic_extra__")
            shape = next((info.annotation for info in named), next(iter(get_args(others)[-1:]), None))
    fields = getattr(_bare(shape), "model_fields", {})
    return tuple(str(info.alias or name) for name, info in fields.items())


def _bare(shape: Any) -> Any:
    """A shape without `Annotated` and without "or nothing"."""
    while get_origin(shape) in (Annotated, Union, UnionType):
        shape = next(part for part in get_args(shape) if part is not type(None))
    return shape
