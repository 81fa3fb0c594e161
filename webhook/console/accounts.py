"""Accounts of the people who work with the console: who they are, what they may do, and the links that let them in.

An account is one sealed record. Its key is a random id, and the e-mail address is found through a keyed code, so that a
copy of the store shows neither who works here nor anything a password could be tried against. `epoch` counts what ends
every login of an account at once: disabling, resetting, another role. A login holds the number it was begun with.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum

from webhook.keys import Keys
from webhook.store.connection import Connection
from webhook.store.keyspace import STAFF_PREFIX
from webhook.store.scripts import Script

INVITATION_TTL_S = 72 * 3600
RUN_TTL_S = 24 * 3600
LANGUAGES = ("en", "es")

_USERS = f"{STAFF_PREFIX}users"
_ATTEMPTS = 20
_NOBODY = "-"
_EMAIL = re.compile(r"[^@\s<>\"]{1,64}@[^@\s<>\"]{1,180}\.[^@\s<>\".]{2,}")

# KEYS  1 the account · 2… codes of its e-mail      ARGV  1 as read, '' for none · 2 new, '' to remove it
# · 3 id · 4 whether the e-mail must be free: yes or no
# KEYS  last one: the list of accounts
SAVE_ACCOUNT = Script(
    """
local last = #KEYS
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 'conflict' end
if ARGV[4] == 'yes' then
  for k = 2, last - 1 do
    if redis.call('EXISTS', KEYS[k]) == 1 then return 'taken' end
  end
end
for k = 2, last - 1 do redis.call('DEL', KEYS[k]) end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
  redis.call('SREM', KEYS[last], ARGV[3])
else
  redis.call('SET', KEYS[1], ARGV[2])
  redis.call('SET', KEYS[2], ARGV[3])
  redis.call('SADD', KEYS[last], ARGV[3])
end
return 'saved'
"""
)


class Role(StrEnum):
    """What somebody works as. What each may call is said at the routes (`webhook/console/guard.py`)."""

    ADVISOR = "advisor"  # answers people
    SUPERVISOR = "supervisor"  # does what advisors do, sees figures and the access log
    EDITOR = "editor"  # works on the content; reads no chat
    ADMIN = "admin"  # manages accounts, sees the access log; reads no chat


class EmailTaken(ValueError):
    """There is an account with this e-mail address."""


class NoSuchAccount(LookupError):
    """There is no account with this e-mail address or id."""


class NoSuchInvitation(LookupError):
    """The link is not ours, was used, or is too old."""


class Conflict(RuntimeError):
    """An account was changed again and again while we tried to change it."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may use the console. `name` is what advisors see; `for_run` that it ends with `ventanilla run`.

    The three properties and `get_id` are what Flask-Login asks of a user.
    """

    id: str
    email: str = field(repr=False)
    name: str = field(repr=False)
    role: Role
    language: str = "es"
    password_hash: str = field(default="", repr=False)
    totp_secret: str = field(default="", repr=False)
    enabled: bool = True
    created_s: int = 0
    epoch: int = 0
    for_run: bool = False

    @property
    def state(self) -> str:
        """disabled, invited (the link was not used yet) or open."""
        if not self.enabled:
            return "disabled"
        return "open" if self.password_hash or self.for_run else "invited"

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def is_active(self) -> bool:
        return self.enabled

    @property
    def is_anonymous(self) -> bool:
        return False

    def get_id(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a link is for: setting password and second factor of an account, or (`straight`) logging in without."""

    user: str
    epoch: int
    totp_secret: str = field(default="", repr=False)
    straight: bool = False


