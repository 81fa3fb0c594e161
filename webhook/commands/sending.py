"""`ventanilla sender` and `ventanilla outbox`: send what waits, and look after what could not be sent."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from webhook.keys import Keys, normal_address
from webhook.observe import set_up_logging
from webhook.outbox.entries import BadEntry, Entry, read
from webhook.outbox.given_up import GivenUp
from webhook.outbox.reasons import reason_of
from webhook.outbox.second_chance import SecondChance
from webhook.outbox.store import Outbox
from webhook.settings import Settings
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown
from webhook.store.keyspace import DUE_KEYS

if TYPE_CHECKING:
    from webhook.outbox.counting import SenderMetrics
    from webhook.outbox.dispatch import Parts
    from webhook.outbox.sender import Chore, Sender


def serve_sender(settings: Settings, *, port: int = 0, host: str = "127.0.0.1", threads: int = 0) -> None:
    """Send until SIGTERM or Ctrl+C; the message in hand is finished. With a `port`, health and counters are served there."""
    from webhook.outbox.counting import SenderMetrics
    from webhook.outbox.dispatch import Parts
    from webhook.outbox.provider import Provider
    from webhook.outbox.sender import THREADS, Sender

    set_up_logging(production=settings.is_production)
    metrics = SenderMetrics()
    parts = Parts(
        connection=Connection(settings.redis_url),
        keys=Keys(*settings.secrets),
        provider=Provider(settings, _stand_in(settings)),
        sending=settings.sending,
        metrics=metrics,
    )
    sender = Sender(parts, threads=threads or THREADS, chores=_chores(settings, parts))
    with _ended_by_signals(sender), _watched(sender, metrics, host, port):
        sender.run()


def with_running_store(settings: Settings) -> Settings:
    """The settings with the store that is named, or that of a `ventanilla run` beside us. Raises ClickException."""
    from webhook.commands.accounts import running_store

    ready = replace(settings, redis_url=settings.redis_url or running_store(settings))
    if not ready.redis_url:
        raise click.ClickException(
            "There is no store to work with. Set REDIS_URL to that of the web server, or use `ventanilla run`, which "
            "sends as well."
        )
    return ready


def _stand_in(settings: Settings) -> Any:
    """In place of the network, on a developer's machine without an account; None: the network."""
    from webhook.outbox.local_log import stands_in

    if not stands_in(settings):
        return None
    from webhook.outbox.local_twilio import LocalTwilio

    return LocalTwilio.of(settings)


def _chores(settings: Settings, parts: Parts) -> tuple[Chore, ...]:
    """What a sender does beside sending."""
    from webhook.commands.sender_content import SenderContent
    from webhook.outbox.missed import EVERY_S, Missed
    from webhook.outbox.sender import SWEEP_EVERY_S, Chore

    content = SenderContent(settings, parts.keys)
    missed = Missed(
        connection=parts.connection,
        keys=parts.keys,
        provider=parts.provider,
        senders=our_senders(settings),
        conversation=lambda: content.conversation,
        count=parts.metrics.missed,
        clock=parts.clock,
    )
    # of all senders the one that comes first looks, once in EVERY_S
    return Chore("sweep", SWEEP_EVERY_S, content.sweep), Chore("missed", EVERY_S / 6, missed.look)


def our_senders(settings: Settings) -> tuple[str, ...]:
    """Our addresses as Twilio writes them; none where only a Messaging Service is named."""
    whatsapp = normal_address(settings.whatsapp_from)
    named = (f"whatsapp:{whatsapp}" if whatsapp else "", settings.sms_from)
    return tuple(sender for sender in named if sender)


