"""The address of a store says which kind it is."""

import pytest

from webhook.store.address import Layout, read_address
from webhook.store.faults import BadStoreUrl


@pytest.mark.parametrize(
    "url", ["redis://localhost:6379/0", "rediss://user:secret@store.example:6380/1", "unix:///tmp/v.sock"]
)
def test_a_single_server(url: str) -> None:
    """redis-py's own addresses go through unchanged."""
    address = read_address(url)
    assert (address.layout, address.url) == (Layout.SINGLE, url)


def test_sentinels() -> None:
    """Several hosts, a service, a database, and passwords for both kinds of server."""
    address = read_address("redis+sentinel://ana:p%40ss@one:26379,two/hub/2?sentinel_password=s3&client_name=web")
    assert address.layout is Layout.SENTINEL
    assert address.hosts == (("one", 26379), ("two", 26379))
    assert address.service == "hub"
    assert address.options == {"username": "ana", "password": "p@ss", "db": 2, "client_name": "web"}
    assert address.sentinel_options == {"password": "s3"}


def test_a_cluster_with_tls() -> None:
    """Any node tells of the others; `rediss` means TLS."""
    address = read_address("rediss+cluster://:secret@one:7000,[::1]:7001")
    assert address.layout is Layout.CLUSTER
    assert address.hosts == (("one", 7000), ("::1", 7001))
    assert address.options == {"password": "secret", "db": 0, "ssl": True}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "redis://",
        "localhost:6379",
        "http://localhost",
        "redis+other://one",
        "unix+cluster:///tmp/v.sock",
        "redis+sentinel://one:26379",
        "redis+sentinel://one:26379/hub/0/more",
        "redis+sentinel://one:port/hub",
        "redis+sentinel://one,,two/hub",
        "redis+cluster://one:7000/3",
        "redis://one:6379?socket_timeout=soon",
    ],
)
def test_an_address_that_cannot_be_understood_is_refused_with_the_way_to_write_it(url: str) -> None:
    """The operator reads it at start, not in a traceback at night."""
    with pytest.raises(BadStoreUrl, match=r"redis\+"):
        read_address(url)


@pytest.mark.parametrize(
    "url",
    ["redis+sentinel://:hunter2@one:26379", "rediss://:hunter2@one?socket_timeout=x", "redis+cluster://:hunter2@/1"],
)
def test_a_password_is_in_no_message(url: str) -> None:
    """Messages end up in logs."""
    with pytest.raises(BadStoreUrl) as refused:
        read_address(url)
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in repr(read_address("redis+cluster://:hunter2@one:7000"))
