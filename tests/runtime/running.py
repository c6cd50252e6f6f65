"""Starting the fake system from a test, looking at its processes, and never leaving any behind."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from ium.runtime.config import ROOT

PATIENCE = 10.0


def eventually(condition: Callable[[], bool], within: float = PATIENCE) -> bool:
    """Whether the condition comes true within that many seconds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


class FakeSystem:
    """`fake_system.py` in a process of its own."""

    def __init__(self, folder: Path, *scripts: str) -> None:
        self.folder = folder
        self._printed = folder / "printed"
        with self._printed.open("wb") as printed:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.runtime.fake_system", str(folder), *scripts],
                cwd=ROOT,
                stdout=printed,
                stderr=subprocess.STDOUT,
            )

    @property
    def printed(self) -> str:
        return self._printed.read_text()

    @property
    def events(self) -> list[str]:
        path = self.folder / "events"
        return path.read_text().split() if path.exists() else []

    def wait_until_started(self) -> None:
        assert eventually(lambda: "all started" in self.printed), self.printed

    def processes(self) -> list[psutil.Process]:
        """Everything that was started for this folder and still lives."""
        return processes_of(self.folder)

    def of(self, name: str) -> psutil.Process:
        """The process of one service."""
        found = [each for each in self.processes() if command_line(each)[5:6] == [name]]
        assert len(found) == 1, found
        return found[0]

    def stop(self, number: int = signal.SIGTERM, within: float = PATIENCE) -> int:
        """Signal the supervisor; answers its exit code."""
        self.process.send_signal(number)
        return self.process.wait(within)

    def end(self) -> None:
        """Whatever happened in the test: nothing is left."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def command_line(process: psutil.Process) -> list[str]:
    """Empty when the process has ended meanwhile."""
    try:
        return process.cmdline() if process.status() != psutil.STATUS_ZOMBIE else []
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []


def processes_of(folder: Path) -> list[psutil.Process]:
    """Living processes that name the folder in their command line."""
    return [
        process
        for process in psutil.process_iter()
        if any(str(folder) in argument for argument in command_line(process))
    ]
