"""Limits the calls of an address per minute; local calls are not counted."""

from __future__ import annotations

import ipaddress
import os

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.types import Scope

from pipeline.errors import InputError
from ui.guard.limits import CALLS_PER_MINUTE

VARIABLE = "CALLS_PER_MINUTE"
_NETWORK_BITS = 64  # prefix length of the network of one IPv6 visitor


class SettingError(InputError):
    """An environment variable cannot be used; the message names it in one sentence."""


class Rates:
    """Counts calls by address.

    Args:
        per_minute: Calls that one address may make, 0 for any number.
        behind_proxy: Whether the last public address of X-Forwarded-For is the visitor's, as on a Space.
    """

    def __init__(self, per_minute: int = CALLS_PER_MINUTE, *, behind_proxy: bool = False) -> None:
        self._limit = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._behind_proxy = behind_proxy
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    @classmethod
    def from_environment(cls) -> Rates:
        """Read CALLS_PER_MINUTE; with SPACE_ID set, assume a proxy.

        Raises:
            SettingError: In one sentence, if CALLS_PER_MINUTE is not a number.
        """
        value = os.environ.get(VARIABLE, str(CALLS_PER_MINUTE))
        if not (value.isascii() and value.isdigit() and len(value) < 7):
            raise SettingError(f"{VARIABLE} must be a number of calls, 0 for no limit; it is '{value}'.")
        return cls(int(value), behind_proxy="SPACE_ID" in os.environ)

    def allow(self, scope: Scope) -> bool:
        """Count a call; False if its address has made too many."""
        address = self._address(scope)
        return self._limit is None or address is None or self._limiter.hit(self._limit, address)

    def _address(self, scope: Scope) -> str | None:
        """Network of the visitor; None for a local or unknown address."""
        peer = _parse((scope.get("client") or ("", 0))[0])
        if self._behind_proxy:
            headers = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
            hops = [_parse(hop.strip()) for hop in b",".join(headers).decode("latin-1").split(",")]
            public = [hop for hop in hops if hop is not None and hop.is_global]
            peer = public[-1] if public else peer
        if peer is None or peer.is_loopback:
            return None
        if peer.version == 6:
            return str(ipaddress.ip_network((peer, _NETWORK_BITS), strict=False))
        return str(peer)


def _parse(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
