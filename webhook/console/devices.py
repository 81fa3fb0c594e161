"""Known devices: a browser in which somebody has logged in before is not locked out by what strangers try elsewhere.

Whoever knows an e-mail address can try passwords until its account is locked, and so keep an advisor out. So a login
leaves a mark in the browser (OWASP's "device cookie"), and tries that come with it are counted by themselves: neither
those of strangers nor those of others behind the same network address hold them back. The mark lets nobody in. It is
sealed, belongs to one account, and is worth nothing after 180 days, or once the account was reset, shut or changed.
"""

from __future__ import annotations

import binascii
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable

from webhook.console.accounts import Account
from webhook.keys import Keys, Unopened

KNOWN_S = 180 * 24 * 3600
_ABOUT = "device"


class Devices:
    """Makes marks and knows them again. Asks no store."""

    def __init__(self, keys: Keys, now: Callable[[], float]) -> None:
        self._keys = keys
        self._now = now

    def mark(self, account: Account) -> str:
        """A mark for the browser in which somebody has just logged in."""
        written = json.dumps([account.id, account.epoch, secrets.token_hex(8), int(self._now())])
        return urlsafe_b64encode(self._keys.seal(written, _ABOUT)).decode()

    def known(self, mark: str, account: Account | None) -> str:
        """The name of the device whose mark it is; "" for a stranger, and for a mark of another account."""
        if not mark or account is None:
            return ""
        try:
            user, epoch, device, made_s = json.loads(self._keys.open(urlsafe_b64decode(mark), _ABOUT))
        except (Unopened, ValueError, binascii.Error):
            return ""
        is_theirs = (user, epoch) == (account.id, account.epoch)
        return str(device) if is_theirs and self._now() < made_s + KNOWN_S else ""
