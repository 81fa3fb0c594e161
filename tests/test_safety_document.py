"""`docs/safety.md` lists every requirement, and the tests it names are there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conversation_world import ROOT

DOCUMENT = (ROOT / "docs" / "safety.md").read_text(encoding="utf-8")
ROWS = {match.group(1): match.group(0) for match in re.finditer(r"^\| (R\d\d) \|.*$", DOCUMENT, re.MULTILINE)}
TESTS = {
    name: file.name
    for file in Path(__file__).parent.glob("test_*.py")
    for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
}


def test_every_requirement_has_a_row() -> None:
    """A requirement that nobody lists is one that nobody keeps."""
    assert list(ROWS) == [f"R{number:02}" for number in range(1, 71)]


def test_every_row_says_how_it_is_shown_or_who_must_sign() -> None:
    """A row without a test says who is to do it, or what has to be built first."""
    for number, row in ROWS.items():
        has_test = any(name.startswith(f"test_{number.lower()}_") for name in TESTS)
        assert (f"`test_{number.lower()}_…`" in row) == has_test, number
        assert has_test or "**Later**" in row or "**People**" in row, number


def test_every_named_test_exists() -> None:
    """The table sends nobody to a test that is gone."""
    for name in re.findall(r"`(test_[a-z_0-9]+)`", DOCUMENT):
        assert name in TESTS, name
    for path in re.findall(r"`(tests/[\w./]+|bot/[\w./]+|webhook/[\w./]+|content/[\w./-]+|flows/)`", DOCUMENT):
        assert (ROOT / path).exists(), path


def test_every_test_named_after_a_requirement_stands_in_its_section() -> None:
    """Somebody who looks for the tests of a section finds all of them in the file it names."""
    for name, file in TESTS.items():
        number = re.match(r"test_r(\d\d)_", name)
        if number:
            section = next(part for part in DOCUMENT.split("\n## ") if f"| R{number.group(1)} |" in part)
            assert f"`tests/{file}`" in section, name
