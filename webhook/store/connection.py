"""The way to the store: one connection a thread, short time-outs, a breaker, and one exception for every failure.

A pool costs nearly twice the time of a connection kept by its thread, on every call, so each thread keeps its own. It
is made again in a child process, and after every error; for Sentinel that is also how a new primary is found.
"""

import os
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from redis import Redis, RedisCluster
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.exceptions import (
    AskError,
    AuthenticationError,
    ClusterDownError,
    NoScriptError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry
from redis.sentinel import Sentinel

from webhook.store.address import Address, Layout, read_address
from webhook.store.breaker import Breaker
from webhook.store.faults import StoreDown
from webhook.store.scripts import Script

CONNECT_TIMEOUT_S = 0.3
READ_TIMEOUT_S = 0.5

Answer = TypeVar("Answer")
Client = Any  # Redis or RedisCluster: their typed interfaces differ, the commands used here do not

_AGAIN = (RedisConnectionError, ReadOnlyError, OSError)  # a connection gone stale, or a primary that is none any more
_DOWN = (
    RedisConnectionError,
    RedisTimeoutError,
    ReadOnlyError,
    ClusterDownError,
    TryAgainError,
    AskError,
    RedisClusterException,
    OSError,
)


class Connection:
    """A store that can be asked from any thread and after any fork. Raises StoreDown, and nothing else of its own."""

    def __init__(
        self, url: str, *, breaker: Breaker | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Raises BadStoreUrl. Connects at the first question, not now."""
        self.address = read_address(url)
        self.breaker = breaker or Breaker(clock=clock)
        self._local = threading.local()
        self._opened: weakref.WeakSet[Any] = weakref.WeakSet()
        self._lock = threading.Lock()

    def read(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values of keys of one partition, in one round trip."""
        values: list[bytes | None] = self._ask(lambda client: client.execute_command("MGET", *keys))
        return values

    def run(
        self,
        script: Script,
        keys: Sequence[str],
        args: Sequence[str | bytes | int] = (),
        *,
        again_after_timeout: bool = False,
    ) -> Any:
        """Run a script on keys of one partition.

        A connection lost half-way runs it twice, and so does a time-out if `again_after_timeout`: every script bears it.
        """

        def by_name(client: Client) -> Any:
            try:
                return client.execute_command("EVALSHA", script.sha, len(keys), *keys, *args)
            except NoScriptError:  # a server that has not seen it yet; this also makes it known
                return client.execute_command("EVAL", script.source, len(keys), *keys, *args)

        return self._ask(by_name, again_after_timeout=again_after_timeout)

    def command(self, *words: str | bytes | int) -> Any:
        """One plain command."""
        return self._ask(lambda client: client.execute_command(*words))

    def of_each_server(self, question: Callable[[Client], Answer]) -> list[Answer]:
        """What each server that holds data answers; for checks and upkeep."""

        def ask_all(client: Client) -> list[Answer]:
            if self.address.layout is not Layout.CLUSTER:
                return [question(client)]
            return [question(client.get_redis_connection(node)) for node in client.get_primaries()]

        answers: list[Answer] = self._ask(ask_all)
        return answers

    def close(self) -> None:
        """Close what all threads have opened. Asking again opens anew."""
        with self._lock:
            for client in list(self._opened):
                client.close()
            self._opened.clear()
            self._local = threading.local()

    def _ask(self, question: Callable[[Client], Any], *, again_after_timeout: bool = False) -> Any:
        if not self.breaker.allows():
            raise StoreDown("it failed a moment ago")
        try:
            answer = self._ask_patiently(question, again_after_timeout)
        except _DOWN as error:
            self._drop()
            self.breaker.failed()
            raise StoreDown(_brief(error)) from error
        except RedisError as error:  # it answers, but not as it should: full, read-only disk, a right that is missing
            self.breaker.succeeded()
            raise StoreDown(_brief(error)) from error
        self.breaker.succeeded()
        return answer

    def _ask_patiently(self, question: Callable[[Client], Any], again_after_timeout: bool) -> Any:
        """Ask; once more if the connection had been good before and is not any more, or if a time-out allows it."""
        kept = self._is_kept()
        try:
            return question(self._client())
        except RedisTimeoutError:
            if not again_after_timeout:
                raise
        except AuthenticationError:
            raise
        except _AGAIN:
            if not kept:
                raise
        self._drop()
        return question(self._client())

    def _is_kept(self) -> bool:
        return getattr(self._local, "pid", None) == os.getpid()

    def _client(self) -> Client:
        local = self._local
        if getattr(local, "pid", None) == os.getpid():
            return local.client
        client = _open(self.address)
        local.client, local.pid = client, os.getpid()
        with self._lock:
            self._opened.add(client)
        return client

    def _drop(self) -> None:
        client = getattr(self._local, "client", None)
        self._local.pid = self._local.client = None
        if client is not None:
            with self._lock:
                self._opened.discard(client)
            client.close()


def _brief(error: BaseException) -> str:
    """The kind of an error and the server's word for it. Never its text, which may quote what was sent."""
    word = str(error).split(" ", 1)[0] if isinstance(error, ResponseError) else ""
    return f"{type(error).__name__} {word}".strip() if word.isupper() else type(error).__name__


def _open(address: Address) -> Client:
    limits: dict[str, Any] = {
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_timeout": READ_TIMEOUT_S,
        "protocol": 2,  # answers as plain lists from every version of server and client
    }
    no_retry = Retry(NoBackoff(), 0)  # we decide ourselves what may be asked twice, and how long a person can wait
    if address.layout is Layout.SINGLE:
        return Redis.from_url(address.url, single_connection_client=True, retry=no_retry, **limits)
    if address.layout is Layout.SENTINEL:
        asking = {**limits, "retry": no_retry, **address.sentinel_options}
        sentinels = Sentinel(address.hosts, sentinel_kwargs=asking)  # type: ignore[no-untyped-call]  # redis-py
        try:
            host, port = sentinels.discover_master(address.service)  # type: ignore[no-untyped-call]  # redis-py
        finally:
            for sentinel in sentinels.sentinels:
                sentinel.close()
        options = {**limits, **address.options, "host": host, "port": port}
        return Redis(single_connection_client=True, retry=no_retry, **options)
    nodes = [ClusterNode(host, port) for host, port in address.hosts]  # type: ignore[no-untyped-call]  # redis-py
    options = {key: value for key, value in address.options.items() if key != "db"}
    # one retry: a slot that has moved is found again by asking a second time
    return RedisCluster(startup_nodes=nodes, retry=Retry(NoBackoff(), 1), **{**limits, **options})
