"""From where a request comes."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from django.conf import settings

# Whoever has one IPv6 address has a whole /64 of them.
IPV6_PREFIX = 64


def client_network(meta: Mapping[str, Any]) -> str:
    """Return the address for counting: of the client, or what the one proxy in front of IUM says it is.

    Only the last entry of X-Forwarded-For was written by that proxy; the others are claims.
    """
    told = str(meta.get("REMOTE_ADDR") or "")
    if settings.IUM_BEHIND_PROXY:
        told = str(meta.get("HTTP_X_FORWARDED_FOR") or told).rsplit(",", 1)[-1].strip()
    return network_of(told)


def network_of(address: str) -> str:
    """Return an IPv4 address as it is, an IPv6 address as its /64, and "unknown" for anything else."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), IPV6_PREFIX), strict=False).network_address)
