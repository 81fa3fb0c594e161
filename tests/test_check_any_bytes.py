"""Whatever an editor saves, the check says what is wrong with it, and never falls over."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import yaml_source
from bot.check import check
from bot.faults import Fault
from bot.loading import content_files
from tests.broken_files import BASE, TODAY, base_project

FILES = sorted(file.relative_to(BASE) for _, file in content_files(BASE))
KEYS = st.sampled_from(["label", "text", "en", "es", "menu", "ask", "then", "when", "go", "only", "options", "value", "words",
                        "amount", "hours", "kinds", "number", "name", "main", "mx-911", "hub", "nationality", "x"])  # fmt: skip
SCALARS = st.text(max_size=12) | st.sampled_from(
    ["", "{x}", "main", "911", "2030-01-01", "yes", "en", "unknown", "24h"]
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
CALM = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project whose files are spoilt one at a time."""
    return base_project(tmp_path_factory.mktemp("any"))


@CALM
@given(path=st.sampled_from(FILES), raw=st.binary(max_size=200))
def test_any_bytes(project: Path, path: Path, raw: bytes) -> None:
    """A file that was cut off, or saved by the wrong program."""
    _checked(project, path, raw)


@CALM
@given(path=st.sampled_from(FILES), text=st.text(max_size=200))
def test_any_text(project: Path, path: Path, text: str) -> None:
    """Something else pasted over it."""
    _checked(project, path, text.encode("utf-8"))


@CALM
@given(path=st.sampled_from(FILES), tree=TREES)
def test_any_tree(project: Path, path: Path, tree: object) -> None:
    """Well-written YAML of the wrong shape, which gets furthest."""
    _checked(project, path, yaml.safe_dump(tree, allow_unicode=True).encode("utf-8"))


@CALM
@given(path=st.sampled_from(FILES), seed=st.integers(0, 10**6))
def test_any_slip(project: Path, path: Path, seed: int) -> None:
    """Characters and lines lost, doubled and swapped, as fingers do."""
    _checked(project, path, _slipped((BASE / path).read_bytes(), random.Random(seed)))


@pytest.mark.parametrize(
    "text", ["[" * 5000, "- " * 5000, "{a: " * 3000, "&a [*a]", "a: &a [*a, *a]", "? " * 500, "---\n" * 50, "%TAG ! x\n"],
    ids=lambda text: text[:6],
)  # fmt: skip
def test_texts_that_trip_parsers(text: str) -> None:
    """Deep nesting exhausts a parser's stack, aliases its memory."""
    source = yaml_source.parse("x.yaml", text)
    assert source.tree is None
    assert source.faults


def _checked(project: Path, path: Path, raw: bytes) -> None:
    file = project / path
    before = file.read_bytes()
    try:
        file.write_bytes(raw)
        faults = check(project, TODAY)
        source = yaml_source.read(project, file)
    finally:
        file.write_bytes(before)
    assert all(_is_told(fault) for fault in faults)
    can_be_empty = path.stem in ("notices", "groups")
    if source.tree is None and not can_be_empty:
        assert [fault for fault in faults if fault.path == path.as_posix() and fault.is_error]


def _is_told(fault: Fault) -> bool:
    """Whether a message is whole in both languages: every value filled in, a line that can be opened."""
    return fault.line >= 1 and all(
        f"({name})" not in fault.what(language) + fault.mend(language)
        for language in ("en", "es")
        for name in ("id", "key", "problem", "problema", "hint", "pista", "language", "line", "values")
    )


def _slipped(raw: bytes, chance: random.Random) -> bytes:
    lines = raw.split(b"\n")
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(lines))
        line = lines[at]
        where = chance.randrange(len(line) + 1)
        match chance.randrange(7):
            case 0:
                del lines[at]
                lines = lines or [b""]
            case 1:
                lines.insert(at, line)
            case 2:
                lines[at] = line[:where] + line[where + 1 :]
            case 3:
                lines[at] = (
                    line[:where]
                    + chance.choice([b":", b"#", b"{", b"'", b"\t", b"-", b" ", b"|", b"\xf3"])
                    + line[where:]
                )
            case 4:
                lines[at] = b"  " + line
            case 5:
                lines[at] = line[2:]
            case 6:
                other = chance.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
    return b"\n".join(lines)


@pytest.fixture(scope="module", autouse=True)
def _clean(project: Path) -> Iterator[None]:
    yield
    shutil.rmtree(project, ignore_errors=True)
