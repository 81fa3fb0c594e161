"""A store that would lose data or keep text is found out before people are served."""

import pytest

from webhook.embedded import EmbeddedServer
from webhook.store.connection import Connection
from webhook.store.policy import Report, check


def test_the_embedded_server_is_sound(connection: Connection) -> None:
    """What `make run` starts keeps its promises."""
    assert check(connection) == Report()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("maxmemory-policy", "allkeys-lru"),
        ("appendonly", "no"),
        ("appendfsync", "no"),
        ("slowlog-log-slower-than", "10000"),
    ],
)
def test_each_wrong_setting_is_named(own_server: EmbeddedServer, setting: str, value: str) -> None:
    """The operator reads which, and what it should be."""
    connection = Connection(own_server.url)
    connection.command("CONFIG", "SET", setting, value)
    report = check(connection)
    assert not report.is_sound
    [problem] = report.problems
    assert problem.startswith(f"{setting} is {value}, should be ")
    connection.close()


def test_a_server_that_does_not_tell_its_settings_is_noted_and_not_blamed(own_server: EmbeddedServer) -> None:
    """Managed stores forbid CONFIG."""
    admin = Connection(own_server.url)
    admin.command("ACL", "SETUSER", "app", "on", ">pass", "~*", "+@all", "-config")
    connection = Connection(own_server.url.replace("unix://", "unix://app:pass@"))
    report = check(connection)
    assert report.is_sound
    assert [note.split(" ")[0] for note in report.notes] == ["appendfsync", "slowlog-log-slower-than"]
    connection.close()
    admin.close()
