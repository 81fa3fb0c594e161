"""Draws a reply for a channel: lines, choices and keys become one message, or the first part of a long one.

A reply is text plus choices; how they look is the channel's (`bot/channels`). One turn is one message: what does not
fit waits until the person asks for more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

MENU_KEY = "0"
BACK_KEY = "9"

_ABBREVIATED = (
    "Av", "Ave", "Blvd", "Calz", "Canc", "Car", "Col", "Cons", "Dept", "Depto", "Des", "Dr", "Dra", "Emb", "Est",
    "Gob", "Gov", "Imm", "Lic", "Mig", "Min", "Nat", "Sr", "Sra", "St", "Sta", "Tel",
)  # fmt: skip
"""Words whose full stop ends no sentence."""

_SENTENCE_END = re.compile("".join(rf"(?<!\b{word}\.)" for word in _ABBREVIATED) + r"(?<=[.!?]) +(?=[A-ZÁÉÍÓÚÑ¿¡\d{*])")


class Choice(NamedTuple):
    """One choice: the id it stands for and its label."""

    id: str
    label: str


class Keys(NamedTuple):
    """The texts of the keys under a message; empty ones are not shown."""

    menu: str = ""
    back: str = ""
    more: str = ""
    language: str = ""


class Page(NamedTuple):
    """What is sent: the text, the ids behind its numbers, the keys it prints, and at which sentence the rest begins (0: none)."""

    text: str
    offered: tuple[str, ...]
    printed: str
    more: int


class Pen(Protocol):
    """How one channel draws."""

    def __hash__(self) -> int:
        """Drawn pages are remembered by the pen that drew them."""

    def plain(self, line: str) -> str:
        """One line of text in the channel's writing."""

    def choice(self, number: int, label: str) -> str:
        """A numbered choice."""

    def join(self, lines: Sequence[str]) -> str:
        """Lines put together; empty ones stand between paragraphs."""

    def fits(self, text: str, choices: int) -> bool:
        """Whether a text can be sent as one message."""


@lru_cache(maxsize=8192)
def draw(pen: Pen, lines: tuple[str, ...], choices: tuple[Choice, ...], keys: Keys, start: int = 0) -> Page:
    """Draw the part of a reply that begins at sentence `start`: all that is left, or as many sentences as fit.

    Choices come with the last part; a second part that has no room for all of them offers the first ones, because a
    third message for the rest would cost more than it helps. A single sentence that is too long by itself is sent alone
    rather than lost.
    """
    rest = sentences(lines)[start:]
    for count in range(len(choices), -1 if start else len(choices) - 1, -1):
        numbered = [pen.choice(number, choice.label) for number, choice in enumerate(choices[:count], start=1)]
        whole = _put_together(pen, rest, ["", *numbered, *_key_line(pen, keys.menu, keys.back, keys.language)])
        offered = tuple(choice.id for choice in choices[:count])
        if pen.fits(whole, count):
            return Page(whole, offered, _printed(keys), 0)
    key_line = _key_line(pen, keys.more, keys.menu, keys.back)
    for length in range(len(rest), 0, -1):
        if length > 1 and rest[length - 1].text.endswith(":"):
            continue  # a heading stays with what it heads
        part = _put_together(pen, rest[:length], key_line)
        if length == 1 or pen.fits(part, 0):
            return Page(part, (), _printed(keys), start + length)
    return Page(whole, offered, _printed(keys), 0)


def above_choices(pen: Pen, lines: tuple[str, ...], start: int, keys: Sequence[str]) -> str:
    """The text of a last or only part, without its choices and with other keys."""
    return _put_together(pen, sentences(lines)[start:], ["", *_key_line(pen, *keys)])


@dataclass(frozen=True, slots=True)
class Sentence:
    """The smallest part of a reply that stays together; `goes_on` when it stands in the line of the one before."""

    text: str
    goes_on: bool


@lru_cache(maxsize=8192)
def sentences(lines: tuple[str, ...]) -> tuple[Sentence, ...]:
    """The sentences of lines, in order."""
    return tuple(
        Sentence(text, at > 0) for line in lines for at, text in enumerate(_SENTENCE_END.split(line) if line else [""])
    )


def _put_together(pen: Pen, parts: Sequence[Sentence], below: Sequence[str]) -> str:
    """Sentences as lines in the channel's writing, with what stands below them."""
    lines: list[str] = []
    for at, part in enumerate(parts):
        if part.goes_on and at:
            lines[-1] += f" {part.text}"
        else:
            lines.append(part.text)
    return pen.join(_trimmed([*(pen.plain(line) for line in lines), *below]))


def draw_in_words(pen: Pen, lines: tuple[str, ...], choices: tuple[Choice, ...], heading: str, menu: str) -> Page:
    """Draw a reply that nobody will remember: choices as words, because a number would mean nothing next time."""
    words = [f"- {choice.label}" for choice in choices]
    listed = [heading, *words, f"- {menu}"] if words else [menu]
    return Page(draw(pen, (*lines, "", *listed), (), Keys()).text, (), "", 0)


def _key_line(pen: Pen, *keys: str) -> list[str]:
    """The keys on one line, as a telephone shows them best."""
    shown = "  ".join(key for key in keys if key)
    return [pen.plain(shown)] if shown else []


def _printed(keys: Keys) -> str:
    return (MENU_KEY if keys.menu.startswith(MENU_KEY) else "") + (BACK_KEY if keys.back.startswith(BACK_KEY) else "")


def _trimmed(lines: Sequence[str]) -> list[str]:
    """Lines without empty ones at either end or two in a row."""
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    while kept and not kept[-1]:
        kept.pop()
    return kept
