"""What is said before anything is started."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ium.runtime.checks import (
    check_file_system,
    check_port,
    check_ports,
    file_system_of,
    prepare_folder,
)
from ium.runtime.config import read_config
from ium.runtime.errors import OperatorError

MOUNTS = """\
21 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 21 0:40 / /srv/shared rw,relatime - nfs4 server:/export rw
31 21 0:41 / /srv/my\\040disk rw - cifs //server/share rw
32 30 254:1 / /srv/shared/local rw - xfs /dev/vdb rw
"""


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_port_in_use_is_named_with_the_variable_that_changes_it(taken_port: int) -> None:
    with pytest.raises(OperatorError) as caught:
        check_port(taken_port, "IUM_PORT", "IUM")

    assert f"Port {taken_port} (IUM) is in use by another program." in str(caught.value)
    assert f"IUM_PORT={taken_port + 1} ./ium.sh up" in str(caught.value)


def test_the_port_of_the_simulated_jira_matters_only_in_the_demo(taken_port: int) -> None:
    ports = {"IUM_PORT": str(_free_port()), "IUM_SIMULATOR_PORT": str(taken_port)}

    check_ports(read_config({**ports, "IUM_DEMO": "0"}))
    with pytest.raises(OperatorError, match="IUM_SIMULATOR_PORT="):
        check_ports(read_config(ports))


def test_one_port_for_both_is_refused() -> None:
    port = str(_free_port())

    with pytest.raises(OperatorError, match="cannot both use port"):
        check_ports(read_config({"IUM_PORT": port, "IUM_SIMULATOR_PORT": port}))


def test_a_port_that_was_just_left_is_free() -> None:
    with socket.socket() as server:
        # As all servers do; the kernel wants it on both sides.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            server.accept()[0].close()

    check_port(port, "IUM_PORT", "IUM")


def test_a_data_folder_that_cannot_be_made_is_named_with_the_way_out(tmp_path: Path) -> None:
    # Below a file: a folder that not even root can make.
    (tmp_path / "file").write_text("")

    with pytest.raises(OperatorError) as caught:
        prepare_folder(tmp_path / "file" / "data")

    assert f"{tmp_path}/file/data cannot be written (Not a directory)" in str(caught.value)
    assert "--data FOLDER" in str(caught.value)


def test_the_data_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    prepare_folder(tmp_path / "new" / "data")

    assert (tmp_path / "new" / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "new" / "data" / "logs").is_dir()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/me/data", "ext4"),
        ("/srv/shared/ium", "nfs4"),
        ("/srv/sharedness", "ext4"),
        ("/srv/my disk/ium", "cifs"),
        ("/srv/shared/local/ium", "xfs"),
    ],
)
def test_the_file_system_is_that_of_the_nearest_mount(path: str, kind: str) -> None:
    assert file_system_of(Path(path), MOUNTS) == kind


def test_sqlite_on_a_network_file_system_is_refused(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)

    with pytest.raises(OperatorError, match=r"network file system \(nfs4\)"):
        check_file_system(read_config({"IUM_DATA": "/srv/shared/ium"}), mounts)


def test_postgresql_may_keep_its_logs_on_a_network_file_system(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    given = {"IUM_DATA": "/srv/shared/ium", "DATABASE_URL": "postgres://server/ium"}

    check_file_system(read_config(given), mounts)


def _free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port
