"""The address of a store, read once: one server, a primary found through Sentinel, or a Cluster.

    redis://…  rediss://…  unix://…                    one server, as redis-py reads it
    redis+sentinel://[user:password@]host:port,host:port/service[/database]    (rediss+sentinel:// for TLS)
    redis+cluster://[user:password@]host:port,host:port                        (rediss+cluster:// for TLS)

Options behind `?` are those of redis-py; the sentinels' own are `sentinel_username` and `sentinel_password`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from redis.connection import parse_url

from webhook.store.faults import BadStoreUrl


class Layout(StrEnum):
    """How the store is made up."""

    SINGLE = "single"
    SENTINEL = "sentinel"
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the store is. `options` are redis-py's (user, password, TLS …), `url` the address of a single server."""

    layout: Layout
    url: str = field(default="", repr=False)  # may hold a password
    hosts: tuple[tuple[str, int], ...] = ()
    service: str = ""
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    sentinel_options: Mapping[str, Any] = field(default_factory=dict, repr=False)


_PORTS = {Layout.SENTINEL: 26379, Layout.CLUSTER: 6379}
_HOW = (
    "write redis://host:port/0, rediss://…, unix:///path/to.sock, "
    "redis+sentinel://host:port,host:port/service/0 or redis+cluster://host:port,host:port"
)


def read_address(url: str) -> Address:
    """Understand the address of a store. Raises BadStoreUrl."""
    scheme, _, rest = url.strip().partition("://")
    base, _, layout = scheme.partition("+")
    if not rest or base not in {"redis", "rediss", "unix"} or layout not in {"", "sentinel", "cluster"}:
        raise BadStoreUrl(f"the store's address begins with {scheme[:24]!r}; {_HOW}")
    if not layout:
        _redis_options(url)
        return Address(Layout.SINGLE, url=url)
    if base == "unix":
        raise BadStoreUrl(f"Sentinel and Cluster are reached by host and port; {_HOW}")
    return _several(base, Layout(layout), rest)


def _several(base: str, layout: Layout, rest: str) -> Address:
    authority, _, tail = rest.partition("/")
    authority, _, query = authority.partition("?") if not tail else (authority, "", "")
    credentials, _, hosts_written = authority.rpartition("@")
    parts = urlsplit(f"//x/{tail}?{query}" if query else f"//x/{tail}")
    path = [part for part in parts.path.split("/") if part]
    sentinel_options = {}
    options = []
    for name, value in parse_qsl(parts.query):
        if name in {"sentinel_username", "sentinel_password"}:
            sentinel_options[name.removeprefix("sentinel_")] = value
        else:
            options.append((name, value))

    service, database = "", "0"
    if layout is Layout.SENTINEL:
        if not path or len(path) > 2:
            raise BadStoreUrl(f"the address names no service: redis+sentinel://host:port/service/0; {_HOW}")
        service, database = path[0], path[1] if len(path) == 2 else "0"
    elif path not in ([], ["0"]):
        raise BadStoreUrl("a Cluster has only database 0: write redis+cluster://host:port,host:port")

    user = f"{credentials}@" if credentials else ""
    asked = f"?{urlencode(options)}" if options else ""
    single = _redis_options(f"{base}://{user}placeholder/{database}{asked}")
    single.pop("host", None)
    single.pop("connection_class", None)
    if base == "rediss":
        single["ssl"] = True
    return Address(
        layout,
        hosts=tuple(_host(written, _PORTS[layout]) for written in hosts_written.split(",")),
        service=service,
        options=single,
        sentinel_options=sentinel_options,
    )


def _host(written: str, default_port: int) -> tuple[str, int]:
    parts = urlsplit(f"//{written.strip()}")
    try:
        host, port = parts.hostname, parts.port or default_port
    except ValueError as error:
        raise BadStoreUrl(f"{written!r} has no port that is a number; {_HOW}") from error
    if not host:
        raise BadStoreUrl(f"a host is missing between the commas; {_HOW}")
    return host, port


def _redis_options(url: str) -> dict[str, Any]:
    try:
        return dict(parse_url(url))  # type: ignore[no-untyped-call]  # redis-py has no types here
    except (ValueError, TypeError) as error:
        raise BadStoreUrl(f"the store's address cannot be read; {_HOW}") from error
