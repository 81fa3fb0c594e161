"""What is kept of a question so that editors can learn from it: scrubbed words, and what became of them, as effects.

The session holds no words. It remembers the ids of the last few texts that were kept (`Session.question`), so that a
later choice or "not this" can be joined to the last one, and so that all can be taken back when the person erases
everything, leaves, or turns out to speak of danger.

A text that was answered at once is only held for some minutes: it is kept if the person says "not this", else it goes.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import replace

from bot.folding import fold
from bot.inbound import Inbound
from bot.scrubbing import scrubbed
from bot.turn import Clears, Effect, Turn

NOT_UNDERSTOOD = "question_not_understood"
OFFERED = "question_offered"
ANSWERED = "question_answered"
CHOSEN = "question_chosen"
REFUSED = "question_refused"
WITHDRAWN = "question_withdrawn"

ASKED = frozenset({NOT_UNDERSTOOD, OFFERED, ANSWERED})
"""Effects that carry a text."""

KINDS = ASKED | {CHOSEN, REFUSED, WITHDRAWN}

ENTRY_LENGTH = 6
MOST_REMEMBERED = 4
"""Texts of one chat that can still be taken back."""

LEAST_LETTERS = 3
OPEN = "?"
"""Ends what the session remembers while the last reply was about the last text: only then can it be chosen or refused."""

Effects = tuple[Effect, ...]


def not_understood(inbound: Inbound, language: str, *, outside: str = "") -> Effects:
    """Nothing fitted; `outside` is the kind of question without an answer that it was taken for."""
    return _asked(NOT_UNDERSTOOD, inbound, language, outside=outside)


def offered(inbound: Inbound, language: str, nodes: Sequence[str]) -> Effects:
    """The person was asked which of some answers they mean."""
    return _asked(OFFERED, inbound, language, offered=",".join(nodes))


def answered(inbound: Inbound, language: str, node: str) -> Effects:
    """An answer was given at once, on which "not this" can be said."""
    return _asked(ANSWERED, inbound, language, node=node)


def chosen(question: str, node: str) -> Effects:
    """The person chose an option below the question that the session remembers. Nothing if that is not the last reply."""
    return _joined(CHOSEN, question, {"chosen": node})


def refused(question: str, node: str = "") -> Effects:
    """ "Not this" to the answer `node`, or "something else" to what was offered ("")."""
    return _joined(REFUSED, question, {"node": node})


def settled(question: str, turn: Turn) -> tuple[Turn, str]:
    """The turn with the effects that may stand, and what its session is to remember.

    `question` is what the session remembered before. The last step of every turn: where danger is told, the chat is
    sensitive, or the person leaves or erases, nothing is kept and what was kept is taken back.
    """
    others = tuple(effect for effect in turn.effects if effect.kind not in KINDS)
    if turn.danger or turn.state.session.sensitive or turn.clears is not Clears.NOTHING:
        ids = remembered(question)
        back = (Effect(WITHDRAWN, {"entries": ",".join(ids)}),) if ids else ()
        return replace(turn, effects=(*others, *back)), ""
    asked = [effect for effect in turn.effects if effect.kind in ASKED]
    ids = remembered(question)
    for effect in asked:
        ids = (*(id_ for id_ in ids if id_ != effect.fields["entry"]), effect.fields["entry"])
    return turn, "".join(ids[-MOST_REMEMBERED:]) + (OPEN if asked else "")


def remembered(question: str) -> tuple[str, ...]:
    """The ids in what a session remembers, oldest first."""
    ids = question.removesuffix(OPEN)
    return tuple(ids[at : at + ENTRY_LENGTH] for at in range(0, len(ids), ENTRY_LENGTH))


def entry_of(inbound: Inbound) -> str:
    """The id of a message's entry: looks random, and is the same when the turn is stepped again."""
    digest = hashlib.blake2s(inbound.id.encode("utf-8", "surrogatepass"), digest_size=6, person=b"question").digest()
    return base64.urlsafe_b64encode(digest).decode()[:ENTRY_LENGTH]


def _asked(kind: str, inbound: Inbound, language: str, **fields: str) -> Effects:
    text = scrubbed(inbound.text)
    if len(fold(text).replace(" ", "")) < LEAST_LETTERS:
        return ()
    filled = {name: value for name, value in fields.items() if value}
    return (Effect(kind, {"entry": entry_of(inbound), "text": text, "language": language, **filled}),)


def _joined(kind: str, question: str, fields: dict[str, str]) -> Effects:
    if not question.endswith(OPEN):
        return ()
    return (Effect(kind, {"entry": remembered(question)[-1], **fields}),)