class Accounts:
    """The accounts in the store. Raises StoreDown from every method."""

    def __init__(self, connection: Connection, keys: Keys, now: Callable[[], float]) -> None:
        self._connection = connection
        self._keys = keys
        self._now = now

    def add(self, email: str, role: Role, *, name: str = "", language: str = "es", for_run: bool = False) -> Account:
        """A new account, without a password: nobody can log in with it yet. Raises EmailTaken."""
        email = normal_email(email)
        account = Account(
            id=secrets.token_hex(8),
            email=email,
            name=name.strip() or email.partition("@")[0],
            role=role,
            language=language,
            created_s=int(self._now()),
            for_run=for_run,
        )
        if self._write(b"", account, must_be_free=True) == b"taken":
            raise EmailTaken("There is an account with this e-mail address.")
        return account

    def get(self, user: str) -> Account | None:
        """The account with an id."""
        return self._open(user, self._raw(user))

    def known(self, user: str) -> Account:
        """The account with an id. Raises NoSuchAccount."""
        account = self.get(user)
        if account is None:
            raise NoSuchAccount("There is no such account.")
        return account

    def by_email(self, email: str) -> Account | None:
        """The account with an e-mail address."""
        for code in self._codes(email):
            user = self._connection.command("GET", _email_key(code))
            account = self.get(user.decode() if user else _NOBODY)  # as many questions for an unknown address
            if account is not None:
                return account
        return None

    def all(self) -> list[Account]:
        """Every account, the oldest first."""
        ids = sorted(user.decode() for user in self._connection.command("SMEMBERS", _USERS))
        found = [account for account in map(self.get, ids) if account is not None]
        return sorted(found, key=lambda account: (account.created_s, account.id))

    def change(self, user: str, changed: Callable[[Account], Account]) -> Account:
        """Change an account, whatever happens beside it. Raises NoSuchAccount."""
        for _ in range(_ATTEMPTS):
            raw = self._raw(user)
            account = self._open(user, raw)
            if account is None:
                raise NoSuchAccount("There is no such account.")
            after = changed(account)
            if self._write(raw, after) == b"saved":
                return after
        raise Conflict(f"account {user}")

    def disable(self, user: str) -> Account:
        """Shut an account. Its logins and its links end at once. Raises NoSuchAccount."""
        return self.change(user, lambda account: replace(account, enabled=False, epoch=account.epoch + 1))

    def reset(self, user: str) -> Account:
        """Take password and second factor away, and open the account for a new link. Its logins end at once."""
        return self.change(
            user,
            lambda account: replace(account, enabled=True, password_hash="", totp_secret="", epoch=account.epoch + 1),
        )

    def set_role(self, user: str, role: Role) -> Account:
        """Another role, from the next login on: the present ones end at once."""
        return self.change(user, lambda account: replace(account, role=role, epoch=account.epoch + 1))

    def rehash(self, account: Account, password_hash: str) -> None:
        """Keep the same password under stronger parameters, unless it was changed meanwhile."""

        def kept(now: Account) -> Account:
            return replace(now, password_hash=password_hash) if now.password_hash == account.password_hash else now

        self.change(account.id, kept)

    def set_password(self, user: str, password_hash: str) -> Account:
        """Another password. Every login ends."""
        return self.change(user, lambda account: replace(account, password_hash=password_hash, epoch=account.epoch + 1))

    def remove(self, user: str) -> None:
        """Remove an account whole. For those of one run only: the access log names accounts that can still be asked for."""
        raw = self._raw(user)
        account = self._open(user, raw)
        if account is not None and account.for_run:
            keys = [_user_key(user), *map(_email_key, self._codes(account.email)), _USERS]
            self._connection.run(SAVE_ACCOUNT, keys, [raw, "", user, "no"])

    def renew(self) -> int:
        """Seal every account with the present secret and index it under its code; how many. For a changed secret."""
        return len([self.change(account.id, lambda same: same) for account in self.all()])

    def invite(self, account: Account, totp_secret: str, *, straight: bool = False) -> str:
        """A token for one link, good once. What it opens is kept sealed under a digest of it."""
        token = secrets.token_urlsafe(32)
        invitation = Invitation(account.id, account.epoch, totp_secret, straight)
        key = _invitation_key(token)
        sealed = self._keys.seal(json.dumps(asdict(invitation)), key)
        self._connection.command("SET", key, sealed, "EX", RUN_TTL_S if straight else INVITATION_TTL_S)
        return token

    def invited(self, token: str) -> tuple[Invitation, Account]:
        """What a link is for. Looking does not use it up. Raises NoSuchInvitation."""
        key = _invitation_key(token)
        return self._invitation(key, self._connection.command("GET", key))

    def accept(self, token: str, invitation: Invitation, password_hash: str, totp_secret: str) -> Account:
        """Set what a link is for. Of two that use the same link, one gets NoSuchInvitation: the epoch has moved on."""

        def accepted(account: Account) -> Account:
            if not account.enabled or account.epoch != invitation.epoch:
                raise NoSuchInvitation("This link was used, or replaced.")
            epoch = account.epoch + 1
            return replace(account, password_hash=password_hash, totp_secret=totp_secret, epoch=epoch)

        account = self.change(invitation.user, accepted)
        self._connection.command("DEL", _invitation_key(token))
        return account

    def use_invitation(self, token: str) -> tuple[Invitation, Account]:
        """The same, for the one time it is good for. Raises NoSuchInvitation."""
        key = _invitation_key(token)
        return self._invitation(key, self._connection.command("GETDEL", key))

    def _invitation(self, key: str, sealed: bytes | None) -> tuple[Invitation, Account]:
        if sealed is None:
            raise NoSuchInvitation("This link was used, or is too old.")
        invitation = Invitation(**json.loads(self._keys.open(sealed, key)))
        account = self.get(invitation.user)
        if account is None or not account.enabled or account.epoch != invitation.epoch:
            raise NoSuchInvitation("This link was replaced.")
        return invitation, account

    def _raw(self, user: str) -> bytes:
        raw: bytes | None = self._connection.command("GET", _user_key(user))
        return raw or b""

    def _open(self, user: str, raw: bytes) -> Account | None:
        return opened(self._keys, user, raw)

    def _write(self, raw: bytes, account: Account, *, must_be_free: bool = False) -> bytes:
        sealed = self._keys.seal(json.dumps(asdict(account)), _about(account.id))
        keys = [_user_key(account.id), *map(_email_key, self._codes(account.email)), _USERS]
        answer: bytes = self._connection.run(
            SAVE_ACCOUNT, keys, [raw, sealed, account.id, "yes" if must_be_free else "no"]
        )
        return answer

    def _codes(self, email: str) -> tuple[str, ...]:
        return self._keys.staff("email", normal_email(email))


def opened(keys: Keys, user: str, raw: bytes | None) -> Account | None:
    """An account as it stands in the store under `user_key`; None when there is none. Raises Unopened."""
    if not raw:
        return None
    read = json.loads(keys.open(raw, _about(user)))
    return Account(**{**read, "role": Role(read["role"])})


def normal_email(email: str) -> str:
    """One spelling for one address."""
    return email.strip().casefold()


def is_email(email: str) -> bool:
    """Whether a text can be an e-mail address."""
    return _EMAIL.fullmatch(email.strip()) is not None


def user_key(user: str) -> str:
    """Where an account stands."""
    return _user_key(user)


def _user_key(user: str) -> str:
    return f"{STAFF_PREFIX}user:{user}"


def _email_key(code: str) -> str:
    return f"{STAFF_PREFIX}email:{code}"


def _invitation_key(token: str) -> str:
    digest = hashlib.sha256(b"invitation\0" + token.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{STAFF_PREFIX}invitation:{digest}"


def _about(user: str) -> str:
    return f"account:{user}"
