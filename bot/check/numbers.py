"""Numbers that could be wrong stand once, in the fact files, and nowhere in a sentence (safety R46)."""

import re
from collections.abc import Iterator

from bot.check.patterns import LINK, PHONE
from bot.check.project import Project
from bot.faults import Fault
from bot.rendering import PLACEHOLDER

MONEY = re.compile(
    r"(?:US\$|BZ\$|MX\$|\$)\s?\d[\d,.]*|\b\d[\d,.]*\s?(?:pesos|d[oó]lares|dollars|MXN|BZD|USD)\b", re.IGNORECASE
)
NO_NUMBERS = frozenset({"answer", "question", "notices", "phrases"})
"""Kinds of files in whose texts no telephone number or amount of money is typed."""


def typed_numbers(project: Project) -> Iterator[Fault]:
    """Telephone numbers and amounts of money that are typed into a text instead of referred to."""
    for passage in project.passages:
        if passage.kind not in NO_NUMBERS:
            continue
        for written in passage.by_language.values():
            for text, line in written.lines():
                bare = LINK.sub(" ", PLACEHOLDER.sub(" ", text))
                for phone in PHONE.findall(bare):
                    yield passage.fault(line, "phone-typed", number=phone.strip())
                for amount in MONEY.findall(PHONE.sub(" ", bare)):
                    yield passage.fault(line, "amount-typed", amount=amount.strip(" .,"))
