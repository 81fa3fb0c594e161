"""`ventanilla console`: serves the advisors' pages, in a process of their own."""

from __future__ import annotations

from dataclasses import replace

import click

from webhook.console.accounts import Accounts
from webhook.console.world import accounts_of
from webhook.observe import set_up_logging
from webhook.server import serve
from webhook.settings import Settings
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown

CONSOLE_APP = "webhook.console_wsgi:app"
THREADS = 4
"""Pages ask every second or two and mostly wait for the store."""


def serve_console(settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Serve the console until told to stop, over a store that runs already. Learns nothing itself."""
    set_up_logging(production=settings.is_production)
    made_anew(accounts_of(settings, Connection(settings.redis_url)))
    serve(
        replace(settings, learns=False),
        host=host,
        port=port,
        workers=workers,
        threads=THREADS,
        app=CONSOLE_APP,
    )


def serve_console_alone(settings: Settings, *, host: str, port: int, workers: int) -> None:
    """The same, started by itself: with the store that is named, or that of a `ventanilla run` beside it."""
    from webhook.commands.accounts import running_store

    ready = replace(settings, redis_url=settings.redis_url or running_store(settings))
    if not ready.redis_url:
        raise click.ClickException(
            "There is no store to work with. Set REDIS_URL to that of the web server, or use `ventanilla run`, which "
            "starts the console as well."
        )
    shown = ready.console_url
    click.echo(f"\n  The console is at {shown}/advisor and {shown}/staff\n  Ctrl+C ends it.\n", err=True)
    serve_console(ready, host=host, port=port, workers=workers)


def made_anew(accounts: Accounts) -> None:
    """Bring accounts under the present secret while the one before still counts. A store that is down is no reason
    not to start: an account is also brought over when it is changed."""
    try:
        accounts.renew()
    except StoreDown:
        return
