"""The access log: everything is in it, nothing leaves it before its time, and it holds no content."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.console_world import Clock, World, console_world
from webhook.console import access_log
from webhook.console.access_log import KEPT_S, MAX_REASON_CHARACTERS, PAGE_ENTRIES, AccessLog, Did
from webhook.console.accounts import Role
from webhook.embedded import EmbeddedServer
from webhook.keys import Keys
from webhook.store.connection import Connection

DAY_S = 24 * 3600


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(connection: Connection, keys: Keys, clock: Clock) -> AccessLog:
    """An empty log."""
    return AccessLog(connection, keys, clock)


@pytest.fixture
def world(tmp_path: Path, connection: Connection, valkey_server: EmbeddedServer) -> World:
    return console_world(tmp_path, valkey_server.url, production=True)


def test_entries_come_back_newest_first_with_their_moment(log: AccessLog, clock: Clock) -> None:
    """Who looks into it wants to know what happened last, and when."""
    log.note("ana", Did.OPENED, ticket="T1")
    clock.passes(60)
    log.note("ana", Did.REPLIED, ticket="T1")
    entries = log.page().entries
    assert [(each.user, each.did, each.ticket) for each in entries] == [
        ("ana", Did.REPLIED, "T1"),
        ("ana", Did.OPENED, "T1"),
    ]
    assert entries[0].at == datetime.fromtimestamp(clock(), UTC)


def test_filters_by_user_ticket_and_day(log: AccessLog, clock: Clock) -> None:
    """A complaint names an advisor, a chat or a day."""
    first_day = datetime.fromtimestamp(clock(), UTC).date()
    log.note("ana", Did.OPENED, ticket="T1")
    log.note("boss", Did.ACCOUNT_CHANGED, about="ana")
    clock.passes(DAY_S)
    log.note("eva", Did.OPENED, ticket="T1")
    log.note("eva", Did.OPENED, ticket="T2")

    def found(**wanted: str | date) -> list[tuple[str, str]]:
        return [(each.user, each.ticket) for each in log.page(**wanted).entries]  # type: ignore[arg-type]

    assert found(user="ana") == [("boss", ""), ("ana", "T1")], "what was done to somebody is about them too"
    assert found(ticket="T1") == [("eva", "T1"), ("ana", "T1")]
    assert found(day=first_day) == [("boss", ""), ("ana", "T1")]
    assert found(ticket="T1", user="eva") == [("eva", "T1")]
    assert found(day=date(2029, 1, 1)) == []


def test_pages_leave_nothing_out_and_repeat_nothing(log: AccessLog, clock: Clock) -> None:
    """Somebody who pages through a year sees every entry once."""
    count = 2 * PAGE_ENTRIES + 7
    for number in range(count):
        log.note(f"u{number}", Did.OPENED, ticket="T" if number % 2 else "S")
        clock.passes(1)
    for ticket, expected in (("", count), ("T", count // 2)):
        seen: list[str] = []
        before = ""
        while True:
            page = log.page(ticket=ticket, before=before)
            seen += [entry.user for entry in page.entries]
            before = page.older
            if not before:
                break
        assert len(seen) == len(set(seen)) == expected


def test_paging_within_a_day_stays_in_the_day(log: AccessLog, clock: Clock) -> None:
    """The second page of a day must not begin with another one."""
    for _ in range(PAGE_ENTRIES + 5):
        log.note("ana", Did.OPENED)
    day = datetime.fromtimestamp(clock(), UTC).date()
    clock.passes(DAY_S)
    log.note("eva", Did.OPENED)
    page = log.page(day=day)
    rest = log.page(day=day, before=page.older)
    assert len(page.entries) + len(rest.entries) == PAGE_ENTRIES + 5
    assert {each.user for each in (*page.entries, *rest.entries)} == {"ana"}


def test_entries_live_twelve_months(log: AccessLog, clock: Clock) -> None:
    """As long as misuse may come to light, and not longer."""
    log.note("old", Did.OPENED)
    clock.passes(KEPT_S - 1)
    log.note("young", Did.OPENED)
    assert [each.user for each in log.page().entries] == ["young", "old"]
    clock.passes(2)
    log.note("new", Did.OPENED)
    assert [each.user for each in log.page().entries] == ["new", "young"]


def test_clock_that_was_set_back_loses_nothing(log: AccessLog, clock: Clock) -> None:
    """The store refuses ids that go back; the entry must be written all the same."""
    log.note("ana", Did.OPENED)
    clock.passes(-3600)
    log.note("eva", Did.OPENED)
    assert [each.user for each in log.page().entries] == ["eva", "ana"]


def test_reason_is_read_with_the_secret_only_and_is_short(
    log: AccessLog, everything: Callable[[], dict[bytes, bytes]]
) -> None:
    """People write names into reasons, whatever they are told."""
    log.note("ana", Did.REVEALED, ticket="T1", reason="Llamar a Xiomara " + "x" * 1000)
    [entry] = log.page().entries
    assert entry.reason.startswith("Llamar a Xiomara")
    assert len(entry.reason) == MAX_REASON_CHARACTERS
    assert b"Xiomara" not in b"".join(everything().values())


def test_no_code_takes_entries_out() -> None:
    """Append-only: the module knows no command that removes or overwrites, but for the twelve months."""
    strings = [
        node.value
        for node in ast.walk(ast.parse(inspect.getsource(access_log)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    for command in ("XDEL", "XTRIM", "DEL", "UNLINK", "EXPIRE", "RENAME", "XSETID"):
        assert not any(command in text.split() or f"'{command}'" in text for text in strings)
    public = [name for name in vars(AccessLog) if not name.startswith("_")]
    assert public == ["note", "page"]


def test_nothing_else_in_the_program_names_the_log(world: World) -> None:
    """A script elsewhere that touched its key would go unseen by the test above."""
    root = Path(access_log.__file__).parents[2]
    named = [
        file.name
        for folder in ("webhook", "bot")
        for file in (root / folder).rglob("*.py")
        if "STAFF_PREFIX}access" in file.read_text(encoding="utf-8")
    ]
    assert named == ["access_log.py"]


def test_logins_are_in_the_log_without_any_address(world: World, everything: Callable[[], dict[bytes, bytes]]) -> None:
    """Who was in, and that somebody tried, is known; whom they pretended to be is not written down."""
    ana = world.account()
    for email, password, code in (
        ("nobody.known@example.org", "x", "1"),
        (ana.email, "x", "1"),
        (ana.email, "cuatro palabras sueltas hoy", world.code(ana)),
    ):
        browser = world.browser()
        browser.post("/login", {"email": email, "password": password, "code": code})
    browser.account = ana
    browser.post("/logout")
    entries = [(each.user, each.did, each.about) for each in reversed(world.console.access_log.page().entries)]
    assert entries == [
        ("", Did.LOGIN_FAILED, ""),
        ("", Did.LOGIN_FAILED, ana.id),
        (ana.id, Did.LOGGED_IN, ""),
        (ana.id, Did.LOGGED_OUT, ""),
    ]
    assert b"nobody.known" not in b"".join(everything().values())


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMIN])
def test_page_shows_the_log_and_that_it_was_looked_at(world: World, role: Role) -> None:
    """Those who watch are watched too."""
    ana = world.account(name="Ana <b>")
    world.console.access_log.note(ana.id, Did.REVEALED, ticket="T9", reason="<script>alert(1)</script>")
    browser = world.logged_in(role)
    page = browser.get("/staff/access").text
    assert "Ana &lt;b&gt;" in page
    assert "<script>alert" not in page
    assert "T9" in page
    assert browser.account is not None
    assert world.console.access_log.page().entries[0].did == Did.LOG_OPENED
    assert world.console.access_log.page().entries[0].user == browser.account.id
    assert "T9" not in browser.get("/staff/access?ticket=T1").text.partition("<table>")[2]
    assert browser.get(f"/staff/access?user={ana.id}&day=2030-03-17&ticket=T9").status_code == 200


@pytest.mark.parametrize("query", ["day=yesterday", "before=abc", "before=(5-0", "day=2030-13-01"])
def test_page_turns_nonsense_away(world: World, query: str) -> None:
    """What comes in an address reaches the store as it was checked, or not at all."""
    assert world.logged_in(Role.ADMIN).get(f"/staff/access?{query}").status_code == 400
