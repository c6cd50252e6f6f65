"""What is looked at before anything is started, so that a start fails early and in plain words."""

import errno
import os
import re
import socket
import tempfile
from pathlib import Path

from ium.runtime.config import Config
from ium.runtime.errors import OperatorError

# SQLite's write-ahead log needs shared memory and honest locks; these give neither.
NETWORK_FILE_SYSTEMS = {
    "afs", "ceph", "cifs", "fuse.glusterfs", "fuse.sshfs", "glusterfs", "lustre", "ncpfs", "nfs",
    "nfs4", "smb3", "smbfs",
}  # fmt: skip


def prepare_folder(data: Path) -> None:
    """Make the data folder and its log folder; refuse one that cannot be written."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        (data / "logs").mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=data):
            pass
    except OSError as error:
        raise OperatorError(
            f"The data folder {data} cannot be written ({os.strerror(error.errno or errno.EIO)}).",
            "Choose another one (./ium.sh up --data FOLDER, or IUM_DATA=FOLDER),"
            " or give this user the right to write there.",
        ) from error


def check_file_system(config: Config, mounts: Path = Path("/proc/self/mountinfo")) -> None:
    """Refuse SQLite on a network file system. Only Linux lists its mounts in `mounts`."""
    if not config.uses_sqlite or not mounts.exists():
        return
    kind = file_system_of(config.data, mounts.read_text(encoding="utf-8", errors="replace"))
    if kind in NETWORK_FILE_SYSTEMS:
        raise OperatorError(
            f"The data folder {config.data} is on a network file system ({kind}),"
            " where SQLite loses data.",
            "Choose a folder on a local disk (--data FOLDER), or use PostgreSQL:"
            " DATABASE_URL=postgres://user:password@host/ium",
        )


def file_system_of(path: Path, mountinfo: str) -> str:
    """The type of the file system that holds `path`; `mountinfo` is described in proc(5)."""
    best, kind = -1, ""
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        point = _unescaped(left.split()[4])
        # A later line hides an earlier one at the same place.
        if len(point) >= best and path.resolve().is_relative_to(point):
            best, kind = len(point), right.split()[0]
    return kind


def _unescaped(point: str) -> str:
    """Mount points are written with octal escapes for blanks."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), point)


def check_port(port: int, variable: str, purpose: str) -> None:
    """Refuse a port that another program listens on, or that this user may not open."""
    with socket.socket() as probe:
        # As servers do: connections of the last run that are still closing are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise OperatorError(
                f"Port {port} ({purpose}) may only be opened by root.",
                f"Choose one above 1023: {variable}=8000 ./ium.sh up",
            ) from error
        except OSError as error:
            raise OperatorError(
                f"Port {port} ({purpose}) is in use by another program.",
                f"Stop that program, or choose another port: {variable}={_other(port)} ./ium.sh up",
            ) from error


def _other(port: int) -> int:
    return port + 1 if port < 65535 else 8001


def check_ports(config: Config) -> None:
    check_port(config.port, "IUM_PORT", "IUM")
    if config.demo:
        check_port(config.simulator_port, "IUM_SIMULATOR_PORT", "simulated Jira")
    if config.demo and config.port == config.simulator_port:
        raise OperatorError(
            f"IUM and the simulated Jira cannot both use port {config.port}.",
            "Set IUM_PORT and IUM_SIMULATOR_PORT to different numbers.",
        )
