"""What a session takes in the store's memory, measured with very many of them.

Each kind of record is written under the keys and in the form the store itself uses, and the growth of the server's
`used_memory` is divided by their number: keys, expiry and the server's tables are all in it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from redis import Redis

from bench.walks import STARTED_AT, Walk
from bot.session import Codes, Prefs, dump, dump_prefs
from webhook.embedded import EmbeddedServer
from webhook.keys import Keys
from webhook.store.keyspace import Records
from webhook.store.lifetimes import ALIAS_TTL_S, DAY_S, SEEN_TTL_S

BATCH = 2000
_SECRET = "an invented secret for measurements only"

Record = tuple[str, str, int]
"""Key, value and lifetime in seconds."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes for each record of a kind; `session_text` is the length of a session as it is written down."""

    session: float
    session_text: float
    prefs: float
    alias: float
    seen_mark: float


def measure(walks: Sequence[Walk], codes: Codes, people: int, directory: Path) -> Sizes:
    """Write the records of many people, each kind into a server of its own."""
    texts = [dump(walk.session, codes) for walk in walks]
    keys = Keys(_SECRET)
    everyone = [Records(keys.person_of("", f"+5255{number:08d}").key) for number in range(people)]

    def sessions() -> Iterable[Record]:
        for number, records in enumerate(everyone):
            walk = walks[number % len(walks)]
            yield records.session(walk.channel), texts[number % len(walks)], walk.session.ttl_s

    def prefs() -> Iterable[Record]:
        for number, records in enumerate(everyone):
            kept = Prefs(language=walks[number % len(walks)].language)
            yield records.prefs, dump_prefs(kept), kept.ttl_s

    def aliases() -> Iterable[Record]:
        """On WhatsApp: from the number to the person, and back with the day."""
        for records in everyone:
            yield records.alias, records.person, ALIAS_TTL_S
            yield records.pointer, f"{records.person} {int(STARTED_AT.timestamp()) // DAY_S}", ALIAS_TTL_S

    def seen_marks() -> Iterable[Record]:
        for number, records in enumerate(everyone):
            yield records.seen(f"SM{number:032x}"), secrets.token_urlsafe(3), SEEN_TTL_S

    def growth(kind: Callable[[], Iterable[Record]]) -> float:
        return _growth(kind(), directory / kind.__name__) / people

    return Sizes(
        session=growth(sessions),
        session_text=sum(map(len, texts)) / len(texts),
        prefs=growth(prefs),
        alias=growth(aliases),
        seen_mark=growth(seen_marks),
    )


def _growth(records: Iterable[Record], directory: Path) -> int:
    """By how many bytes a new server grows when it holds these records and nothing else."""
    with EmbeddedServer(directory) as server:
        client = Redis.from_url(server.url)
        client.set("", "")  # its tables exist
        before = _used(client)
        waiting = iter(records)
        while batch := list(islice(waiting, BATCH)):
            pipe = client.pipeline(transaction=False)
            for key, value, ttl_s in batch:
                pipe.set(key, value, ex=ttl_s)
            pipe.execute()
        return _used(client) - before


def _used(client: Redis) -> int:
    """Without what connections and the file's buffer take: they change with what was last sent, not with what is kept."""
    memory = client.info("memory")
    return int(memory["used_memory"]) - int(memory["mem_clients_normal"]) - int(memory["mem_aof_buffer"])
