"""Ends what a supervisor started when the supervisor itself is killed and can no longer do so.

A process of its own, in its own session. It reads "+PROCESS" and "-PROCESS" lines from the
supervisor through a pipe. When the pipe closes, everything still on the list is ended, with its
descendants: each service leads its own process group. (PR_SET_PDEATHSIG, see `process.py`, reaches
only direct children, and only on Linux.)
"""

import os
import select
import signal
import sys
import time

# Seconds between the polite signal and the one that cannot be refused.
GRACE = 3.0


class Guardian:
    """The supervisor's side of the pipe."""

    def __init__(self, keep_open: int | None = None) -> None:
        """`keep_open`: a descriptor (the folder's lock) to be held until everything has ended."""
        import subprocess  # not above: the guardian itself starts nothing, and half of its memory would be this

        reading, self._writing = os.pipe()
        passed = (reading,) if keep_open is None else (reading, keep_open)
        # -I -S: it needs nothing but the standard library, and starts in a fifth of the time.
        self.process = subprocess.Popen(  # noqa: S603 - fixed arguments
            [sys.executable, "-I", "-S", os.path.realpath(__file__), str(reading)],
            pass_fds=passed,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(reading)

    def add(self, group: int) -> None:
        self._tell(f"+{group}\n")

    def remove(self, group: int) -> None:
        self._tell(f"-{group}\n")

    def _tell(self, line: str) -> None:
        try:
            os.write(self._writing, line.encode("ascii"))
        except BrokenPipeError:
            # Somebody killed it. The supervisor still stops everything in order.
            return

    def close(self) -> None:
        os.close(self._writing)
        self.process.wait()


def signal_group(group: int, number: int) -> bool:
    """Signal all of a process group; False when nobody is left in it."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        # macOS answers "not permitted" for a group of which only a zombie is left.
        return False
    return True


def end_groups(groups: list[int], grace: float = GRACE) -> None:
    """Ask all groups to end, the latest first; after `grace` seconds, make them."""
    for group in reversed(groups):
        signal_group(group, signal.SIGTERM)
    deadline = time.monotonic() + grace
    left = groups
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = [group for group in left if signal_group(group, 0)]
    for group in left:
        signal_group(group, signal.SIGKILL)


def listen(descriptor: int) -> list[int]:
    """Keep the list until the pipe closes; then say who is still on it."""
    groups: list[int] = []
    rest = b""
    while True:
        select.select([descriptor], [], [])
        received = os.read(descriptor, 4096)
        if not received:
            return groups
        *lines, rest = (rest + received).split(b"\n")
        for line in lines:
            group = int(line[1:])
            if line.startswith(b"+"):
                groups.append(group)
            elif group in groups:
                groups.remove(group)


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end_groups(listen(int(sys.argv[1])))


if __name__ == "__main__":
    main()
