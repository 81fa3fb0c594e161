"""What a browser carries: a random token, which says who is logged in and binds every form to that login.

It takes the place of Flask's own session. Nothing else is kept in it: `flask.session` only answers Flask-WTF's question
for the CSRF token, which is a digest of the token. So a login, which always gets a token of its own, makes every form of
before worthless, and there is nothing to steal from the store.

Who is not logged in has another cookie, for the forms of the login page; it is not that of the login, because a browser
that follows a link from another site sends none of them, is shown the login page, and must not lose its login. A third
one stays after logging out: it tells that somebody has logged in here before (`webhook/console/devices.py`).
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from flask import Flask, Request, Response, session
from flask.sessions import SessionInterface, SessionMixin

from webhook.console.devices import KNOWN_S

MAX_TOKEN_CHARACTERS = 100
MAX_MARK_CHARACTERS = 300
CSRF_FIELD = "csrf_token"


class Visit(dict[str, Any], SessionMixin):
    """What one request came with. `forms` says that a page with a form was made, which the cookie must outlive."""

    def __init__(self, login: str, anonymous: str, device: str = "") -> None:
        self.login_came, self.anonymous_came, self.device_came = login, anonymous, device
        self.login, self.device = login, device
        self.anonymous = anonymous or secrets.token_urlsafe(32)
        self.forms = False
        self[CSRF_FIELD] = csrf_of(login or self.anonymous)

    def begin(self, token: str) -> None:
        """Carry a login from now on."""
        self.login = token
        self[CSRF_FIELD] = csrf_of(token)

    def end(self) -> None:
        """Carry no login."""
        self.begin("")

    def __getitem__(self, name: str) -> Any:
        self.forms = self.forms or name == CSRF_FIELD
        return super().__getitem__(name)


class Visits(SessionInterface):
    """Reads the cookies and sets them. In production a browser gives them to this host only, and over TLS only."""

    def __init__(self, *, production: bool) -> None:
        self.secure = production
        self.login = "__Host-login" if production else "login"
        self.anonymous = "__Host-visit" if production else "visit"
        self.device = "__Host-device" if production else "device"

    def open_session(self, app: Flask, request: Request) -> Visit:
        device = _token(request, self.device, MAX_MARK_CHARACTERS)
        return Visit(_token(request, self.login), _token(request, self.anonymous), device)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        assert isinstance(session, Visit)
        if session.login != session.login_came:
            self._set(response, self.login, session.login)
        if session.forms and not session.login and session.anonymous != session.anonymous_came:
            self._set(response, self.anonymous, session.anonymous)
        if session.device != session.device_came:
            self._set(response, self.device, session.device, KNOWN_S)

    def _set(self, response: Response, name: str, token: str, max_age_s: int | None = None) -> None:
        where: dict[str, Any] = {"path": "/", "secure": self.secure, "httponly": True, "samesite": "Strict"}
        if token:
            response.set_cookie(name, token, max_age=max_age_s, **where)
        else:
            response.delete_cookie(name, **where)


def the_visit() -> Visit:
    """What this request came with."""
    visit = session._get_current_object()  # type: ignore[attr-defined]  # werkzeug's proxy
    assert isinstance(visit, Visit)
    return visit


def csrf_of(token: str) -> str:
    """What forms carry: known to who has the cookie, and worth nothing without it."""
    return hashlib.sha256(b"csrf\0" + token.encode("utf-8", "surrogatepass")).hexdigest()


def _token(request: Request, name: str, longest: int = MAX_TOKEN_CHARACTERS) -> str:
    token = request.cookies.get(name, "")
    return token if token.isascii() and len(token) <= longest else ""
