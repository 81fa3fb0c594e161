"""Reads the files of `tests/broken`: each is a small change to the sound project in `tests/broken/base`, and the one fault
that it makes.

    # content/crossing/crossing.yaml:7 [dangling-placeholder]
    # Nothing is called {crosing_fee}. Did you mean “crossing_fee”?
    # Nada se llama {crosing_fee}. ¿Quisiste decir «crossing_fee»?

    --- content/crossing/crossing.yaml
    -      The fee is {crossing_fee} for {stay_length}.
    +      The fee is {crosing_fee} for {stay_length}.

The first lines say what the check must report, in English and Spanish; nothing else may be reported. Below, for each
changed file: lines with a space or "-" stand in the base, those with "-" go, those with "+" come; an empty line begins
another place of the file, `...` stands for the end of the file. Lines with "!" come as bytes, with their escapes written
out (\\r, \\xff). A file may also be `(deleted)`, and `(a folder)` may stand in its place.
"""

from __future__ import annotations

import codecs
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.check import check
from bot.compiling import KNOWN_WORDS
from bot.faults import Fault
from bot.phrases import REQUIRED_PHRASES
from webhook.commands.checking import changed_transcripts
from webhook.transcripts import transcript_files

BROKEN = Path(__file__).parent / "broken"
BASE = BROKEN / "base"
TODAY = date(2030, 1, 7)
END = "..."


@dataclass(frozen=True)
class Expected:
    """The one fault a file makes, as it is told."""

    path: str
    line: int
    code: str
    en: str
    es: str


def broken_files() -> list[Path]:
    """Every file, in order of its name."""
    return sorted(BROKEN.glob("*.diff"))


def expected(file: Path) -> Expected:
    """What the first lines of a file say."""
    where, en, es = (line.removeprefix("# ") for line in file.read_text(encoding="utf-8").splitlines()[:3])
    place, _, code = where.rstrip("]").partition(" [")
    path, _, line = place.rpartition(":")
    return Expected(path, int(line), code, en, es)


def as_told(fault: Fault) -> Expected:
    """A fault as the first lines of a file write it."""
    sentences = {language: f"{fault.what(language)} {fault.mend(language)}" for language in ("en", "es")}
    return Expected(fault.path, fault.line, fault.code, **sentences)


def base_project(folder: Path) -> Path:
    """A copy of the base. Phrases and words that the program has learnt to need since then are added at the end."""
    root = folder / "project"
    shutil.copytree(BASE, root)
    for name, needed in (("phrases", REQUIRED_PHRASES), ("words", KNOWN_WORDS)):
        file = root / "content" / f"{name}.yaml"
        text = file.read_text(encoding="utf-8")
        have = {line.rstrip(":") for line in text.splitlines() if line and not line.startswith(" ")}
        new = (_NEW[name].format(id=id_, word=id_.replace("-", " ")) for id_ in needed if id_ not in have)
        file.write_text(text + "".join(new), encoding="utf-8")
    return root


_NEW = {
    "phrases": "{id}:\n  en: New\n  es: Nueva\n",
    "words": "{id}:\n  words:\n    en: |\n      {word} new\n    es: |\n      {word} nueva\n",
}


def broken_project(file: Path, folder: Path) -> Path:
    """A copy of the base with the change of a file made to it."""
    root = base_project(folder)
    for part in _parts(file):
        _change(root / part[0], part[1:])
    return root


def faults_of(root: Path) -> list[Expected]:
    """All that the check says of a project, its conversations included: they need what is learned from its examples."""
    faults = list(check(root, TODAY))
    if not any(fault.is_error for fault in faults) and transcript_files(root):
        faults += [change.fault for change in changed_transcripts(root, root.parent / "models")]
    return [as_told(fault) for fault in faults]


def _parts(file: Path) -> list[list[str]]:
    """The changed files: each its path, then the lines of the change."""
    parts: list[list[str]] = []
    for line in file.read_text(encoding="utf-8").split("\n")[3:]:
        if line.startswith("--- "):
            parts.append([line.removeprefix("--- ")])
        elif parts:
            parts[-1].append(line)
    return parts


def _change(file: Path, change: list[str]) -> None:
    if "(deleted)" in change:
        file.unlink()
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    if "(a folder)" in change:
        file.mkdir()
        return
    text = file.read_bytes() if file.exists() else b""
    for place in _places(change):
        before = b"".join(_bytes(line) for line in place if line[0] in " -")
        after = b"".join(_bytes(line) for line in place if line[0] in " +!")
        if END in place:
            text += after
        elif before:
            assert text.count(before) == 1, f"{file.name}: these lines are not there exactly once: {before!r}"
            text = text.replace(before, after)
        else:
            text = after
    file.write_bytes(text)


def _places(change: list[str]) -> list[list[str]]:
    places: list[list[str]] = [[]]
    for line in change:
        if line:
            places[-1].append(line)
        elif places[-1]:
            places.append([])
    return [place for place in places if place]


def _bytes(line: str) -> bytes:
    """A line of a change as it stands in the file; those with "!" say themselves how they end."""
    if line.startswith("!"):
        raw, _ = codecs.escape_decode(line[1:].encode("utf-8"))
        assert isinstance(raw, bytes)
        return raw
    return line[1:].encode("utf-8") + b"\n"
