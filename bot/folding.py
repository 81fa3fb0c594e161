"""Brings what people type into one plain form, so that "Menú", " MENU " and "menu!" are the same word."""

import re
import unicodedata
from functools import lru_cache

_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "´": "'", "`": "'", "ʼ": "'"})
_NOT_WORD = re.compile(r"[^\w']+|_+")
_LONE_APOSTROPHE = re.compile(r"(?<!\w)'+|'+(?!\w)")
_KEYCAP_TEN = "\N{KEYCAP TEN}"

MAX_READ = 600
"""Characters of an utterance that are read. Longer texts are cut: no question about a border needs more."""


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Return the words of a text in lower case, without accents, punctuation or emoji, one space between them.

    Keycap emoji become their digit; compatibility forms (full-width digits, ligatures) become the plain ones.
    """
    read = text[:MAX_READ].replace(_KEYCAP_TEN, "10").translate(_APOSTROPHES)
    bare = read if read.isascii() else _bare(read)  # most messages have no accent to take away
    return " ".join(_LONE_APOSTROPHE.sub(" ", _NOT_WORD.sub(" ", bare.casefold())).split())


def _bare(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text)
    return "".join(char for char in plain if char.isascii() or not (unicodedata.combining(char) or _is_joiner(char)))


def _is_joiner(char: str) -> bool:
    """Variation selectors, zero-width joiners and the like: invisible, and never part of a word."""
    return unicodedata.category(char) in {"Cf", "Me", "Mn"}
