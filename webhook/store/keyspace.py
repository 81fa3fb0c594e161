"""Where everything stands in the store.

All keys of one person share a hash tag, so that one script reaches all of a turn on a Cluster as well. There are 16
tags ("partitions"), so that a Cluster can spread people over its servers, and a list such as `due` stays in few pieces.

    v1:{p07}:s:<person>:<channel>   the session on one channel
    v1:{p07}:prefs:<person>         language, consent, opt-outs
    v1:{p07}:m:<message id>         seen mark; holds no text
    v1:{p07}:r:<message id>         copy of the reply, sealed
    v1:{p07}:recent:<person>        ids whose reply copy may still be there
    v1:{p07}:o:<person>             outbox: sealed entries, oldest first
    v1:{p07}:due                    who has something to send, by the second of the next attempt
    v1:{p07}:oa:<person>            outbox: attempts and sent copies (sealed), by entry id
    v1:{p07}:d:<entry id>           delivery: how far an outbound message has come
    v1:{p07}:w:<entry id>           whose it was, for as long as a failure may still bring it back
    v1:{p07}:t:<ticket>             ticket: a hash; words and address sealed (see `webhook/desk/records.py`)
    v1:{p07}:tp:<person>            the person's tickets
    v1:{p07}:open                   open tickets, by the second they were opened
    v1:{p07}:closed                 closed tickets, by the second they were closed
    v1:{p07}:rev                    counts every change of a ticket
    v1:{p07}:a:<number>             alias: the person a number belongs to (in the partition of the number)
    v1:{p07}:n:<person>             the other way: the number, and the day the alias was last written
    v1:{p07}:f:<person>             fence: who is moving records to this person, for some seconds
    v1:{p07}:g:<person>             where records are being moved from here, and which entries were copied, for as long
    v1:{p07}:x:<person>:<what>      a record that could not be read, set aside

What belongs to nobody has a tag of its own:

    v1:{q}:day:<day>                questions for the editors: sealed entries by keyed code (day: days since 1970)
    v1:{q}:held:<code>              a text answered at once, sealed, for as long as "not this" can be said to it
    v1:{out}:…                      the senders: rates of our numbers, spending of the day, messages given up
    v1:{staff}:…                    accounts, logins, access log, who is on duty, counts for supervisors
"""

import hashlib
import re
import string

from bot.inbound import Channel

PARTITIONS = 16
PREFIXES = tuple(f"v1:{{p{number:02d}}}:" for number in range(PARTITIONS))
QUESTIONS_PREFIX = "v1:{q}:"
OUT_PREFIX = "v1:{out}:"
STAFF_PREFIX = "v1:{staff}:"
DUE_KEYS = tuple(f"{prefix}due" for prefix in PREFIXES)

_CODE_LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
_PREFIX_OF_LETTER = {letter: PREFIXES[at % PARTITIONS] for at, letter in enumerate(_CODE_LETTERS)}
_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def prefix_of(person: str) -> str:
    """The beginning of all keys of a person. The code is a keyed digest, so its first letter is evenly spread."""
    return _PREFIX_OF_LETTER[person[0]]


def plain_id(message_id: str) -> str:
    """A message id as it may stand in a key; a strange one is digested, so that no text can pass for a key."""
    if _PLAIN_ID.fullmatch(message_id):
        return message_id
    return "x" + hashlib.sha256(message_id.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def questions_key(day: int) -> str:
    """The questions of a day."""
    return f"{QUESTIONS_PREFIX}day:{day}"


def held_question_key(code: str) -> str:
    """A text that was answered at once."""
    return f"{QUESTIONS_PREFIX}held:{code}"


def ticket_key(prefix: str, ticket: str) -> str:
    """A ticket in the partition of its person."""
    return f"{prefix}t:{ticket}"


def desk_keys(prefix: str) -> tuple[str, str, str]:
    """The lists of open and of closed tickets, and the count of changes, of a partition."""
    return f"{prefix}open", f"{prefix}closed", f"{prefix}rev"


def delivery_key(entry: str) -> str:
    """How far an outbound message has come; in the partition that its id begins with."""
    return f"{prefix_of(entry)}d:{entry}"


def whose_key(entry: str) -> str:
    """The person an outbound message went to; beside its delivery."""
    return f"{prefix_of(entry)}w:{entry}"


class Records:
    """The keys of one person's records."""

    __slots__ = ("_prefix", "person")

    def __init__(self, person: str) -> None:
        self.person = person
        self._prefix = prefix_of(person)

    def session(self, channel: Channel) -> str:
        return f"{self._prefix}s:{self.person}:{channel.value}"

    @property
    def sessions(self) -> list[str]:
        """The sessions on all channels."""
        return [self.session(channel) for channel in Channel]

    @property
    def prefs(self) -> str:
        return f"{self._prefix}prefs:{self.person}"

    def seen(self, message_id: str) -> str:
        return f"{self._prefix}m:{plain_id(message_id)}"

    def copy(self, message_id: str) -> str:
        return f"{self._prefix}r:{plain_id(message_id)}"

    @property
    def recent(self) -> str:
        return f"{self._prefix}recent:{self.person}"

    @property
    def outbox(self) -> str:
        return f"{self._prefix}o:{self.person}"

    @property
    def due(self) -> str:
        return f"{self._prefix}due"

    @property
    def attempts(self) -> str:
        return f"{self._prefix}oa:{self.person}"

    @property
    def tickets(self) -> str:
        return f"{self._prefix}tp:{self.person}"

    def ticket(self, ticket: str) -> str:
        return ticket_key(self._prefix, ticket)

    @property
    def desk(self) -> tuple[str, str, str]:
        """The lists of open and of closed tickets, and the count of changes, of the person's partition."""
        return desk_keys(self._prefix)

    def ticket_keys(self, ticket: str) -> list[str]:
        """What a change of a ticket touches: the ticket, the person's tickets, the lists, the count of changes."""
        return [self.ticket(ticket), self.tickets, *self.desk]

    @property
    def alias(self) -> str:
        """Only a number has one."""
        return f"{self._prefix}a:{self.person}"

    @property
    def pointer(self) -> str:
        """Only somebody with a user id and a number has one."""
        return f"{self._prefix}n:{self.person}"

    @property
    def fence(self) -> str:
        return f"{self._prefix}f:{self.person}"

    @property
    def going(self) -> str:
        return f"{self._prefix}g:{self.person}"

    def aside(self, what: str) -> str:
        return f"{self._prefix}x:{self.person}:{what}"

    @property
    def asides(self) -> list[str]:
        return [self.aside(what) for what in (*(channel.value for channel in Channel), "prefs")]
