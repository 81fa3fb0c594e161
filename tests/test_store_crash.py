"""The server is killed while people write; nothing is lost and nothing counts twice."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from bot.inbound import Channel, Inbound
from bot.session import Codes
from bot.turn import Turn
from webhook.embedded import EmbeddedServer
from webhook.keys import Keys
from webhook.store.breaker import Breaker
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown
from webhook.store.sessions import Outcome, SessionStore

PEOPLE, MESSAGES, THREADS = 40, 12, 8


def test_killed_twice_while_people_write_every_turn_counts_once(
    own_server: EmbeddedServer,
    keys: Keys,
    inbound: Callable[..., Inbound],
    next_turn: Callable[..., Turn],
    codes: Codes,
) -> None:
    """The provider sends again what was not answered; what was answered is on the disk."""
    connection = Connection(own_server.url, breaker=Breaker(open_s=0.05))
    store = SessionStore(connection, keys)
    order = [(person, at) for person in range(PEOPLE) for at in range(MESSAGES)]
    random.Random(7).shuffle(order)
    progress = threading.Semaphore(0)

    def deliver(message: tuple[int, int]) -> str | None:
        """One message, sent until it is answered."""
        number, at = message
        person = keys.person_of(f"BZ.{number}" if number % 2 else "", f"+50155500{number:02d}")
        give_up_at = time.monotonic() + 30
        while time.monotonic() < give_up_at:
            try:
                loaded = store.load(person, inbound(f"SM{number}-{at}", Channel.WHATSAPP), codes)
                reply = f"{number}-{at}"
                if loaded.seen or store.commit(loaded, next_turn(loaded), reply=reply).outcome is Outcome.COMMITTED:
                    progress.release()
                    return loaded.reply if loaded.seen else reply
            except StoreDown:
                time.sleep(0.05)
        raise AssertionError("never answered")

    def kill_twice() -> None:
        for _ in range(2):
            for _ in range(PEOPLE * MESSAGES // 3):
                progress.acquire()
            pid = own_server.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)

    with ThreadPoolExecutor(THREADS + 1) as threads:
        killing = threads.submit(kill_twice)
        replies = list(threads.map(deliver, order))
        killing.result()
    assert replies == [f"{number}-{at}" for number, at in order]
    for number in range(PEOPLE):
        person = keys.person_of(f"BZ.{number}" if number % 2 else "", f"+50155500{number:02d}")
        session = store.load(person, inbound("end", Channel.WHATSAPP), codes).state.session
        assert (session.misses, session.version) == (MESSAGES, MESSAGES)
    connection.close()
