"""What advisors say often: written by editors in both languages, checked with the rest of the content, offered by name."""

from __future__ import annotations

from dataclasses import dataclass

from bot.catalogue import Catalogue
from bot.names import Language


@dataclass(frozen=True, slots=True)
class Saved:
    """One saved reply: its name in the advisor's language, its text in the person's."""

    id: str
    label: str
    text: str


def saved_for(catalogue: Catalogue, mine: Language, theirs: Language) -> list[Saved]:
    """All saved replies for one chat, in the order of the file."""
    return [
        Saved(reply.id, reply.label[mine], reply.text[theirs].strip())
        for reply in catalogue.saved_replies.values()
        if mine in reply.label and theirs in reply.text
    ]
