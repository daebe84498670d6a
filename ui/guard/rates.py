"""How many calls an address may make in a minute; none are counted on the machine itself."""

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
_NETWORK_BITS = 64  # an IPv6 visitor has a whole network of this length


class SettingError(InputError):
    """A variable of the environment means nothing; the message says which in one sentence."""


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
        """As CALLS_PER_MINUTE says, and behind a proxy where SPACE_ID is set.

        Raises:
            SettingError: In one sentence, if CALLS_PER_MINUTE is no number.
        """
        said = os.environ.get(VARIABLE, str(CALLS_PER_MINUTE))
        if not (said.isascii() and said.isdigit() and len(said) < 7):
            raise SettingError(f"{VARIABLE} is a number of calls, 0 for no limit; it is '{said}'.")
        return cls(int(said), behind_proxy="SPACE_ID" in os.environ)

    def allow(self, scope: Scope) -> bool:
        """Count a call; False if its address has made too many."""
        address = self._address(scope)
        return self._limit is None or address is None or self._limiter.hit(self._limit, address)

    def _address(self, scope: Scope) -> str | None:
        """The network of the visitor, None on the machine itself or where it is unknown."""
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
