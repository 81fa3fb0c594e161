"""`ventanilla templates`: the Contents that let WhatsApp draw replies with buttons and lists."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

import click
from requests import RequestException
from twilio.base.exceptions import TwilioException

from bot.loading import load_catalogue
from webhook.outbox.contents import GRACE_S, KnownContents, Library, forget, sync, wanted
from webhook.outbox.library import TwilioLibrary
from webhook.outbox.provider import client_of
from webhook.settings import Settings
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown

NO_ACCOUNT = (
    "There is no Twilio account to make them in (TWILIO_ACCOUNT_SID). Without one the phone on the simulator's page draws "
    "the numbers of a reply as buttons by itself."
)


def sync_templates(settings: Settings, library: Library | None = None) -> None:
    """Make what is missing at Twilio and use it from now on; delete what has been out of use for two days."""
    if not settings.account_sid:
        raise click.ClickException(NO_ACCOUNT)
    try:
        done = sync(
            library or TwilioLibrary(client_of(settings)),
            _kept(settings),
            settings.account_sid,
            languages_of(settings),
            int(time.time()),
        )
    except (TwilioException, RequestException) as fault:
        raise click.ClickException(
            f"Twilio did not answer as it should: {_said(fault)} Nothing is lost: try again."
        ) from fault
    except StoreDown as down:
        raise click.ClickException(f"The store does not answer ({down}).") from down
    click.echo(f"Made: {len(done.made)}. There already: {len(done.found)}. Deleted: {len(done.deleted)}.")
    if done.waiting:
        days = GRACE_S // 86400
        click.echo(f"Out of use: {len(done.waiting)}. Run this again in {days} days to delete them.")
    click.echo("WhatsApp draws replies with buttons and lists within a minute, as long as a sender runs.")


def show_templates(settings: Settings) -> None:
    """Whether replies are drawn with buttons, with which Contents, and what Twilio refused of late."""
    try:
        kept = _kept(settings)
        known, refusal = kept.load(), kept.refusal()
    except StoreDown as down:
        raise click.ClickException(f"The store does not answer ({down}).") from down
    if known is None or not known.ids:
        click.echo("Replies are numbered text. To draw buttons and lists on WhatsApp: ventanilla templates sync")
        return
    for name, sid in sorted(known.ids.items()):
        click.echo(f"  {sid}  {name}")
    for sid, since_s in sorted(known.old.items()):
        click.echo(f"  {sid}  out of use since {datetime.fromtimestamp(since_s, UTC):%Y-%m-%d %H:%M} UTC")
    if known.account != settings.account_sid:
        click.echo("They belong to another account than the one configured: run ventanilla templates sync.")
    elif missing := [name for name in wanted(languages_of(settings)) if name not in known.ids]:
        click.echo(f"Missing in this version: {len(missing)}. Run ventanilla templates sync.")
    if refusal:
        click.echo(f"Twilio refused one within the last hour (error {refusal}): until then replies are numbered text.")


def turn_off_templates(settings: Settings) -> None:
    """Numbered text again."""
    try:
        were_used = forget(_kept(settings))
    except StoreDown as down:
        raise click.ClickException(f"The store does not answer ({down}).") from down
    click.echo("Replies are numbered text again." if were_used else "Replies were numbered text already.")


def languages_of(settings: Settings) -> Sequence[str]:
    """The languages of the content."""
    return load_catalogue(settings.root, show_unconfirmed=settings.show_unconfirmed).languages


def _kept(settings: Settings) -> KnownContents:
    return KnownContents(Connection(settings.redis_url))


def _said(fault: Exception) -> str:
    """The code of a refusal; of anything else only its kind, for its text may hold addresses."""
    code = getattr(fault, "code", 0)
    return f"error {code}." if code else f"{type(fault).__name__}."
