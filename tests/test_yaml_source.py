"""Reading YAML: every scalar is the text as typed, every part knows its line, and nothing makes it raise."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import yaml_source
from bot.yaml_source import ListTree, MapTree, Scalar, Source


def parsed(text: str) -> Source:
    return yaml_source.parse("content/x.yaml", text)


def told(source: Source) -> list[tuple[int, str]]:
    return [(fault.line, fault.code) for fault in source.faults]


@pytest.mark.parametrize(
    "typed", ["no", "yes", "911", "+501 223-4567", "1:30", "0x1F", "2026-01-31", "null", "~", "1e3", "0777"]
)
def test_scalars_stay_as_typed(typed: str) -> None:
    """Norway's "no", telephone numbers and clock times must not become something else."""
    assert parsed(f"key: {typed}\n").plain() == {"key": typed}


def test_lines_of_a_block_are_those_of_the_file() -> None:
    """A fault in the third line of an answer points at the third line of that answer."""
    source = parsed("text:\n  - en: |\n      one\n\n      three\n    es: dos\n")
    assert isinstance(source.tree, MapTree)
    texts = source.tree.get("text")
    assert isinstance(texts, ListTree)
    paragraph = texts.items[0]
    assert isinstance(paragraph, MapTree)
    block, plain = paragraph.get("en"), paragraph.get("es")
    assert isinstance(block, Scalar)
    assert isinstance(plain, Scalar)
    assert list(block.lines()) == [("one", 3), ("", 4), ("three", 5), ("", 6)]
    assert list(plain.lines()) == [("dos", 6)]


def test_a_folded_text_counts_as_its_first_line() -> None:
    """Where the lines of the text are not those of the file, the fault is at least at the text."""
    source = parsed("en: >\n  one\n  two\n")
    assert isinstance(source.tree, MapTree)
    folded = source.tree.get("en")
    assert isinstance(folded, Scalar)
    assert {line for _, line in folded.lines()} == {2}


def test_a_missing_part_has_the_line_of_what_it_is_missing_from() -> None:
    """ "label has no es" is told at the label."""
    source = parsed("# heading\nlabel:\n  en: One\ntext:\n  - en: x\n")
    assert source.line_of(("label", "es")) == 2
    assert source.line_of(("label", "en")) == 3
    assert source.line_of(("text", 0, "en")) == 5
    assert source.line_of(("text", 7, "en")) == 4
    assert source.line_of(("nothing",)) == 2


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        pytest.param("a: 1\na: 2\n", [(2, "key-twice")], id="key twice"),
        pytest.param("a:\n\tb: 1\n", [(2, "tab")], id="tab"),
        pytest.param("a: 1\r\nb: 2\r\n", [(1, "windows-line-ends")], id="windows"),
        pytest.param("a: 1\rb: 2\r", [(1, "windows-line-ends")], id="old mac"),
        pytest.param("a: “b”\n", [(1, "curly-quote")], id="curly quotes"),
        pytest.param("a: “b: c”\n", [(1, "curly-quote")], id="curly quotes and a colon"),
        pytest.param("a: |\n  “b”, she said\n", [], id="curly quotes in a block"),
        pytest.param("a: one\u200btwo\n", [(1, "hidden-character")], id="zero width"),
        pytest.param("a: b\nc:\u00a0d\n", [(2, "hidden-character")], id="no-break space"),
        pytest.param("a: b\x07\n", [(1, "hidden-character")], id="bell"),
        pytest.param("a: b\u2028c: d\n", [(1, "hidden-character")], id="line separator"),
        pytest.param("a: 👩\u200d👧\n", [], id="joined emoji"),
        pytest.param("a: b: c\n", [(1, "not-yaml")], id="colon"),
        pytest.param("x: 1\na: 'b\n\nc: d\n", [(2, "not-yaml")], id="open quote"),
        pytest.param("x: 1\na: [b\nc: d\n", [(2, "not-yaml")], id="open bracket"),
        pytest.param("x: 1\na: *bold*\n", [(2, "not-yaml")], id="alias"),
        pytest.param("x: 1\na: &c d\n", [(2, "not-yaml")], id="anchor"),
        pytest.param("x: 1\na: !c d\n", [(2, "not-yaml")], id="tag"),
        pytest.param("a: 1\n---\nb: 2\n", [(2, "not-yaml")], id="two documents"),
        pytest.param("[a]: b\n", [(1, "key-not-text")], id="key not text"),
        pytest.param("", [(1, "empty-file")], id="empty"),
        pytest.param("# only a comment\n", [(1, "empty-file")], id="comment"),
    ],
)  # fmt: skip
def test_slips_are_told_in_the_editors_words(text: str, faults: list[tuple[int, str]]) -> None:
    """Tabs, smart quotes and the like have a mend of their own, at their line."""
    assert told(parsed(text)) == faults


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    """A file saved in an old encoding is told where it first shows."""
    (tmp_path / "x.yaml").write_bytes("a: b\nc: año\n".encode("latin-1"))
    assert told(yaml_source.read(tmp_path, tmp_path / "x.yaml")) == [(2, "not-utf8")]


def test_a_byte_order_mark_is_told_and_read_over(tmp_path: Path) -> None:
    """Some editors on Windows cannot do without it."""
    (tmp_path / "x.yaml").write_bytes(b"\xef\xbb\xbfa: b\n")
    source = yaml_source.read(tmp_path, tmp_path / "x.yaml")
    assert told(source) == [(1, "byte-order-mark")]
    assert source.plain() == {"a": "b"}


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    """Somebody may delete a file while it is read."""
    assert told(yaml_source.read(tmp_path, tmp_path / "x.yaml")) == [(1, "cannot-read")]


@given(st.text())
def test_any_text_is_read_or_told(text: str) -> None:
    """Never both nothing and no reason."""
    source = parsed(text)
    assert source.tree is not None or source.faults


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.from_regex(r"[a-zA-Z ]{1,20}[a-z]", fullmatch=True)
    )
)
def test_what_is_written_plainly_comes_back(texts: dict[str, str]) -> None:
    """Reading changes nothing."""
    written = "".join(f"{key}: |\n  {text.strip()}\n" for key, text in texts.items())
    if written:
        assert parsed(written).plain() == {key: f"{text.strip()}\n" for key, text in texts.items()}
