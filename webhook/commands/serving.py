"""Starts the servers: everything at once on one machine, or one part of it."""

import http.client
import os
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from types import FrameType

import click

from webhook.app import load_content
from webhook.embedded import EmbeddedServer
from webhook.learned import Models
from webhook.observe import Metrics, set_up_logging
from webhook.outbox.heartbeat import Heartbeat
from webhook.processes import Beside, Part
from webhook.reload import LastGood, Reloader, SharedCheck
from webhook.server import serve
from webhook.settings import Settings
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown
from webhook.store.upkeep import Upkeep


def run_everything(settings: Settings, *, host: str, port: int, workers: int | None) -> None:
    """The bot, its store, the sender and the console; in development also the phone simulator.

    The web server answers first. The two others begin then, as copies of this process, and end with it.
    """
    _insist_on_ports(host, port, port + 1)
    with store_for(settings) as ready:
        parts = (
            Part("sender", partial(_send, ready), partial(sender_is_alive, ready)),
            Part("console", partial(_console, ready, host, port + 1), partial(_answers, host, port + 1)),
        )
        beside = Beside(
            parts, server_answers=partial(_answers, host, port), announce=lambda: _say_where(ready, host, port + 1)
        )
        serve(ready, host=host, port=port, workers=workers, beside=beside)


def _send(settings: Settings) -> None:
    from webhook.commands.sending import serve_sender

    serve_sender(settings)


def _console(settings: Settings, host: str, port: int) -> None:
    from webhook.commands.consoling import serve_console

    serve_console(settings, host=host, port=port, workers=1)


def sender_is_alive(settings: Settings) -> bool:
    """Whether a sender has given a sign of life."""
    try:
        return Heartbeat(Connection(settings.redis_url)).is_there()
    except StoreDown:
        return False


def _answers(host: str, port: int) -> bool:
    """Whether a server answers there, with whatever."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    link = http.client.HTTPConnection(shown, port, timeout=0.5)
    try:
        link.request("GET", "/healthz")
        return link.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


def _insist_on_ports(host: str, *ports: int) -> None:
    """End with a plain word when a port is taken, before anything has been started."""
    for port in ports:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except (OSError, OverflowError) as error:
                raise click.ClickException(
                    f"Port {port} of {host} cannot be used ({error}). The phone needs one port and the console "
                    "the next: choose others with --port."
                ) from error


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


def _say_where(settings: Settings, host: str, console_port: int) -> None:
    """What to open. In development with a login for the console that holds for this run only."""
    lines = ["", "  Ventanilla is running.", ""]
    if settings.is_production:
        lines += [
            f"  Twilio's webhook:   {settings.public_base_url}/twilio/inbound#rt=4000&rc=2&rp=ct,rt,5xx",
            f"  Advisors' console:  {settings.console_url}/advisor   (served here on {host}:{console_port})",
            "  An account for it:  ventanilla user add EMAIL --role advisor",
        ]
    else:
        from webhook.console.run_login import make_run_login

        content = os.path.relpath(settings.root / "content")
        lines += [
            f"  A phone to try it on:  {settings.public_base_url}/",
            f"  Advisors' console:     {settings.console_url}/advisor",
            f"  Log in as an advisor:  {make_run_login(settings)[1]}",
            "                         (opens once; the account is gone with the next run)",
            f"  Content and menus:     {content}/ and flows/ (saved changes show at once)",
        ]
    click.echo("\n".join([*lines, "  Ctrl+C ends it.", ""]), err=True)
