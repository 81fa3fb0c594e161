"""Questions for the hub's editors: what was not understood, offered, chosen and refused, without identity, for 30 days.

One hash a day, in which a keyed code stands for each entry, so that whoever has a copy of the store can neither read an
entry nor tell to which session it belongs; nothing is kept that is finer than the day. Beside the sealed entry "code"
stand, if they came, "code:c" (what was chosen) and "code:r" (what was refused). A text that was answered at once waits
under a key of its own for some minutes, and is kept only if it is refused.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot import questions
from bot.turn import Effect
from webhook.keys import Keys, Unopened
from webhook.store.connection import Connection
from webhook.store.keyspace import held_question_key, questions_key
from webhook.store.lifetimes import HELD_QUESTION_TTL_S, QUESTIONS_TTL_S
from webhook.store.scripts import Script

MOST_A_DAY = 2000
DAYS_KEPT = QUESTIONS_TTL_S // (24 * 3600)
DAYS_SEARCHED = 5
"""Days back to which a choice can belong: sessions live one, and four while a ticket is open."""

SEALED_SIZE = 256
"""Texts are padded to multiples of this before they are sealed: their length tells nothing."""

COUNT, BEYOND = "n", "beyond"
CHOSEN, REFUSED = ":c", ":r"
_CODE = re.compile(r"[\w-]{22}", re.ASCII)

# Common to all: the hash of a day takes an entry unless it is full. A day lives from its first entry.
_KEEP = """
local function keep(day, code, entry, most, ttl)
  if redis.call('HEXISTS', day, code) == 1 then return 'kept' end
  local full = tonumber(redis.call('HGET', day, 'n') or '0') >= tonumber(most)
  if full then
    redis.call('HINCRBY', day, 'beyond', 1)
  else
    redis.call('HSET', day, code, entry)
    redis.call('HINCRBY', day, 'n', 1)
  end
  if redis.call('TTL', day) < 0 then redis.call('EXPIRE', day, ttl) end
  return full and 'beyond' or 'kept'
end
"""

# KEYS  1 the day      ARGV  1 code · 2 entry (sealed) · 3 most a day · 4 ttl, s
KEEP_QUESTION = Script(_KEEP + "return keep(KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4])")

# KEYS  1 held text · 2… days, today first      ARGV  1 code · 2 ':c' or ':r' · 3 what (sealed) · 4 most a day · 5 ttl, s
JOIN_QUESTION = Script(
    _KEEP
    + """
for i = 2, #KEYS do
  if redis.call('HEXISTS', KEYS[i], ARGV[1]) == 1 then
    redis.call('HSET', KEYS[i], ARGV[1] .. ARGV[2], ARGV[3])
    return 'joined'
  end
end
local held = redis.call('GET', KEYS[1])
if not held then return 'gone' end
redis.call('DEL', KEYS[1])
if keep(KEYS[2], ARGV[1], held, ARGV[4], ARGV[5]) == 'beyond' then return 'beyond' end
redis.call('HSET', KEYS[2], ARGV[1] .. ARGV[2], ARGV[3])
return 'joined'
"""
)

# KEYS  1… days, then as many held texts as there are codes      ARGV  1 days (number) · 2… codes
DROP_QUESTIONS = Script(
    """
local days, dropped = tonumber(ARGV[1]), 0
for d = 1, days do
  local here = 0
  for c = 2, #ARGV do
    here = here + redis.call('HDEL', KEYS[d], ARGV[c])
    redis.call('HDEL', KEYS[d], ARGV[c] .. ':c', ARGV[c] .. ':r')
  end
  if here > 0 and redis.call('HINCRBY', KEYS[d], 'n', -here) <= 0 and redis.call('HEXISTS', KEYS[d], 'beyond') == 0 then
    redis.call('DEL', KEYS[d])
  end
  dropped = dropped + here
