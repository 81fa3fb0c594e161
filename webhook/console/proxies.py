"""From where somebody calls, when there are proxies in between.

The proxy on our own network says for whom it asks, at the end of `X-Forwarded-For`. If that is again a proxy, one that the
operator has named (`VENTANILLA_TRUSTED_PROXIES`), the address before it counts, and so on. Whoever else says so is not
believed: anybody can write that header, and would have a new address for every try.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from webhook.settings import Network

_OUR_NETWORKS: tuple[Network, ...] = tuple(
    ipaddress.ip_network(network)
    for network in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)
"""Written out, because `is_private` of the library says so of some that are not ours."""


def calling_address(peer: str, forwarded: str, proxies: Sequence[Network] = ()) -> str:
    """The address that counts. `peer` is who connected to us, `forwarded` the header as it came."""
    said = [part.strip() for part in forwarded.split(",") if part.strip()]
    address = peer
    if said and _is_in(peer, (*_OUR_NETWORKS, *proxies)):
        address = said.pop()
        while said and _is_in(address, proxies):
            address = said.pop()
    return address


def _is_in(written: str, networks: Sequence[Network]) -> bool:
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in networks if network.version == address.version)
