"""The door of the console: who may call a route, from where, and how. Nothing is reached that does not say so itself.

How to declare a route. `callers` stands directly above the function, below the blueprint's decorator:

    from webhook.console.guard import Caller, callers, signed_in

    @pages.get("/advisor/queue")
    @callers(Caller.ADVISOR, renews=False)      # asked for by the page itself every second: keeps nobody logged in
    def queue() -> str:
        account = signed_in()                   # the Account: .id, .name, .role, .language
        ...

    @pages.post("/advisor/tickets/<ticket>/take")
    @callers(Caller.ADVISOR)
    def take(ticket: str) -> ResponseReturnValue: ...

A supervisor may call whatever an advisor may. `Caller.ANYONE` needs no login, `Caller.STAFF` any login. Several can be
named. A route without a declaration stops the console from starting.

What a view need not look after: a POST has the CSRF token of this very login (field `csrf_token` or header
`X-CSRFToken`) and comes from our own pages; GET never reaches a POST view; no response is cached, framed or runs inline
script. Nothing can be kept in `flask.session` and `flash` does not work: redirect with a word in the query instead.
`abort(404)` and so on give a plain page in the reader's language, StoreDown gives 503.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from flask import Flask, abort, current_app, redirect, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import CSRFProtect

from webhook.console.accounts import Account, Role
from webhook.hostnames import REFUSED, is_own_name

View = TypeVar("View", bound=Callable[..., Any])
SAFE_METHODS = frozenset({"GET", "HEAD"})
LOGIN_PATH = "/login"
_DECLARED = "__ventanilla_callers__"


class Caller(StrEnum):
    """Who may call a route."""

    ANYONE = "anyone"
    STAFF = "staff"  # whoever is logged in
    ADVISOR = "advisor"  # supervisors as well
    SUPERVISOR = "supervisor"
    EDITOR = "editor"
    ADMIN = "admin"


ROLES: dict[Caller, frozenset[Role]] = {
    Caller.ANYONE: frozenset(Role),
    Caller.STAFF: frozenset(Role),
    Caller.ADVISOR: frozenset({Role.ADVISOR, Role.SUPERVISOR}),
    Caller.SUPERVISOR: frozenset({Role.SUPERVISOR}),
    Caller.EDITOR: frozenset({Role.EDITOR}),
    Caller.ADMIN: frozenset({Role.ADMIN}),
}
"""An admin decides who gets in, and so must not read what is said; who needs both has two accounts, and both are logged."""


class Undeclared(Exception):
    """Some routes do not say who may call them. The message names them."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a route says of itself. `renews`: calling it shows that somebody is there, and keeps the login alive."""

    callers: frozenset[Caller]
    renews: bool = True

    @property
    def is_open(self) -> bool:
        return Caller.ANYONE in self.callers

    def allows(self, role: Role) -> bool:
        return any(role in ROLES[caller] for caller in self.callers)


def callers(*who: Caller, renews: bool = True) -> Callable[[View], View]:
    """Say who may call a view."""

    def declare(view: View) -> View:
        setattr(view, _DECLARED, Declared(frozenset(who), renews))
        return view

    return declare


def declared(app: Flask, endpoint: str | None) -> Declared | None:
    """What the view behind an endpoint says; None when it says nothing."""
    view = app.view_functions.get(endpoint or "")
    found: Declared | None = getattr(view, _DECLARED, None)
    return found if found is not None and found.callers else None


def check_declared(app: Flask) -> None:
    """Raises Undeclared with every route that does not say who may call it."""
    silent = [str(rule) for rule in app.url_map.iter_rules() if declared(app, rule.endpoint) is None]
    if silent:
        raise Undeclared(f"These routes do not say who may call them: {', '.join(sorted(silent))}")


def signed_in() -> Account:
    """The account that calls. In a view that declares callers other than ANYONE there always is one."""
    account = visitor()
    if account is None:
        abort(401)
    return account


def visitor() -> Account | None:
    """The account that calls; None for somebody who is not logged in."""
    account: Account | None = current_user._get_current_object() if current_user.is_authenticated else None
    return account


class Guard:
    """Stands before every request. `origin` is the console's own, like `https://hub.example.org`.

    `any_name` takes the name the browser used as well: on a developer's machine there are several, and only such as the
    public DNS cannot have.
    """

    def __init__(self, csrf: CSRFProtect, origin: str, renew: Callable[[], None], *, any_name: bool = False) -> None:
        self._csrf = csrf
        self._origin = origin
        self._renew = renew
        self._any_name = any_name

    def __call__(self) -> ResponseReturnValue | None:
        """Turn away whoever may not; None lets the request through."""
        if self._any_name and not is_own_name(request.host, self._origin):
            abort(403, REFUSED)
        if request.routing_exception is not None:
            return None  # no such page, or not in this way: Flask says so
        says = declared(current_app, request.endpoint)
        if says is None:
            abort(404)
        if not self._comes_from_us():
            abort(403)
        if not says.is_open:
            account = visitor()
            if account is None:
                return _to_login()
            if not says.allows(account.role):
                abort(403)
        if request.method not in SAFE_METHODS:
            self._csrf.protect()
        if says.renews and not says.is_open:
            self._renew()
        return None

    def _comes_from_us(self) -> bool:
        """Whether our own page asks. A link from elsewhere may lead here, but nothing may be sent or embedded from there.

        Under `Referrer-Policy: no-referrer` a browser names the origin of our own forms "null". It then says
        `Sec-Fetch-Site`; one too old for that is left to the CSRF token, which is bound to a same-site cookie.
        """
        site = request.headers.get("Sec-Fetch-Site", "")
        origin = request.headers.get("Origin", "")
        if request.method in SAFE_METHODS:
            return site in ("", "none", "same-origin") or request.headers.get("Sec-Fetch-Mode") == "navigate"
        ours = {"null", self._origin}
        if self._any_name:
            ours.add(request.host_url.rstrip("/"))
        if site:
            return site == "same-origin" and (not origin or origin in ours)
        return origin in ours


def _to_login() -> ResponseReturnValue:
    if request.headers.get("HX-Request"):
        return "", 401, {"HX-Redirect": LOGIN_PATH}
    if request.method not in SAFE_METHODS:
        abort(401)
    return redirect(LOGIN_PATH, 303)
