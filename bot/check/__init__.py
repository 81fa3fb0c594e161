"""Reads the files as a whole and says everything that is wrong with them: once, with file, line and mend.

Loading (`bot/loading.py`) finds what cannot be read or leads nowhere. The rules here look at the rest: wording, moves,
sizes on the phone, age, reading level. A rule is a function from a `Project` to faults, and one line in `RULES`.
"""

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

from bot.check import ages, choices, desks, emptiness, languages, moves, numbers, reading, sizes, told_words, unused
from bot.check.project import Project
from bot.check.sound import sound
from bot.compiling import compile_catalogue
from bot.faults import Fault, in_order
from bot.loading import read_library

Rule = Callable[[Project], Iterable[Fault]]

RULES: tuple[Rule, ...] = (
    languages.parity,
    languages.unfilled,
    languages.alphabet,
    languages.ambiguous_when_folded,
    numbers.typed_numbers,
    told_words.told_words,
    told_words.clashing_words,
    choices.labels,
    choices.clashes,
    choices.commands_in_labels,
    choices.danger_in_labels,
    choices.danger_in_examples,
    moves.menus,
    moves.circles,
    moves.reach,
    sizes.pages,
    sizes.results,
    sizes.questions,
    sizes.phrases,
    desks.desks,
    emptiness.emptiness,
    ages.held_lines,
    ages.reviews,
    ages.confirmations,
    ages.sources,
    reading.levels,
    reading.long_sentences,
    reading.examples,
    unused.unused,
)


def check(root: Path, today: date) -> tuple[Fault, ...]:
    """All faults of a project's files on a day, errors and warnings, by file and line."""
    library = read_library(root)
    catalogue = compile_catalogue(library, show_unconfirmed=True)
    faults = list(library.faults)
    if catalogue is not None:
        project = Project(library, sound(catalogue), today)
        faults.extend(fault for rule in RULES for fault in rule(project))
    return in_order(faults)
