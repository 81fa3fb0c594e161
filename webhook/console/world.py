"""What the console's pages work with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app

from webhook.console.access_log import AccessLog
from webhook.console.accounts import Accounts
from webhook.console.devices import Devices
from webhook.console.logins import Logins
from webhook.console.second_factor import SecondFactor
from webhook.console.throttle import Throttle
from webhook.keys import Keys
from webhook.reload import CatalogueHolder
from webhook.settings import Settings
from webhook.store.connection import Connection

EXTENSION = "ventanilla-console"


@dataclass(frozen=True, slots=True)
class Console:
    """The parts of one console; `console_of(app)`, or `console()` in a view. `now` is in seconds since 1970."""

    settings: Settings
    keys: Keys
    connection: Connection
    holder: CatalogueHolder
    accounts: Accounts
    logins: Logins
    throttle: Throttle
    devices: Devices
    second_factor: SecondFactor
    access_log: AccessLog
    now: Callable[[], float]

    @classmethod
    def of(
        cls,
        settings: Settings,
        holder: CatalogueHolder,
        connection: Connection,
        now: Callable[[], float] = time.time,
    ) -> Console:
        """Everything over one store."""
        keys = Keys(*settings.secrets)
        return cls(
            settings=settings,
            keys=keys,
            connection=connection,
            holder=holder,
            accounts=Accounts(connection, keys, now),
            logins=Logins(connection, keys, now),
            throttle=Throttle(connection, keys, now),
            devices=Devices(keys, now),
            second_factor=SecondFactor(connection, now),
            access_log=AccessLog(connection, keys, now),
            now=now,
        )


def console_of(app: Flask) -> Console:
    """What an app was built from."""
    found: Console = app.extensions[EXTENSION]
    return found


def console() -> Console:
    """The same, in a view."""
    return console_of(current_app)


def accounts_of(settings: Settings, connection: Connection, now: Callable[[], float] = time.time) -> Accounts:
    """The accounts alone, for the command line."""
    return Accounts(connection, Keys(*settings.secrets), now)
