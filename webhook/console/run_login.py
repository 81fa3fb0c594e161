"""A login for one run on a developer's machine: an advisor who can look at the console without setting anything up."""

from __future__ import annotations

import secrets

from webhook.console.accounts import Accounts, Role
from webhook.console.world import accounts_of
from webhook.settings import Settings
from webhook.store.connection import Connection


class NotInProduction(RuntimeError):
    """Nobody gets in without password and second factor where real people write."""


def make_run_login(settings: Settings, role: Role = Role.ADVISOR) -> tuple[str, str]:
    """The e-mail address of an account for this run, and a link that logs straight in, once.

    The accounts of runs before are removed, and with them their logins. Raises NotInProduction and StoreDown.
    """
    if settings.is_production:
        raise NotInProduction("A login without a password is made in development only.")
    accounts = accounts_of(settings, Connection(settings.redis_url))
    end_run_logins(accounts)
    email = f"{role}-{secrets.token_hex(3)}@run.invalid"
    account = accounts.add(email, role, name=f"Run {role}", language="en", for_run=True)
    token = accounts.invite(account, "", straight=True)
    return email, f"{settings.console_url}/run/{token}"


def end_run_logins(accounts: Accounts) -> None:
    """Remove the accounts of runs before."""
    for account in accounts.all():
        if account.for_run:
            accounts.remove(account.id)
