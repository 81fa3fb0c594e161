"""Counts what an SMS costs, and folds a text into the alphabet in which it costs least.

The alphabets are those of 3GPP TS 23.038; a message over one segment holds 153 septets (or 67 UTF-16 units) a segment,
because of the joining header of 3GPP TS 23.040. A pair (escape and character, or surrogates) is never split.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")
GSM_7 = BASIC | EXTENDED

_SIMPLER = {
    "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'", "´": "'", "`": "'",
    "–": "-", "—": "-", "‑": "-", "−": "-", "…": "...", "•": "-", "·": "-", "\u00a0": " ", "\u202f": " ",
    "\u2009": " ", "\t": " ", "º": "o", "ª": "a", "°": "o", "→": ">", "ç": "c",
}  # fmt: skip
_OUTSIDE_GSM_7 = re.compile("[^" + re.escape("".join(sorted(GSM_7))) + "]")


@dataclass(frozen=True, slots=True)
class Count:
    """The encoding of a text and the number of segments it is billed as. An empty text has none."""

    encoding: str
    units: int
    segments: int


@lru_cache(maxsize=16384)
def count(text: str) -> Count:
    """Count the segments of a text as an SMS."""
    parts, encoding = _parts(text)
    return Count(encoding, sum(units for _, units in parts), len(_packed(parts, encoding)))


def split(text: str) -> tuple[str, ...]:
    """Cut a text into the segments it travels in. Joined again they give the text."""
    parts, encoding = _parts(text)
    return tuple("".join(piece) for piece in _packed(parts, encoding))


def _parts(text: str) -> tuple[list[tuple[str, int]], str]:
    """Each character with its units, and the encoding they are counted in."""
    if not _OUTSIDE_GSM_7.search(text):
        return [(char, 2 if char in EXTENDED else 1) for char in text], "GSM-7"
    return [(char, 2 if ord(char) > 0xFFFF else 1) for char in text], "UCS-2"


def _packed(parts: list[tuple[str, int]], encoding: str) -> list[list[str]]:
    """The characters of each segment."""
    if not parts:
        return []
    single, joined = (160, 153) if encoding == "GSM-7" else (70, 67)
    if sum(units for _, units in parts) <= single:
        return [[char for char, _ in parts]]
    pieces: list[list[str]] = [[]]
    used = 0
    for char, units in parts:
        if used + units > joined:
            pieces.append([])
            used = 0
        pieces[-1].append(char)
        used += units
    return pieces


@lru_cache(maxsize=16384)
def to_gsm(text: str) -> str:
    """Fold a text towards GSM-7: á í ó ú and typographic signs lose what it lacks; ñ é ü ¿ ¡ stay as they are.

    What has no plain form (an emoji, another script) stays, and `outside_gsm` finds it.
    """
    return _OUTSIDE_GSM_7.sub(_simplest, text)


def outside_gsm(text: str) -> str:
    """The characters that folding cannot bring into GSM-7, each once, in order of appearance."""
    return "".join(dict.fromkeys(_OUTSIDE_GSM_7.findall(to_gsm(text))))


def _simplest(match: re.Match[str]) -> str:
    char = match.group()
    if char in _SIMPLER:
        return _SIMPLER[char]
    bare = "".join(part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part))
    return bare if bare and all(part in GSM_7 for part in bare) else char
