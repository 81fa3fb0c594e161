"""Logins: who is logged in, by a random token in a cookie. The store knows only a digest of it.

A login ends after 30 minutes in which nobody did anything (the pages' own polling does not count), after ten hours in
any case, at once when it is closed, and whenever the account's epoch moves on. The token begins with the account's id,
so that login and account are read in one round trip.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from webhook.console.accounts import Account, opened, user_key
from webhook.keys import Keys, Unopened
from webhook.store.connection import Connection
from webhook.store.keyspace import STAFF_PREFIX

IDLE_S = 30 * 60
ABSOLUTE_S = 10 * 3600
TOUCH_EVERY_S = 30
"""A login is written anew at most this often: nobody needs to know to the second when something was done."""

_TOKEN = re.compile(r"([0-9a-f]{16})\.[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Login:
    """One login. Moments are seconds since 1970."""

    account: Account
    begun_s: int
    active_s: int

    def ends_s(self) -> int:
        """When it ends if nothing is done."""
        return min(self.begun_s + ABSOLUTE_S, self.active_s + IDLE_S)


class Logins:
    """The logins in the store. Raises StoreDown from every method."""

    def __init__(self, connection: Connection, keys: Keys, now: Callable[[], float]) -> None:
        self._connection = connection
        self._keys = keys
        self._now = now

    def begin(self, account: Account) -> str:
        """A new login, and the token for its cookie."""
        token = f"{account.id}.{secrets.token_urlsafe(32)}"
        now = int(self._now())
        self._connection.command("SET", _key(token), _record(now, now, account.epoch), "EX", ABSOLUTE_S)
        return token

    def find(self, token: str) -> Login | None:
        """The login of a token, as long as it counts."""
        named = _TOKEN.fullmatch(token)
        if named is None:
            return None
        record, raw = self._connection.read([_key(token), user_key(named[1])])
        try:
            account = opened(self._keys, named[1], raw)
        except Unopened:
            return None
        if record is None or account is None or not account.enabled:
            return None
        begun_s, active_s, epoch = json.loads(record)
        login = Login(account, begun_s, active_s)
        return login if epoch == account.epoch and self._now() < login.ends_s() else None

    def touch(self, token: str, login: Login) -> Login:
        """Note that somebody did something. A login that was closed meanwhile does not come back."""
        now = int(self._now())
        if now - login.active_s < TOUCH_EVERY_S:
            return login
        left_s = max(1, login.begun_s + ABSOLUTE_S - now)
        record = _record(login.begun_s, now, login.account.epoch)
        self._connection.command("SET", _key(token), record, "XX", "EX", left_s)
        return replace(login, active_s=now)

    def end(self, token: str) -> None:
        """Close one login."""
        self._connection.command("DEL", _key(token))


def _record(begun_s: int, active_s: int, epoch: int) -> str:
    return json.dumps([begun_s, active_s, epoch])


def _key(token: str) -> str:
    digest = hashlib.sha256(b"login\0" + token.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{STAFF_PREFIX}login:{digest}"
