"""`ventanilla user`: who may use the console. Links are printed once and kept nowhere but as a digest."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console as Terminal
from rich.table import Table

from webhook.console.access_log import AccessLog, Did
from webhook.console.accounts import INVITATION_TTL_S, Account, Accounts, EmailTaken, Role, is_email
from webhook.console.second_factor import new_secret
from webhook.embedded import EmbeddedServer, socket_path
from webhook.keys import Keys
from webhook.observe import set_up_logging
from webhook.settings import Settings
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown

COMMAND_LINE = "command-line"
"""Stands in the access log for whoever has the server."""


def add_user(settings: Settings, email: str, *, role: str, name: str, language: str) -> None:
    """Make an account and print the link with which the person sets password and second factor."""
    if not is_email(email):
        raise click.ClickException(f"{email} is not an e-mail address.")
    with _staff(settings) as (accounts, log):
        try:
            account = accounts.add(email, Role(role), name=name, language=language)
        except EmailTaken:
            raise click.ClickException(
                f"There is an account for {email} already. A new link for it: ventanilla user reset {email}"
            ) from None
        log.note(COMMAND_LINE, Did.ACCOUNT_ADDED, about=account.id)
        _print_link(settings, accounts, account)


def disable_user(settings: Settings, email: str) -> None:
    """Shut an account; whoever is logged in with it is out at once."""
    with _staff(settings) as (accounts, log):
        account = accounts.disable(_account(accounts, email).id)
        log.note(COMMAND_LINE, Did.ACCOUNT_CHANGED, about=account.id)
    click.echo(f"{email} can no longer log in, and is logged out. To let them in again: ventanilla user reset {email}")


def reset_user(settings: Settings, email: str) -> None:
    """Take password and second factor away, log the person out, and print a new link."""
    with _staff(settings) as (accounts, log):
        account = accounts.reset(_account(accounts, email).id)
        log.note(COMMAND_LINE, Did.ACCOUNT_CHANGED, about=account.id)
        _print_link(settings, accounts, account)


def list_users(settings: Settings) -> None:
    """Print who there is."""
    with _staff(settings) as (accounts, _):
        found = accounts.all()
    if not found:
        click.echo("There is no account yet. The first one: ventanilla user add EMAIL --role admin")
        return
    table = Table("E-mail", "Name", "Role", "Language", "State", box=None, pad_edge=False)
    for account in found:
        table.add_row(account.email, account.name, account.role.value, account.language, account.state)
    Terminal(soft_wrap=True, highlight=False, markup=False).print(table)


def running_store(settings: Settings) -> str:
    """The address of the store of a `ventanilla run` on the same folder; "" when none answers there."""
    url = f"unix://{socket_path(settings.var / 'valkey')}"
    try:
        Connection(url).command("PING")
    except StoreDown:
        return ""
    return url


@contextmanager
def _staff(settings: Settings) -> Iterator[tuple[Accounts, AccessLog]]:
    """Accounts and log in the settings' store; in that of `ventanilla run`, whether that is running or not."""
    set_up_logging(production=settings.is_production)
    url = settings.redis_url or running_store(settings)
    try:
        if url:
            yield _opened(settings, url)
            return
        with EmbeddedServer(settings.var / "valkey") as server:
            yield _opened(settings, server.url)
    except StoreDown as down:
        raise click.ClickException(f"The store does not answer ({down}).") from down


def _opened(settings: Settings, url: str) -> tuple[Accounts, AccessLog]:
    connection, keys = Connection(url), Keys(*settings.secrets)
    return Accounts(connection, keys, time.time), AccessLog(connection, keys, time.time)


def _account(accounts: Accounts, email: str) -> Account:
    account = accounts.by_email(email)
    if account is None:
        raise click.ClickException(f"There is no account for {email}. See: ventanilla user list")
    return account


def _print_link(settings: Settings, accounts: Accounts, account: Account) -> None:
    token = accounts.invite(account, new_secret())
    click.echo(
        f"Give this link to {account.name} on a safe way. It is good once, for {INVITATION_TTL_S // 3600} hours:"
    )
    click.echo(f"  {settings.console_url}/invitation/{token}")