@contextmanager
def _ended_by_signals(sender: Sender) -> Iterator[None]:
    def end(signum: int, frame: FrameType | None) -> None:
        sender.stop()

    before = {each: signal.signal(each, end) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def _watched(sender: Sender, metrics: SenderMetrics, host: str, port: int) -> Iterator[None]:
    """Serve `/healthz` and `/metrics` beside, if a port is given."""
    if not port:
        yield
        return

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pages = {
                "/healthz": (b'{"status":"ok"}\n', "application/json"),
                "/metrics": (b"", "text/plain; version=0.0.4"),
            }
            body, kind = pages.get(self.path, (b"", ""))
            if self.path == "/metrics":
                body = metrics.exposition()
            self.send_response(404 if not kind else 503 if sender.is_stopping else 200)
            self.send_header("Content-Type", kind or "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: a health check every second says nothing."""

    with ThreadingHTTPServer((host, port), Pages) as server:
        thread = threading.Thread(target=server.serve_forever, name="sender-pages", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


# --- ventanilla outbox -----------------------------------------------------------------------------------------------


def show_outbox(settings: Settings, *, as_json: bool, with_text: bool, language: str = "en") -> None:
    """What waits and what was given up. Addresses are masked; texts are shown only if asked for."""
    keys, connection = Keys(*settings.secrets), Connection(settings.redis_url)
    try:
        waiting = [_shown(read_or_none(written, keys), written, with_text) for written in _all_waiting(connection)]
        letters = [
            {
                **_shown(read_or_none(letter.written, keys), letter.written, with_text),
                "id": letter.id,
                "reason": letter.reason,
                "code": letter.code,
                "why": reason_of(letter.code, language, letter.reason),
                "given_up": _moment(letter.at_s),
            }
            for letter in GivenUp(connection).latest()
        ]
    except StoreDown as down:
        raise click.ClickException(f"The store does not answer ({down}).") from down
    if as_json:
        click.echo(json.dumps({"waiting": waiting, "given_up": letters}, ensure_ascii=False))
        return
    click.echo(f"Waiting: {len(waiting)}")
    for each in waiting:
        click.echo("  " + _line(each))
    click.echo(f"Given up within seven days: {len(letters)}")
    for each in letters:
        click.echo("  " + _line(each))
        click.echo(f"      {each['why']}" + (f" (Twilio {each['code']})" if each["code"] else ""))


def retry_letter(settings: Settings, id_: str, *, as_json: bool = False) -> int:
    """Put a message that was given up back into the outbox of whoever has that address now."""
    keys, connection = Keys(*settings.secrets), Connection(settings.redis_url)
    try:
        if SecondChance(connection, keys).retry(id_, time.time()) is None:
            return _tell(f"No message {id_} that could be sent is among those given up.", id_, False, as_json)
    except StoreDown as down:
        raise click.ClickException(f"The store does not answer ({down}).") from down
    return _tell(f"{id_} goes out again.", id_, True, as_json)


def drop_message(settings: Settings, id_: str, *, as_json: bool = False) -> int:
    """Take a message away, whether it waits or was given up."""
    keys, connection = Keys(*settings.secrets), Connection(settings.redis_url)
    try:
        dropped = SecondChance(connection, keys).drop(id_) is not None
        for person in _all_people(connection):
            dropped = Outbox(connection).withdraw(person, id_) or dropped
    except StoreDown as down:
        raise click.ClickException(f"The store does not answer ({down}).") from down
    said = f"{id_} is dropped." if dropped else f"There is no message {id_}."
    return _tell(said, id_, dropped, as_json)


def _tell(said: str, id_: str, is_done: bool, as_json: bool) -> int:
    """Say what became of it; the exit status."""
    click.echo(json.dumps({"id": id_, "done": is_done}) if as_json else said, err=not is_done and not as_json)
    return 0 if is_done else 1


def masked(address: str) -> str:
    """An address of which the country can be seen, and the last two signs."""
    prefix, mark, bare = address.rpartition(":")
    return f"{prefix}{mark}{bare[:4]}{'•' * max(0, len(bare) - 6)}{bare[-2:] if len(bare) > 6 else ''}"


def read_or_none(written: bytes, keys: Keys) -> Entry | None:
    """An entry, if it is there and can be read."""
    try:
        return read(written, keys) if written else None
    except BadEntry:
        return None


def _all_people(connection: Connection) -> list[str]:
    found: list[str] = []
    for key in DUE_KEYS:
        found.extend(person.decode() for person in connection.command("ZRANGE", key, 0, -1))
    return found


def _all_waiting(connection: Connection) -> list[bytes]:
    outbox = Outbox(connection)
    return [written for person in _all_people(connection) for written in outbox.entries(person)]


def _shown(entry: Entry | None, written: bytes, with_text: bool) -> dict[str, Any]:
    if entry is None:
        id_ = written.partition(b" ")[0].decode("ascii", "replace")
        return {"id": id_, "kind": "", "channel": "", "to": "", "made": "", "ticket": ""}
    shown: dict[str, Any] = {
        "id": entry.id,
        "kind": entry.kind.value,
        "channel": entry.channel.value,
        "to": masked(entry.address),
        "made": _moment(entry.made_s),
        "ticket": entry.ticket,
    }
    return {**shown, "text": entry.text} if with_text else shown


def _line(shown: dict[str, Any]) -> str:
    known = [
        shown["id"],
        shown["kind"] or "cannot be read",
        shown["channel"],
        shown["to"],
        shown["made"],
        shown["ticket"],
    ]
    return "  ".join(part for part in [*known, shown.get("text", "")] if part)


def _moment(at_s: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))
