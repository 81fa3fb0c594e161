"""Accounts, invitations, logins and their ends, over a real store and with a clock that the test moves."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import argon2
import pyotp
import pytest
from click.testing import CliRunner

from tests.console_world import PASSWORD, Browser, World, console_world
from tests.webhook_world import SECRET, settings_for
from webhook.cli import main
from webhook.console import passwords, second_factor, throttle
from webhook.console.access_log import Did
from webhook.console.accounts import Accounts, EmailTaken, NoSuchInvitation, Role
from webhook.console.app import NoStore, create_console
from webhook.console.logins import ABSOLUTE_S, IDLE_S
from webhook.console.run_login import NotInProduction, make_run_login
from webhook.embedded import EmbeddedServer
from webhook.keys import Keys
from webhook.settings import Environment
from webhook.store.connection import Connection

NEW = "otras cinco palabras bien raras"


@pytest.fixture
def world(tmp_path: Path, connection: Connection, valkey_server: EmbeddedServer) -> World:
    """A console in development."""
    return console_world(tmp_path, valkey_server.url)


@pytest.fixture
def production(tmp_path: Path, connection: Connection, valkey_server: EmbeddedServer) -> World:
    """A console as it stands before real people."""
    return console_world(tmp_path, valkey_server.url, production=True)


def log_in(browser: Browser, email: str, password: str = PASSWORD, code: str = "", **headers: str) -> int:
    """Send the login form; the status of the answer."""
    form = {"email": email, "password": password, "code": code}
    return browser.post("/login", form, headers=headers).status_code


def is_in(browser: Browser) -> bool:
    """Whether a page that needs a login is shown."""
    return browser.get("/account").status_code == 200


# --- invitations ------------------------------------------------------------------------------------------------------


def invited(world: World, role: Role = Role.ADVISOR) -> tuple[str, str]:
    """An account that waits for its person: the path of its link, and the secret of its second factor."""
    account = world.console.accounts.add("nueva@example.org", role, name="Nueva", language="en")
    secret = second_factor.new_secret()
    return f"/invitation/{world.console.accounts.invite(account, secret)}", secret


def accept(browser: Browser, path: str, code: str, password: str = NEW, again: str | None = None) -> Any:
    form = {"password": password, "again": password if again is None else again, "code": code}
    return browser.post(path, form, csrf=browser.csrf(path))


def test_invitation_leads_to_a_login_with_password_and_second_factor(production: World) -> None:
    """A new advisor needs nothing but the link."""
    path, secret = invited(production)
    browser = production.browser()
    answer = accept(browser, path, pyotp.TOTP(secret).at(int(production.clock())))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert is_in(browser)
    production.clock.passes(60)
    fresh = production.browser()
    assert log_in(fresh, "nueva@example.org", NEW, pyotp.TOTP(secret).at(int(production.clock()))) == 303


def test_invitation_is_in_the_language_of_the_account(production: World) -> None:
    """The browser of a shared computer may speak another one than its new advisor."""
    path, _ = invited(production)
    page = production.browser().get(path, {"Accept-Language": "es"}).text
    assert '<html lang="en">' in page
    assert "Set up your account" in page


def test_invitation_shows_the_secret_as_picture_and_text_without_script_or_style(production: World) -> None:
    """Who cannot scan types, and the strict policy would hide a picture that needs styles."""
    path, secret = invited(production)
    page = production.browser().get(path).text
    assert second_factor.in_groups(secret) in page
    picture = re.search(r'<svg[^>]*class="qr".*?</svg>', page, re.S)
    assert picture is not None
    assert "style" not in picture[0]
    assert "<script" not in picture[0]


def test_invitation_is_good_once(production: World) -> None:
    """A link that lies in a mailbox must not open the account again."""
    path, secret = invited(production)
    code = pyotp.TOTP(secret).at(int(production.clock()))
    assert production.browser().get(path).status_code == 200, "looking does not use it up"
    assert accept(production.browser(), path, code).status_code == 303
    assert production.browser().get(path).status_code == 404


def test_of_two_who_use_a_link_at_once_one_gets_in(production: World) -> None:
    """Somebody who saw the link over a shoulder must not share the account."""
    accounts = production.console.accounts
    account = accounts.add("a@example.org", Role.ADVISOR)
    token = accounts.invite(account, second_factor.new_secret())
    invitation, _ = accounts.invited(token)
    start, won = threading.Barrier(4), []

    def use(number: int) -> None:
        start.wait()
        try:
            accounts.accept(token, invitation, f"hash {number}", "")
        except NoSuchInvitation:
            return
        won.append(number)

    threads = [threading.Thread(target=use, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert accounts.known(account.id).password_hash == f"hash {won[0]}"


def test_invitation_lives_three_days(production: World, connection: Connection) -> None:
    """The store itself forgets it, whoever asks."""
    invited(production)
    [key] = connection.command("KEYS", "*invitation*")
    assert 72 * 3600 - 60 < connection.command("TTL", key) <= 72 * 3600


@pytest.mark.parametrize(
    ("password", "again", "code", "fault"),
    [
        ("corta", "corta", "right", "too short"),
        ("aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa", "right", "easy to guess"),
        ("nueva de este lado", "nueva de este lado", "right", "easy to guess"),
        ("x1y2z3" * 40, "x1y2z3" * 40, "right", "too long"),
        (NEW, NEW + ".", "right", "not the same"),
        (NEW, NEW, "wrong", "not right"),
        (NEW, NEW, "", "not right"),
    ],
)
def test_bad_password_or_code_is_said_and_does_not_use_the_link_up(
    production: World, password: str, again: str, code: str, fault: str
) -> None:
    """Somebody who mistypes once needs no new link."""
    path, secret = invited(production)
    right = pyotp.TOTP(secret).at(int(production.clock()))
    wrong = f"{(int(right) + 1) % 1000000:06d}"
    browser = production.browser()
    browser.get("/login", {"Accept-Language": "en"})
    form = {"password": password, "again": again, "code": {"right": right, "wrong": wrong}.get(code, "")}
    answer = browser.post(path, form, csrf=browser.csrf(path), headers={"Accept-Language": "en"})
    assert answer.status_code == 422
    assert fault in answer.text
    assert accept(browser, path, right).status_code == 303


def test_without_its_invitation_an_account_lets_nobody_in(production: World) -> None:
    """An account without a password must not be open with an empty one."""
    invited(production)
    assert log_in(production.browser(), "nueva@example.org", "", "") == 401
    assert log_in(production.browser(), "nueva@example.org", NEW, "000000") == 401


# --- logging in -------------------------------------------------------------------------------------------------------


def test_second_factor_is_needed_in_production(production: World) -> None:
    """A password alone can be read over a shoulder."""
    ana = production.account()
    assert log_in(production.browser(), ana.email) == 401
    assert log_in(production.browser(), ana.email, code=production.code(ana)) == 303


def test_account_without_second_factor_gets_in_in_development_only(
    world: World, tmp_path: Path, valkey_server: EmbeddedServer
) -> None:
    """What is convenient for a developer must not follow the data into production."""
    ana = world.account()
    world.console.accounts.change(ana.id, lambda account: replace(account, totp_secret=""))
    assert log_in(world.browser(), ana.email) == 303
    production = console_world(tmp_path, valkey_server.url, production=True)
    assert log_in(production.browser(), ana.email) == 401


def test_code_is_good_once(production: World) -> None:
    """Who watches somebody type a code cannot use it after them."""
    ana = production.account()
    code = production.code(ana)
    assert log_in(production.browser(), ana.email, code=code) == 303
    assert log_in(production.browser(), ana.email, code=code) == 401


def test_older_code_is_refused_after_a_newer_one(production: World) -> None:
    """The leeway for slow clocks must not bring back what was passed over."""
    ana = production.account()
    before = production.code(ana, after_s=-30)
    assert log_in(production.browser(), ana.email, code=production.code(ana)) == 303
    assert log_in(production.browser(), ana.email, code=before) == 401


@pytest.mark.parametrize(("after_s", "status"), [(-61, 401), (-30, 303), (0, 303), (30, 303), (61, 401)])
def test_code_may_be_one_step_off(production: World, after_s: int, status: int) -> None:
    """Phones are not always on time, but a code must not live long."""
    production.clock.at_s -= production.clock.at_s % 30
    ana = production.account()
    assert log_in(production.browser(), ana.email, code=production.code(ana, after_s=after_s)) == status


def test_email_is_found_however_it_is_written(world: World) -> None:
    """Phones write a capital at the beginning."""
    world.account(email="ana@example.org")
    with pytest.raises(EmailTaken):
        world.console.accounts.add(" ANA@example.org ", Role.ADVISOR)
    ana = world.console.accounts.by_email("Ana@Example.ORG ")
    assert ana is not None
    assert log_in(world.browser(), " Ana@example.org ", code=world.code(ana)) == 303


def test_unknown_address_and_wrong_password_look_the_same(production: World) -> None:
    """Nobody can find out who works here."""
    ana = production.account()
    pages = [
        production.browser().post("/login", {"email": email, "password": "nada", "code": "123456"})
        for email in (ana.email, "nadie@example.org")
    ]
    without_tokens = [re.sub(r'value="[^"]*"', "", page.text) for page in pages]
    assert pages[0].status_code == pages[1].status_code == 401
    assert without_tokens[0] == without_tokens[1]


def test_unknown_address_costs_one_hash_as_a_known_one_does(production: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of an answer must not tell who works here either."""
    asked: list[str] = []
    real = passwords._HASHER

    class Counting:
        def verify(self, password_hash: str, password: bytes) -> bool:
            asked.append(password_hash)
            return bool(real.verify(password_hash, password))

        def hash(self, password: bytes) -> str:
            return real.hash(password)

    monkeypatch.setattr(passwords, "_HASHER", Counting())
    ana = production.account()
    closed = production.account()
    production.console.accounts.disable(closed.id)
    for email in (ana.email, "nadie@example.org", closed.email):
        asked.clear()
        log_in(production.browser(), email, "not this one at all", "123456")
        assert len(asked) == 1


