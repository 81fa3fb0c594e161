"""Slows down whoever tries passwords: for each e-mail address and for each address on the network.

Every try is counted before it is looked at, so that many at once gain nothing. From the fifth on for an e-mail address
(the twentieth for a network address, behind which a whole office may sit) nothing more is looked at for one minute, then
two, four, and so on up to an hour. A login that succeeds is not held against anybody. The store holds codes only.
A known device (`webhook/console/devices.py`) has tries of its own, on which those of others have no bearing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from webhook.console.accounts import normal_email
from webhook.keys import Keys
from webhook.store.connection import Connection
from webhook.store.keyspace import STAFF_PREFIX
from webhook.store.scripts import Script

EMAIL_TRIES = 5
ADDRESS_TRIES = 20
DEVICE_TRIES = 5
FIRST_WAIT_S = 60
LONGEST_WAIT_S = 3600
FORGOTTEN_AFTER_S = 24 * 3600

# KEYS  tries, one for each code      ARGV  1 now, s · 2 first wait, s · 3 longest wait, s · 4 ttl, s · 5… limits
ADMIT = Script(
    """
local now, wait = tonumber(ARGV[1]), 0
for k = 1, #KEYS do
  wait = math.max(wait, tonumber(redis.call('HGET', KEYS[k], 'until') or '0') - now)
end
if wait > 0 then return wait end
for k = 1, #KEYS do
  local tries = redis.call('HINCRBY', KEYS[k], 'n', 1)
  local beyond = tries - tonumber(ARGV[4 + k])
  if beyond >= 0 then
    local pause = math.min(tonumber(ARGV[2]) * 2 ^ math.min(beyond, 20), tonumber(ARGV[3]))
    redis.call('HSET', KEYS[k], 'until', string.format('%d', now + pause))
  end
  redis.call('EXPIRE', KEYS[k], ARGV[4])
end
return 0
"""
)

# KEYS  1 tries of the e-mail address, or of the known device · 2 tries of the network address, if they were counted
SUCCEED = Script(
    """
redis.call('DEL', KEYS[1])
if KEYS[2] and redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('HINCRBY', KEYS[2], 'n', -1)
  redis.call('HDEL', KEYS[2], 'until')
end
return 'ok'
"""
)


class Throttle:
    """Counts tries. Raises StoreDown: without the store nobody logs in."""

    def __init__(self, connection: Connection, keys: Keys, now: Callable[[], float]) -> None:
        self._connection = connection
        self._keys = keys
        self._now = now

    def admit(self, email: str, address: str, device: str = "") -> int:
        """Count a try. Gives the seconds to wait: 0 means that it may be looked at now."""
        limits = (DEVICE_TRIES,) if device else (EMAIL_TRIES, ADDRESS_TRIES)
        args = [int(self._now()), FIRST_WAIT_S, LONGEST_WAIT_S, FORGOTTEN_AFTER_S, *limits]
        return int(self._connection.run(ADMIT, self._tried(email, address, device), args))

    def succeeded(self, email: str, address: str, device: str = "") -> None:
        """Forget the tries of an e-mail address, and this one of the network address; or those of a known device."""
        self._connection.run(SUCCEED, self._tried(email, address, device))

    def _tried(self, email: str, address: str, device: str) -> list[str]:
        if device:
            tried = [("device", device)]
        else:
            tried = [("tries", normal_email(email)), ("tries", network_of(address))]
        return [f"{STAFF_PREFIX}tries:{self._keys.staff(kind, what)[0]}" for kind, what in tried]


def network_of(address: str) -> str:
    """What counts as one address on the network: of IPv6 the first half, since anybody has all of the second."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        mapped = ip.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
