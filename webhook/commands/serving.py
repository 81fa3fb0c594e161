"""Starts the servers: everything at once on one machine, or one part of it."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType

import click

from webhook.app import load_content
from webhook.embedded import EmbeddedServer
from webhook.learned import Models
from webhook.observe import Metrics, set_up_logging
from webhook.reload import LastGood, Reloader, SharedCheck
from webhook.server import serve
from webhook.settings import Settings
from webhook.store.connection import Connection
from webhook.store.upkeep import Upkeep


def run_everything(settings: Settings, *, host: str, port: int, workers: int | None) -> None:
    """The bot, its store and, in development, the phone simulator."""
    with store_for(settings) as ready:
        serve(ready, host=host, port=port, workers=workers, announce=lambda: _say_where(ready))


def serve_web(settings: Settings, *, host: str, port: int, workers: int | None) -> None:
    """The web server, with an embedded store when none is named."""
    with store_for(settings) as ready:
        serve(ready, host=host, port=port, workers=workers)


def serve_actions(settings: Settings, *, host: str, port: int, packages: Sequence[str]) -> None:
    """Rasa's action server with our actions."""
    from webhook.action_server import serve as serve_rasa

    last_good = LastGood(settings.var)
    holder = load_content(settings, last_good, Models(settings.models, settings.root))
    Reloader(
        holder,
        settings.root,
        show_unconfirmed=settings.show_unconfirmed,
        check=SharedCheck(settings.var),
        last_good=last_good,
        metrics=Metrics(),
    ).start()
    click.echo(f"Actions are served at http://{host}:{port}/webhook", err=True)
    serve_rasa(host, port, lambda: holder.current, packages)


@contextmanager
def store_for(settings: Settings) -> Iterator[Settings]:
    """The settings with a store to use: the one that is named, none when stateless, or one that runs while this does."""
    set_up_logging(production=settings.is_production)
    if settings.stateless:
        yield settings
    elif settings.redis_url:
        with _kept_up(settings.redis_url):
            yield settings
    else:
        with EmbeddedServer(settings.var / "valkey") as server, _ending_well(), _kept_up(server.url):
            yield replace(settings, redis_url=server.url)


@contextmanager
def _kept_up(url: str) -> Iterator[None]:
    """Have what was deleted leave the store's file as well. Several web servers on one store do no harm."""
    upkeep = Upkeep(Connection(url))
    upkeep.start()
    try:
        yield
    finally:
        upkeep.stop()


@contextmanager
def _ending_well() -> Iterator[None]:
    """Let SIGTERM end the process as Ctrl+C does, so that the store is stopped too."""

    def end(signum: int, frame: FrameType | None) -> None:
        raise SystemExit(0)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _say_where(settings: Settings) -> None:
    lines = ["", "  Ventanilla is running.", ""]
    if settings.is_production:
        lines.append(f"  Twilio's webhook:  {settings.public_base_url}/twilio/inbound#rt=4000&rc=2&rp=ct,rt,5xx")
    else:
        lines.append(f"  A phone to try it on:  {settings.public_base_url}/")
        lines.append(
            f"  Content and menus:     {os.path.relpath(settings.root / 'content')}/ and flows/ (saved changes show at once)"
        )
    click.echo("\n".join([*lines, "  Ctrl+C ends it.", ""]), err=True)