def test_login_gets_a_new_token(production: World) -> None:
    """A token that somebody planted before the login must be worth nothing after it."""
    ana = production.account()
    browser = production.browser()
    planted = f"{ana.id}.{'A' * 43}"
    browser.client.set_cookie(production.login_cookie, planted, domain="hub.example.org", secure=True)
    assert log_in(browser, ana.email, code=production.code(ana)) == 303
    token = browser.cookie(production.login_cookie)
    assert token
    assert token != planted
    other = production.browser()
    other.client.set_cookie(production.login_cookie, planted, domain="hub.example.org", secure=True)
    assert not is_in(other)


def test_cookie_is_out_of_reach_of_scripts_other_sites_and_plain_http(production: World) -> None:
    """The cookie is all there is to a login."""
    ana = production.account()
    browser = production.browser()
    form = {"email": ana.email, "password": PASSWORD, "code": production.code(ana)}
    [cookie] = [
        each for each in browser.post("/login", form).headers.getlist("Set-Cookie") if each.startswith("__Host-login=")
    ]
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert attributes == {"httponly", "secure", "path=/", "samesite=strict"}


def test_link_from_another_site_does_not_log_out(production: World) -> None:
    """Such a link comes without cookies; the login page it is shown must leave the login alone."""
    ana = production.logged_in()
    answer = production.browser().get("/login", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"})
    assert not any(each.startswith("__Host-login") for each in answer.headers.getlist("Set-Cookie"))
    assert is_in(ana)


def test_password_hash_is_made_anew_when_the_parameters_change(
    production: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old hashes grow as strong as new ones, without anybody noticing."""
    ana = production.account()
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    production.console.accounts.change(ana.id, lambda account: replace(account, password_hash=weak))
    assert log_in(production.browser(), ana.email, code=production.code(ana)) == 303
    after = production.console.accounts.known(ana.id)
    assert after.password_hash != weak
    assert not passwords.is_outdated(after.password_hash)
    assert after.epoch == ana.epoch, "nobody is logged out by it"


def test_passwords_are_kept_as_argon2id_with_the_library_s_parameters() -> None:
    """OWASP's and RFC 9106's choice; the library moves on with them."""
    parameters = argon2.extract_parameters(passwords.hashed(PASSWORD))
    assert parameters == argon2.profiles.RFC_9106_LOW_MEMORY
    assert parameters.type is argon2.Type.ID


# --- brute force ------------------------------------------------------------------------------------------------------


def test_fifth_wrong_try_locks_and_the_right_password_does_not_open_then(production: World) -> None:
    """Guessing is over after five tries, and the answer no longer tells whether a guess was right."""
    ana = production.account()
    for _ in range(throttle.EMAIL_TRIES):
        assert log_in(production.browser(), ana.email, "wrong") == 401
    assert log_in(production.browser(), ana.email, code=production.code(ana)) == 429
    production.clock.passes(throttle.FIRST_WAIT_S + 1)
    assert log_in(production.browser(), ana.email, code=production.code(ana)) == 303
    production.clock.passes(60)
    assert log_in(production.browser(), ana.email, "wrong") == 401, "the tries of before are forgotten"


def test_lock_doubles_up_to_an_hour(world: World) -> None:
    """A patient guesser gets 24 tries a day."""
    tries = world.console.throttle
    for number in range(throttle.EMAIL_TRIES - 1):
        assert tries.admit("ana@example.org", f"10.0.0.{number}") == 0
    waits = []
    for number in range(9):
        assert tries.admit("ana@example.org", f"10.0.1.{number}") == 0
        waits.append(tries.admit("ana@example.org", f"10.0.2.{number}"))
        world.clock.passes(waits[-1])
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_one_network_address_cannot_try_many_accounts(world: World) -> None:
    """Trying one common password on everybody is stopped too, and a neighbour is not."""
    tries = world.console.throttle
    for number in range(throttle.ADDRESS_TRIES):
        assert tries.admit(f"p{number}@example.org", "203.0.113.7") == 0
    assert tries.admit("next@example.org", "203.0.113.7") == throttle.FIRST_WAIT_S
    assert tries.admit("next@example.org", "203.0.113.8") == 0


def test_addresses_of_one_ipv6_line_count_as_one() -> None:
    """Every home has 2⁶⁴ of them."""
    assert throttle.network_of("2001:db8:1:2::1") == throttle.network_of("2001:db8:1:2:ffff::9")
    assert throttle.network_of("2001:db8:1:2::1") != throttle.network_of("2001:db8:1:3::1")
    assert throttle.network_of("::ffff:203.0.113.7") == throttle.network_of("203.0.113.7")


def test_office_whose_logins_succeed_is_never_locked(production: World) -> None:
    """Twenty advisors behind one address start their day."""
    tries = production.console.throttle
    for number in range(throttle.ADDRESS_TRIES + 5):
        assert tries.admit(f"p{number}@example.org", "127.0.0.1") == 0
        tries.succeeded(f"p{number}@example.org", "127.0.0.1")
    ana = production.account()
    for _ in range(2):
        assert log_in(production.browser(), ana.email, code=production.code(ana)) == 303
        production.clock.passes(30)
    assert tries.admit("next@example.org", "127.0.0.1") == 0


def test_many_tries_at_once_are_counted_before_they_are_looked_at(world: World) -> None:
    """A burst gains nothing over trying one after the other."""
    start, admitted = threading.Barrier(12), []

    def attempt(number: int) -> None:
        start.wait()
        if world.console.throttle.admit("ana@example.org", f"10.0.0.{number}") == 0:
            admitted.append(number)

    threads = [threading.Thread(target=attempt, args=[number]) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(admitted) == throttle.EMAIL_TRIES


def test_stranger_cannot_choose_the_address_they_are_counted_under(production: World) -> None:
    """Whoever comes without a proxy could else write a new address for every try."""
    form = {"email": "x@example.org", "password": "x", "code": "1"}
    for number in range(throttle.ADDRESS_TRIES):
        production.console.throttle.admit(f"p{number}@example.org", "203.0.113.7")
    browser = production.browser()
    browser.client.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    assert browser.post("/login", form, headers={"X-Forwarded-For": "198.51.100.1"}).status_code == 429
    browser = production.browser()  # behind our own proxy, which says for whom it asks
    browser.client.environ_base["REMOTE_ADDR"] = "10.0.0.2"
    assert browser.post("/login", form, headers={"X-Forwarded-For": "1.1.1.1, 198.51.100.99"}).status_code == 401


# --- how logins end ---------------------------------------------------------------------------------------------------


def test_login_ends_after_half_an_hour_in_which_nothing_is_done(world: World) -> None:
    """A screen that was left alone shows nobody's chat to the next visitor."""
    browser = world.logged_in()
    world.clock.passes(IDLE_S - 60)
    assert is_in(browser)
    world.clock.passes(IDLE_S - 60)
    assert is_in(browser), "the last click counts"
    world.clock.passes(IDLE_S)
    assert not is_in(browser)


def test_login_ends_after_ten_hours_in_any_case(world: World) -> None:
    """A stolen token does not live on because it is used."""
    browser = world.logged_in()
    for _ in range(ABSOLUTE_S // 1200 - 1):
        world.clock.passes(1200)
        assert is_in(browser)
    world.clock.passes(1200)
    assert not is_in(browser)


def test_store_forgets_logins_by_itself(world: World, connection: Connection) -> None:
    """Nothing is left of a login that nobody closed."""
    browser = world.logged_in()
    [key] = connection.command("KEYS", "*:login:*")
    assert 0 < connection.command("TTL", key) <= ABSOLUTE_S
    world.clock.passes(120)
    assert is_in(browser)
    assert 0 < connection.command("TTL", key) <= ABSOLUTE_S - 120


def test_logging_out_ends_the_login_itself_and_not_just_the_cookie(world: World) -> None:
    """A copy of the token is worth nothing afterwards."""
    browser = world.logged_in()
    token = browser.cookie(world.login_cookie)
    assert browser.post("/logout").status_code == 303
    assert browser.cookie(world.login_cookie) == ""
    thief = world.browser()
    thief.client.set_cookie(world.login_cookie, token, domain="127.0.0.1")
    assert not is_in(thief)


def test_login_that_was_closed_does_not_come_back_by_a_late_click(world: World) -> None:
    """Two requests can be on their way at once."""
    browser = world.logged_in()
    token = browser.cookie(world.login_cookie)
    login = world.console.logins.find(token)
    assert login is not None
    world.clock.passes(100)
    world.console.logins.end(token)
    world.console.logins.touch(token, login)
    assert world.console.logins.find(token) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda accounts, user: accounts.disable(user),
        lambda accounts, user: accounts.reset(user),
        lambda accounts, user: accounts.set_role(user, Role.EDITOR),
        lambda accounts, user: accounts.set_password(user, "another"),
    ],
    ids=["disabled", "reset", "another role", "another password"],
)
def test_change_of_an_account_ends_all_its_logins_at_once(world: World, change: Callable[[Accounts, str], Any]) -> None:
    """Somebody who was sent away is out before they reach the door, on every device."""
    ana = world.account()
    browsers = [world.logged_in(account=ana), world.logged_in(account=ana)]
    assert all(map(is_in, browsers))
    change(world.console.accounts, ana.id)
    assert not any(map(is_in, browsers))


def test_disabled_account_gets_in_by_nothing(production: World) -> None:
    """Neither by password nor by a link from before."""
    ana = production.account()
    link = f"/invitation/{production.console.accounts.invite(ana, second_factor.new_secret())}"
    production.console.accounts.disable(ana.id)
    assert log_in(production.browser(), ana.email, code=production.code(ana)) == 401
    assert production.browser().get(link).status_code == 404


def test_new_password_is_taken_with_the_old_one_and_a_code_only(production: World) -> None:
    """Somebody at an unlocked screen cannot take the account over."""
    browser = production.logged_in()
    ana = browser.account
    assert ana is not None
    form = {"password": "wrong", "code": production.code(ana), "new": NEW, "again": NEW}
    assert browser.post("/account/password", form).status_code == 422
    production.clock.passes(60)
    form |= {"password": PASSWORD, "code": production.code(ana)}
    assert browser.post("/account/password", form).status_code == 303
    assert is_in(browser), "whoever changes it stays in"
    production.clock.passes(60)
    assert log_in(production.browser(), ana.email, NEW, production.code(ana)) == 303


# --- the administrator ------------------------------------------------------------------------------------------------


def test_admin_adds_somebody_who_then_gets_in(production: World) -> None:
    """Accounts can be managed without the command line."""
    admin = production.logged_in(Role.ADMIN)
    form = {"email": "rosa@example.org", "name": "Rosa", "role": "advisor", "language": "es"}
    page = admin.post("/staff/accounts", form).text
    path = re.search(r"https://hub\.example\.org(/invitation/[\w-]+)", page)
    assert path is not None
    secret = production.browser().get(path[1]).text
    shown = re.search(r'class="secret">([A-Z2-7 ]+)<', secret)
    assert shown is not None
    code = pyotp.TOTP(shown[1].replace(" ", "")).at(int(production.clock()))
    browser = production.browser()
    assert accept(browser, path[1], code).status_code == 303
    assert is_in(browser)
    assert path[1] not in admin.get("/staff/accounts").text, "a link is shown once"


def test_admin_cannot_change_their_own_account(production: World) -> None:
    """Nobody gives themselves another role, or locks everybody out by a slip."""
    admin = production.logged_in(Role.ADMIN)
    assert admin.account is not None
    for what in ("reset", "disable", "role"):
        assert admin.post(f"/staff/accounts/{admin.account.id}/{what}", {"role": "advisor"}).status_code == 409
    assert is_in(admin)


def test_admin_disables_somebody_who_is_out_at_once(production: World) -> None:
    """The page does what the command does."""
    admin, ana = production.logged_in(Role.ADMIN), production.logged_in()
    assert ana.account is not None
    assert admin.post(f"/staff/accounts/{ana.account.id}/disable").status_code == 303
    assert not is_in(ana)
    done = production.console.access_log.page(user=ana.account.id).entries
    assert [(entry.user, entry.did) for entry in done if admin.account and entry.user == admin.account.id] == [
        (admin.account.id, Did.ACCOUNT_CHANGED)
    ]


# --- what the store shows ---------------------------------------------------------------------------------------------


def test_copy_of_the_store_shows_no_address_name_hash_secret_or_token(
    production: World, everything: Callable[[], dict[bytes, bytes]]
) -> None:
    """A stolen backup must not tell who works here, nor help to get in."""
    ana = production.account(email="ana.secreta@example.org", name="Ana Secreta")
    path, secret = invited(production)
    browser = production.browser()
    assert log_in(browser, ana.email, code=production.code(ana)) == 303
    assert log_in(production.browser(), ana.email, "wrong guess here") == 401
    dump = b"".join(key + b"\0" + value for key, value in everything().items())
    tokens = [path.rpartition("/")[2], browser.cookie(production.login_cookie)]
    hidden = [ana.email, "secreta", "Secreta", "nueva@", "argon2", secret, production.secrets[ana.id], *tokens]
    assert dump
    assert [each for each in hidden if each.encode() in dump] == []


def test_logging_in_and_failing_leaves_nothing_personal_in_the_log(
    production: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """Logs are copied to more places than anything else."""
    ana = production.account(email="ana.secreta@example.org", name="Ana Secreta")
    for password in (PASSWORD, "wrong guess here"):
        log_in(production.browser(), ana.email, password, production.code(ana))
    log_in(production.browser(), "otra.persona@example.org", "wrong guess here")
    said = "".join(capsys.readouterr())
    assert not any(word in said for word in ("secreta", "Secreta", "otra.persona", "wrong guess", PASSWORD))


def test_accounts_survive_a_change_of_the_secret(world: World, connection: Connection) -> None:
    """Advisors do not need new links when the operator rotates the secret."""
    ana = world.account(email="ana@example.org")
    new = "a new secret, just as long as it has to be"
    rotating = Accounts(connection, Keys(new, SECRET), world.clock)
    found = rotating.by_email("ana@example.org")
    assert found == ana
    with pytest.raises(EmailTaken):
        rotating.add("ana@example.org", Role.ADVISOR)
    assert rotating.renew() == 1
    after = Accounts(connection, Keys(new), world.clock)
    assert after.by_email("ana@example.org") == ana
    assert len(connection.command("KEYS", "*:email:*")) == 1


# --- the run's own login ----------------------------------------------------------------------------------------------


def test_run_login_goes_straight_in_once_and_ends_with_the_next_run(world: World) -> None:
    """A developer sees the console without setting anything up, and no such login stays behind."""
    settings = world.console.settings
    email, link = make_run_login(settings)
    path = link.removeprefix(settings.console_url)
    browser = world.browser()
    assert browser.get(path).headers["Location"] == "/"
    assert is_in(browser)
    assert world.browser().get(path).headers["Location"] == "/login", "the link is good once"
    make_run_login(settings)
    assert not is_in(browser)
    assert world.console.accounts.by_email(email) is None


def test_there_is_no_run_login_in_production(production: World) -> None:
    """Nobody gets in there without password and second factor."""
    with pytest.raises(NotInProduction):
        make_run_login(production.console.settings)
    accounts = production.console.accounts
    account = accounts.add("run@example.org", Role.ADVISOR, for_run=True)
    token = accounts.invite(account, "", straight=True)
    assert production.browser().get(f"/run/{token}").status_code == 404
    assert production.browser().get(f"/invitation/{token}").status_code == 404


def test_invitation_is_no_way_straight_in(world: World) -> None:
    """The link of a real account must not log in without password."""
    path, _ = invited(world)
    browser = world.browser()
    assert browser.get(path.replace("/invitation/", "/run/")).status_code in (303, 404)
    assert not is_in(browser)


def test_real_accounts_are_never_removed(world: World) -> None:
    """The access log names them for a year."""
    ana = world.account()
    world.console.accounts.remove(ana.id)
    assert world.console.accounts.get(ana.id) is not None


# --- the command line -------------------------------------------------------------------------------------------------


def command(var: Path, *words: str, redis_url: str = "") -> str:
    """What `ventanilla user …` prints."""
    env = {"VENTANILLA_VAR": str(var), "VENTANILLA_SECRET": SECRET, "REDIS_URL": redis_url, "VENTANILLA_ENV": ""}
    result = CliRunner().invoke(main, ["user", *words], env=env)
    assert result.exit_code == 0, result.output
    return result.output


def test_user_commands_work_while_the_store_runs(world: World, tmp_path: Path, valkey_server: EmbeddedServer) -> None:
    """add, list, reset and disable, over the store of a running installation."""
    said = command(tmp_path, "add", "eva@example.org", "--role", "supervisor", redis_url=valkey_server.url)
    link = re.search(r"http://127\.0\.0\.1:8001(/invitation/\S+)", said)
    assert link is not None
    assert world.browser().get(link[1]).status_code == 200
    assert "supervisor" in command(tmp_path, "list", redis_url=valkey_server.url)
    again = command(tmp_path, "reset", "eva@example.org", redis_url=valkey_server.url)
    assert "/invitation/" in again
    assert world.browser().get(link[1]).status_code == 404, "the link of before is replaced"
    command(tmp_path, "disable", "eva@example.org", redis_url=valkey_server.url)
    eva = world.console.accounts.by_email("eva@example.org")
    assert eva is not None
    assert eva.state == "disabled"
    assert eva.role is Role.SUPERVISOR


def test_user_commands_work_while_nothing_runs(short_directory: Path) -> None:
    """The first account can be made before the first start, and is there after it."""
    command(short_directory, "add", "eva@example.org")
    with EmbeddedServer(short_directory / "valkey"):
        assert "eva@example.org" in command(short_directory, "list"), "and beside a run, whose store it finds"


def test_user_commands_say_plainly_what_is_wrong(
    tmp_path: Path, connection: Connection, valkey_server: EmbeddedServer
) -> None:
    """No traceback for a slip."""
    env = {"VENTANILLA_VAR": str(tmp_path), "VENTANILLA_SECRET": SECRET, "REDIS_URL": valkey_server.url}
    for words in (["add", "not-an-address"], ["disable", "nobody@example.org"], ["reset", "nobody@example.org"]):
        result = CliRunner().invoke(main, ["user", *words], env=env)
        assert result.exit_code == 1
        assert "Error: " in result.output


def test_console_does_not_start_without_a_store(tmp_path: Path) -> None:
    """It has nothing to show, and must not seem to work."""
    with pytest.raises(NoStore):
        create_console(settings_for(tmp_path, environment=Environment.DEVELOPMENT), reloads=False)


def test_account_is_one_sealed_record_that_opens_under_its_own_id_only(world: World, connection: Connection) -> None:
    """Somebody who can write to the store cannot put an admin's record in the place of an advisor's."""
    ana, boss = world.account(), world.account(Role.ADMIN)
    token = world.console.logins.begin(ana)
    sealed = connection.command("GET", f"v1:{{staff}}:user:{boss.id}")
    connection.command("SET", f"v1:{{staff}}:user:{ana.id}", sealed)
    assert world.console.logins.find(token) is None
    with pytest.raises(json.JSONDecodeError):
        json.loads(sealed.decode("latin-1"))