end
for k = days + 1, #KEYS do redis.call('DEL', KEYS[k]) end
return dropped
"""
)


@dataclass(frozen=True, slots=True)
class KeptQuestion:
    """One entry of the list, as an editor sees it. `code` names it; `day` is days since 1970.

    `offered` are the answers the person was asked about, `given` the one given at once, `outside` the kind of question
    without an answer; `chosen` and `refused` what they said to it (`refused` is "-" for "none of these").
    """

    code: str
    day: int
    text: str = field(repr=False)
    language: str = ""
    offered: tuple[str, ...] = ()
    given: str = ""
    outside: str = ""
    chosen: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """The whole list, newest day first; `beyond` came on days that were full, `unread` could not be opened."""

    questions: tuple[KeptQuestion, ...] = ()
    beyond: int = 0
    unread: int = 0


def _uncounted(_event: str) -> None:
    pass


class QuestionList:
    """The list in the store. Raises StoreDown from every method.

    `count` is told by name what metrics should show: question_kept, question_beyond, question_joined, question_gone,
    question_withdrawn.
    """

    def __init__(self, connection: Connection, keys: Keys, count: Callable[[str], None] = _uncounted) -> None:
        self._connection = connection
        self._keys = keys
        self._count = count

    def note(self, effect: Effect, day: int) -> None:
        """Do what an effect of a turn asks for. Others than those of `bot.questions` are passed over."""
        fields = effect.fields
        if effect.kind in (questions.NOT_UNDERSTOOD, questions.OFFERED):
            self._keep(fields, day)
        elif effect.kind == questions.ANSWERED:
            code, sealed = self._sealed_entry(fields)
            self._connection.command("SET", held_question_key(code), sealed, "EX", HELD_QUESTION_TTL_S)
        elif effect.kind == questions.CHOSEN:
            self._join(fields["entry"], CHOSEN, fields["chosen"], day)
        elif effect.kind == questions.REFUSED:
            self._join(fields["entry"], REFUSED, fields.get("node") or "-", day)
        elif effect.kind == questions.WITHDRAWN:
            codes = [code for entry in fields["entries"].split(",") for code in self._keys.question(entry)]
            self._drop(codes, _back_from(day, DAYS_SEARCHED))
            self._count("question_withdrawn")

    def kept(self, today: int) -> Kept:
        """Everything in the list. Within a day the order is that of the codes, which is none."""
        found: list[KeptQuestion] = []
        beyond = unread = 0
        for day in _back_from(today, DAYS_KEPT + 1):
            fields = _pairs(self._connection.command("HGETALL", questions_key(day)))
            beyond += int(fields.get(BEYOND, b"0"))
            for code in sorted(name for name in fields if _CODE.fullmatch(name)):
                try:
                    found.append(self._opened(code, day, fields))
                except (Unopened, ValueError, KeyError):
                    unread += 1
        return Kept(tuple(found), beyond, unread)

    def drop(self, entries: Iterable[KeptQuestion]) -> int:
        """Take entries out of the list; how many were still there."""
        entries = tuple(entries)
        return self._drop([entry.code for entry in entries], sorted({entry.day for entry in entries}))

    def _keep(self, fields: Mapping[str, str], day: int) -> None:
        code, sealed = self._sealed_entry(fields)
        args: list[str | bytes | int] = [code, sealed, MOST_A_DAY, QUESTIONS_TTL_S]
        answer: bytes = self._connection.run(KEEP_QUESTION, [questions_key(day)], args)
        self._count(f"question_{answer.decode()}")

    def _join(self, entry: str, what: str, node: str, day: int) -> None:
        """Under the code of this secret, else under that of the one before."""
        answer = b"gone"
        for code in self._keys.question(entry):
            keys = [held_question_key(code), *map(questions_key, _back_from(day, DAYS_SEARCHED))]
            sealed = self._keys.seal(_padded(node), _about(code + what))
            args: list[str | bytes | int] = [code, what, sealed, MOST_A_DAY, QUESTIONS_TTL_S]
            answer = self._connection.run(JOIN_QUESTION, keys, args)
            if answer != b"gone":
                break
        self._count(f"question_{answer.decode()}")

    def _drop(self, codes: Sequence[str], days: Sequence[int]) -> int:
        if not codes or not days:
            return 0
        keys = [*map(questions_key, days), *map(held_question_key, codes)]
        return int(self._connection.run(DROP_QUESTIONS, keys, [len(days), *codes]))

    def _sealed_entry(self, fields: Mapping[str, str]) -> tuple[str, bytes]:
        code = self._keys.question(fields["entry"])[0]
        entry = {name: value for name, value in fields.items() if name != "entry"}
        return code, self._keys.seal(_padded(json.dumps(entry, ensure_ascii=False)), _about(code))

    def _opened(self, code: str, day: int, fields: Mapping[str, bytes]) -> KeptQuestion:
        entry: dict[str, Any] = json.loads(self._keys.open(fields[code], _about(code)))
        return KeptQuestion(
            code=code,
            day=day,
            text=entry["text"],
            language=entry.get("language", ""),
            offered=tuple(filter(None, entry.get("offered", "").split(","))),
            given=entry.get("node", ""),
            outside=entry.get("outside", ""),
            chosen=self._said(code + CHOSEN, fields),
            refused=self._said(code + REFUSED, fields),
        )

    def _said(self, name: str, fields: Mapping[str, bytes]) -> str:
        return self._keys.open(fields[name], _about(name)).rstrip() if name in fields else ""


def _back_from(day: int, count: int) -> list[int]:
    return [day - back for back in range(count)]


def _pairs(answer: Any) -> dict[str, bytes]:
    """What HGETALL answers, whichever way the client gives it."""
    if isinstance(answer, dict):
        return {name.decode(): value for name, value in answer.items()}
    return {name.decode(): value for name, value in zip(answer[::2], answer[1::2], strict=True)}


def _padded(text: str) -> str:
    """With spaces behind, to a multiple of `SEALED_SIZE` bytes."""
    return text + " " * (-len(text.encode("utf-8", "surrogatepass")) % SEALED_SIZE)


def _about(name: str) -> str:
    return f"question:{name}"
