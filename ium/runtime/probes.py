"""Questions that tell whether a service answers yet: one quick try each, the caller repeats."""

import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

Probe = Callable[[], bool]
# Seconds for one try: a service that takes longer is asked again.
PATIENCE = 2.0


def http_answer(url: str, host: str = "") -> tuple[int, str]:
    """Status and text of one GET; 0 when there is no answer. No proxy: this is loopback.

    By hand, in HTTP/1.0: the supervisor stays for months, and `http.client` with its TLS is a third of its memory.
    """
    parts = urlsplit(url)
    request = f"GET {parts.path or '/'} HTTP/1.0\r\nHost: {host or parts.netloc}\r\n\r\n"
    try:
        address = parts.hostname or "", parts.port or 80
        with socket.create_connection(address, timeout=PATIENCE) as connection:
            connection.sendall(request.encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
    except OSError:
        return 0, ""
    head, _, body = answer.partition(b"\r\n\r\n")
    _version, _, status = head.decode("latin-1").partition(" ")
    return (int(status[:3]) if status[:3].isdecimal() else 0), body.decode("utf-8", "replace")


def http_ready(url: str, host: str = "") -> Probe:
    """`host`: the Host header, where it is not that of the address."""
    return lambda: http_answer(url, host)[0] == 200


def valkey_ready(address: Path | int, password: str | None = None) -> Probe:
    """PING over a Unix socket (a path) or a port of this machine."""
    return lambda: _ping(address, password)


def _ping(address: Path | int, password: str | None) -> bool:
    try:
        with _connected(address) as connection:
            if password is not None:
                connection.sendall(f"AUTH {password}\r\n".encode())
                if not connection.recv(64).startswith(b"+OK"):
                    return False
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False


def _connected(address: Path | int) -> socket.socket:
    if isinstance(address, int):
        return socket.create_connection(("127.0.0.1", address), timeout=PATIENCE)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(PATIENCE)
    try:
        connection.connect(str(address))
    except OSError:
        connection.close()
        raise
    return connection
