"""Whether a store is set up so that it loses nothing and keeps no text: what `/readyz` and `doctor` ask of it."""

from dataclasses import dataclass
from typing import Any

from redis.exceptions import ResponseError

from webhook.store.connection import Client, Connection

OLDEST_VERSION = (6, 2)


@dataclass(frozen=True, slots=True)
class Report:
    """`problems` must be mended before people are served; `notes` are what the server would not tell."""

    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        return not self.problems


def check(connection: Connection) -> Report:
    """Look at the settings of every server that holds data. Raises StoreDown."""
    reports = connection.of_each_server(_check_server)
    problems = dict.fromkeys(problem for report in reports for problem in report.problems)
    notes = dict.fromkeys(note for report in reports for note in report.notes)
    return Report(tuple(problems), tuple(notes))


def _check_server(client: Client) -> Report:
    info: dict[str, Any] = {}
    for section in ("server", "memory", "persistence", "replication"):
        info.update(client.info(section))
    problems = _problems_of_info(info)
    notes = []
    for name, wanted, why in (
        ("appendfsync", ("everysec", "always"), "a crash of the machine could lose more than a second"),
        ("slowlog-log-slower-than", ("-1",), "the slow log would keep what is sent to it"),
    ):
        value = _setting(client, name)
        if value is None:
            notes.append(f"{name} is unknown: the server does not tell; it should be {wanted[0]}, or else {why}")
        elif value not in wanted:
            problems.append(f"{name} is {value}, should be {wanted[0]}: {why}")
    return Report(tuple(problems), tuple(notes))


def _problems_of_info(info: dict[str, Any]) -> list[str]:
    problems = []
    version = str(info.get("redis_version", "0.0"))
    if _numbers(version) < OLDEST_VERSION:
        problems.append(f"the server is version {version}, should be 6.2 or later: the scripts need it")
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        problems.append(f"maxmemory-policy is {policy}, should be noeviction: sessions and opt-outs could vanish")
    if not info.get("aof_enabled"):
        problems.append("appendonly is no, should be yes: a restart would forget everybody")
    elif info.get("aof_last_write_status", "ok") != "ok":
        problems.append("the append-only file cannot be written: is the disk full?")
    if info.get("role", "master") != "master":
        problems.append("the server is a replica, which takes no writes: give the primary's address")
    return problems


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def _setting(client: Client, name: str) -> str | None:
    """A setting; None when the server forbids asking, as managed ones do."""
    try:
        found: dict[str, str] = client.config_get(name)
    except ResponseError:
        return None
    value = found.get(name)
    return None if value is None else str(value)
