"""Looks at what is ours: addresses, content, store, sender, spending, accounts, complaints."""

import os
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from bot.catalogue import Catalogue
from bot.faults import ContentFaults
from bot.loading import load_catalogue
from webhook.console.accounts import Role
from webhook.console.world import accounts_of
from webhook.doctor.findings import Finding, fail, ok, warn
from webhook.outbox.given_up import GivenUp
from webhook.outbox.heartbeat import Heartbeat
from webhook.outbox.limits import Limits
from webhook.outbox.store import Outbox
from webhook.settings import Settings
from webhook.store import policy
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown

OVERDUE_S = 300
NEARLY_SPENT = 0.8
_SENDER, _OUTBOX, _SPENDING, _ACCOUNTS = "sender", "outbox", "spending", "accounts"


def look_here(settings: Settings, store_url: str) -> Iterator[Finding]:
    """Everything that can be seen without the network. `store_url` is "" where no store runs."""
    yield from _addresses(settings)
    yield from _content(settings)
    yield from _complaints(settings)
    yield from _store(settings, store_url)


# --- addresses ---------------------------------------------------------------------------------------------------


def _addresses(settings: Settings) -> Iterator[Finding]:
    for area, name, url in (
        ("public address", "PUBLIC_BASE_URL", settings.public_base_url),
        ("console", "CONSOLE_BASE_URL", settings.console_url),
    ):
        parts = urlsplit(url)
        if settings.is_production and parts.scheme != "https":
            yield fail(area, f"{name} is not https.", "Words of people would travel in the open. Set an https address.")
        elif settings.is_production and "_" in (parts.hostname or ""):
            yield fail(
                area, f"{name} has an underscore in its host.", "Twilio calls no such host: choose another name."
            )
        elif parts.scheme == "https":
            yield ok(area, f"{name} is https.")
    if not settings.is_production:
        mend = "Set VENTANILLA_ENV=production before real people write."
        yield warn("environment", "It runs for development: the simulator signs messages for anybody.", mend)


# --- content -----------------------------------------------------------------------------------------------------


def _content(settings: Settings) -> Iterator[Finding]:
    try:
        catalogue = load_catalogue(settings.root, show_unconfirmed=settings.show_unconfirmed)
    except ContentFaults as faults:
        yield fail("content", f"It has {len(faults.faults)} faults.", "`ventanilla check` names them.")
        return
    yield ok("content", f"It can be served, version {catalogue.version[:10]}.")
    yield _hub(settings, catalogue)


def _hub(settings: Settings, catalogue: Catalogue) -> Finding:
    if catalogue.hub_is_confirmed:
        return ok("hub", "Address and hours are confirmed.")
    mend = "Fill in address, hours and `confirmed` of `hub` in content/places.yaml."
    if settings.is_production:
        return fail("hub", "Its hours are not confirmed: nobody can ask for an advisor.", mend)
    return warn("hub", "Its hours are not confirmed: in production nobody could ask for an advisor.", mend)


# --- complaints --------------------------------------------------------------------------------------------------


def _complaints(settings: Settings) -> Iterator[Finding]:
    complaints = settings.complaints
    if not complaints.are_taken:
        mend = "Have the focal point make a key (`ventanilla complaints key`) and set VENTANILLA_FOCAL_POINT."
        yield (fail if settings.is_production else warn)("complaints", "No focal point is named: none are taken.", mend)
        return
    folder = complaints.folder
    place = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    if os.access(place, os.W_OK | os.X_OK):
        yield ok("complaints", f"They go sealed to the focal point, who has {complaints.days} days.")
    else:
        mend = "Give the folder of VENTANILLA_COMPLAINTS to the user that runs web, and to nobody else."
        yield fail("complaints", "Their folder cannot be written to.", mend)


# --- store, and what stands in it --------------------------------------------------------------------------------


def _store(settings: Settings, url: str) -> Iterator[Finding]:
    if not url:
        mend = "Start it, or set REDIS_URL. Without a store people are answered without memory, and nothing is sent."
        yield warn("store", "No store runs here.", mend)
        return
    connection = Connection(url)
    try:
        report = policy.check(connection)
        for problem in report.problems:
            yield fail(
                "store", f"{problem}.", "Set it so in the store's own configuration; docs/operating.md, “The store”."
            )
        for note in report.notes:
            yield warn("store", f"{note}.", "Look it up with the store's provider.")
        if report.is_sound:
            yield ok("store", "It loses nothing and keeps no text.")
        yield from _sending(settings, connection)
        yield from _staff(settings, connection)
    except StoreDown as down:
        yield fail("store", f"It does not answer ({down}).", "Start it, or mend REDIS_URL.")


def _sending(settings: Settings, connection: Connection) -> Iterator[Finding]:
    """The sender and what it has to do."""
    now_s = time.time()
    if Heartbeat(connection).is_there():
        yield ok(_SENDER, "A sender is at work.")
    else:
        mend = "Start `ventanilla sender` (the service `sender` of compose.yaml); its log says why it ended."
        yield fail(_SENDER, "No sender has given a sign of life: advisors' messages stay here.", mend)
    people, overdue_s = Outbox(connection).waiting(now_s)
    if overdue_s > OVERDUE_S:
        mend = "Look at the sender's log, and `ventanilla outbox`."
        yield fail(_OUTBOX, f"{people} people wait for a message, the longest {overdue_s / 60:.0f} minutes.", mend)
    letters = GivenUp(connection).count()
    if letters:
        mend = "`ventanilla outbox` says why; send them again with `ventanilla outbox retry`, or drop them."
        yield warn(_OUTBOX, f"{letters} messages of the last seven days were given up.", mend)
    elif overdue_s <= OVERDUE_S:
        yield ok(_OUTBOX, "Nothing is stuck and nothing was given up.")
    yield _spending(settings, Limits(connection, settings.sending).spent_usd(now_s))


def _spending(settings: Settings, spent_usd: float) -> Finding:
    cap = settings.sending.daily_usd
    said = f"Today {spent_usd:.2f} of {cap:.2f} US dollars, by estimate."
    mend = "Find out why (`ventanilla outbox`); raise VENTANILLA_DAILY_USD if it is right."
    if spent_usd >= cap:
        return fail(_SPENDING, f"The day's cap is reached: advisors' messages wait. {said}", mend)
    return warn(_SPENDING, said, mend) if spent_usd >= NEARLY_SPENT * cap else ok(_SPENDING, said)


def _staff(settings: Settings, connection: Connection) -> Iterator[Finding]:
    """Whether anybody could take a chat, and whether all who can are safe with it."""
    accounts = [account for account in accounts_of(settings, connection).all() if account.is_active]
    if not any(account.role in (Role.ADVISOR, Role.SUPERVISOR) for account in accounts):
        mend = "`ventanilla user add EMAIL --role advisor`."
        yield (fail if settings.is_production else warn)(_ACCOUNTS, "There is no account of an advisor.", mend)
        return
    if settings.is_production and any(account.for_run for account in accounts):
        yield fail(_ACCOUNTS, "There is an account of a run in development.", "`ventanilla user disable` it.")
    yield ok(_ACCOUNTS, "There is somebody who can take a chat.")
