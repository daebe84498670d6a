"""Connections to public addresses only, with one deadline for all steps of a request.

A name is resolved here, once, and the very address that was checked is connected to: a name that answers with another
address a moment later gains nothing. Host header and TLS name stay those of the URL.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, cast

import httpcore
import httpx

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[..., Sequence[tuple[Any, ...]]]
"""`socket.getaddrinfo`, or what answers like it."""

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # the last four bytes are the IPv4 address that is meant
_RESERVED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments, metadata of some clouds
        "192.88.99.0/24",  # former relays of 6to4
        "168.63.129.16/32",  # metadata of Azure, at a public address
        "2001::/23",  # protocol assignments, Teredo
        "2001:db8::/32",
        "3fff::/20",  # documentation
    )
)
"""Networks that the registries reserve and `is_global` accepts in some releases of Python."""


class AddressError(httpcore.ConnectError):
    """A host is not at a public address."""


class OverdueError(httpcore.TimeoutException):
    """The deadline has passed."""


def is_public(address: Address) -> bool:
    """Tell whether an address is public; IPv4 addresses wrapped in IPv6 ones are unwrapped."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(address.packed[-4:])
        if inner is not None:
            return is_public(inner)
        if address not in _GLOBAL_UNICAST or address.scope_id is not None:
            return False
    if address.is_multicast or address.is_reserved or address.is_unspecified or not address.is_global:
        return False
    return not any(address.version == network.version and address in network for network in _RESERVED)


class Deadline:
    """A point in time up to which everything must be done; `start` sets it anew."""

    def __init__(self) -> None:
        self._end = float("inf")

    def start(self, seconds: float) -> None:
        """Set it to that many seconds from now."""
        self._end = time.monotonic() + seconds

    def left(self, timeout: float | None = None) -> float:
        """Seconds that a step may take, at most `timeout`.

        Raises:
            OverdueError: If there are none.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise OverdueError("it took too long")
        return left if timeout is None else min(left, timeout)


class _TimedStream(httpcore.NetworkStream):
    """A connection whose every step ends at the deadline, so that slow answers gain nothing."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _TimedStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class PublicBackend(httpcore.NetworkBackend):
    """Opens connections to public addresses, and to those of `allowed`.

    Args:
        deadline: When a request must be done.
        allowed: Networks that may be connected to although they are not public.
        resolve: Gives the addresses of a name.
    """

    def __init__(
        self, deadline: Deadline, allowed: Sequence[Network] = (), resolve: Resolver = socket.getaddrinfo
    ) -> None:
        self._deadline = deadline
        self._allowed = tuple(allowed)
        self._resolve = resolve
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the address of `host` that was checked.

        Raises:
            AddressError: If any of its addresses is not public: which of them answers is not left to chance.
        """
        addresses = [ipaddress.ip_address(answer[4][0]) for answer in self._answers(host, port)]
        for address in addresses:
            if not is_public(address) and not any(address in network for network in self._allowed):
                raise AddressError(f"{host} is at {address}, which is no public address")
        error: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in dict.fromkeys(addresses):
            left = self._deadline.left(timeout)
            try:
                stream = self._sockets.connect_tcp(str(address), port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
            else:
                return _TimedStream(stream, self._deadline)
        raise error

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Any = None
    ) -> httpcore.NetworkStream:
        """Refuse: raises AddressError."""
        raise AddressError("a socket in the file system is no public address")

    def _answers(self, host: str, port: int) -> Sequence[tuple[Any, ...]]:
        """Addresses of a host, within the deadline; the resolver itself has no time limit."""
        answered: queue.SimpleQueue[Sequence[tuple[Any, ...]] | Exception] = queue.SimpleQueue()

        def look_up() -> None:
            try:
                answered.put(self._resolve(host, port, type=socket.SOCK_STREAM))
            except (OSError, ValueError, OverflowError) as error:
                answered.put(error)

        threading.Thread(target=look_up, name=f"resolve {host}", daemon=True).start()
        try:
            answer = answered.get(timeout=self._deadline.left())
        except queue.Empty:
            raise OverdueError(f"the address of {host} was not found in time") from None
        if isinstance(answer, Exception):
            raise httpcore.ConnectError(f"{host} has no address ({answer})") from answer
        return answer


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        cast(Any, self._stream).close()


class PublicTransport(httpx.BaseTransport):
    """HTTP over a `PublicBackend`; errors are those of httpcore."""

    def __init__(self, backend: PublicBackend) -> None:
        self._pool = httpcore.ConnectionPool(ssl_context=httpx.create_ssl_context(), network_backend=backend)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request, redirects not followed."""
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=cast(httpx.SyncByteStream, request.stream),
                extensions=request.extensions,
            )
        )
        body = _Body(cast(Iterable[bytes], answer.stream))
        return httpx.Response(answer.status, headers=answer.headers, stream=body, extensions=answer.extensions)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()
