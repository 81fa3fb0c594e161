"""The whole server under kill -9: every message is answered, none counts twice, nobody loses their place.

Two hundred people write thirty messages each through sixteen threads, now and then two at once; meanwhile the server
and its store are killed twice and started again. What each person is left with must be what some serial order of their
messages gives.
"""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations, permutations, product
from pathlib import Path

import pytest

from bot.desk import Desk
from bot.inbound import Channel, Inbound
from bot.session import Session
from bot.turn import State
from tests.conversation_world import NOW, shipped
from tests.server_world import SECRET, Server
from webhook.embedded import socket_path
from webhook.keys import Keys
from webhook.local import LocalTalk
from webhook.store.connection import Connection
from webhook.store.sessions import SessionStore

PEOPLE, MESSAGES, THREADS = 120, 30, 16
WORDS = ("hola", "1", "2", "3", "4", "5", "6", "8", "0", "9", "MENU", "trabajo", "SOS", "en", "es", "mas", "no es eso")

Group = tuple[str, ...]
"""What somebody sends at one time: one message, or two that cross."""


def groups_of(person: int) -> list[Group]:
    """What a person writes: thirty messages, a few of them two at a time.

    In the middle they have everything erased, so that nobody writes so much at once that they are asked to wait.
    """
    chance = random.Random(person)
    texts = [chance.choice(WORDS) for _ in range(MESSAGES)]
    texts[MESSAGES // 2] = "BORRAR"
    together = set(chance.sample(range(0, MESSAGES - 1, 2), 3))
    groups: list[Group] = []
    at = 0
    while at < MESSAGES:
        size = 2 if at in together else 1
        groups.append(tuple(texts[at : at + size]))
        at += size
    return groups


def end_of(session: Session, state: State) -> tuple[object, ...]:
    """What must be equal, whenever the messages came."""
    slots = {name: slot.value for name, slot in session.slots.items()}
    place = (session.node, session.asking, session.more, session.offered, session.printed, session.path)
    return (*place, slots, session.misses, session.sensitive, session.version, session.tongue, state.prefs)


def is_without_memory(reply: str | None) -> bool:
    """Whether a reply was given while the store was away: its choices are words, MENU the last of them (design §3)."""
    catalogue = shipped()
    last = (reply or "").rstrip().rpartition("\n")[2].removeprefix("- ")
    return last in {catalogue.phrase("word_menu", language) for language in catalogue.languages}


def kept(groups: list[Group], lost: set[int]) -> list[list[Group]]:
    """What may have been remembered of the messages, if those in `lost` were answered without memory.

    A worker that outlives the store by a moment answers so; the store may have written the turn before it died.
    """
    some = [set(left) for size in range(len(lost) + 1) for left in combinations(sorted(lost), size)]
    return [_without(groups, left) for left in some]


def _without(groups: list[Group], lost: set[int]) -> list[Group]:
    numbers = iter(range(1, MESSAGES + 1))
    return [tuple(text for text in group if next(numbers) not in lost) for group in groups]


def serial_ends(groups: list[Group]) -> list[tuple[object, ...]]:
    """The ends of every serial order: messages that crossed may have come either way round."""
    catalogue = shipped()
    ends = []
    for order in product(*(sorted(set(permutations(group))) for group in groups)):
        talk = LocalTalk(catalogue, Channel.WHATSAPP, desk=Desk())
        for group in order:
            for text in group:
                talk.say(text, NOW)
        ends.append(end_of(talk.state.session, talk.state))
    return ends


@pytest.mark.xdist_group("resilience")
def test_killed_twice_while_many_people_write(short_directory: Path) -> None:
    """Crashes and double deliveries lose nothing and count nothing twice."""
    everybody = {person: groups_of(person) for person in range(PEOPLE)}
    sent = threading.Semaphore(0)
    without_memory: dict[int, set[int]] = {person: set() for person in everybody}
    server = Server(short_directory, "--workers", "2").start()

    def send(person: int, number: int, text: str) -> None:
        user = {"ExternalUserId": f"whatsapp:MX.{person:016d}"}
        reply = server.say(text, person * 1000 + number, f"+52155{person:08d}", "whatsapp", **user)
        if is_without_memory(reply):
            without_memory[person].add(number)
        sent.release()

    def write(person: int) -> None:
        number = 1
        for group in everybody[person]:
            if len(group) == 1:
                send(person, number, group[0])
            else:
                pair = [
                    threading.Thread(target=send, args=[person, number + at, text]) for at, text in enumerate(group)
                ]
                for thread in pair:
                    thread.start()
                for thread in pair:
                    thread.join()
            number += len(group)

    def kill_twice() -> None:
        for _ in range(2):
            for _ in range(PEOPLE * MESSAGES // 3):
                assert sent.acquire(timeout=60), "nobody is answered any more"
            server.kill()
            time.sleep(0.2)
            server.start()

    killer = threading.Thread(target=kill_twice, daemon=True)
    killer.start()
    try:
        with ThreadPoolExecutor(THREADS) as crowd:
            list(crowd.map(write, range(PEOPLE)))
        killer.join()
        store = SessionStore(Connection(f"unix://{socket_path(short_directory / 'valkey')}"), Keys(SECRET))
        catalogue = shipped()
        for person, groups in everybody.items():
            who = Keys(SECRET).person_of(f"whatsapp:MX.{person:016d}", f"+52155{person:08d}")
            probe = Inbound("SM" + "f" * 32, Channel.WHATSAPP, "", NOW)
            state = store.load(who, probe, catalogue.codes).state
            ends = [end for each in kept(groups, without_memory[person]) for end in serial_ends(each)]
            assert end_of(state.session, state) in ends, person
        assert sum(map(len, without_memory.values())) < PEOPLE * MESSAGES / 100, "the store is away for moments only"
    finally:
        server.stop()


def test_an_outage_of_the_store_in_the_middle_of_a_chat(short_directory: Path) -> None:
    """While the store is away everybody is answered, danger with the help lines; afterwards "2" means what it meant."""
    from webhook.embedded import EmbeddedServer

    with EmbeddedServer(short_directory / "store") as store:
        server = Server(short_directory / "web", "--workers", "1", environ={"REDIS_URL": store.url})
        with server:
            server.say("hello", 1)
            before = server.say("4", 2)
            assert before is not None
            assert "Work in Belize" in before
            store.stop()
            danger = server.say("they locked me in", 3)
            assert danger is not None
            assert "911" in danger
            words = server.say("work", 4)
            assert words is not None
            assert "- Work in Belize" in words
            assert server.say("STOP", 5) is None
            told = server.say("DELETE", 6)
            assert told is not None
            assert "not possible" in told
            assert server.get("/readyz")[0] == 503
            store.start()
            time.sleep(1.2)  # the breaker opens for a second
            after = server.say("2", 7)
            assert after is not None
            assert "Work in Belize" in after.splitlines()[0] or "work" in after.lower()
            assert server.get("/readyz")[0] == 200
