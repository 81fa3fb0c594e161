"""The names of those who work here, as the pages show them: read now and then, since every poll asks for them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from webhook.console.accounts import Account, Accounts, Role

READ_EVERY_S = 20
ANSWERING = frozenset({Role.ADVISOR, Role.SUPERVISOR})


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody a chat can be passed on to."""

    id: str
    name: str
    is_here: bool


class Colleagues:
    """All accounts by their ids. Raises StoreDown."""

    def __init__(self, accounts: Accounts, now: Callable[[], float]) -> None:
        self._accounts = accounts
        self._now = now
        self._known: dict[str, Account] = {}
        self._read_at = float("-inf")
        self._lock = threading.Lock()

    def name(self, user: str) -> str:
        """What somebody is called; the id of an account that is gone."""
        if not user:
            return ""
        account = self._all().get(user) or self._new(user)
        return account.name if account else user

    def can_take(self, user: str) -> bool:
        """Whether a chat can be passed on to somebody."""
        account = self._accounts.get(user) if user else None
        return account is not None and account.enabled and account.role in ANSWERING

    def others(self, user: str, on_duty: frozenset[str]) -> list[Colleague]:
        """Everybody a chat of this user can be passed on to: who is here first."""
        found = [
            Colleague(account.id, account.name, account.id in on_duty)
            for account in self._all().values()
            if account.id != user and account.enabled and account.role in ANSWERING
        ]
        return sorted(found, key=lambda colleague: (not colleague.is_here, colleague.name.casefold()))

    def _new(self, user: str) -> Account | None:
        """Somebody who came after the last reading."""
        account = self._accounts.get(user)
        if account is not None:
            with self._lock:
                self._known = {**self._known, user: account}
        return account

    def _all(self) -> dict[str, Account]:
        with self._lock:
            now = self._now()
            if not 0 <= now - self._read_at < READ_EVERY_S:
                self._known = {account.id: account for account in self._accounts.all()}
                self._read_at = now
            return self._known
