"""The second factor: codes of six digits from an app on the person's phone (TOTP, RFC 6238). Each is good once."""

from __future__ import annotations

import hmac
from collections.abc import Callable

import pyotp
import segno

from webhook.store.connection import Connection
from webhook.store.keyspace import STAFF_PREFIX
from webhook.store.scripts import Script

STEP_S = 30
LEEWAY_STEPS = 1
ISSUER = "Ventanilla"
_REMEMBERED_S = 10 * STEP_S

# KEYS  1 the last step used      ARGV  1 step · 2 ttl, s
USE_STEP = Script(
    """
if tonumber(redis.call('GET', KEYS[1]) or '-1') >= tonumber(ARGV[1]) then return 'used' end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 'fresh'
"""
)


class SecondFactor:
    """Checks codes. Raises StoreDown."""

    def __init__(self, connection: Connection, now: Callable[[], float]) -> None:
        self._connection = connection
        self._now = now

    def accepts(self, user: str, secret: str, code: str) -> bool:
        """Whether a code is right now, and was not used before: neither it nor a later one."""
        step = self.step_of(secret, code)
        if step is None:
            return False
        key = f"{STAFF_PREFIX}totp:{user}"
        return bool(self._connection.run(USE_STEP, [key], [step, _REMEMBERED_S]) == b"fresh")

    def step_of(self, secret: str, code: str) -> int | None:
        """The step of time a code belongs to; None when it is wrong, too old, or from a clock too far ahead."""
        digits = "".join(code.split())
        if not (secret and digits.isascii() and digits.isdigit()):
            return None
        codes = pyotp.TOTP(secret, interval=STEP_S)
        now = int(self._now()) // STEP_S
        for step in range(now - LEEWAY_STEPS, now + LEEWAY_STEPS + 1):
            if hmac.compare_digest(codes.at(step * STEP_S), digits):
                return step
        return None


def new_secret() -> str:
    """A secret for a new second factor."""
    return pyotp.random_base32()


def in_groups(secret: str) -> str:
    """A secret as somebody types it into an app: in groups of four."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def picture(secret: str, email: str) -> str:
    """The QR code for an app, as an SVG element with neither styles nor script in it."""
    address = pyotp.TOTP(secret, interval=STEP_S).provisioning_uri(name=email, issuer_name=ISSUER)
    drawn: str = segno.make(address, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff", svgclass="qr")
    return drawn
