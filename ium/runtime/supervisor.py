"""Starts services in order, restarts those that die, and stops them in the opposite order."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ium.runtime.errors import OperatorError, Stopped
from ium.runtime.guardian import Guardian
from ium.runtime.output import note, report
from ium.runtime.probes import Probe
from ium.runtime.process import Child, describe_exit
from ium.runtime.stop_signals import StopSignals

# Seconds between two looks; the end of a child wakes the loop earlier.
TICK = 0.05
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 15.0
# A service that ran this long counts as healthy again: its next restart is quick.
HEALTHY_AFTER = 30.0
READY_WITHIN = 60.0
# The longest migration of a large installation.
DONE_WITHIN = 3600.0
LINES_SHOWN = 15


@dataclass(frozen=True, slots=True)
class Service:
    """A program to keep running.

    `ready` tells when it has started (without it, nobody waits); `grace`: seconds it gets to stop.
    """

    name: str
    command: Sequence[str]
    ready: Probe | None = None
    grace: float = 5.0
    remark: str = ""


@dataclass(slots=True)
class Entry:
    """A service and its present child; `retry_at` (monotonic seconds) while it waits for a restart."""

    service: Service
    child: Child
    failures: int = 0
    retry_at: float | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A program that ends by itself, while it runs."""

    name: str
    child: Child


class Supervisor:
    """Starts again whatever dies; only what ends by its own doing while the system starts fails the start.

    What was killed from outside (the kernel out of memory, an operator, a test) did nothing wrong: a start that
    gave up for that would leave the whole system down. From `restart_from_now` on nothing ends the system any more.

    One thread, on purpose: PR_SET_PDEATHSIG fires when the thread that started a child ends.
    """

    def __init__(
        self,
        *,
        environment: Mapping[str, str],
        logs: Path,
        signals: StopSignals,
        guardian: Guardian | None = None,
    ) -> None:
        self._environment = environment
        self._logs = logs
        self._signals = signals
        self._guardian = guardian
        self._entries: list[Entry] = []
        self._tasks: list[Task] = []
        self._restarts = False

    # --- starting ---

    def start(self, *services: Service) -> None:
        """Start services together and wait until each is ready."""
        began = time.monotonic()
        entries = [self._launch(service) for service in services]
        for entry in entries:
            self._wait_until_ready(entry)
            if entry.service.ready:
                report(entry.service.name, time.monotonic() - began, entry.service.remark)

    def _launch(self, service: Service) -> Entry:
        entry = Entry(service, self._child(service.name, service.command))
        self._entries.append(entry)
        return entry

    def _child(self, name: str, command: Sequence[str]) -> Child:
        log = self._logs / f"{name}.log"
        try:
            return Child(command, environment=self._environment, log=log, guardian=self._guardian)
        except OSError as error:
            raise OperatorError(f"{name} cannot be started ({error}).") from error

    def _wait_until_ready(self, entry: Entry) -> None:
        name, probe = entry.service.name, entry.service.ready
        if probe and not self.wait_for(probe, READY_WITHIN):
            raise _failed(f"{name} did not become ready within {READY_WITHIN:.0f} s", entry.child)

    def run(self, name: str, command: Sequence[str]) -> str:
        """Run a program to its end; answers what it wrote."""
        return self.finish(self.begin(name, command))

    def begin(self, name: str, command: Sequence[str]) -> Task:
        """Start a program that will end by itself, and go on."""
        task = Task(name, self._child(name, command))
        self._tasks.append(task)
        return task

    def finish(self, task: Task) -> str:
        """Wait for the end of a task; answers what it wrote, or raises what went wrong."""
        finished = self.wait_for(lambda: task.child.exit_code() is not None, DONE_WITHIN)
        self._tasks.remove(task)
        task.child.kill()
        code = task.child.exit_code()
        if not finished or code:
            ending = (
                describe_exit(code) if finished and code else f"not done within {DONE_WITHIN:.0f} s"
            )
            raise _failed(f"{task.name} failed ({ending})", task.child)
        return task.child.output()

    def wait_for(self, condition: Callable[[], bool], within: float, every: float = TICK) -> bool:
        """Wait for a condition, looking `every` so many seconds; False when time (seconds) is up."""
        deadline = time.monotonic() + within
        while not condition():
            if self._signals.requests:
                raise Stopped
            if time.monotonic() > deadline:
                return False
            self._look_after()
            self._signals.pause(every)
        return True

    # --- watching ---

    def restart_from_now(self) -> None:
        """Everything has started once: from now on also restart what ends by its own doing."""
        self._restarts = True

    def watch(self) -> None:
        """Restart what dies until a stop is asked for."""
        self.restart_from_now()
        while not self._signals.requests:
            self._look_after()
            # Longer than TICK: the end of a child wakes the loop, only pauses are measured by it.
            self._signals.pause(0.25)

    def _look_after(self) -> None:
        """One round: notice what ended, restart what has waited long enough."""
        now = time.monotonic()
        for entry in self._entries:
            if entry.retry_at is None:
                self._notice_end(entry, now)
            elif now >= entry.retry_at:
                self._restart(entry, now)

    def _restart(self, entry: Entry, now: float) -> None:
        try:
            entry.child = self._child(entry.service.name, entry.service.command)
        except OperatorError as error:
            # No process or no memory to be had at this moment: one more try later, the others go on.
            self._try_later(entry, now, str(error).rstrip("."))
            return
        entry.retry_at = None
        note(f"{entry.service.name} started again")

    def _notice_end(self, entry: Entry, now: float) -> None:
        code = entry.child.exit_code()
        if code is None:
            return
        if code >= 0 and not self._restarts:
            what = f"{entry.service.name} ended while starting ({describe_exit(code)})"
            raise _failed(what, entry.child)
        if entry.child.age > HEALTHY_AFTER:
            entry.failures = 0
        what = f"{entry.service.name} stopped unexpectedly ({describe_exit(code)})"
        self._try_later(entry, now, what)

    @staticmethod
    def _try_later(entry: Entry, now: float, what: str) -> None:
        entry.failures += 1
        # Not 2 ** failures: after months of failing that number would be too large.
        pause = min(FIRST_PAUSE * 2 ** min(entry.failures - 1, 10), LONGEST_PAUSE)
        entry.retry_at = now + pause
        note(f"{what}; next try in {pause:.1f} s; see {entry.child.log}")

    # --- stopping ---

    def stop(self) -> None:
        """Stop everything, the latest first. A further Ctrl-C kills what is left."""
        at_once_from = self._signals.requests + 1
        for task in self._tasks:
            task.child.kill()
        while self._entries:
            entry = self._entries.pop()
            if self._signals.requests < at_once_from:
                self._stop_gently(entry, at_once_from)
            entry.child.kill()

    def _stop_gently(self, entry: Entry, at_once_from: int) -> None:
        entry.child.ask_to_stop()
        deadline = time.monotonic() + entry.service.grace
        while entry.child.exit_code() is None and self._signals.requests < at_once_from:
            if time.monotonic() > deadline:
                note(f"{entry.service.name} did not stop in time and was killed")
                return
            self._signals.pause(TICK)


def _failed(what: str, child: Child) -> OperatorError:
    lines = child.output().strip().splitlines()[-LINES_SHOWN:]
    return OperatorError(f"{what}. The end of {child.log}:", *lines)
