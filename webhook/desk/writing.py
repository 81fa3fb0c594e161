"""Turns what a turn asks of a ticket into one change of it, with words and addresses sealed.

All effects of a turn concern one ticket, and become one write, committed together with the session.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot import handoff
from bot.turn import Effect
from webhook.desk.records import Contact, Index, Message, Outcome, Stage, TicketWrite, Voice
from webhook.desk.sealing import seal_contact, seal_message, seal_word
from webhook.keys import Keys
from webhook.twilio_edge.inbound import Received

OUTCOMES = {
    "menu": Outcome.LEFT,
    "no_longer": Outcome.LEFT,
    "exit": Outcome.EXIT,
    "opted_out": Outcome.OPTED_OUT,
}
"""How a ticket ended, by why the person left."""


def ticket_write(effects: tuple[Effect, ...], received: Received, person: str, keys: Keys) -> TicketWrite | None:
    """The change that a turn asks for; None when it asks for none. `person` is the code the records stand under."""
    wanted = handoff.effects_of(effects)
    if not wanted:
        return None
    writing = _Writing(wanted[0].fields["ticket"], received, person, keys)
    for effect in wanted:
        _WRITES[effect.kind](writing, effect.fields)
    return writing.write()


@dataclass(slots=True)
class _Writing:
    """A change in the making."""

    ticket: str
    received: Received
    person: str
    keys: Keys
    sets: dict[str, str | bytes | int] = field(default_factory=dict)
    firsts: dict[str, str | bytes | int] = field(default_factory=dict)
    adds: list[bytes] = field(default_factory=list)
    drops: list[str] = field(default_factory=list)
    index: Index = Index.SAME
    opens: bool = False

    @property
    def now_s(self) -> int:
        return self.received.inbound.at_s

    def add(self, message: Message) -> None:
        self.adds.append(seal_message(message, self.ticket, self.keys))

    def reach(self) -> None:
        """Keep where the person is reached: the address of their last message."""
        contact = Contact(self.received.address, self.received.sender)
        self.sets["contact"] = seal_contact(contact, self.ticket, self.keys)

    def write(self) -> TicketWrite:
        return TicketWrite(
            self.ticket,
            sets={name: value for name, value in self.sets.items() if name not in self.drops},
            firsts=self.firsts,
            adds=tuple(self.adds),
            drops=tuple(self.drops),
            index=self.index,
            score_s=self.now_s,
            opens=self.opens,
        )


def _opened(writing: _Writing, fields: Mapping[str, str]) -> None:
    writing.reach()
    writing.sets |= {
        "stage": Stage.WAITING.value,
        "person": writing.person,
        "channel": writing.received.inbound.channel.value,
        "language": fields["language"],
        "topic": fields["topic"],
        "danger": fields["danger"],
        "path": fields["path"],
        "opened": writing.now_s,
        "promised": fields["promised_s"],
        "said": writing.now_s,
    }
    if fields["danger"]:
        writing.firsts["danger_s"] = writing.now_s
    writing.opens, writing.index = True, Index.OPEN


def _said(writing: _Writing, fields: Mapping[str, str]) -> None:
    inbound, received = writing.received.inbound, writing.received
    place = inbound.location
    message = Message(
        writing.now_s,
        Voice.PERSON,
        fields["text"],
        danger=fields["danger"],
        is_first_note=fields["note"] == "yes",
        attachments=received.attachments,
        location=(place.latitude, place.longitude) if place else None,
    )
    writing.add(message)
    writing.reach()
    writing.sets["said"] = writing.now_s
    writing.firsts["unanswered"] = writing.now_s
    if fields["danger"]:
        writing.sets["maybe"] = 1
    if fields["danger"] == "certain":
        _raised(writing, fields)


def _raised(writing: _Writing, _fields: Mapping[str, str]) -> None:
    writing.sets["raised"] = 1
    writing.sets["said"] = writing.now_s
    writing.firsts["danger_s"] = writing.now_s


def _check_word(writing: _Writing, fields: Mapping[str, str]) -> None:
    writing.sets["word"] = seal_word(fields["text"], writing.ticket, writing.keys)


def _safe_time(writing: _Writing, fields: Mapping[str, str]) -> None:
    writing.sets["safe"] = fields["value"]


def _speaks(writing: _Writing, fields: Mapping[str, str]) -> None:
    writing.sets["language"] = fields["language"]


def _left(writing: _Writing, fields: Mapping[str, str]) -> None:
    outcome = OUTCOMES[fields["why"]]
    writing.add(Message(writing.now_s, Voice.EVENT, "closed", answer=outcome.value))
    writing.sets |= {"stage": Stage.CLOSED.value, "outcome": outcome.value, "closed": writing.now_s}
    writing.drops += ["alarm", "contact", "word"]
    writing.index = Index.CLOSED


_WRITES = {
    handoff.OPENED: _opened,
    handoff.SAID: _said,
    handoff.RAISED: _raised,
    handoff.CHECK_WORD: _check_word,
    handoff.SAFE_TIME: _safe_time,
    handoff.SPEAKS: _speaks,
    handoff.LEFT: _left,
}
