"""Download of photos by URL, from public addresses only, within limits of bytes, time and failures.

The URLs come from a table, so its author chooses what this machine requests. Therefore nothing on this machine or in
its network is contacted, neither directly nor by a redirect (`network.py`). Proxies of the environment are not used,
since a proxy would resolve the name itself.
"""

from __future__ import annotations

import http.cookiejar
import socket
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpcore
import httpx

from pipeline.data.sources.cells import shown, too_large
from pipeline.data.sources.network import Deadline, Network, PublicBackend, PublicTransport, Resolver

MAX_PHOTO_SECONDS = 15.0
"""For one photo: name, connections, redirects, headers and body together."""
MAX_REDIRECTS = 3
MAX_FAILURES = 5
"""Consecutive failures after which a host is not contacted any more."""
MAX_HOST_SECONDS, MAX_HOST_SECONDS_A_PHOTO = 60.0, 5.0
"""Time budget of a host: a fixed part, and a part for each photo requested from it."""
_GZIP_OR_ZLIB = 47  # zlib's wbits: the format is told by the header
_UNPACKED = {"gzip": _GZIP_OR_ZLIB, "x-gzip": _GZIP_OR_ZLIB, "deflate": _GZIP_OR_ZLIB}
_NETWORK_ERRORS = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)


@dataclass(frozen=True)
class FoundPhoto:
    """Result of looking a photo up: the bytes of its file, or a note why there are none."""

    data: bytes | None
    note: str = ""


class _FetchError(Exception):
    """A photo is missing or refused; `host_failed` tells whether that counts as a failure of its host."""

    def __init__(self, why: str, host_failed: bool = False) -> None:
        super().__init__(why)
        self.host_failed = host_failed


@dataclass
class _Host:
    """Requests to a host so far."""

    requests: int = 0
    failures: int = 0
    seconds: float = 0.0
    given_up: str = ""

    def account(self, seconds: float, trouble: str) -> None:
        """Count a request; `trouble` says why the host failed, "" if it did not."""
        self.requests += 1
        self.seconds += seconds
        self.failures = self.failures + 1 if trouble else 0
        if self.failures >= MAX_FAILURES:
            self.given_up = f"it failed {self.failures} times in a row, the last time because {trouble}"
        elif self.seconds > MAX_HOST_SECONDS + MAX_HOST_SECONDS_A_PHOTO * self.requests:
            self.given_up = f"{self.requests} photos took it {self.seconds:.0f} s"


class PhotoFetcher:
    """Downloads photos; one fetcher serves a whole run, so that a failing host is given up for all of it.

    Args:
        max_bytes: Of a photo; no more than one byte more is kept.
        seconds: For one photo, from its name to its last byte.
        allowed: Networks that may be contacted although they are not public.
        resolve: Gives the addresses of a name.
        clock: Seconds that pass, for the budget of a host.
    """

    def __init__(
        self,
        max_bytes: int,
        *,
        seconds: float = MAX_PHOTO_SECONDS,
        allowed: Sequence[Network] = (),
        resolve: Resolver = socket.getaddrinfo,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._clock = clock
        self._deadline = Deadline()
        self._hosts: dict[str, _Host] = {}
        self._client = httpx.Client(
            transport=PublicTransport(PublicBackend(self._deadline, allowed, resolve)),
            headers={"Accept-Encoding": "identity"},
            cookies=http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[])),
            timeout=seconds,
            trust_env=False,
        )

    def fetch(self, url: str) -> FoundPhoto:
        """The photo at `url`, or why it could not be fetched."""
        try:
            request = self._client.build_request("GET", url)
        except (httpx.InvalidURL, ValueError) as error:
            return FoundPhoto(None, f"the photo {shown(url)} was not fetched: it has no valid address ({error})")
        host = self._hosts.setdefault(request.url.host, _Host())
        if host.given_up:
            left = f"{shown(request.url.host)} is left alone for this run, since {host.given_up}"
            return FoundPhoto(None, f"the photo {shown(url)} was not fetched: {left}")
        started, trouble = self._clock(), ""
        self._deadline.start(self._seconds)
        try:
            return FoundPhoto(self._follow(request))
        except httpcore.TimeoutException:
            trouble = why = f"it took more than {self._seconds:g} s"
        except _NETWORK_ERRORS as error:
            trouble = why = str(error) or type(error).__name__
        except _FetchError as error:
            why = str(error)
            trouble = why if error.host_failed else ""
        finally:
            host.account(self._clock() - started, trouble)
        return FoundPhoto(None, f"the photo {shown(url)} could not be fetched: {why}")

    def _follow(self, request: httpx.Request) -> bytes:
        """Follow redirects, without reading their bodies, to the body at their end."""
        for _ in range(MAX_REDIRECTS + 1):
            if request.url.userinfo:
                raise _FetchError("its address names a user, and such are not asked")
            response = self._client.send(request, stream=True, auth=None, follow_redirects=False)
            try:
                if response.next_request is None:
                    return self._body(response)
                request = response.next_request
            finally:
                response.close()
        raise _FetchError(f"it was redirected more than {MAX_REDIRECTS} times")

    def _body(self, response: httpx.Response) -> bytes:
        """The bytes of an answer, unpacked no further than the limit."""
        status = response.status_code
        if status != httpx.codes.OK:
            raise _FetchError(f"the answer was {status}", status >= 500 or status == httpx.codes.TOO_MANY_REQUESTS)
        packed = response.headers.get("content-encoding", "identity").strip().lower()
        if packed not in ("", "identity", *_UNPACKED):
            raise _FetchError(f"it came packed as {shown(packed)}")
        unpack = zlib.decompressobj(_UNPACKED[packed]) if packed in _UNPACKED else None
        data = bytearray()
        for chunk in response.iter_raw():
            room = self._max_bytes + 1 - len(data)
            try:
                data += chunk[:room] if unpack is None else unpack.decompress(chunk, room)
            except zlib.error as error:
                raise _FetchError(f"what it came packed in is damaged ({error})") from error
            if len(data) > self._max_bytes:
                raise _FetchError(f"it {too_large(len(data), self._max_bytes).replace('has', 'has at least', 1)}")
        return bytes(data)
