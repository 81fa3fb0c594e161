"""The global words: what a whole message may be, in every state (design §3). The words stand in `content/words.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from bot.folding import fold


class Command(StrEnum):
    """What a global word does. Each is a key of `content/words.yaml`."""

    CARRIER_STOP = "carrier-stop"
    CARRIER_END = "carrier-end"
    OPT_OUT = "opt-out"
    EXIT = "exit"
    DELETE = "delete"
    HELP_NUMBERS = "help-numbers"
    OPT_IN = "opt-in"
    OPT_IN_IF_OUT = "opt-in-if-out"
    MENU = "menu"
    BACK = "back"
    MORE = "more"
    NOT_THIS = "not-this"
    LANGUAGE = "language"
    GREETING = "greeting"
    GO = "go"


LISTS = ("yes", "no", "numbers", "number-fillers", "i-am-in")
"""Keys of `content/words.yaml` that are no commands: words of which other parts make sense."""

CARRIER_WORDS = frozenset(
    (
        "stop",
        "stopall",
        "unsubscribe",
        "end",
        "quit",
        "cancel",
        "revoke",
        "optout",
        "start",
        "unstop",
        "yes",
        "help",
        "info",
    )
)
"""Words that carriers and Twilio act upon by themselves on SMS: our texts never ask for them."""


@dataclass(frozen=True, slots=True)
class Word:
    """What a whole message means: a command, and the language or the node it names."""

    command: Command
    target: str = ""


@dataclass(frozen=True)
class Words:
    """All global words. `by_text` is keyed by the folded word; `lists` by key and then language."""

    by_text: Mapping[str, Word]
    languages_of: Mapping[str, frozenset[str]]
    lists: Mapping[str, Mapping[str, tuple[str, ...]]]
    greetings: frozenset[str]

    def find(self, folded: str) -> Word | None:
        """The command that a whole message is; greetings may be doubled ("hola buenas tardes")."""
        word = self.by_text.get(folded)
        if word is not None:
            return word
        return Word(Command.GREETING) if folded and self._is_greeting(folded.split()) else None

    def _is_greeting(self, parts: list[str]) -> bool:
        """Whether the words are greetings and nothing else, however many."""
        while parts:
            length = next((n for n in range(min(4, len(parts)), 0, -1) if " ".join(parts[:n]) in self.greetings), 0)
            if not length:
                return False
            parts = parts[length:]
        return True

    def spoken_in(self, folded: str, *, or_leads_to: str = "") -> frozenset[str]:
        """The languages of a greeting, or of a word that leads to a node.

        None for anything else, because commands are typed in any language.
        """
        word = self.find(folded)
        if word is not None and word.command is Command.GO and word.target == or_leads_to:
            return self.languages_of.get(folded, frozenset())
        if word is None or word.command is not Command.GREETING:
            return frozenset()
        pieces = [self.languages_of[greeting] for greeting in self.greetings if f" {greeting} " in f" {folded} "]
        return frozenset.intersection(*pieces) if pieces else frozenset()

    def number(self, folded: str) -> int | None:
        """The number that a whole message is: "2", "2)", "option 2", "dos"."""
        parts = [part for part in folded.split() if part not in self._number_fillers]
        if len(parts) != 1:
            return None
        if parts[0].isdecimal() and len(parts[0]) <= 2:
            return int(parts[0])
        for words in self.lists["numbers"].values():
            if parts[0] in words:
                return words.index(parts[0]) + 1
        return None

    @cached_property
    def _number_fillers(self) -> frozenset[str]:
        return frozenset(word for words in self.lists["number-fillers"].values() for word in words)

    def says(self, list_: str, folded: str) -> bool:
        """Whether a whole message is one of the words of a list, in any language."""
        return any(folded in words for words in self.lists[list_].values())

    def accepted(self, folded: str, language: str) -> bool:
        """Whether a word that our texts tell people to type is understood in that language."""
        return language in self.languages_of.get(folded, frozenset())


def folded_lines(text: str) -> tuple[str, ...]:
    """One entry a line, folded; empty lines left out."""
    return tuple(folded for line in text.splitlines() if (folded := fold(line)))
