"""Python with this folder on its path reaches nothing but its own machine, and writes down what it tried.

Python imports the module by its name before anything else. An audit hook sees every use of Python's sockets and can be
neither patched nor taken away; a library that brings sockets of its own would not be seen.
"""

import ipaddress
import os
import sys

_CONNECTING = {"socket.connect", "socket.sendto", "socket.sendmsg"}  # (socket, address)
_LOOKING_UP = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}


def _is_here(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode(errors="replace")
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _hook(event: str, arguments: tuple) -> None:
    if event in _CONNECTING:
        address = arguments[1]
        if not isinstance(address, tuple):  # a UNIX socket, or sendmsg on a connected one
            return
        host = address[0]
    elif event in _LOOKING_UP:
        host = arguments[0][0] if isinstance(arguments[0], tuple) else arguments[0]
    else:
        return
    if not _is_here(host):
        with open(os.environ["NETWORK_ATTEMPTS"], "a", encoding="utf-8") as attempts:
            attempts.write(f"{event} {host}\n")
        raise ConnectionRefusedError(f"{event} {host}: this process is kept on its own machine")


sys.addaudithook(_hook)
