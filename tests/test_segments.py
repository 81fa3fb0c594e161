"""An SMS costs what we say it costs, and never travels in the dear alphabet when a cheap letter says the same."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import segments

CASES = [
    ("a" * 160, "GSM-7", 160, 1),
    ("a" * 161, "GSM-7", 161, 2),
    ("a" * 306, "GSM-7", 306, 2),
    ("a" * 307, "GSM-7", 307, 3),
    ("ñÑéÉüÜ¿¡" * 20, "GSM-7", 160, 1),
    ("á" * 70, "UCS-2", 70, 1),
    ("á" * 71, "UCS-2", 71, 2),
    ("á" * 134, "UCS-2", 134, 2),
    ("á" * 135, "UCS-2", 135, 3),
    ("€" * 80, "GSM-7", 160, 1),
    ("€" * 81, "GSM-7", 162, 2),
    ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),
    ("á" * 66 + "😀" + "á" * 66, "UCS-2", 134, 3),
    ("😀" * 35, "UCS-2", 70, 1),
    ("😀" * 36, "UCS-2", 72, 2),
    ("`", "UCS-2", 1, 1),
    ("ç", "UCS-2", 1, 1),
    ("Ç", "GSM-7", 1, 1),
    ("ª", "UCS-2", 1, 1),
    ("a" * 1530, "GSM-7", 1530, 10),
    ("a" * 1600, "GSM-7", 1600, 11),
    ("", "GSM-7", 0, 0),
]


@pytest.mark.parametrize(("text", "encoding", "units", "count"), CASES, ids=lambda value: str(value)[:12])
def test_known_texts_cost_what_twilio_bills(text: str, encoding: str, units: int, count: int) -> None:
    """The cases were counted with Twilio's own calculator."""
    assert segments.count(text) == segments.Count(encoding, units, count)


@given(st.text())
def test_the_segments_joined_are_the_text_and_each_fits(text: str) -> None:
    """Nothing is lost between segments, and none is longer than the network carries."""
    pieces = segments.split(text)
    counted = segments.count(text)
    assert "".join(pieces) == text
    assert len(pieces) == counted.segments
    limit = {("GSM-7", True): 160, ("GSM-7", False): 153, ("UCS-2", True): 70, ("UCS-2", False): 67}
    for piece in pieces:
        if counted.encoding == "GSM-7":
            units = sum(2 if char in segments.EXTENDED else 1 for char in piece)
        else:
            units = len(piece.encode("utf-16-le", "surrogatepass")) // 2
        assert units <= limit[counted.encoding, len(pieces) == 1]


@given(st.text(alphabet="abcdefghijklmnñopqrstuvwxyzáéíóúüÁÉÍÓÚÑ¿¡ .,“”—…0123456789"))
def test_spanish_folds_into_the_cheap_alphabet_and_keeps_its_own_letters(text: str) -> None:
    """á í ó ú lose their accent; ñ é ü ¿ ¡ do not, because they cost nothing and change meaning."""
    folded = segments.to_gsm(text)
    assert set(folded) <= segments.GSM_7
    assert segments.outside_gsm(text) == ""
    assert [char for char in folded if char in "ñéü¿¡"] == [char for char in text if char in "ñéü¿¡"]
    bare = "".join(char for char in unicodedata.normalize("NFKD", text) if char.isalpha() and char.isascii())
    assert "".join(c for c in unicodedata.normalize("NFKD", folded) if c.isalpha() and c.isascii()) == bare


def test_what_has_no_plain_form_is_named() -> None:
    """Editors are told which character would make every SMS of an answer dear."""
    assert segments.outside_gsm("Hola 👋 дом 👋") == "👋дом"
