"""By which names a developer's machine may be called.

There the pages ask for no login, or for one that is printed on the screen. A page on the web could reach them by giving a
name of its own this machine's address (DNS rebinding); to the browser both are then one site. Such a name is one of the
public DNS, so whatever cannot be such a name is let in, and those that the settings name.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

REFUSED = "Open this page as localhost, or put the name that you use into PUBLIC_BASE_URL and CONSOLE_BASE_URL."
_LOCAL_ENDINGS = (".localhost", ".local")


def is_own_name(host: str, *addresses: str) -> bool:
    """Whether a `Host` header names this machine: by a number, a local name, or as one of `addresses` does."""
    name = _name_in(f"//{host}")
    if not name or _is_number(name):
        return bool(name)
    return "." not in name or name.endswith(_LOCAL_ENDINGS) or name in map(_name_in, addresses)


def _name_in(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
