"""The same reply as WhatsApp itself draws it: a text with buttons under it, or with a list to open.

It says what the numbered text says, with rows to tap in place of numbers. What does not fit WhatsApp's limits has no such
form: then the numbered text goes out, and nothing is left away or cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from bot.drawing import BACK_KEY, MENU_KEY, Choice, Keys, Pen, above_choices, draw
from bot.folding import fold

MAX_BODY = 1024
MAX_BUTTONS = 3
MAX_ROWS = 10
MAX_BUTTON_TITLE = 20
MAX_ROW_TITLE = 24
MAX_ID = 128

MENU_ROW = "@menu"
BACK_ROW = "@back"
"""What the keys are called where they are tapped. Their digits would only count while the last reply printed them."""


class Row(NamedTuple):
    """One thing to tap: the id that comes back, and what stands on it."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Native:
    """A reply with rows to tap. `opens` is what stands on the button that opens a list."""

    body: str
    rows: tuple[Row, ...]
    opens: str

    @property
    def is_list(self) -> bool:
        """Up to three rows are buttons; more are a list."""
        return len(self.rows) > MAX_BUTTONS

    @property
    def fits(self) -> bool:
        """Whether WhatsApp takes it: lengths, how many rows, and no two that read the same."""
        most = MAX_ROW_TITLE if self.is_list else MAX_BUTTON_TITLE
        titles = [fold(row.title) for row in self.rows]
        return (
            0 < _length(self.body.strip()) <= MAX_BODY
            and 1 <= len(self.rows) <= MAX_ROWS
            and all(0 < _length(row.title) <= most and 0 < _length(row.id) <= MAX_ID for row in self.rows)
            and len({row.id for row in self.rows}) == len(set(titles)) == len(self.rows)
            and (not self.is_list or 0 < _length(self.opens) <= MAX_BUTTON_TITLE)
        )


@lru_cache(maxsize=4096)
def native_form(
    pen: Pen, lines: tuple[str, ...], choices: tuple[Choice, ...], keys: Keys, start: int, opens: str
) -> Native | None:
    """What `draw` draws from the same arguments, with rows in place of numbers; None if it does not fit.

    Where there are too many choices for the keys to be rows as well, the keys stand in the text, as words to write.
    """
    page = draw(pen, lines, choices, keys, start)
    if page.more:  # it fills a message of text, which is half as long again as one with rows
        return None
    chosen = [Row(choice.id, choice.label) for choice in choices[: len(page.offered)]]
    printed = [(row, digit, key) for row, digit, key in _key_rows(keys) if digit in page.printed]
    key_rows = [Row(row, key.removeprefix(digit).strip()) for row, digit, key in printed]
    key_words = [key for _, _, key in printed]
    for rows, words in (([*chosen, *key_rows], []), (chosen, key_words)):
        form = Native(above_choices(pen, lines, start, [*words, keys.language]), tuple(rows), opens)
        if form.fits:
            return form
    return None


def _key_rows(keys: Keys) -> tuple[tuple[str, str, str], ...]:
    """The keys: as rows by the word that means the same when it is written ("0 Menu" becomes "Menu"), or as they stand."""
    return (MENU_ROW, MENU_KEY, keys.menu), (BACK_ROW, BACK_KEY, keys.back)


def _length(text: str) -> int:
    """As the strictest of those who count it: an emoji is more than one."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
