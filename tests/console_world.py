"""What the tests of the console share: a console over a real store and the real content, and browsers logged in by role."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pyotp
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.catalogue import Catalogue
from bot.loading import load_catalogue
from tests.webhook_world import settings_for
from webhook.console.accounts import Account, Role
from webhook.console.app import create_console
from webhook.console.passwords import hashed
from webhook.console.world import Console, console_of
from webhook.reload import CatalogueHolder
from webhook.settings import CHECKOUT, Environment

NOON_S = 1_900_000_000.0
PASSWORD = "cuatro palabras sueltas hoy"
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


class Clock:
    """A clock that only a test moves."""

    def __init__(self, at_s: float = NOON_S) -> None:
        self.at_s = at_s

    def __call__(self) -> float:
        return self.at_s

    def passes(self, seconds: float) -> None:
        self.at_s += seconds


@dataclass
class Browser:
    """One browser: keeps cookies, and sends what a browser sends with our own pages. `account` is whose login it has."""

    client: FlaskClient
    origin: str
    account: Account | None = None

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> TestResponse:
        """Open a page, as by its address."""
        return self.client.get(path, base_url=self.origin, headers=dict(headers or {}), buffered=True)

    def post(
        self,
        path: str,
        data: Mapping[str, Any] | None = None,
        *,
        csrf: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """Send a form of ours, with the CSRF token of this browser, or another one."""
        token = self.csrf() if csrf is None else csrf
        sent = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin", **(headers or {})}
        form = {**(data or {}), **({"csrf_token": token} if token else {})}
        return self.client.post(path, base_url=self.origin, data=form, headers=sent, buffered=True)

    def csrf(self, path: str = "") -> str:
        """The token in the forms of this browser."""
        page = self.get(path or ("/account" if self.account else "/login")).text
        found = _CSRF.search(page)
        assert found, "there is no form on this page"
        return found[1]

    def cookie(self, name: str) -> str:
        """What a cookie holds; "" when there is none."""
        host = self.origin.partition("://")[2].partition(":")[0]
        found = self.client.get_cookie(name, domain=host)
        return found.value if found else ""


@dataclass
class World:
    """A console and its clock."""

    app: Flask
    clock: Clock
    origin: str
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def console(self) -> Console:
        return console_of(self.app)

    @property
    def login_cookie(self) -> str:
        return str(self.app.session_interface.login)  # type: ignore[attr-defined]  # ours

    def browser(self) -> Browser:
        """A browser in which nobody is logged in."""
        return Browser(self.app.test_client(), self.origin)

    def account(
        self, role: Role | str = Role.ADVISOR, *, email: str = "", name: str = "", language: str = "en"
    ) -> Account:
        """An account that is set up: password `PASSWORD`, second factor in `secrets`."""
        role = Role(role)
        email = email or f"{role}{len(self.secrets)}@example.org"
        made = self.console.accounts.add(email, role, name=name or f"Test {role}", language=language)
        secret = pyotp.random_base32()
        self.secrets[made.id] = secret
        invitation, _ = self.console.accounts.invited(token := self.console.accounts.invite(made, secret))
        return self.console.accounts.accept(token, invitation, _hash(), secret)

    def logged_in(self, role: Role | str = Role.ADVISOR, *, account: Account | None = None, **about: str) -> Browser:
        """A browser with a login: `world.logged_in("supervisor", name="Ana")`."""
        account = account or self.account(role, **about)
        browser = self.browser()
        browser.account = account
        host = self.origin.partition("://")[2].partition(":")[0]
        browser.client.set_cookie(
            self.login_cookie,
            self.console.logins.begin(account),
            domain=host,
            secure=self.origin.startswith("https"),
            httponly=True,
            samesite="Strict",
        )
        return browser

    def code(self, account: Account, after_s: float = 0) -> str:
        """What the app on the phone shows."""
        return pyotp.TOTP(self.secrets[account.id]).at(int(self.clock() + after_s))


def console_world(
    var: Path,
    redis_url: str,
    *,
    production: bool = False,
    pages: tuple[Callable[[Console], Blueprint], ...] | None = None,
    clock: Clock | None = None,
    **changed: Any,
) -> World:
    """A console over a store, with the content of the project."""
    origin = "https://hub.example.org" if production else "http://127.0.0.1:8001"
    clock = clock or Clock()
    settings = settings_for(
        var,
        redis_url,
        environment=Environment.PRODUCTION if production else Environment.DEVELOPMENT,
        console_url=origin,
        **changed,
    )
    holder = CatalogueHolder(content())
    app = create_console(settings, reloads=False, holder=holder, now=clock, **({"pages": pages} if pages else {}))
    return World(app, clock, origin)


@cache
def content() -> Catalogue:
    """The content of the project, read once."""
    return load_catalogue(CHECKOUT, show_unconfirmed=True)


@cache
def _hash() -> str:
    """Made once: it costs time on purpose."""
    return hashed(PASSWORD)
