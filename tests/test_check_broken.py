"""Each file of `tests/broken` makes exactly the fault that stands in its first lines, told in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.check import check
from bot.fault_messages import MESSAGES
from tests.broken_files import TODAY, base_project, broken_files, broken_project, expected, faults_of


def test_the_base_has_no_fault(tmp_path: Path) -> None:
    """What a file of the folder reports must come from that file."""
    assert [str(fault) for fault in check(base_project(tmp_path), TODAY)] == []


@pytest.mark.parametrize("file", broken_files(), ids=lambda file: file.stem)
def test_broken_file_makes_exactly_its_fault(file: Path, tmp_path: Path) -> None:
    """An editor is told what is wrong, at the line where it is wrong, once, and nothing that only follows from it."""
    assert faults_of(broken_project(file, tmp_path)) == [expected(file)]


@pytest.mark.parametrize("file", broken_files(), ids=lambda file: file.stem)
def test_broken_file_is_named_after_its_fault(file: Path) -> None:
    """So that somebody who looks for an example finds it."""
    assert file.stem.startswith(expected(file).code)


def test_every_class_of_fault_has_a_broken_file() -> None:
    """A message that nothing shows might never come, or come at the wrong line."""
    assert {expected(file).code for file in broken_files()} == set(MESSAGES)


@pytest.mark.parametrize("code", sorted(MESSAGES))
def test_both_languages_name_the_same_values(code: str) -> None:
    """The Spanish message must not leave out what the English one says. Reasons are the exception: they are translated."""
    message = MESSAGES[code]
    assert message.en.what != message.es.what
    assert _values(message.en.what + message.en.mend) == _values(message.es.what + message.es.mend) | (
        {"problem"} & _values(message.en.what)
    )


def _values(sentence: str) -> set[str]:
    import string

    names = {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
    return {{"problema": "problem", "pista": "hint"}.get(name, name) for name in names}
