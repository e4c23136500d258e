"""Where a server listens, by which addresses it can be reached, and whom a request takes it for."""

from __future__ import annotations

import socket
from contextlib import suppress
from errno import EADDRINUSE, EADDRNOTAVAIL
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from zarrscope.errors import AccessError, ArgumentError, StoreError

LOOPBACK = "127.0.0.1"

_ON_THE_WAY = 2 << 20
"""Bytes that the system keeps for a client: a chunk in one go is one turn of the loop, and not five."""

_FAR = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses of nobody (RFC 5737, RFC 3849): what would lead there leads to other machines."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Parameters
    ----------
    host : str
        An address of this machine or its name; ``0.0.0.0`` and ``::`` are all of them.
    port : int
        0 takes a free one.

    Raises
    ------
    ArgumentError
        There is no such address or port.
    AccessError, StoreError
        The port may not be used, or is in use.
    """
    family, place = _place(host, port)
    # Named as TCP: only then does asyncio send small answers without waiting for more.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ON_THE_WAY)
        listener.bind(place)
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == EADDRNOTAVAIL:
            raise ArgumentError(f"--host {host}: this machine has no such address; {_KNOWN}") from error
        if error.errno == EADDRINUSE:
            raise StoreError(f"port {port} is in use; another --port, or 0, may be free") from error
        if isinstance(error, PermissionError):
            raise AccessError(f"port {port} may not be used: {error.strerror}; try --port 0") from error
        raise StoreError(f"{host}:{port}: {error.strerror}; try another --host or --port") from error
    return listener


_KNOWN = f"{LOOPBACK} is for this machine alone, 0.0.0.0 for all that can reach it"


def _place(host: str, port: int) -> tuple[int, tuple[Any, ...]]:
    """Return the family of an address, and the address as sockets take it."""
    if not isinstance(port, int) or not 0 <= port < 1 << 16:
        raise ArgumentError(f"--port {port}: ports are numbers from 0 to 65535")
    if not isinstance(host, str) or not host.strip():
        raise ArgumentError(f"--host {host!r} names no address; {_KNOWN}")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        found = socket.getaddrinfo(bare, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, ValueError) as error:  # ValueError: no name at all, such as one with a zero in it
        raise ArgumentError(f"--host {host!r} names no address of this machine; {_KNOWN}") from error
    return found[0][0], found[0][4]


def is_loopback(listener: socket.socket) -> bool:
    """Return whether this machine alone can reach a socket."""
    return _loopback(str(listener.getsockname()[0]))


def reachable(listener: socket.socket) -> tuple[str, ...]:
    """Return the hosts, with the port, that addresses of a socket begin with: first the one for this machine.

    A second one, for other machines, is there where the socket listens at all addresses and one is known.
    """
    host, port = (str(part) for part in listener.getsockname()[:2])
    hosts = [host]
    if ip_address(host.partition("%")[0]).is_unspecified:
        hosts = [LOOPBACK if listener.family == socket.AF_INET else "::1"]
        with suppress(OSError), socket.socket(listener.family, socket.SOCK_DGRAM) as way:
            way.connect(
                (_FAR[listener.family], 9)
            )  # nothing is sent: it only chooses the address to send from
            hosts.append(str(way.getsockname()[0]))
    return tuple(dict.fromkeys(f"[{one}]:{port}" if ":" in one else f"{one}:{port}" for one in hosts))


def is_local(said: str) -> bool:
    """Return whether a ``Host`` or ``Origin`` names this machine as only this machine names itself.

    A page of elsewhere that had its own name lead here (DNS rebinding) does not.
    """
    try:
        name = urlsplit(said if "://" in said else f"//{said}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or name.endswith(".localhost") or _loopback(name)


def _loopback(name: str) -> bool:
    try:
        return ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False
