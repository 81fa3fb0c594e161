"""Starts the desk for a process: the web workers, the sender and the console each have their own."""

from __future__ import annotations

from collections.abc import Callable

from webhook.desk.desk import DeskService
from webhook.desk.inbox import Inbox, TicketInbox
from webhook.keys import Keys
from webhook.reload import CatalogueHolder
from webhook.settings import Settings
from webhook.store.connection import Connection
from webhook.store.sessions import SessionStore


def open_desk(
    settings: Settings, connection: Connection, keys: Keys, holder: CatalogueHolder, count: Callable[[str], None]
) -> DeskService:  # fmt: skip
    """The desk over a store. `count` is told by name what metrics should show: desk_conflict, count_lost."""
    return DeskService(connection, keys, holder, invites=bool(settings.sending.templates), count=count)


def open_inbox(
    settings: Settings, store: SessionStore | None, keys: Keys, holder: CatalogueHolder, count: Callable[[str], None]
) -> tuple[Inbox | None, DeskService | None]:  # fmt: skip
    """The inbox of a conversation and its desk; (None, None) without a store, where nobody can be handed over."""
    if store is None:
        return None, None
    desk = open_desk(settings, store.connection, keys, holder, count)
    return TicketInbox(desk, keys), desk
