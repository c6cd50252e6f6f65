"""Questions that tell whether a service answers yet: one quick try each, the caller repeats."""

import http.client
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

Probe = Callable[[], bool]
# Seconds for one try: a service that takes longer is asked again.
PATIENCE = 2.0


def http_answer(url: str, host: str = "") -> tuple[int, str]:
    """Status and text of one GET; 0 when there is no answer. No proxy: this is loopback."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
    try:
        connection.request(
            "GET", parts.path or "/", headers={"Host": host or parts.netloc, "Connection": "close"}
        )
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


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
